import { existsSync } from 'node:fs';
import { lstat, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ServerDialect } from '../databases/index.ts';
import { cached } from './cache.ts';
import { run } from './run.ts';

/** The machine's own interpreter before any other that PATH may offer. */
export const systemPython = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

/** What an environment needs for a hub on a database server. */
const drivers: Record<ServerDialect, string[]> = {
  postgresql: ['psycopg2-binary'],
  mariadb: ['pymysql'],
  mysql: ['pymysql', 'cryptography'], // with which it logs in by caching_sha2_password
};

/** What a release needs besides itself to start today: pip would resolve to dependencies that came after it. */
export function requirementsOf(release: string, server?: ServerDialect): string[] {
  const [major = 0, minor = 0] = release.split('.').map(Number);
  const hub = [`jupyterhub==${release}`, ...(server ? drivers[server] : [])];
  // Releases before 1.4 use what SQLAlchemy 1.4 removed, those before 3.1 (January 2023) what 2.0 removed.
  if (major === 1 && minor < 4) return [...hub, 'sqlalchemy<1.4', 'alembic<1.8'];
  if (major < 3 || (major === 3 && minor < 1)) return [...hub, 'sqlalchemy<2'];
  return hub;
}

/**
 * A virtual environment with that release, and the driver of a database server, made once; never handed out itself, see
 * `copyEnvironment`. `alsoFor`: see `HubOptions`.
 */
export async function cachedEnvironment(release: string, server?: ServerDialect, alsoFor?: string): Promise<string> {
  const version = await run(systemPython, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
  const name = [release, `py${version.trim()}`, server, alsoFor && `for-${alsoFor}`].filter(Boolean).join('-');
  return cached(join('environments', name), (directory, finalPath) =>
    installEnvironment(systemPython, requirementsOf(release, server), directory, finalPath, alsoFor),
  );
}

/** Makes a virtual environment in `directory` that will be moved to `finalPath`. */
export async function installEnvironment(
  python: string,
  packages: string[],
  directory: string,
  finalPath: string,
  alsoFor?: string,
): Promise<void> {
  await run(python, ['-m', 'venv', directory]);
  if (alsoFor) await run(join(directory, 'bin/pip'), ['install', '--quiet', `jupyterhub==${alsoFor}`]);
  await run(join(directory, 'bin/pip'), ['install', '--quiet', ...packages]);
  await relocate(directory, directory, finalPath);
}

/** An environment of one's own, at `path`: a copy of the cached one that names its new place. */
export async function copyEnvironment(
  release: string,
  path: string,
  server?: ServerDialect,
  alsoFor?: string,
): Promise<void> {
  const original = await cachedEnvironment(release, server, alsoFor);
  await run('cp', ['-a', '--reflink=auto', original, path]); // a third of the time that node's own cp takes
  await relocate(path, await ownName(original), path);
}

/** The path that an environment calls its own: the cache may be reached, and was filled, by another one. */
async function ownName(directory: string): Promise<string> {
  const text = await readFile(join(directory, 'bin/pip'), 'utf8');
  return /^(?:#!|'''exec' ")(\/.*)\/bin\/python/m.exec(text)?.[1] ?? directory;
}

/** Rewrites the files of an environment that hold its path: the shebangs and activation scripts in bin, pyvenv.cfg. */
export async function relocate(directory: string, from: string, to: string): Promise<void> {
  const bin = join(directory, 'bin');
  const files = (await readdir(bin)).map((name) => join(bin, name));
  for (const file of [...files, join(directory, 'pyvenv.cfg')]) {
    if (!(await lstat(file)).isFile()) continue;
    const text = await readFile(file, 'utf8');
    const shebang = `#!${from}/bin/`;
    const moved = text.startsWith(shebang)
      ? shebangFor(`${to}/bin/${text.slice(shebang.length, text.indexOf('\n'))}`) + text.slice(text.indexOf('\n'))
      : text.replaceAll(from, to);
    if (moved !== text) await writeFile(file, moved);
  }
}

/** The kernel splits a shebang at a space and cuts it at 127 bytes; then pip writes this one, which sh and Python read. */
function shebangFor(interpreter: string): string {
  if (!interpreter.includes(' ') && interpreter.length < 125) return `#!${interpreter}`;
  return `#!/bin/sh\n'''exec' "${interpreter}" "$0" "$@"\n' '''`;
}
