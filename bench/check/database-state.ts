import { createHash } from 'node:crypto';
import { lines } from './command.ts';

export interface DatabaseState {
  /** `ok`, or what the database's own check found. */
  integrity: string;
  /** alembic's revision; undefined without exactly one. */
  revision: string | undefined;
  /** sha256 over the definitions of all tables, with their indices, triggers, owners and rights. */
  schema: string;
  /** sha256 of all columns of all rows, by table; what a server counts new rows by stands under `sequences`. */
  exact: Record<string, string>;
  /** The rows, less what a running hub rewrites by itself, by table; each row is one line of SQL values. */
  durable: Record<string, string[]>;
  /** What any release keeps, by natural keys: users, groups, members, tokens, services and role assignments. */
  keys: Record<string, string[]>;
  /** sha256 of definition and rows of other applications' tables, by table. */
  neighbours: Record<string, string>;
}

/** What is particular to a kind of database. Statements give lines of one column. */
export interface Reader {
  /** The names of the hub's tables. */
  tables: string;
  columns(table: string): string;
  /** All that a table is besides its rows. */
  definition(table: string): string;
  /** The numbers from which new rows get theirs, where a database keeps them apart from the tables. */
  sequences?: string;
  /** Names of other applications' tables. */
  neighbours: string[];
  /** An expression for a value as an SQL literal in one line. */
  literal(column: string): string;
  /** The lines that each of the statements gives, all at one moment. */
  run(statements: string[]): Promise<string[][]>;
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

/** The columns that a thing is known by, and where they are. */
const keyQueries: Record<string, [columns: string[], from: string]> = {
  users: [['name', 'admin', 'created'], 'users'],
  groups: [['name'], '"groups"'],
  members: [
    ['"groups".name', 'users.name'],
    'user_group_map JOIN "groups" ON "groups".id = group_id JOIN users ON users.id = user_id',
  ],
  services: [['name'], 'services'],
  tokens: [
    ['hashed', 'coalesce(users.name, services.name)', 'note'],
    `api_tokens LEFT JOIN users ON users.id = user_id LEFT JOIN services ON services.id = service_id
    WHERE ${lastingToken}`,
  ],
  roles: [
    ['roles.name', 'users.name'],
    'user_role_map JOIN roles ON roles.id = role_id JOIN users ON users.id = user_id',
  ],
};

/** Everything that is in a database, asked in one way of all kinds. */
export async function describe(reader: Reader): Promise<DatabaseState> {
  const [found = []] = await reader.run([reader.tables]);
  const tables = found.sort();
  const everyTable = [...tables, ...reader.neighbours];
  const columns = await reader.run(everyTable.map(reader.columns));
  const line = (names: string[]) => names.map(reader.literal).join(` || ',' || `);
  const questions: [kind: string, name: string, statement: string][] = [];
  for (const [index, table] of everyTable.entries()) {
    const [all, lasting] = [
      columns[index] ?? [],
      (columns[index] ?? []).filter((name) => !volatileColumns.includes(name)),
    ];
    const from = `FROM ${table
      .split('.')
      .map((word) => `"${word}"`)
      .join('.')}`;
    questions.push(['definition', table, reader.definition(table)], ['exact', table, `SELECT ${line(all)} ${from}`]);
    const where = durableOnly[table] ?? '1 = 1';
    questions.push(['durable', table, `SELECT ${line(lasting)} ${from} WHERE ${where}`]);
  }
  for (const [name, [names, from]] of Object.entries(keyQueries)) {
    // Roles came with JupyterHub 2.0, and a database that is half migrated may lack anything.
    const needed = [...from.matchAll(/(?:^|JOIN )"?(\w+)/g)].map(([, table = '']) => table);
    if (needed.every((table) => tables.includes(table)))
      questions.push(['keys', name, `SELECT ${line(names)} FROM ${from}`]);
  }
  if (tables.includes('alembic_version')) questions.push(['revision', '', 'SELECT version_num FROM alembic_version']);
  if (reader.sequences) questions.push(['sequences', 'sequences', reader.sequences]);

  const answers = await reader.run(questions.map(([, , statement]) => statement));
  const sorted = answers.map((rows) => rows.sort());
  const about = (kind: string, names?: string[]): Record<string, string[]> =>
    Object.fromEntries(
      questions.flatMap(([one, name], index) =>
        one === kind && (names ?? [name]).includes(name) ? [[name, sorted[index] ?? []]] : [],
      ),
    );
  const [revisions = []] = Object.values(about('revision'));
  const definitions = about('definition');
  return {
    integrity: 'ok',
    revision: revisions.length === 1 ? revisions[0] : undefined,
    schema: digest(tables.flatMap((table) => definitions[table] ?? [])),
    exact: digests({ ...about('exact', tables), ...about('sequences') }),
    durable: about(
      'durable',
      tables.filter((table) => !volatileTables.includes(table)),
    ),
    keys: about('keys'),
    neighbours: digests(
      Object.fromEntries(
        Object.entries(about('exact', reader.neighbours)).map(([table, rows]) => [
          table,
          [...(definitions[table] ?? []), ...rows],
        ]),
      ),
    ),
  };
}

function digests(rows: Record<string, string[]>): Record<string, string> {
  return Object.fromEntries(Object.entries(rows).map(([name, of]) => [name, digest(of)]));
}

function digest(text: string[]): string {
  return createHash('sha256').update(text.join('\n')).digest('hex');
}

/** Cuts the output of a client that was given a statement with the end mark after each. */
export function separated(statements: string[]): { script: string; split(output: string): string[][] } {
  const end = '-- end of a statement --';
  return {
    script: statements.map((statement) => `${statement};\nSELECT '${end}';\n`).join(''),
    split: (output) => output.split(`${end}\n`).slice(0, -1).map(lines),
  };
}
