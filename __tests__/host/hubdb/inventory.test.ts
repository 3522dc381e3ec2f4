import { readFile, stat, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { database, fresh, hubdb, refusal } from './support.ts';

describe('compare', () => {
  interface Comparison {
    complete: boolean;
    lost: Record<string, { count: number; first: string[] }>;
    added: Record<string, { count: number; first: string[] }>;
    counts: Record<string, [number, number]>;
    dropped_by_design: Record<string, { count: number; first: string[] }>;
  }

  const inventory = async (path: string) => {
    const out = fresh('inventory');
    await hubdb('inventory', path, out);
    return out;
  };

  const compare = async (statements: string, before = '') =>
    hubdb<Comparison>('compare', await inventory(await database(before)), await inventory(await database(statements)));

  test('finds nothing lost where nothing is, and counts what is there', async () => {
    const result = await compare("UPDATE users SET last_activity = '2030-01-01'");
    expect(result.complete).toBe(true);
    expect(result.counts).toEqual({
      ...{ users: [30, 30], admins: [1, 1], groups: [2, 2], memberships: [11, 11] },
      ...{ tokens: [5, 5], services: [1, 1], roles: [4, 4], 'role assignments': [31, 31] },
      ...{ 'named servers': [1, 1], 'server options': [1, 1] },
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

  const named = 'INSERT INTO spawners (id, user_id, name, user_options) VALUES (90, 5, \'gpu\', \'{"a": 1, "b": 2}\');';
  test.each([
    ['named servers', 'DELETE FROM spawners WHERE id = 90', ['user04/gpu'], false],
    ['server options', `UPDATE spawners SET user_options = '{"a": 2}' WHERE id = 90`, ['user04/gpu'], false],
    ['server options', `UPDATE spawners SET user_options = '{"b":2,"a":1}' WHERE id = 90`, [], true],
    // Somebody has started it since, with other options.
    ['server options', "UPDATE spawners SET user_options = '{}', server_id = 7 WHERE id = 90", [], true],
    ['role assignments', 'DELETE FROM user_role_map WHERE user_id = 6', ['user of user user05'], true],
  ])('knows %s: %s', async (kind, statement, lost, complete) => {
    const result = await compare(named + statement, named);
    expect(result.lost[kind]).toEqual({ count: lost.length, first: lost });
    expect(result.complete).toBe(complete);
  });

  test('takes a role that the authenticator gave for data', async () => {
    const managed = `ALTER TABLE user_role_map ADD managed_by_auth BOOLEAN;
      UPDATE user_role_map SET managed_by_auth = (user_id = 6);`;
    const result = await compare(`${managed} DELETE FROM user_role_map WHERE user_id IN (6, 7)`, managed);
    expect(result.complete).toBe(false);
    expect(result.lost['managed role assignments']).toEqual({ count: 1, first: ['user of user user05'] });
    expect(result.lost['role assignments']).toEqual({ count: 1, first: ['user of user user06'] });
    // A release that knows no such roles has all of them in the one kind.
    expect((await compare(managed)).lost['managed role assignments']).toBeUndefined();
  });

  test('tells people names of any characters apart, and shows them on one line', async () => {
    const rows = [
      "'a' || char(10) || 'users'",
      "'a' || char(9) || 'b'",
      "'a' || char(0)",
      "CAST(x'61ff' AS TEXT)",
      "'a?'",
    ];
    const insert = (row: string) =>
      `INSERT INTO users (name, admin, cookie_id) VALUES (${row}, 0, hex(randomblob(8)));`;
    const path = await database(rows.map(insert).join(''));
    expect(await hubdb('compare', await inventory(path), await inventory(path))).toMatchObject({
      complete: true,
      counts: { users: [35, 35] },
    });
    for (const row of rows) {
      const without = await database(
        rows
          .filter((other) => other !== row)
          .map(insert)
          .join(''),
      );
      const result = await hubdb<Comparison>('compare', await inventory(path), await inventory(without));
      expect(result.lost.users?.count).toBe(1);
      expect(result.lost.users?.first[0]).toMatch(/^a[^\p{C}]*$/u);
    }
  });

  test('takes only whole inventories, and one may be made again', async () => {
    const path = await database();
    const out = await inventory(path);
    const text = await readFile(out, 'utf8');
    await hubdb('inventory', path, out);
    expect(await readFile(out, 'utf8')).toBe(text);
    expect((await stat(out)).mode & 0o777).toBe(0o600);
    expect(text).not.toMatch(/sha512|:[0-9a-f]{16}/); // what a token is stored as
    for (const part of [text.slice(0, -30), text.split('\n').slice(0, 9).join('\n'), '', 'users\t\n']) {
      await writeFile(out, part);
      expect(await refusal('compare', out, await inventory(path))).toMatch(/is no (whole )?inventory/);
    }
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
