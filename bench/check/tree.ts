import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { command, lines } from './command.ts';

/** Every file below a directory by its path: type, mode, owner, target of a link, sha256; caches of bytecode left out. */
export type Tree = Record<string, string>;

export async function readTree(directory: string): Promise<Tree> {
  const kept = ['(', '-name', '__pycache__', '-prune', ')', '-o', '(', '!', '-name', '*.pyc'];
  const list = ['.', ...kept, '-printf', String.raw`%P\t%y %m %U:%G %l\n`, ')'];
  const tree: Tree = {};
  for (const line of lines(await command('find', list, directory))) {
    const [path = '', description = ''] = line.split('\t');
    tree[path] = description;
  }
  const hash = ['.', ...kept, '-type', 'f', '-exec', 'sha256sum', '{}', '+', ')'];
  for (const line of lines(await command('find', hash, directory))) {
    tree[line.slice(66).replace(/^\.\//, '')] += line.slice(0, 64);
  }
  return tree;
}

export interface Installation {
  /** Releases of JupyterHub that pip says are installed: one, when the environment is whole. */
  releases: string[];
  /** The database revisions nothing comes after, as the installed migrations say: one. */
  heads: string[];
}

/** What is installed in a virtual environment, read from its files alone. */
export async function readInstallation(environment: string): Promise<Installation> {
  const releases: string[] = [];
  const heads: string[] = [];
  for (const python of await readdir(join(environment, 'lib'))) {
    const packages = join(environment, 'lib', python, 'site-packages');
    for (const name of await readdir(packages)) {
      const release = /^jupyterhub-(.+)\.dist-info$/.exec(name)?.[1];
      if (release !== undefined) releases.push(release);
    }
    heads.push(...(await readHeads(join(packages, 'jupyterhub/alembic/versions')).catch(() => [])));
  }
  return { releases, heads };
}

async function readHeads(directory: string): Promise<string[]> {
  const revisions: string[] = [];
  const replaced: string[] = [];
  for (const name of await readdir(directory)) {
    if (!name.endsWith('.py')) continue;
    const text = await readFile(join(directory, name), 'utf8');
    revisions.push(...(/^revision\s*=\s*["'](\w+)/m.exec(text)?.slice(1) ?? []));
    replaced.push(...(/^down_revision\s*=\s*["'](\w+)/m.exec(text)?.slice(1) ?? []));
  }
  return revisions.filter((revision) => !replaced.includes(revision));
}
