import { once } from 'node:events';
import { createReadStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createSealer, type Sealer } from '../../src/backup/seal.ts';
import { sealToFile } from '../../src/backup/seal-to-file.ts';
import { ageKeygen } from './age.ts';
import { collect, pieces, sha256 } from './samples.ts';
import { scratch } from './scratch.ts';

const PLAIN = Buffer.from(Array.from({ length: 300_000 }, (_, n) => n % 251));
const name = 'jupyterhub-backup-77-1.tar.age';

const sealer = await createSealer({ kind: 'recipients', recipients: [(await ageKeygen()).recipient] });

const write = (bytes: AsyncIterable<Uint8Array>) => (sink: Writable) => pipeline(Readable.from(bytes), sink);

test('A sealed file is private, complete, and its sum and size are those of the file', async () => {
  const parent = scratch();
  const sealed = await sealToFile(write(pieces(PLAIN)), { sealer, parent, name });
  const bytes = readFileSync(sealed.path);
  expect(sealed).toMatchObject({ size: bytes.length, sha256: sha256(bytes) });
  expect(sealed.path.endsWith(`/${name}`)).toBe(true);
  expect(statSync(sealed.path).mode & 0o777).toBe(0o600);
  expect(statSync(dirname(sealed.path)).mode & 0o777).toBe(0o700);
  expect(readdirSync(dirname(sealed.path))).toEqual([name]);
  expect(await collect(await sealer.open(createReadStream(sealed.path)))).toEqual(PLAIN);
  await sealed.remove();
  expect(readdirSync(parent)).toEqual([]);
});

test('An unsealed file is written the same way', async () => {
  const none = await createSealer({ kind: 'none' });
  const sealed = await sealToFile(write(pieces(PLAIN)), { sealer: none, parent: scratch(), name: 'backup.tar' });
  expect(readFileSync(sealed.path)).toEqual(PLAIN);
  expect(sealed).toMatchObject({ size: PLAIN.length, sha256: sha256(PLAIN) });
});

test('A producer that fails after its output ended leaves nothing', async () => {
  const parent = scratch();
  const failed = new Error('exit status 1');
  const produce = async (sink: Writable) => {
    await write(pieces(PLAIN))(sink);
    if (!sink.closed) await once(sink, 'close');
    await delay(200); // by now the file would be finished
    throw failed;
  };
  await expect(sealToFile(produce, { sealer, parent, name })).rejects.toBe(failed);
  expect(readdirSync(parent)).toEqual([]);
});

test.each<[string, (sink: Writable) => Promise<unknown>]>([
  ['before the first byte', () => Promise.reject(new Error('lost'))],
  [
    'in the middle',
    (sink) => {
      const broken = async function* () {
        yield* pieces(PLAIN.subarray(0, 200_000));
        throw new Error('lost');
      };
      return write(broken())(sink);
    },
  ],
])('A producer that fails %s leaves nothing, sealed or not', async (_, produce) => {
  const parent = scratch();
  for (const kind of [await createSealer({ kind: 'none' }), sealer]) {
    await expect(sealToFile(produce, { sealer: kind, parent, name })).rejects.toThrow('lost');
  }
  expect(readdirSync(parent)).toEqual([]);
});

test('A producer that fails before the seal reads from it leaves nothing', async () => {
  const parent = scratch();
  const late: Sealer = {
    ...sealer,
    seal: async (plain) =>
      ReadableStream.from(
        (async function* () {
          await delay(100);
          yield* plain;
        })(),
      ),
  };
  const produce = async () => {
    await delay(10);
    throw new Error('lost');
  };
  await expect(sealToFile(produce, { sealer: late, parent, name })).rejects.toThrow('lost');
  expect(readdirSync(parent)).toEqual([]);
});

test('A producer that does not end its sink is complete when it resolves', async () => {
  const produce = async (sink: Writable) => void sink.write(PLAIN);
  const sealed = await sealToFile(produce, { sealer, parent: scratch(), name });
  expect(await collect(await sealer.open(createReadStream(sealed.path)))).toEqual(PLAIN);
});

test('A producer is stopped when the seal fails, and nothing is left', async () => {
  const parent = scratch();
  const failed = new Error('no space left on device');
  const failing: Sealer = {
    ...sealer,
    seal: async (plain) =>
      ReadableStream.from(
        (async function* () {
          for await (const chunk of plain) {
            yield chunk;
            throw failed;
          }
        })(),
      ),
  };
  let stopped = false;
  const produce = (sink: Writable, signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      sink.write(PLAIN.subarray(0, 1000));
      signal.addEventListener('abort', () => {
        stopped = true;
        resolve();
      });
    });
  await expect(sealToFile(produce, { sealer: failing, parent, name })).rejects.toBe(failed);
  expect(stopped).toBe(true);
  expect(readdirSync(parent)).toEqual([]);
});
