import { createHash } from 'node:crypto';
import { copyFile, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { command, lines } from './command.ts';

export interface DatabaseState {
  /** `ok`, or what SQLite's own check found. */
  integrity: string;
  /** alembic's revision; undefined without exactly one. */
  revision: string | undefined;
  /** sha256 over the definitions of all tables, indices, triggers and views. */
  schema: string;
  /** sha256 of all columns of all rows, by table. */
  exact: Record<string, string>;
  /** The rows, less what a running hub rewrites by itself, by table; each row is one line of SQL values. */
  durable: Record<string, string[]>;
  /** What any release keeps, by natural keys: users, groups, members, tokens, services and role assignments. */
  keys: Record<string, string[]>;
}

/** Columns that a hub rewrites by itself, while it runs and as it stops. */
const volatileColumns = ['last_activity', 'state', 'started', 'server_id', 'oauth_client_id'];
/** Tables whose rows come and go with users' servers and logins. */
const volatileTables = ['servers', 'oauth_codes'];
const lastingToken = `coalesce(note, '') NOT LIKE 'Server at %'`;
const lastingClient = `coalesce(description, '') NOT LIKE 'Server at %'`;
/** Which rows do not belong to users' servers, in tables that have both. */
const durableOnly: Record<string, string> = {
  api_tokens: lastingToken,
  oauth_clients: lastingClient,
  api_token_role_map: `api_token_id IN (SELECT id FROM api_tokens WHERE ${lastingToken})`,
  oauth_client_role_map: `oauth_client_id IN (SELECT id FROM oauth_clients WHERE ${lastingClient})`,
};

const keyQueries: Record<string, string> = {
  users: `SELECT quote(name) || ',' || quote(admin) || ',' || quote(created) FROM users`,
  groups: `SELECT quote(name) FROM groups`,
  members: `SELECT quote(groups.name) || ',' || quote(users.name) FROM user_group_map
    JOIN groups ON groups.id = group_id JOIN users ON users.id = user_id`,
  services: `SELECT quote(name) FROM services`,
  tokens: `SELECT quote(hashed) || ',' || quote(coalesce(users.name, services.name)) || ',' || quote(note)
    FROM api_tokens LEFT JOIN users ON users.id = user_id LEFT JOIN services ON services.id = service_id
    WHERE ${lastingToken}`,
  roles: `SELECT quote(roles.name) || ',' || quote(users.name) FROM user_role_map
    JOIN roles ON roles.id = role_id JOIN users ON users.id = user_id`,
};

/** Reads a hub's SQLite database, whether the hub runs or not, without touching it: from a copy, with `sqlite3`. */
export async function readDatabase(path: string): Promise<DatabaseState> {
  const directory = await mkdtemp(join(tmpdir(), 'check-'));
  try {
    for (let attempt = 1; ; attempt++) {
      const copy = join(directory, String(attempt));
      const still = await copyDatabase(path, copy);
      const integrity = await query(copy, 'PRAGMA integrity_check').then((rows) => rows.join(' '), String);
      if ((still && integrity === 'ok') || attempt === 20) return await describe(copy, integrity);
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

/** Copies the file with its WAL or journal; false when one of them changed meanwhile. */
async function copyDatabase(path: string, copy: string): Promise<boolean> {
  const suffixes = ['', '-wal', '-journal'];
  const stamp = () => Promise.all(suffixes.map((suffix) => stat(path + suffix, { bigint: true }).catch(() => null)));
  const before = await stamp();
  for (const [index, suffix] of suffixes.entries()) {
    if (before[index]) await copyFile(path + suffix, copy + suffix).catch(() => {});
  }
  const after = await stamp();
  return before.every((one, index) => one?.mtimeNs === after[index]?.mtimeNs && one?.size === after[index]?.size);
}

async function describe(path: string, integrity: string): Promise<DatabaseState> {
  if (integrity !== 'ok') return { integrity, revision: undefined, schema: '', exact: {}, durable: {}, keys: {} };
  const [definitions = [], tables = []] = await queries(path, [
    `SELECT quote(type), quote(name), quote(sql) FROM sqlite_master ORDER BY 1, 2`,
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY 1`,
  ]);
  const columns = await queries(
    path,
    tables.map((table) => `SELECT name FROM pragma_table_info('${table}') ORDER BY name`),
  );
  const all = tables.map((table, index) => ({ table, columns: columns[index] ?? [] }));
  const lasting = all
    .filter(({ table }) => !volatileTables.includes(table))
    .map(({ table, columns }) => ({ table, columns: columns.filter((column) => !volatileColumns.includes(column)) }));
  // Roles came with JupyterHub 2.0.
  const keys = Object.entries(keyQueries).filter(([name]) => name !== 'roles' || tables.includes('user_role_map'));
  const exactRows = await queries(
    path,
    all.map(({ table, columns }) => rows(table, columns)),
  );
  const durableRows = await queries(
    path,
    lasting.map(({ table, columns }) => rows(table, columns, durableOnly[table])),
  );
  const keyRows = await queries(
    path,
    keys.map(([, sql]) => `${sql} ORDER BY 1`),
  );
  const revisions = tables.includes('alembic_version')
    ? await query(path, 'SELECT version_num FROM alembic_version')
    : [];
  return {
    ...{ integrity, revision: revisions.length === 1 ? revisions[0] : undefined, schema: digest(definitions) },
    exact: Object.fromEntries(all.map(({ table }, index) => [table, digest(exactRows[index] ?? [])])),
    durable: Object.fromEntries(lasting.map(({ table }, index) => [table, durableRows[index] ?? []])),
    keys: Object.fromEntries(keys.map(([name], index) => [name, keyRows[index] ?? []])),
  };
}

/** A query for the rows of a table as lines of SQL literals, sorted. */
function rows(table: string, columns: string[], where = '1'): string {
  const line = columns.map((column) => `quote("${column}")`).join(` || ',' || `);
  return `SELECT replace(${line}, char(10), char(92) || 'n') FROM "${table}" WHERE ${where} ORDER BY 1`;
}

/** The lines that each of the statements gives. */
async function queries(path: string, statements: string[]): Promise<string[][]> {
  const end = '-- end of a statement --';
  const script = statements.map((statement) => `${statement};\nSELECT '${end}';\n`).join('');
  const text = await command('sqlite3', ['-batch', '-noheader', path, script]);
  return text.split(`${end}\n`).slice(0, -1).map(lines);
}

async function query(path: string, statement: string): Promise<string[]> {
  const [result = []] = await queries(path, [statement]);
  return result;
}

function digest(text: string[]): string {
  return createHash('sha256').update(text.join('\n')).digest('hex');
}
