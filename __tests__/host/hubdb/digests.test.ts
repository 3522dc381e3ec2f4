import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { python } from '../support.ts';
import { type Digest, database, hubdb, root, sql } from './support.ts';

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
