import { join } from 'node:path';
import { cached } from './cache.ts';
import { cachedEnvironment } from './environments.ts';
import { run } from './run.ts';

/** A directory with the wheels of these releases and of all they need, which pip takes in half of the time of an index. */
export async function cachedWheels(releases: string[]): Promise<string> {
  const python = join(await cachedEnvironment('4.1.6'), 'bin/python');
  return cached(`wheels/${releases.join('-')}`, async (directory) => {
    for (const version of releases) {
      await run(python, ['-m', 'pip', 'download', '--quiet', '--dest', directory, `jupyterhub==${version}`]);
    }
  });
}
