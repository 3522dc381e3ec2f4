import { command, lines } from './command.ts';
import { type Database, readDatabase } from './database.ts';
import type { DatabaseState } from './database-state.ts';
import { type Installation, readInstallation, readTree, type Tree } from './tree.ts';

/** Where to look; paths as this machine sees them. */
export interface Subject {
  url: string;
  database: Database;
  environmentPath: string;
  /** Directories that no upgrade may change: the configuration, the service's definition. */
  fixed: string[];
  /** Directories in which nothing new may be left behind. */
  watched: string[];
  /** Command lines of the processes on the hub's host that may belong to the hub or to its upgrade. */
  processes(): Promise<string[]>;
  /** Mount points on the hub's host. */
  mounts(): Promise<string[]>;
}

/** All that can be said of a hub from outside of the product. */
export interface State {
  /** What the hub answers at its public URL; undefined when it does not. */
  version: string | undefined;
  database: DatabaseState;
  environment: Tree;
  installation: Installation;
  fixed: Tree[];
  watched: string[];
  processes: string[];
  mounts: string[];
}

export async function recordState(subject: Subject): Promise<State> {
  const [processes, mounts] = await Promise.all([subject.processes(), subject.mounts()]); // before any of our own run
  const [version, database, environment, installation, fixed, watched] = await Promise.all([
    readVersion(subject.url),
    readDatabase(subject.database),
    readTree(subject.environmentPath),
    readInstallation(subject.environmentPath),
    Promise.all(subject.fixed.map(readTree)),
    readWatched(subject),
  ]);
  return { version, database, environment, installation, fixed, watched, processes, mounts };
}

/**
 * Every path below the watched directories, less the environment and what is fixed (they are compared whole) and less the
 * files that SQLite makes and removes beside a database, and systemd beside its units.
 */
async function readWatched(subject: Subject): Promise<string[]> {
  const pruned = [subject.environmentPath, ...subject.fixed].flatMap((path) => ['-path', path, '-prune', '-o']);
  const passing = ['__pycache__', 'systemd-private-*'].flatMap((name) => ['-name', name, '-prune', '-o']);
  const paths: string[] = [];
  for (const directory of subject.watched) {
    paths.push(...lines(await command('find', [directory, ...pruned, ...passing, '-print'])));
  }
  return paths.filter((path) => !/-(wal|shm|journal)$/.test(path));
}

async function readVersion(url: string): Promise<string | undefined> {
  try {
    const response = await fetch(new URL('/hub/api/', url), { signal: AbortSignal.timeout(5000) });
    return response.status === 200 ? ((await response.json()) as { version: string }).version : undefined;
  } catch {
    return undefined;
  }
}
