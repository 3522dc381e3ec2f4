import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, copyFile, mkdir, open, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemPython } from '../../bench/hub/environments.ts';
import { type HubEnvironment, hubEnvironment, seedDatabase, startHub } from '../support/hub-environment.ts';
import { hostProgram, photograph, python, runProgram, temporaryDirectory } from './support.ts';

const root = temporaryDirectory();
const seed = join(root, 'seed.sqlite');
const token = 'abcdefghijklmnopqrstuvwxyz0123456789';
let old: HubEnvironment;
let target: HubEnvironment;

beforeAll(async () => {
  [old, target] = [await hubEnvironment('4.1.6'), await hubEnvironment('6.1.1')];
  await seedDatabase(old, seed);
});

let number = 0;

/** A copy of the seeded database in a directory of its own; statements are run on it first. */
async function database(statements = '', name = 'jupyterhub.sqlite'): Promise<string> {
  const directory = join(root, String(++number));
  await mkdir(directory);
  const path = join(directory, name);
  await copyFile(seed, path);
  if (statements !== '') await sql(path, statements);
  return path;
}

async function sql(path: string, statements: string): Promise<void> {
  const program = 'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.executescript(sys.argv[2]); c.close()';
  await python(program, path, statements);
}

/** hubdb.py with its answer; an error when it fails. */
async function hubdb<T>(...args: string[]): Promise<T> {
  const { status, stdout, stderr } = await runProgram([systemPython, '-I', hostProgram('hubdb.py'), ...args]);
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as T;
}

/** hubdb.py that fails, with its sentence. */
async function refusal(...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await runProgram([systemPython, '-I', hostProgram('hubdb.py'), ...args]);
  expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  expect(stderr).toMatch(/^hubdb\.py: [^\n]+\.\n$/);
  return stderr;
}

