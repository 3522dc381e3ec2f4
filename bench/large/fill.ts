import { fileOf } from '../hub/database.ts';
import type { HubInABox } from '../hub/hub.ts';
import { run } from '../hub/run.ts';

export interface Size {
  /** Users that are added, each with a role. */
  users: number;
  /** Bytes of each user's encrypted auth state: random, as encrypted data is. */
  bytesEach: number;
}

/** Adds users to a hub's database, which may run. */
export async function fill(hub: HubInABox, { users, bytesEach }: Size): Promise<void> {
  const { database } = hub;
  const role =
    "INSERT INTO user_role_map (user_id, role_id) SELECT users.id, roles.id FROM users, roles WHERE users.name LIKE 'bulk%' AND roles.name = 'user';";
  if (database.dialect === 'sqlite') {
    const numbers = `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${users})`;
    await run('sqlite3', [fileOf(hub)], {
      stdin: `PRAGMA busy_timeout = 60000;
        BEGIN IMMEDIATE;
        ${numbers} INSERT INTO users (name, admin, created, cookie_id, encrypted_auth_state)
          SELECT printf('bulk%06d', n), 0, '2026-01-01 00:00:00.000000', hex(randomblob(16)), randomblob(${bytesEach}) FROM numbers;
        ${role} COMMIT;`,
    });
    return;
  }
  await database.query(`SET search_path = ${database.schema}, public;
    BEGIN;
    INSERT INTO users (name, admin, created, cookie_id, encrypted_auth_state)
      SELECT 'bulk' || lpad(n::text, 6, '0'), false, '2026-01-01', md5(random()::text),
        (SELECT decode(string_agg(md5(random()::text || n || i), ''), 'hex') FROM generate_series(1, ${Math.ceil(bytesEach / 16)}) AS i)
      FROM generate_series(1, ${users}) AS n;
    ${role} COMMIT; ANALYZE;`);
}

/** How large a hub's database is, in bytes. */
export async function sizeOf(hub: HubInABox): Promise<number> {
  const { database } = hub;
  const [size] =
    database.dialect === 'sqlite'
      ? await ask(hub, 'SELECT page_count * page_size FROM pragma_page_count, pragma_page_size')
      : await ask(hub, `SELECT pg_database_size('${database.account.name}')`);
  return Number(size);
}

/** What a restore has to bring back: counts and sums, as all rows would be too many to compare from outside. */
export async function contentOf(hub: HubInABox): Promise<string[]> {
  const counts = ['user_role_map', 'user_group_map', 'groups', 'roles', 'services'];
  const users = 'SELECT count(*), sum(length(name)), sum(length(encrypted_auth_state)) FROM users';
  const tokens = "SELECT hashed FROM api_tokens WHERE note = 'seeded' ORDER BY hashed";
  const statements = [users, tokens, ...counts.map((table) => `SELECT count(*) FROM ${table}`)];
  return ask(hub, statements.join(';\n'));
}

/** The lines that the database's own client answers. */
async function ask(hub: HubInABox, statements: string): Promise<string[]> {
  const { database } = hub;
  if (database.dialect === 'sqlite')
    return (await run('sqlite3', [fileOf(hub)], { stdin: `${statements};\n` })).trim().split('\n');
  return database.query(`SET search_path = ${database.schema};\n${statements};\n`);
}
