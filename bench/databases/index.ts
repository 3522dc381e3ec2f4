import { createMysqlAccount, startMariadb } from './mariadb.ts';
import { startMysql } from './mysql.ts';
import { createPostgresAccount, startPostgres } from './postgresql.ts';

/** The kinds of database server there are, each with what starts one. */
export const startDatabase = { postgresql: startPostgres, mariadb: startMariadb, mysql: startMysql };

/** The same, each with what makes a user and a database there. */
export const createAccount = {
  ...{ postgresql: createPostgresAccount, mariadb: createMysqlAccount, mysql: createMysqlAccount },
};

export type ServerDialect = keyof typeof startDatabase;