/** Runs `statements` on a connection `c` and keeps it open until the test has ended. */
async function holding(path: string, statements: string): Promise<void> {
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

interface Facts {
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
}

interface Digest {
  schema: string;
  tables: Record<string, { rows: number; exact: string; durable: string }>;
}

const names = ['jupyterhub.sqlite', 'a b.sqlite', 'what?.sqlite', 'x#y.sqlite', '100%20.sqlite', 'ü;"\'.sqlite'];
const walRow = `c.execute('PRAGMA journal_mode = WAL')
c.execute("INSERT INTO users (name, admin, cookie_id) VALUES ('in the wal', 0, 'c')")`;

describe('facts', () => {
  test('tell what is in the database, and nothing of what a spawner keeps', async () => {
    const path = await database();
    const facts = await hubdb<Facts>('facts', path);
    expect(facts).toMatchObject({ path, revision: '0eee8c825d24', quick_check: 'ok', half_migrated: [], admins: 1 });
    expect(facts.rows).toMatchObject({ users: 30, groups: 2, user_group_map: 11, api_tokens: 8, services: 1 });
    expect(facts.servers).toEqual([
      { user: 'user00', name: '', pid: 99_999_999 },
      { user: 'user01', name: 'big', pid: null },
    ]);
    expect(JSON.stringify(facts)).not.toContain('state-canary');
  });

  test.each(names)('read %s, and what is still in its WAL', async (name) => {
    const path = await database('', name);
    await holding(path, walRow);
    const facts = await hubdb<Facts>('facts', path);
    expect(facts).toMatchObject({ journal_mode: 'wal', rows: { users: 31 } });
    expect(facts.wal_size).toBeGreaterThan(0);
    expect(facts.size).toBe((await stat(path)).size + facts.wal_size);
  });

  test('find the WAL of a database behind a symbolic link', async () => {
    const path = await database();
    await holding(path, walRow);
    const link = join(root, `${++number}.sqlite`);
    await symlink(path, link);
    expect(await hubdb<Facts>('facts', link)).toMatchObject({ path, journal_mode: 'wal', rows: { users: 31 } });
  });

  test.each(['wal', 'delete'])('leave a stopped database in journal mode %s as it was', async (mode) => {
    const path = await database(`PRAGMA journal_mode = ${mode}`);
    const before = await photograph(join(path, '..'));
    expect(await hubdb<Facts>('facts', path)).toMatchObject({ journal_mode: mode, rows: { users: 30 } });
    await hubdb<Digest>('digest', path);
    await hubdb<object>('compare', path, path);
    expect(await photograph(join(path, '..'))).toEqual(before);
  });

  test.runIf(process.getuid?.() === 0)('read a stopped WAL database that may only be read', async () => {
    const directory = join('/var/tmp', `jupyterhub-upgrade-test-${process.pid}`);
    await mkdir(directory, { mode: 0o755 });
    onTestFinished(() => runProgram(['rm', '-rf', directory]).then(() => {}));
    const path = join(directory, 'x.sqlite');
    await copyFile(await database('PRAGMA journal_mode = WAL'), path);
    const program = join(directory, 'hubdb.py');
    await copyFile(hostProgram('hubdb.py'), program);
    const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', systemPython, '-I', program];
    const { stdout, stderr } = await runProgram([...nobody, 'facts', path]);
    expect(stderr).toBe('');
    expect((JSON.parse(stdout) as Facts).rows.users).toBe(30);
  });

  test('of a database that is not there make none', async () => {
    const path = join(root, 'nowhere.sqlite');
    expect(await refusal('facts', path)).toContain(`There is no database file at ${path}.`);
    await expect(access(path)).rejects.toThrow();
  });

  test('say that another process holds the lock', async () => {
    const path = await database();
    await holding(path, `c.execute('BEGIN EXCLUSIVE')`);
    const [facts, backup] = await Promise.all([refusal('facts', path), refusal('backup', path, `${path}.out`)]);
    for (const sentence of [facts, backup]) expect(sentence).toContain('is locked by another process');
    await expect(access(`${path}.out`)).rejects.toThrow();
  });

  test('say that the file is no database', async () => {
    const path = await database();
    await writeFile(path, 'no database at all, but long enough to be looked at as one '.repeat(100));
    expect(await refusal('facts', path)).toContain('is damaged: file is not a database');
    expect(await refusal('backup', path, `${path}.out`)).toContain('is damaged');
  });

  test('say which page is damaged, and a backup of it is refused', async () => {
    const path = await database();
    const page = Number(
      await python(
        `import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute("SELECT rootpage FROM sqlite_master WHERE name = 'ix_api_tokens_prefix'").fetchone()[0])`,
        path,
      ),
    );
    const file = await open(path, 'r+');
    await file.write(Buffer.alloc(2000, 0xff), 0, 2000, (page - 1) * 4096 + 20);
    await file.close();
    expect((await hubdb<Facts>('facts', path)).quick_check).not.toBe('ok');
    expect(await refusal('backup', path, `${path}.out`)).toMatch(/does not pass the integrity check|is damaged/);
    await expect(access(`${path}.out`)).rejects.toThrow();
  });

  test('say that a crash left a transaction behind', async () => {
    const path = await database();
    await python(
      `import os, sqlite3, sys
c = sqlite3.connect(sys.argv[1], isolation_level=None)
c.execute('PRAGMA cache_size = 1')
c.execute('BEGIN IMMEDIATE')
c.execute("UPDATE users SET state = hex(randomblob(5000))")
os._exit(0)`,
      path,
    );
    expect(await refusal('facts', path)).toContain(`has an unfinished transaction beside it (${path}-journal)`);
  });

  test.each([
    ['ALTER TABLE users ADD COLUMN user_info TEXT', 'column users.user_info belongs to revision ff1860e38070'],
    ['CREATE TABLE shares (id INTEGER)', 'table shares belongs to revision 4621fec11365 (JupyterHub 5.0)'],
    ['CREATE TABLE _alembic_tmp_users (id INTEGER)', 'table _alembic_tmp_users was left by a migration'],
    ["UPDATE alembic_version SET version_num = 'f460b0348206'", 'column spawners.display_name of revision'],
    ['DELETE FROM alembic_version', 'alembic_version says 0 revisions, not one'],
    ['DROP TABLE alembic_version', 'alembic_version says 0 revisions, not one'],
  ])('see from the schema that a migration broke off or never ran: %s', async (statement, sign) => {
    const facts = await hubdb<Facts>('facts', await database(statement));
    expect(facts.half_migrated.join('\n')).toContain(sign);
  });
});

describe('revision', () => {
  test('is one word, or an error', async () => {
    const command = [systemPython, '-I', hostProgram('hubdb.py'), 'revision'];
    expect(await runProgram([...command, await database()])).toMatchObject({ status: 0, stdout: '0eee8c825d24\n' });
    expect(await refusal('revision', await database('DELETE FROM alembic_version'))).toContain('0 rows');
    expect(await refusal('revision', await database("UPDATE alembic_version SET version_num = 'x\ny'"))).toContain(
      'no rev',
    );
  });
});

describe('backup', () => {
  test.each(names)('has what is in %s and still in its WAL, and nothing beside it', async (name) => {
    const path = await database('', name);
    await holding(path, walRow);
    const out = join(root, String(++number), `copy of ${name}`);
    await mkdir(join(out, '..'));
    const printed = await hubdb<Digest>('backup', path, out);
    expect(printed).toEqual(await hubdb<Digest>('digest', path));
    expect(printed.tables.users?.rows).toBe(31);
    expect(await readdir(join(out, '..'))).toEqual([`copy of ${name}`]);
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    const users =
      'import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute("SELECT count(*) FROM users").fetchone())';
    expect(await python(users, out)).toBe('(31,)\n');
  });

  test('is nobody else’s to read under any umask', async () => {
    const path = await database();
    const command = [systemPython, '-I', hostProgram('hubdb.py'), 'backup', path, `${path}.out`];
    await runProgram(['sh', '-c', 'umask 0; exec "$@"', 'sh', ...command]);
    expect((await stat(`${path}.out`)).mode & 0o777).toBe(0o600);
  });

  test('overwrites nothing, and takes no file for its own that lies beside it', async () => {
    const path = await database();
    await writeFile(`${path}.out`, 'precious');
    expect(await refusal('backup', path, `${path}.out`)).toContain('File exists');
    expect(await readFile(`${path}.out`, 'utf8')).toBe('precious');
    await writeFile(`${path}.other-wal`, 'stale');
    expect(await refusal('backup', path, `${path}.other`)).toContain(`${path}.other-wal exists`);
    expect(await readFile(`${path}.other-wal`, 'utf8')).toBe('stale');
    await symlink('/dev/null', `${path}.link`);
    expect(await refusal('backup', path, `${path}.link`)).toContain('File exists');
  });

  test('that cannot be written to its end is removed', async () => {
    const path = await database();
    const command = [systemPython, '-I', hostProgram('hubdb.py'), 'backup', path, `${path}.out`];
    const { status, stderr } = await runProgram(['sh', '-c', 'ulimit -f 8; exec "$@"', 'sh', ...command]);
    expect(status).toBe(1);
    expect(stderr).toContain('could not be written');
    expect(await readdir(join(path, '..'))).toEqual(['jupyterhub.sqlite']);
  });

  test('without the backup API is a copy of every row, proven by its digest', async () => {
    // As Python 3.6 does it, which has none: the same functions, on a connection that hides it.
    const path = await database('PRAGMA user_version = 7; CREATE TABLE extra (a, b INTEGER PRIMARY KEY AUTOINCREMENT)');
    await sql(path, "INSERT INTO extra (a) VALUES (x'00ff'), (1.5), ('1'), (1), (NULL); DELETE FROM extra WHERE b = 5");
    await holding(path, walRow);
    const program = `import json, runpy, sqlite3, sys
class Old(sqlite3.Connection):
    @property
    def backup(self):
        raise AttributeError
connect = sqlite3.connect
sqlite3.connect = lambda *a, **k: connect(*a, factory=Old, **k)
print(json.dumps(runpy.run_path(sys.argv[1])['backup'](sys.argv[2], sys.argv[3])))`;
    const printed = JSON.parse(await python(program, hostProgram('hubdb.py'), path, `${path}.out`));
    expect(printed).toEqual(await hubdb<Digest>('digest', path));
    const sequence = `import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
print(c.execute('PRAGMA user_version').fetchone(), c.execute('SELECT * FROM sqlite_sequence').fetchall())`;
    expect(await python(sequence, `${path}.out`)).toBe("(7,) [('extra', 5)]\n");
  });
});

describe('digest', () => {
  test('changes with any cell, and only that of its table', async () => {
    const path = await database();
    const before = await hubdb<Digest>('digest', path);
    const tables = Object.keys(before.tables).filter((name) => (before.tables[name]?.rows ?? 0) > 0);
    // Changes one cell of that table to a value of its kind that it had not, and prints where.
    const change = `import sqlite3, sys
path, out, table, pick = sys.argv[1:]
pick = int(pick)
import shutil
shutil.copy(path, out)
c = sqlite3.connect(out)
c.execute('PRAGMA ignore_check_constraints = ON')
columns = [row[1] for row in c.execute('PRAGMA table_info(%s)' % table)]
rows = c.execute('SELECT rowid, * FROM %s' % table).fetchall()
row = rows[pick % len(rows)]
at = (pick // 31) % len(columns)
value = row[at + 1]
other = 987654 if isinstance(value, int) else 'x' if value is None else value + 'x' if isinstance(value, str) else b'x'
c.execute('UPDATE %s SET "%s" = ? WHERE rowid = ?' % (table, columns[at]), (other, row[0]))
c.commit()
print(columns[at])`;
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...tables), fc.nat(100_000), async (table, pick) => {
        const changed = join(root, 'changed.sqlite');
        await python(change, path, changed, table, String(pick));
        const after = await hubdb<Digest>('digest', changed);
        const differing = Object.keys(after.tables).filter(
          (name) => after.tables[name]?.exact !== before.tables[name]?.exact,
        );
        expect(differing).toEqual([table]);
        expect(after.schema).toBe(before.schema);
      }),
      { numRuns: 40 },
    );
  });

  test('tells values of different types apart, and counts equal rows', async () => {
    const values = ['1', '1.0', "'1'", "x'31'", 'NULL', "''", "x''", '0', '-1', '1e300', "char(0)||'a'", "'0'"];
    const contents = [...values.map((value) => [value]), ['1', '1'], ['1', '1', '1'], [], ['1', "'1'"], ['0', '0']];
    const digests = await Promise.all(
      contents.map(async (rows) => {
        const path = await database(`CREATE TABLE t (v); ${rows.map((v) => `INSERT INTO t VALUES (${v});`).join('')}`);
        return (await hubdb<Digest>('digest', path)).tables.t?.exact;
      }),
    );
    expect(new Set(digests).size).toBe(contents.length);
  });

  test('does not change with the order of rows or the layout of the file', async () => {
    const path = await database();
    const before = await hubdb<Digest>('digest', path);
    await sql(
      path,
      `PRAGMA foreign_keys = OFF; CREATE TEMP TABLE t AS SELECT * FROM user_group_map ORDER BY user_id DESC;
      DELETE FROM user_group_map; INSERT INTO user_group_map SELECT * FROM t; PRAGMA page_size = 8192; VACUUM;`,
    );
    expect(await hubdb<Digest>('digest', path)).toEqual(before);
  });

  test('of the schema changes with a column, an index, a trigger, but not with statistics', async () => {
    const schemas = await Promise.all(
      [
        '',
        'ALTER TABLE users ADD COLUMN x INTEGER',
        'CREATE INDEX i ON users (created)',
        'CREATE TRIGGER t AFTER DELETE ON users BEGIN SELECT 1; END',
        'ANALYZE',
      ].map(async (statement) => (await hubdb<Digest>('digest', await database(statement))).schema),
    );
    expect(new Set(schemas).size).toBe(4);
    expect(schemas[4]).toBe(schemas[0]);
  });

  test('durable is unaffected by what a running hub rewrites', async () => {
    const path = await database();
    const durable = async () =>
      Object.entries((await hubdb<Digest>('digest', path)).tables).map(([name, table]) => [name, table.durable]);
    const before = await durable();
    await sql(
      path,
      `UPDATE users SET last_activity = '2030-01-01', encrypted_auth_state = x'01', state = '{}';
      UPDATE api_tokens SET last_activity = '2030-01-01';
      UPDATE spawners SET server_id = NULL, state = '{}', last_activity = '2030-01-01', started = NULL, user_options = '{}';
      DELETE FROM servers;
      DELETE FROM oauth_clients WHERE identifier <> 'jupyterhub';
      DELETE FROM api_tokens WHERE expires_at IS NOT NULL;
      INSERT INTO spawners (user_id, name) VALUES (9, '');
      UPDATE services SET pid = 7;`,
    );
    expect(await durable()).toEqual(before);
    for (const [table, statement] of [
      ['users', "INSERT INTO users (name, admin, cookie_id) VALUES ('new', 0, 'c')"],
      ['users', 'UPDATE users SET admin = 1 WHERE id = 5'],
      ['api_tokens', "DELETE FROM api_tokens WHERE note = 'seeded' AND user_id = 2"],
      ['user_group_map', 'DELETE FROM user_group_map WHERE user_id = 3'],
      ['spawners', "DELETE FROM spawners WHERE name = 'big'"],
      ['roles', "UPDATE roles SET scopes = '[]' WHERE name = 'user'"],
    ] as const) {
      const earlier = new Map((await durable()) as [string, string][]);
      await sql(path, statement);
      const later = new Map((await durable()) as [string, string][]);
      expect([...later.keys()].filter((name) => later.get(name) !== earlier.get(name))).toEqual([table]);
    }
  });
});

