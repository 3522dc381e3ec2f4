import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Breaks one step of the next job on this host, before the job comes to it: the shipped copy of the steps gets another
 * definition appended, as a damaged disk or an admin's typing error would do it. What ships has no switch for this.
 * `stateRoot` is where the product keeps its jobs, of all hubs or of one; `definitions` is POSIX sh, e.g. `do_migrate() { return 1; }`.
 * Resolves to the job's directory. Gives up when `signal` aborts.
 */
export async function sabotageNextJob(stateRoot: string, definitions: string, signal: AbortSignal): Promise<string> {
  const before = new Set(await jobs(stateRoot));
  for (;;) {
    const job = (await jobs(stateRoot)).find((directory) => !before.has(directory));
    if (job !== undefined) {
      await appendFile(join(job, 'programs', 'steps.sh'), `\n${definitions}\n`);
      return job;
    }
    await delay(50, undefined, { signal });
  }
}

/** The directories of all jobs that were begun on this host, or on one hub of it. */
async function jobs(stateRoot: string): Promise<string[]> {
  const hubs = await readdir(stateRoot).catch(() => []);
  const found = await Promise.all(
    ['.', ...hubs].map(async (hub) => {
      const directory = join(stateRoot, hub, 'jobs');
      const names = await readdir(directory).catch(() => []);
      // One that is still being made has a name of its own.
      return names.filter((name) => !name.startsWith('.')).map((name) => join(directory, name));
    }),
  );
  return found.flat();
}
