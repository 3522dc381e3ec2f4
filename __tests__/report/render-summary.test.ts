import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderSummary } from '../../src/report/summary.ts';
import { chartsIn } from './mermaid.ts';
import { samples } from './samples.ts';

const run = promisify(execFile);
const chromium = ['/usr/bin/chromium', '/usr/bin/google-chrome'].find(existsSync) ?? '';

describe('script/render-summary.ts', () => {
  let directory: string;
  const markdown = Object.values(samples).map(renderSummary).join('\n');
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'render-summary-'));
    await writeFile(join(directory, 'summary.md'), markdown);
    await run(process.execPath, [
      'script/render-summary.ts',
      join(directory, 'summary.md'),
      join(directory, 'summary.html'),
    ]);
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('writes one page that needs nothing else', async () => {
    const page = await readFile(join(directory, 'summary.html'), 'utf8');
    expect(page.includes('Upgraded: hub.example.edu runs JupyterHub 6.1.1')).toBe(true);
    expect(page.includes("default-src 'none'")).toBe(true);
    const beforeScripts = page.slice(0, page.indexOf('<script'));
    expect(beforeScripts).not.toMatch(/<(link|img|iframe|object)|url\(|@import/);
    expect(page.match(/<script nonce="[0-9a-f-]+">/g)).toHaveLength(2);
    expect(page.match(/<\/script/g)).toHaveLength(2);
  });

  it.skipIf(chromium === '')('shows every chart in a browser', async () => {
    const profile = join(directory, 'profile');
    const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'];
    const quiet = ['--disable-background-networking', '--disable-component-update', `--user-data-dir=${profile}`];
    const page = `file://${join(directory, 'summary.html')}`;
    const { stdout } = await run(chromium, [...flags, ...quiet, '--virtual-time-budget=20000', '--dump-dom', page], {
      maxBuffer: 64 * 1024 * 1024,
    });
    expect(stdout.match(/data-charts="[^"]*"/)?.[0]).toBe('data-charts="drawn"');
    expect(stdout.slice(0, stdout.indexOf('<script')).match(/<svg /g)).toHaveLength(chartsIn(markdown).length);
    expect(stdout.includes('Without the hub 7.4 s')).toBe(true);
  });
});