describe('compare', () => {
  interface Comparison {
    complete: boolean;
    lost: Record<string, { count: number; first: string[] }>;
    added: Record<string, { count: number; first: string[] }>;
    counts: Record<string, [number, number]>;
    dropped_by_design: Record<string, { count: number; first: string[] }>;
  }

  const compare = async (statements: string, before = '') =>
    hubdb<Comparison>('compare', await database(before), await database(statements));

  test('finds nothing lost where nothing is, and counts what is there', async () => {
    const result = await compare("UPDATE users SET last_activity = '2030-01-01'");
    expect(result.complete).toBe(true);
    expect(result.counts).toEqual({
      ...{ users: [30, 30], admins: [1, 1], groups: [2, 2], memberships: [11, 11] },
      ...{ tokens: [5, 5], services: [1, 1], roles: [4, 4] },
    });
  });

  test.each([
    ['users', "DELETE FROM users WHERE name = 'user20'", ['user20']],
    ['users', "UPDATE users SET name = 'ZOË@example.org' WHERE name = 'zoë@example.org'", ['zoë@example.org']],
    ['admins', 'UPDATE users SET admin = 0', ['user01']],
    ['groups', "UPDATE groups SET name = 'pupils' WHERE name = 'students'", ['students']],
    ['memberships', 'DELETE FROM user_group_map WHERE user_id = 4', ['user03 in students']],
    ['tokens', "DELETE FROM api_tokens WHERE user_id = 3 AND note = 'seeded'", ['user02 (a3)']],
    ['tokens', "UPDATE api_tokens SET hashed = hashed || 'x' WHERE id = 5", ['user04 (a5)']],
  ])('finds lost %s: %s', async (kind, statement, lost) => {
    const result = await compare(statement);
    expect(result.complete).toBe(false);
    expect(result.lost[kind]).toEqual({ count: lost.length, first: lost });
  });

  test.each([
    ['services', 'DELETE FROM services', 'culler'],
    ['roles', "DELETE FROM roles WHERE name = 'server'", 'server'],
  ])('tells of lost %s, which follow the configuration', async (kind, statement, lost) => {
    const result = await compare(statement);
    expect(result.complete).toBe(true);
    expect(result.lost[kind]).toEqual({ count: 1, first: [lost] });
  });

  test('takes a token that expired, or that belonged to a server or browser, for no loss', async () => {
    const others = "expires_at < '2021-01-01' OR note LIKE 'Server at %' OR client_id <> 'jupyterhub'";
    expect((await compare(`DELETE FROM api_tokens WHERE ${others}`)).complete).toBe(true);
  });

  test('names what was added', async () => {
    const result = await compare("INSERT INTO users (name, admin, cookie_id) VALUES ('new', 1, 'c')");
    expect(result.complete).toBe(true);
    expect(result.added).toMatchObject({ users: { count: 1, first: ['new'] }, admins: { count: 1, first: ['new'] } });
  });

  test('names no more than twenty', async () => {
    const result = await compare('DELETE FROM users');
    expect(result.lost.users?.count).toBe(30);
    expect(result.lost.users?.first).toHaveLength(20);
  });

  test('counts tokens that a migration drops as dropped, not lost', async () => {
    const first = "UPDATE alembic_version SET version_num = '4dc2d5a8c53c'";
    const result = await compare('DROP TABLE api_tokens', first);
    expect(result.complete).toBe(true);
    expect(result.lost.tokens).toBeUndefined();
    expect(result.dropped_by_design.tokens?.count).toBe(5);
    expect((await compare(`DROP TABLE api_tokens; ${first}`, first)).complete).toBe(false);
  });
});

