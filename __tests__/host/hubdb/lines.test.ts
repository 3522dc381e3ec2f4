import { cp, open, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startDatabase } from '../../../bench/databases/index.ts';
import type { DatabaseServer } from '../../../bench/databases/server.ts';
import { cached } from '../../../bench/hub/cache.ts';
import { cachedEnvironment, systemPython } from '../../../bench/hub/environments.ts';
import { run } from '../../../bench/hub/run.ts';
import { type Ended, hostProgram, runProgram } from '../support.ts';
import { type Digest, fresh } from './support.ts';

const support = (name: string) => fileURLToPath(new URL(`../../support/${name}`, import.meta.url));

/** A database that only SQLAlchemy reaches, and the interpreter that does. */
interface Subject {
  python: string;
  url: string;
  /** What DATABASE is on the command line. */
  argument: string;
}

async function subject(python: string, url: string): Promise<Subject> {
  const file = fresh('database.json');
  await writeFile(file, JSON.stringify({ url, kwargs: {} }), { mode: 0o600 });
  return { python, url, argument: `@${file}` };
}

async function seeded(python: string, url: string): Promise<Subject> {
  await run(python, [support('seed-database.py'), url]);
  await run(python, [support('odd-rows.py'), url]);
  return subject(python, url);
}

const servers: DatabaseServer[] = [];
afterAll(() => Promise.all(servers.map((server) => server.stop())));

/** Each makes a database with a hub's tables and others that refer to them. */
const dialects: Record<string, () => Promise<Subject>> = {
  sqlite: async () => seeded(join(await cachedEnvironment('4.1.6'), 'bin/python'), `sqlite:///${fresh('hub.sqlite')}`),
  postgresql: () => onServer('postgresql'),
  mariadb: () => onServer('mariadb'),
  firebird: async () => {
    const python = join(await firebird(), 'bin/python');
    const path = fresh('hub.fdb');
    const url = `firebird+fdb://SYSDBA:masterkey@/${path}?charset=UTF8`;
    await run(python, [support('seed-firebird.py'), path, url]);
    return subject(python, url);
  },
};

async function onServer(dialect: 'postgresql' | 'mariadb'): Promise<Subject> {
  let server = servers.find((each) => each.dialect === dialect);
  if (server === undefined) {
    server = await startDatabase[dialect]();
    servers.push(server);
  }
  const { url } = await server.createAccount({
    name: `hub${servers.length}_${Math.random().toString(36).slice(2, 8)}`,
  });
  return seeded(join(await cachedEnvironment('4.1.6', dialect), 'bin/python'), url);
}

/** Firebird's engine works in the process itself. Its dialect for SQLAlchemy 2 takes no NULL in a BLOB. */
function firebird(): Promise<string> {
  return cached('environments/firebird', async (directory) => {
    await run(systemPython, ['-m', 'venv', directory]);
    const packages = ['jupyterhub==3.1.1', 'sqlalchemy<2', 'sqlalchemy-firebird==0.8.0', 'fdb==2.0.4'];
    await run(join(directory, 'bin/python'), ['-m', 'pip', 'install', '--quiet', ...packages]);
  });
}

const program = support('hubdb-lines.py');

function attempt({ python, argument }: Subject, deed: string, file: string, ...more: string[]): Promise<Ended> {
  return runProgram([python, program, hostProgram('hubdb'), deed, argument, file, ...more]);
}

