import { describe, expect, test } from 'vitest';
import { database, fresh, hubdb } from './support.ts';

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
