import type { Facts } from '../facts.ts';
import type { Part } from '../part.ts';
import { sqlite } from './sqlite.ts';

/** How the hub's database is copied, set aside, migrated and put back. */
export interface Database extends Part {
  /** Name of the database in a backup. */
  file: string;
}

const DIALECTS: Record<string, (facts: Facts) => Database> = { sqlite };

/** The database of this hub; undefined for a dialect without a room here. */
export function databaseOf(facts: Facts): Database | undefined {
  return DIALECTS[facts.database.dialect]?.(facts);
}