describe('token', () => {
  const withToken = (environment: HubEnvironment, stdin: string, ...args: string[]) =>
    runProgram([environment.python, hostProgram('hubdb.py'), 'token', ...args], { stdin, env: environment.variables });

  test('survives the upgrade, works on the new hub, and is gone when it was deleted', {
    timeout: 120_000,
  }, async () => {
    const directory = join(root, 'hub');
    await mkdir(directory);
    const path = join(directory, 'jupyterhub.sqlite');
    await copyFile(seed, path);
    await sql(path, "UPDATE spawners SET server_id = NULL, state = '{}'; DELETE FROM servers"); // nothing to look for
    const made = await withToken(old, `${token}\n`, 'create', path);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(made.stdout)).toEqual({ user: 'user01', id: 'a9', prefix: 'abcd' });
    const before = join(root, 'before.sqlite');
    await copyFile(path, before);

    await writeFile(join(directory, 'jupyterhub_config.py'), '');
    const upgrade = [target.python, '-m', 'jupyterhub', 'upgrade-db', '-f', 'jupyterhub_config.py'];
    expect((await runProgram(upgrade, { cwd: directory, env: target.variables })).status).toBe(0);
    // Between migration and start some tables of the ORM are not there yet.
    const copy = join(root, 'migrated.sqlite');
    await copyFile(path, copy);
    expect(await withToken(target, `${token}\n`, 'delete', copy)).toMatchObject({
      status: 0,
      stdout: '{"deleted": 1}\n',
    });

    const hub = await startHub(target, directory);
    try {
      const health = (...args: string[]) =>
        runProgram([systemPython, '-I', hostProgram('health.py'), ...args], { stdin: `${token}\n` });
      expect(await health('wait', hub.base, '--version', '6.1.1', '--timeout', '60')).toMatchObject({ stderr: '' });
      const check = await health('check', hub.base, '--version', '6.1.1');
      expect(check.stderr).toBe('');
      expect(JSON.parse(check.stdout)).toMatchObject({ user: 'user01' });
      expect(await hubdb('compare', before, path)).toMatchObject({ complete: true });
      expect(await withToken(target, `${token}\n`, 'delete', path)).toMatchObject({ stdout: '{"deleted": 1}\n' });
      expect(await withToken(target, `${token}\n`, 'delete', path)).toMatchObject({
        status: 0,
        stdout: '{"deleted": 0}\n',
      });
      expect((await health('check', hub.base, '--version', '6.1.1')).stderr).toContain('hub/api/user) answered 403');
    } finally {
      await hub.stop();
    }
  });

  test('may do no more than its owner’s own server', async () => {
    const path = await database();
    await withToken(old, `${token}\n`, 'create', '--user', 'zoë@example.org', '--expires', '60', path);
    const row = await python(
      `import sqlite3, sys
print(sqlite3.connect(sys.argv[1]).execute('''SELECT u.name, t.scopes, t.expires_at < datetime('now', '61 seconds')
FROM api_tokens t JOIN users u ON u.id = t.user_id ORDER BY t.id DESC''').fetchone())`,
      path,
    );
    expect(row).toBe(`('zoë@example.org', '["read:users!user", "servers!user", "access:servers!user"]', 1)\n`);
  });

  test('waits for go, and touches nothing without', async () => {
    const path = await database();
    const before = await photograph(join(path, '..'));
    const cancelled = await withToken(old, `${token}\n`, 'create', '--wait', path);
    expect(cancelled).toMatchObject({ status: 1, stdout: 'ready\n' });
    expect(cancelled.stderr).toContain('Nobody said go');
    expect(await photograph(join(path, '..'))).toEqual(before);
    const made = await withToken(old, `${token}\ngo\n`, 'create', '--wait', path);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    expect(made.stdout).toMatch(/^ready\n{"id": "a9"/);
  });

  test('is ready before its database is there to be opened', async () => {
    const path = join(root, 'later.sqlite');
    const command = [hostProgram('hubdb.py'), 'token', 'create', '--wait', path];
    const child = spawn(old.python, command, { env: old.variables, stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdin.write(`${token}\n`);
    expect(String((await once(child.stdout, 'data'))[0])).toBe('ready\n');
    await copyFile(seed, path);
    child.stdin.end('go\n');
    expect((await once(child, 'exit'))[0]).toBe(0);
    expect((await hubdb<Facts>('facts', path)).rows.api_tokens).toBe(9);
  });

  test('is refused for a database of another release, an unknown user, or one that is none', async () => {
    const path = await database();
    const before = await photograph(join(path, '..'));
    const refused = async (environment: HubEnvironment, stdin: string, ...args: string[]) => {
      const { status, stderr } = await withToken(environment, stdin, 'create', ...args, path);
      expect(status).toBe(1);
      expect(stderr).not.toContain(token);
      return stderr;
    };
    expect(await refused(target, `${token}\n`)).toContain(
      'at revision 0eee8c825d24, the hub of this environment needs',
    );
    expect(await refused(old, `${token}\n`, '--user', 'nobody')).toContain('no user nobody');
    expect(await refused(old, 'short\n')).toContain('32 to 255');
    expect(await refused(old, '\n')).toContain('32 to 255');
    expect(await photograph(join(path, '..'))).toEqual(before);
    await withToken(old, `${token}\n`, 'create', path);
    expect(await refused(old, `${token}\n`)).toContain('does not take the token');
  });

  test('imports nothing that lies beside the program', async () => {
    const directory = join(root, 'programs');
    await mkdir(directory);
    await copyFile(hostProgram('hubdb.py'), join(directory, 'hubdb.py'));
    await writeFile(join(directory, 'alembic.py'), 'raise SystemExit("imported from beside the program")');
    const command = [old.python, join(directory, 'hubdb.py'), 'token', 'create', await database()];
    const { status, stderr } = await runProgram(command, { stdin: `${token}\n`, env: old.variables });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});
