import { shellQuote } from '../ssh/quote.ts';
import type { Manifest } from './manifest.ts';

export type DatabaseFormat = Manifest['database']['format'];

/** Names of the database in a bundle. */
export const DATABASE_FILES = {
  sqlite: 'database/jupyterhub.sqlite',
  pg_dump: 'database/postgresql.dump',
  mysqldump: 'database/mysql.sql',
  lines: 'database/lines.jsonl',
} satisfies Record<DatabaseFormat, string>;

/** The parts of RESTORE.txt that depend on what the database's copy is. */
interface Part {
  /** A command that fails on a damaged copy. */
  check: string;
  /** Puts the tables back; none for a file, which comes back with the others. */
  section?: string;
}

/** Tables of all releases of JupyterHub: those of a newer one stand in the way of an older one's. */
const TABLES = [
  'alembic_version api_token_role_map api_tokens group_role_map groups oauth_access_tokens oauth_client_role_map',
  'oauth_clients oauth_code_role_map oauth_codes roles servers service_role_map services share_codes shares spawners',
  'user_group_map user_role_map users',
];

/** The part for a copy in this format of a database that is reached at `url`. */
export function databasePart(format: DatabaseFormat, url: string, hubPython: string): Part {
  const copy = DATABASE_FILES[format];
  switch (format) {
    case 'sqlite':
      return { check: `sqlite3 ${copy} 'PRAGMA integrity_check'` };
    case 'pg_dump':
      return { check: `pg_restore --list ${copy} >/dev/null`, section: postgresql(copy, url) };
    case 'mysqldump':
      return { check: `tail -n 1 ${copy} | grep 'Dump completed'`, section: mysql(copy, url) };
    case 'lines':
      return { check: `tail -n 1 ${copy} | grep sha256`, section: lines(copy, url, hubPython) };
  }
}

function postgresql(copy: string, url: string): string {
  return `Put the tables back with psql and pg_restore, of the server's release or newer,
   as the role that the hub has. The database was
   ${url}

   Say where it is and who you are; the role's password is in the hub's db_url:

   export PGHOST=... PGPORT=5432 PGDATABASE=... PGUSER=... PGPASSWORD=...

   These commands drop the hub's tables, those of newer releases too, and make
   them anew. All of it is one transaction: after an error nothing has changed.
   Tables of others are not touched.

    pg_restore --list ${copy} >list.txt
    python3 - >put-back.sql <<'END'
${indented(tablesInPython())}
    dumped = [l.split(" ") for l in open("list.txt") if not l.startswith(";")]
    places = {w[4]: w[5:-1] for w in dumped if w[3] == "TABLE" and w[4] != "DATA"}
    quoted = lambda name: '"' + name.replace('"', '""') + '"'
    for schema in places:
        names = sorted(tables)
        print("DROP TABLE IF EXISTS " + ", ".join(quoted(schema) + "." + quoted(t) for t in names) + ";")
    END
    pg_restore --file=- ${copy} >>put-back.sql
    psql --no-psqlrc --quiet --output=/dev/null --set=ON_ERROR_STOP=1 --single-transaction --file=put-back.sql`;
}

function mysql(copy: string, url: string): string {
  const name = shellQuote(decodeURIComponent(/\/([^/?]*)$/.exec(url)?.[1] ?? ''));
  return `Put the tables back with the client of the server, mariadb or mysql, as the
   user that the hub has. The database was
   ${url}

   Write a file my.cnf, for you alone, that says where the server is and who you
   are; the password is in the hub's db_url:

   [client]
   host=...
   user=...
   password="..."

   These commands drop the hub's tables, those of newer releases too, and make
   them anew. If they are cut, run them again. Tables of others are not touched.

    python3 - >put-back.sql <<'END'
${indented(tablesInPython())}
    print("SET FOREIGN_KEY_CHECKS = 0;")
    for name in sorted(tables):
        print("DROP TABLE IF EXISTS \`%s\`;" % name.replace("\`", "\`\`"))
    END
    cat ${copy} >>put-back.sql
    client=$(command -v mariadb || command -v mysql)
    "$client" --defaults-file=my.cnf ${name} <put-back.sql`;
}

function lines(copy: string, url: string, hubPython: string): string {
  return `Put the tables back with the hub's own Python, which has the driver of the
   database (see the next step if it is not there any more). The database was
   ${url}

   Write a file database.json, for you alone, with the hub's db_url and its
   db_kwargs:

   {"url": "...", "kwargs": {}}

   This drops the hub's tables, those of newer releases too, and makes them anew.
   If it is cut, run it again. Tables of others are not touched.

    ${shellQuote(hubPython)} program/hubdb put-back @database.json ${copy} >put-back.json`;
}

/** Sets `tables`: what is in the copy, and what other releases have. */
function tablesInPython(): string {
  return `import json
tables = set(json.load(open("manifest.json"))["database"]["digest"]["tables"])
tables.update("""
${TABLES.join('\n')}
""".split())`;
}

function indented(text: string): string {
  return text
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
}
