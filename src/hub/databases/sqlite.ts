import type { Facts } from '../facts.ts';
import type { Database } from './index.ts';

/** An SQLite file. Host side: src/host/databases/sqlite.sh. */
export function sqlite(facts: Facts): Database {
  const { database } = facts;
  const blockers: string[] = [];
  if (database.quick_check !== 'ok') {
    blockers.push(`SQLite finds the database ${database.path} damaged: ${database.quick_check}`);
  }
  if (database.half_migrated.length > 0) {
    blockers.push(
      `The database is half migrated (${database.half_migrated.join('; ')}): an earlier upgrade-db failed in it. ` +
        'Restore it from a backup first (mode: restore); running upgrade-db again cannot mend it.',
    );
  }
  if (database.revision === null) {
    blockers.push('The database has no alembic_version: upgrade-db would mark it as current without migrating it.');
  }
  // The copy for the backup, the scratch file of its proof, the copy that is migrated, upgrade-db's own copy.
  const needed = database.size * 4 + 64 * 1024 * 1024;
  if (database.free < needed) {
    blockers.push(
      `The disk of ${database.path} has ${mib(database.free)} free; copies of the database need ${mib(needed)}.`,
    );
  }
  return {
    parameters: { DATABASE_DIALECT: 'sqlite', DATABASE_PATH: database.path },
    guarantees: ['The database of before the upgrade is set aside whole after the stop; the way back is a rename.'],
    warnings: [],
    blockers,
    file: 'database/jupyterhub.sqlite',
  };
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / (1024 * 1024))} MiB`;
}
