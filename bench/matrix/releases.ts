import { access, readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { systemPython } from '../hub/environments.ts';
import { run } from '../hub/run.ts';

/** The releases of the matrix, oldest first, with the Pythons each is known to run on today, best first. */
const RELEASES: Record<string, string[]> = {
  '1.0.0': ['3.8', '3.7', '3.6'],
  '1.5.1': ['3.11', '3.10', '3.9', '3.8'],
  '2.3.1': ['3.11', '3.10', '3.9', '3.8', '3.12'],
  '3.1.1': ['3.11', '3.12', '3.10', '3.9', '3.8'],
  '4.1.6': ['3.11', '3.12', '3.13', '3.10', '3.9', '3.8'],
  '5.0.0': ['3.11', '3.12', '3.13', '3.10', '3.9', '3.8'],
  '5.4.6': ['3.11', '3.12', '3.13', '3.10', '3.9', '3.8'],
  '6.0.1': ['3.11', '3.12', '3.13', '3.10'],
};

/** A release and an interpreter of this machine that it runs on; without one it is left out, and said to be. */
export interface Candidate {
  release: string;
  python: string | undefined;
  pythons: string[];
}

/** The releases of the matrix and the newest there is, or only those that are `asked` for. */
export async function candidates(asked?: string[]): Promise<Candidate[]> {
  const table = { ...RELEASES };
  const releases = asked ?? [...Object.keys(RELEASES), await newestRelease()];
  const newest = RELEASES['6.0.1'] ?? [];
  return Promise.all(
    releases.map(async (release) => {
      const pythons = table[release] ?? newest;
      return { release, pythons, python: await findPython(pythons) };
    }),
  );
}

async function findPython(versions: string[]): Promise<string | undefined> {
  for (const version of versions) {
    for (const path of [systemPython, `/usr/bin/python${version}`, ...(await ofPyenv(version))]) {
      if ((await versionOf(path)) === version) return path;
    }
  }
  return undefined;
}

async function ofPyenv(version: string): Promise<string[]> {
  const root = join(homedir(), '.pyenv/versions');
  const names = (await readdir(root).catch(() => [])).filter((name) => name.startsWith(`${version}.`));
  return names.map((name) => join(root, name, 'bin/python3'));
}

/** Major and minor version of an interpreter; undefined when it does not run. */
export async function versionOf(python: string): Promise<string | undefined> {
  if (
    python.startsWith('/') &&
    !(await access(python).then(
      () => true,
      () => false,
    ))
  )
    return undefined;
  return run(python, ['-c', 'import sys; print("%d.%d" % sys.version_info[:2])']).then(
    (text) => text.trim(),
    () => undefined,
  );
}

/** pip names what it could install instead of a release that never was. */
async function newestRelease(): Promise<string> {
  const answer = await run(systemPython, ['-m', 'pip', 'download', '--no-deps', 'jupyterhub==0.0.0']).catch(String);
  const versions = /from versions: ([^)]*)\)/.exec(answer)?.[1]?.split(', ') ?? [];
  const newest = versions.filter((version) => /^\d+(\.\d+)*$/.test(version)).at(-1);
  if (newest === undefined) throw new Error(`pip does not say which releases of jupyterhub there are:\n${answer}`);
  return newest;
}
