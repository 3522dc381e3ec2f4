// GitHub's cache. It makes things faster and is never needed: whatever is wrong with it, the packages are fetched.
import { cp, lstat, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';
import type { Log } from '../report/log.ts';

/** The toolkit gives up a stalled transfer after ten minutes at the earliest, which no speed is worth. */
const PATIENCE_MS = 2 * 60_000;

/** The name in the workspace under which the cache has it. A path of its own would make the same packages another entry. */
const FILE = '.jupyterhub-upgrade-wheels.tar';

/** The file that the cache has under `key`, in the workspace; undefined where it has none, or cannot be asked. */
export async function fromCache(key: string, place: Place, log: Log): Promise<string | undefined> {
  const file = join(place.workspace, FILE);
  const others = join(place.directory, 'other-members');
  await writeFile(others, allNamesBut(FILE));
  await rm(file, { recursive: true, force: true });
  const hit = await attempt('read', log, async ({ restoreCache }) => {
    const { TAR_OPTIONS, LC_ALL } = process.env;
    // The toolkit unpacks an entry wherever its paths lead: who can write one could write to the whole runner. So tar takes
    // this one member, whatever else is in it. No option of the toolkit says so, but GNU tar reads its own from here.
    // Bytes, not characters: an old C library compares no name with a pattern that is not in its encoding.
    process.env.LC_ALL = 'C';
    process.env.TAR_OPTIONS = `--anchored --wildcards --wildcards-match-slash --exclude-from='${others}'`;
    try {
      return await restoreCache([FILE], key);
    } finally {
      for (const [name, before] of Object.entries({ TAR_OPTIONS, LC_ALL })) {
        if (before === undefined) delete process.env[name];
        else process.env[name] = before;
      }
    }
  });
  return hit !== undefined && (await lstat(file).catch(() => undefined))?.isFile() ? file : undefined;
}

/** Patterns that fit every name but this one: one that ends early, goes on otherwise at some place, or goes on after it. */
function allNamesBut(name: string): string {
  const patterns = [...name].flatMap((char, at) => [
    `${name.slice(0, at)}[!${char}]*`,
    ...(at > 0 ? [name.slice(0, at)] : []),
  ]);
  return [...patterns, `${name}?*`, ''].join('\n');
}

/** Stores a file under `key`. */
export async function intoCache(key: string, archive: string, place: Place, log: Log): Promise<void> {
  const file = join(place.workspace, FILE);
  await attempt('written', log, async ({ saveCache }) => {
    await rm(file, { recursive: true, force: true });
    await cp(archive, file);
    // It throws for almost nothing: -1 is all that it says.
    const id = await saveCache([FILE], key);
    log.info(id === -1 ? `GitHub's cache took no packages.` : `The packages are in GitHub's cache, as ${key}.`);
  });
  await rm(file, { force: true });
}

/** Where the toolkit works, and a directory for lists. */
export interface Place {
  workspace: string;
  directory: string;
}

async function attempt<T>(
  what: 'read' | 'written',
  log: Log,
  call: (toolkit: typeof import('@actions/cache')) => Promise<T>,
): Promise<T | undefined> {
  const toolkit = await import('@actions/cache');
  if (!toolkit.isFeatureAvailable()) return undefined;
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`it took longer than ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
  try {
    return await Promise.race([call(toolkit), late]);
  } catch (error) {
    log.info(`GitHub's cache could not be ${what}: ${messageOf(error)}. That makes no difference but in time.`);
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
