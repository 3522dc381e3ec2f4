import { startMariadb } from './mariadb.ts';
import { startPostgres } from './postgresql.ts';

/** The kinds of database server there are, each with what starts one. */
export const startDatabase = { postgresql: startPostgres, mariadb: startMariadb };

export type ServerDialect = keyof typeof startDatabase;
