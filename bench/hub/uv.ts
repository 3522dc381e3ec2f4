import { join } from 'node:path';
import { cached } from './cache.ts';
import { cachedEnvironment } from './environments.ts';
import { run } from './run.ts';

const release = '0.13.9';

/** The command `uv`, from its wheel, fetched once. */
export async function cachedUv(): Promise<string> {
  const python = join(await cachedEnvironment('4.1.6'), 'bin/python');
  const directory = await cached(`uv/${release}`, async (directory) => {
    await run(python, ['-m', 'pip', 'install', '--quiet', '--target', directory, `uv==${release}`]);
  });
  return join(directory, 'bin/uv');
}
