import { access, copyFile, cp, mkdir, open, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemPython } from '../../../bench/hub/environments.ts';
import { JOB } from '../../../src/host/programs.ts';
import { hostProgram, photograph, python, runProgram } from '../support.ts';
import {
  type Digest,
  database,
  type Facts,
  fresh,
  holding,
  hubdb,
  names,
  refusal,
  root,
  sql,
  walRow,
} from './support.ts';

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
    expect(facts.routes).toMatchObject([
      { user: 'user00', name: '', port: expect.any(Number), path: expect.any(String) },
      {},
    ]);
    // Of the eight one is a server's, one a browser's, and one has expired.
    expect(facts.tokens).toEqual({ count: 5, first: expect.arrayContaining(['user00 (a1)', 'user04 (a5)']) });
    expect(facts.server_clients).toBe(0);
    expect(JSON.stringify(facts)).not.toContain('state-canary');
  });

  test('tell whether the hub has a user, letter by letter, and not unless asked', async () => {
    const path = await database("UPDATE users SET name = 'Zoë' WHERE name = 'user01'");
    const has = async (...of: string[]) => (await hubdb<{ has_user: unknown }>('facts', ...of, path)).has_user;
    expect(await has()).toBe(null);
    expect(await Promise.all(['Zoë', 'user00'].map((name) => has('--user', name)))).toEqual([true, true]);
    expect(await Promise.all(['zoë', 'user0_', 'user'].map((name) => has('--user', name)))).toEqual([
      false,
      false,
      false,
    ]);
  });

  test('count the named servers whose names 6.0 would not take', async () => {
    const good = ['a', 'gpu-2', 'a-b-c', 'x'.repeat(30)];
    const bad = ['Named_One', '2gpu', 'a--b', 'a-', 'é', 'a b', 'x'.repeat(31), 'gpu\n'];
    const rows = ['', ...good, ...bad].map((name) => `(1, '${name}')`);
    const path = await database(`INSERT INTO spawners (user_id, name) VALUES ${rows.join(', ')}`);
    expect(await hubdb<Facts>('facts', path)).toMatchObject({ unsafe_server_names: bad.length });
  });

  test('count the servers with an OAuth client, and the tokens of a database that knows no clients', async () => {
    const path = await database(`UPDATE spawners SET oauth_client_id = 'jupyterhub-user-user00' WHERE user_id = 1;
      CREATE TABLE old AS SELECT id, user_id, prefix, hashed FROM api_tokens;
      DROP TABLE api_tokens; ALTER TABLE old RENAME TO api_tokens`);
    expect(await hubdb<Facts>('facts', path)).toMatchObject({ server_clients: 1, tokens: { count: 8 } });
    await sql(path, 'DROP TABLE api_tokens; DROP TABLE oauth_clients');
    expect(await hubdb<Facts>('facts', path)).toMatchObject({ server_clients: 0, tokens: { count: 0, first: [] } });
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
    const link = fresh();
    await symlink(path, link);
    expect(await hubdb<Facts>('facts', link)).toMatchObject({ path, journal_mode: 'wal', rows: { users: 31 } });
  });

  test.each(['wal', 'delete'])('leave a stopped database in journal mode %s as it was', async (mode) => {
    const path = await database(`PRAGMA journal_mode = ${mode}`);
    const before = await photograph(join(path, '..'));
    expect(await hubdb<Facts>('facts', path)).toMatchObject({ journal_mode: mode, rows: { users: 30 } });
    await hubdb<Digest>('digest', path);
    await hubdb<object>('inventory', path, fresh());
    expect(await photograph(join(path, '..'))).toEqual(before);
  });

  test.runIf(process.getuid?.() === 0)('read a stopped WAL database that may only be read', async () => {
    const directory = join('/var/tmp', `jupyterhub-upgrade-test-${process.pid}`);
    await mkdir(directory, { mode: 0o755 });
    onTestFinished(() => runProgram(['rm', '-rf', directory]).then(() => {}));
    const path = join(directory, 'x.sqlite');
    await copyFile(await database('PRAGMA journal_mode = WAL'), path);
    const program = join(directory, 'hubdb');
    await cp(hostProgram('hubdb'), program, { recursive: true });
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
    const command = [systemPython, '-I', hostProgram('hubdb'), 'revision'];
    expect(await runProgram([...command, await database()])).toMatchObject({ status: 0, stdout: '0eee8c825d24\n' });
    expect(await refusal('revision', await database('DELETE FROM alembic_version'))).toContain('0 rows');
    expect(await refusal('revision', await database("UPDATE alembic_version SET version_num = 'x\ny'"))).toContain(
      'no rev',
    );
  });
});

test('all modules are shipped to the host', async () => {
  const shipped = Object.keys(JOB).filter((name) => name.startsWith('hubdb/'));
  const modules = (await readdir(hostProgram('hubdb'))).filter((name) => name.endsWith('.py'));
  expect(shipped.sort()).toEqual(modules.map((name) => `hubdb/${name}`).sort());
});
