import { join } from 'node:path';
import { cached } from './cache.ts';
import { run } from './run.ts';

const release = '5.3.0'; // runs on node >= 20

/** The directory with the `configurable-http-proxy` command in it, installed from npm once. */
export async function cachedProxy(): Promise<string> {
  const directory = await cached(`proxy/${release}`, async (directory) => {
    const flags = ['--prefix', directory, '--no-package-lock', '--no-audit', '--no-fund', '--ignore-scripts'];
    await run('npm', ['install', ...flags, `configurable-http-proxy@${release}`]);
  });
  return join(directory, 'node_modules/.bin');
}
