/** Asks a database: gives the lines of the answer, columns separated by tabs. */
export type Query = (sql: string) => Promise<string[]>;

/** What is in a hub's database, by names rather than numbers: kind to sorted lines. */
export type Keys = Record<string, string[]>;

interface Kind {
  kind: string;
  /** Columns without which a release has no such thing, as `table.column`. */
  needs: string[];
  sql: string;
}

const kinds: Kind[] = [
  { kind: 'revision', needs: ['alembic_version.version_num'], sql: 'SELECT version_num FROM alembic_version' },
  { kind: 'users', needs: ['users.name'], sql: 'SELECT name, admin, created FROM users' },
  { kind: 'groups', needs: ['groups.name'], sql: 'SELECT name FROM {groups}' },
  { kind: 'group properties', needs: ['groups.properties'], sql: 'SELECT name, properties FROM {groups}' },
  {
    kind: 'members',
    needs: ['user_group_map.user_id'],
    sql: `SELECT g.name, u.name FROM user_group_map m JOIN {groups} g ON g.id = m.group_id JOIN users u ON u.id = m.user_id`,
  },
  { kind: 'services', needs: ['services.name'], sql: 'SELECT name FROM services' },
  {
    kind: 'tokens',
    needs: ['api_tokens.hashed'],
    sql: `SELECT t.hashed, t.prefix, u.name, s.name, t.note, t.expires_at FROM api_tokens t
      LEFT JOIN users u ON u.id = t.user_id LEFT JOIN services s ON s.id = t.service_id`,
  },
  { kind: 'token scopes', needs: ['api_tokens.scopes'], sql: 'SELECT hashed, scopes, client_id FROM api_tokens' },
  { kind: 'roles', needs: ['roles.name'], sql: 'SELECT name FROM roles' },
  ...['user', 'group', 'service'].map((owner) => ({
    kind: `roles of ${owner}s`,
    needs: [`${owner}_role_map.role_id`],
    sql: `SELECT r.name, o.name FROM ${owner}_role_map m JOIN roles r ON r.id = m.role_id
      JOIN {${owner}s} o ON o.id = m.${owner}_id`,
  })),
  {
    kind: 'servers',
    needs: ['spawners.name'],
    sql: `SELECT u.name, s.name, v.ip, v.port FROM spawners s JOIN users u ON u.id = s.user_id
      LEFT JOIN servers v ON v.id = s.server_id`,
  },
  {
    kind: 'spawner options',
    needs: ['spawners.user_options'],
    sql: 'SELECT u.name, s.name, s.user_options FROM spawners s JOIN users u ON u.id = s.user_id',
  },
  {
    kind: 'OAuth clients',
    needs: ['oauth_clients.identifier'],
    sql: 'SELECT identifier, redirect_uri FROM oauth_clients',
  },
  {
    kind: 'shares',
    needs: ['shares.owner_id'],
    sql: `SELECT o.name, s.name, u.name, g.name, x.scopes FROM shares x JOIN users o ON o.id = x.owner_id
      JOIN spawners s ON s.id = x.spawner_id LEFT JOIN users u ON u.id = x.user_id
      LEFT JOIN {groups} g ON g.id = x.group_id`,
  },
  { kind: 'share codes', needs: ['share_codes.hashed'], sql: 'SELECT hashed, scopes, expires_at FROM share_codes' },
];

const catalogues = {
  sqlite: `SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'`,
  postgresql: `SELECT table_name || '.' || column_name FROM information_schema.columns WHERE table_schema = 'public'`,
  mariadb: `SELECT concat(table_name, '.', column_name) FROM information_schema.columns WHERE table_schema = database()`,
};

export type Dialect = keyof typeof catalogues;

/** Reads everything of a hub's database that an upgrade has to keep, as far as its release has it. */
export async function readKeys(query: Query, dialect: Dialect): Promise<Keys> {
  const columns = new Set(await query(catalogues[dialect]));
  const quote = dialect === 'mariadb' ? '`' : '"';
  const keys: Keys = {};
  for (const { kind, needs, sql } of kinds) {
    if (!needs.every((column) => columns.has(column))) continue;
    keys[kind] = (await query(sql.replaceAll(/\{(\w+)\}/g, `${quote}$1${quote}`))).sort();
  }
  return keys;
}

/** What was in `before` and is not in `after`: kind to lines. A kind that `after` does not know at all is lost whole. */
export function lostKeys(before: Keys, after: Keys, less: string[]): Keys {
  const lost: Keys = {};
  for (const [kind, lines] of Object.entries(before)) {
    if (less.includes(kind)) continue;
    const present = new Set(after[kind]);
    const missing = lines.filter((line) => !present.has(line));
    if (missing.length > 0) lost[kind] = missing;
  }
  return lost;
}