async function lines<T = Digest>(...args: Parameters<typeof attempt>): Promise<T> {
  const { status, stdout, stderr } = await attempt(...args);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

async function hubdb<T>({ python, argument }: Subject, verb: string, ...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await runProgram([python, hostProgram('hubdb'), verb, argument, ...args]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

const digest = (of: Subject) => hubdb<Digest>(of, 'digest');

/** Statements by SQLAlchemy, as a migration that went wrong runs them. */
async function statements({ python, url }: Subject, ...all: string[]): Promise<void> {
  const text = `import sqlalchemy, sys
with sqlalchemy.create_engine(sys.argv[1]).begin() as c:
    for statement in sys.argv[2:]: c.execute(sqlalchemy.text(statement))`;
  await run(python, ['-c', text, url, ...all]);
}

const wreck = (of: Subject) =>
  statements(
    of,
    'DROP TABLE user_group_map',
    "UPDATE users SET name = 'other' WHERE id = 3",
    'CREATE TABLE shares (id INTEGER NOT NULL PRIMARY KEY, owner_id INTEGER, FOREIGN KEY (owner_id) REFERENCES users (id))',
  );

/** A number that the database gives to a new user. */
async function newUser({ python, url }: Subject): Promise<number> {
  const text = `import sqlalchemy, sys
from sqlalchemy.orm import sessionmaker
from jupyterhub import orm
session = sessionmaker(bind=sqlalchemy.create_engine(sys.argv[1]))()
user = orm.User(name='somebody new'); session.add(user); session.commit(); print(user.id)`;
  return Number(await run(python, ['-c', text, url]));
}

describe.each(Object.keys(dialects))('of %s', { timeout: 240_000 }, (name) => {
  let of: Subject;
  let file: string;
  let before: Digest;

  beforeAll(async () => {
    of = await (dialects[name] as () => Promise<Subject>)();
    file = fresh('lines.jsonl');
    before = await digest(of);
    expect(await lines(of, 'dump', file)).toEqual(before);
  });

  test('are proven in a scratch file, which holds the very values', async () => {
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(before.tables.users?.rows).toBeGreaterThanOrEqual(30);
    if (name !== 'firebird') expect(before.tables.users_info?.rows).toBe(3);
    expect(await lines(of, 'prove', file)).toEqual({ where: 'a scratch file', digest: before });
  });

  test('bring back what was there, as often as they are put back, and the next number is a new one', async () => {
    await wreck(of);
    expect((await digest(of)).tables).not.toEqual(before.tables);
    for (const _ of [1, 2]) {
      expect(await lines(of, 'put-back', file)).toEqual({ digest: before });
      expect(await digest(of)).toEqual(before);
    }
    expect(await newUser(of)).toBeGreaterThan(before.tables.users?.rows ?? Infinity);
    await lines(of, 'put-back', file);
  });

  test.each([0, 12, 25, 45])(
    'put back by a process that dies after %i steps are put back by the next',
    async (steps) => {
      await wreck(of);
      const wrecked = await digest(of);
      expect((await attempt(of, 'put-back', file, String(steps))).status).toBe(9);
      // PostgreSQL does all or nothing.
      if (name === 'postgresql') expect(await digest(of)).toEqual(wrecked);
      expect(await lines(of, 'put-back', file)).toEqual({ digest: before });
    },
  );

  test('with a flipped bit, or cut, are refused before anything is dropped', async () => {
    const { size } = await stat(file);
    for (const part of [0, 0.1, 0.4, 0.7, 0.95, 1]) {
      const damaged = fresh('damaged.jsonl');
      await cp(file, damaged);
      const handle = await open(damaged, 'r+');
      const position = Math.min(Math.floor(size * part), size - 2);
      const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, position);
      await handle.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, position);
      await handle.close();
      for (const deed of ['prove', 'put-back']) {
        const { status, stderr } = await attempt(of, deed, damaged);
        expect(status).toBe(1);
        expect(stderr).toMatch(/is no backup in lines|was cut or changed/);
      }
    }
    const cut = fresh('cut.jsonl');
    await cp(file, cut);
    await truncate(cut, size - 100);
    expect((await attempt(of, 'put-back', cut)).stderr).toContain('was cut or changed');
    expect(await digest(of)).toEqual(before);
  });
});

test('are what a dump of the server’s own programs is', { timeout: 240_000 }, async () => {
  for (const dialect of ['postgresql', 'mariadb'] as const) {
    const of = await onServer(dialect);
    const [own, file] = [fresh('native'), fresh('lines.jsonl')];
    const native = await hubdb<{ format: string; digest: Digest }>(of, 'backup', own);
    expect(native.format).toBe(dialect === 'postgresql' ? 'pg_dump' : 'mysqldump');
    expect(await lines(of, 'dump', file)).toEqual(native.digest);
    for (const [first, second] of [
      [own, file],
      [file, own],
    ] as const) {
      await wreck(of);
      for (const each of [first, second]) {
        expect(await hubdb(of, 'put-back', each)).toEqual({ digest: native.digest });
      }
    }
  }
});

test('go back to PostgreSQL many rows at a time, under an old SQLAlchemy, too', { timeout: 240_000 }, async () => {
  const of = await onServer('postgresql');
  const file = fresh('lines.jsonl');
  const before = await lines(of, 'dump', file);
  const old = { ...of, python: join(await cachedEnvironment('1.1.0', 'postgresql'), 'bin/python') };
  const server = servers.find(({ dialect }) => dialect === 'postgresql') as DatabaseServer;
  const [, user = ''] = /:\/\/(\w+):/.exec(of.url) ?? [];
  await server.admin(`ALTER ROLE ${user} SET log_statement = 'all'`);
  await wreck(of);
  expect(await lines(old, 'put-back', file)).toEqual({ digest: before });
  const inserts = (await server.log()).split('\n').filter((line) => /statement: INSERT INTO "?users"? /.test(line));
  expect(inserts.filter((line) => line.includes(`${user}@`))).toHaveLength(1);
});

test('of one dialect are refused by another', async () => {
  const of = await (dialects.sqlite as () => Promise<Subject>)();
  const file = fresh('lines.jsonl');
  await lines(of, 'dump', file);
  const text = (await readFile(file, 'utf8')).split('\n');
  const [head = '', ...rest] = text;
  const other = fresh('other.jsonl');
  const body = [head.replace('"dialect":"sqlite"', '"dialect":"oracle"'), ...rest.slice(0, -2), ''].join('\n');
  const { createHash } = await import('node:crypto');
  await writeFile(other, `${body}{"sha256":"${createHash('sha256').update(body).digest('hex')}"}\n`);
  expect((await attempt(of, 'put-back', other)).stderr).toContain('is the backup of a database of oracle');
});
