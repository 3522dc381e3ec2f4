import type { Inputs } from '../../inputs.ts';
import type { Facts } from '../facts.ts';
import type { Database } from './index.ts';
import { sqlalchemy } from './sqlalchemy.ts';

/** A MySQL or MariaDB database. Host side: src/host/databases/server.sh, src/host/hubdb/mysql.py. */
export function mysql(facts: Facts, inputs: Inputs): Database {
  return sqlalchemy(
    facts,
    inputs,
    "This server cannot take back a change of tables: the way back drops the hub's tables and loads the copy of before, and " +
      'begins again if it is cut.',
  );
}
