import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startProbe, summarise } from '../../bench/probe.ts';

test('down is from the first question without a good answer to the first good answer', () => {
  const version = '4.1.6';
  const samples = [
    { asked: 0, settled: 10, version },
    { asked: 1000, settled: 1010 },
    { asked: 1100, settled: 3100 },
    { asked: 3100, settled: 3150, version },
    { asked: 4000, settled: 4010, version },
    { asked: 5000, settled: 5500 },
  ];
  const { down, seconds } = summarise(samples);
  expect(down).toEqual([
    { from: 1000, to: 3150 },
    { from: 5000, to: 5500 },
  ]);
  expect(seconds).toBeCloseTo(2.65);
});

test('only a hub that names its version is up', async () => {
  const replies = [
    { status: 200, body: '{"version": "4.1.6"}' },
    { status: 503, body: '{"version": "4.1.6"}' },
    { status: 200, body: '<html>' },
    { status: 200, body: '{}' },
  ];
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url);
    const { status, body } = replies.shift() ?? { status: 200, body: '{"version": "6.1.1"}' };
    response.writeHead(status).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const probe = startProbe(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 10);
  while (seen.length < 5) await sleep(5);
  const { samples, down } = await probe.stop();
  await new Promise((resolve) => server.close(resolve));
  expect(new Set(seen)).toEqual(new Set(['/hub/api/']));
  expect(samples.map((sample) => sample.version).slice(0, 5)).toEqual([
    '4.1.6',
    undefined,
    undefined,
    undefined,
    '6.1.1',
  ]);
  expect(down).toEqual([{ from: samples[1]?.asked, to: samples[4]?.settled }]);
});
