import type { DatabaseState } from './database-state.ts';
import { readServer, type ServerDatabase } from './server.ts';
import { readSqlite } from './sqlite.ts';

/** Where a hub keeps its data: a file, as this machine sees it, or a database of a server. */
export type Database = { dialect: 'sqlite'; path: string } | ServerDatabase;

/** Reads a hub's database, whether the hub runs or not, without touching it. */
export function readDatabase(database: Database): Promise<DatabaseState> {
  return database.dialect === 'sqlite' ? readSqlite(database.path) : readServer(database);
}
