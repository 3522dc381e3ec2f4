import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cached } from './cache.ts';
import { cachedEnvironment } from './environments.ts';
import { run } from './run.ts';

/**
 * Lets a hub's pip know these releases only, and from a directory: to read the pages of an index takes it ten seconds of
 * computing each time. `root`: the tree of a hub on a machine of its own.
 */
export async function offerWheels(hub: { environmentPath: string; root?: string }, releases: string[]): Promise<void> {
  const wheels = await cachedWheels(releases);
  const settings = (directory: string) => `[global]\nno-index = true\nfind-links = ${pathToFileURL(directory)}\n`;
  if (hub.root === undefined) {
    await writeFile(join(hub.environmentPath, 'pip.conf'), settings(wheels));
  } else {
    await run('cp', ['-r', wheels, join(hub.root, 'srv/wheels')]);
    await writeFile(join(hub.root, 'etc/pip.conf'), settings('/srv/wheels'));
  }
}

/** A directory with the wheels of these releases and of all they need. */
export async function cachedWheels(releases: string[]): Promise<string> {
  const python = join(await cachedEnvironment('4.1.6'), 'bin/python');
  return cached(`wheels/${releases.join('-')}`, async (directory) => {
    for (const version of releases) {
      await run(python, ['-m', 'pip', 'download', '--quiet', '--dest', directory, `jupyterhub==${version}`]);
    }
  });
}
