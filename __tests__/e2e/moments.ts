import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseState } from '../../bench/check/database-state.ts';
import { readSqlite } from '../../bench/check/sqlite.ts';
import type { HubDatabase, HubServerDatabase } from '../../bench/hub/database.ts';
import { readLoaded } from '../../bench/hub/loaded.ts';
import { shellQuote } from '../../bench/hub/run.ts';

/** The database right after the hub was stopped, or right before it was started. */
export interface Moment {
  verb: 'stop' | 'start';
  /** Path of the copy; of a file its logs, if there were any, lie beside it. */
  database: string;
  state(): Promise<DatabaseState>;
}

/** POSIX sh that keeps a copy of the database in the directory "$moment", taken while no hub runs. */
export function keepMoment(database: HubDatabase): string {
  if (database.dialect === 'sqlite') {
    return `database=${shellQuote(database.path)}
for suffix in '' -wal -journal; do
  [ ! -f "$database$suffix" ] || cp -p "$database$suffix" "$moment/jupyterhub.sqlite$suffix"
done`;
  }
  return `${dumpCommand(database).map(shellQuote).join(' ')} >"$moment/database.sql"`;
}

/** What is kept in a directory of that name. */
export function momentIn(directory: string, database: HubDatabase): Moment {
  const verb = directory.endsWith('stop') ? 'stop' : 'start';
  if (database.dialect === 'sqlite') {
    const copy = join(directory, 'jupyterhub.sqlite');
    return { verb, database: copy, state: () => readSqlite(copy) };
  }
  const copy = join(directory, 'database.sql');
  return {
    verb,
    database: copy,
    state: async () => readLoaded(await readFile(copy, 'utf8'), database, database.neighbours),
  };
}

/** Prints all of a hub's database, as its superuser. */
function dumpCommand({ server, account }: HubServerDatabase): string[] {
  if (server.dialect === 'postgresql') {
    return ['pg_dump', '-h', server.socket, '-p', String(server.port), '-U', 'postgres', account.name];
  }
  const client = server.bin === undefined ? ['mariadb-dump'] : [join(server.bin, 'mysqldump')];
  const who = server.bin === undefined ? [] : ['--user=root'];
  return [...client, '--no-defaults', ...who, '--socket', server.socket, '--single-transaction', account.name];
}
