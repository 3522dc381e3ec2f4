import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { scratch } from './scratch.ts';

test('Memory does not grow with the backup: sealing, opening and reading 300 MiB', async () => {
  const probe = fileURLToPath(new URL('memory.ts', import.meta.url));
  const directory = scratch();
  const peak = async (mebibytes: number) => {
    const { stdout } = await promisify(execFile)(process.execPath, [probe, String(mebibytes), directory]);
    return Number(stdout);
  };
  expect((await peak(300)) - (await peak(3))).toBeLessThan(100);
}, 120_000);
