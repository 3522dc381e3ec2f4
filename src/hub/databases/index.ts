import type { Inputs } from '../../inputs.ts';
import type { Facts } from '../facts.ts';
import type { Part } from '../part.ts';
import { mysql } from './mysql.ts';
import { postgresql } from './postgresql.ts';
import { sqlalchemy } from './sqlalchemy.ts';
import { sqlite } from './sqlite.ts';

/** How the hub's database is copied, set aside, migrated and put back. */
export interface Database extends Part {
  /** Of the blockers, what stands in the way of a proven backup alone. */
  backupBlockers: string[];
  /** Of the blockers, what a restore cannot mend. */
  restoreBlockers: string[];
  /** What a backup of it may be: the format that its restore by hand has to follow. */
  formats: BackupFormat[];
}

export type BackupFormat = Facts['database']['backup']['format'];

/** SQLAlchemy's names of dialects; `postgres` is one of before 1.4. */
const DIALECTS: Record<string, (facts: Facts, inputs: Inputs, hops: string[]) => Database> = {
  sqlite,
  postgresql,
  postgres: postgresql,
  mysql,
  mariadb: mysql,
};

/** The database of this hub; `hops` are releases by way of which it is migrated. */
export function databaseOf(facts: Facts, inputs: Inputs, hops: string[] = []): Database {
  const dialect = Object.hasOwn(DIALECTS, facts.database.dialect) ? DIALECTS[facts.database.dialect] : undefined;
  return dialect ? dialect(facts, inputs, hops) : sqlalchemy(facts, inputs);
}
