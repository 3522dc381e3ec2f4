import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, onTestFinished } from 'vitest';
import { systemPython } from '../../../bench/hub/environments.ts';
import { type HubEnvironment, hubEnvironment, seedDatabase } from '../../support/hub-environment.ts';
import { hostProgram, python, runProgram, temporaryDirectory } from '../support.ts';

/** A directory of the file's tests, with a database that a real hub's code seeded. */
export const root = temporaryDirectory();
export const seed = join(root, 'seed.sqlite');
export let old: HubEnvironment;

beforeAll(async () => {
  old = await hubEnvironment('4.1.6');
  await seedDatabase(old, seed);
});

let number = 0;

/** A path in the directory that nothing has yet. */
export const fresh = (name = 'x') => join(root, `${++number} ${name}`);

/** A copy of the seeded database in a directory of its own; statements are run on it first. */
export async function database(statements = '', name = 'jupyterhub.sqlite'): Promise<string> {
  const directory = join(root, String(++number));
  await mkdir(directory);
  const path = join(directory, name);
  await copyFile(seed, path);
  if (statements !== '') await sql(path, statements);
  return path;
}

export async function sql(path: string, statements: string): Promise<void> {
  const program = 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.close()';
  await python(program, path, statements);
}

/** hubdb with its answer; an error when it fails. */
export async function hubdb<T>(...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await runProgram([systemPython, '-I', hostProgram('hubdb'), ...args]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

/** hubdb that fails, with its sentence. */
export async function refusal(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await runProgram([systemPython, '-I', hostProgram('hubdb'), ...args]);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^hubdb: [^\n]+\.\n$/);
  return stderr;
}

/** Runs `statements` on a connection `c` and keeps it open until the test has ended. */
export async function holding(path: string, statements: string): Promise<void> {
  const program = `import sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
${statements}
print('ready', flush=True)
sys.stdin.read()`;
  const child = spawn(systemPython, ['-I', '-c', program, path], { stdio: ['pipe', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.stdin.end();
    await once(child, 'exit');
  });
  await once(child.stdout, 'data');
}

export interface Facts {
  path: string;
  revision: string | null;
  journal_mode: string;
  size: number;
  wal_size: number;
  quick_check: string;
  half_migrated: string[];
  rows: Record<string, number>;
  admins: number;
  servers: { user: string; name: string; pid: number | null }[];
  routes: object[];
  server_clients: number;
  tokens: { count: number; first: string[] };
}

export interface Digest {
  schema: string;
  tables: Record<string, { rows: number; exact: string; durable: string }>;
}

export const names = ['jupyterhub.sqlite', 'a b.sqlite', 'what?.sqlite', 'x#y.sqlite', '100%20.sqlite', 'ü;"\'.sqlite'];
export const walRow = `c.execute('PRAGMA journal_mode = WAL')
c.execute("INSERT INTO users (name, admin, cookie_id) VALUES ('in the wal', 0, 'c')")`;
