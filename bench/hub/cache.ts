import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../../.cache', import.meta.url));

/**
 * Where everything that is slow to make is kept: `.cache` of the repository, ignored by git. Its real path, whoever links
 * to it: environments name the place they are at, and a copy of one must be told from the original.
 */
export const cacheDirectory = existsSync(cache) ? realpathSync(cache) : cache;

/**
 * Gives the path of a cached directory, building it the first time. It is built beside its place and renamed, so a
 * broken build leaves nothing; processes that want the same one wait for each other.
 */
export async function cached(name: string, build: (directory: string, finalPath: string) => Promise<void>) {
  const path = join(cacheDirectory, name);
  if (await exists(path)) return path;
  await mkdir(dirname(path), { recursive: true });
  const unlock = await lock(`${path}.lock`);
  try {
    if (await exists(path)) return path;
    const beside = `${path}.part`;
    await rm(beside, { recursive: true, force: true });
    await mkdir(beside);
    await build(beside, path);
    await rename(beside, path);
    return path;
  } finally {
    unlock();
  }
}

/** An flock(2) that ends with this process, however it ends: it is held by a child that waits on a pipe from here. */
async function lock(file: string): Promise<() => void> {
  const holder = spawn('flock', [file, 'sh', '-c', 'echo locked; cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [first] = await Promise.race([once(holder.stdout, 'data'), once(holder, 'exit').then(() => [undefined])]);
  if (first === undefined) throw new Error(`cannot lock ${file}`);
  return () => holder.stdin.end();
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
