import type { Inputs } from '../../inputs.ts';
import type { Facts } from '../facts.ts';
import type { Database } from './index.ts';
import { sqlalchemy } from './sqlalchemy.ts';

/** A PostgreSQL database. Host side: src/host/databases/server.sh, src/host/hubdb/postgresql.py. */
export function postgresql(facts: Facts, inputs: Inputs): Database {
  return sqlalchemy(
    facts,
    inputs,
    "The way back is one transaction: the hub's tables are what they were before, or what they are now, never in between.",
  );
}
