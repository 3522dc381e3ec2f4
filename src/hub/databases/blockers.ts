import type { Need } from '../disk.ts';
import type { Facts } from '../facts.ts';

/** Why `upgrade-db` would not do what it should in this database. */
export function migrationBlockers(database: Facts['database']): string[] {
  const blockers: string[] = [];
  if (database.half_migrated.length > 0) {
    blockers.push(
      `The database is half migrated (${database.half_migrated.join('; ')}): an earlier upgrade-db failed in it. ` +
        'Restore it from a backup first (mode: restore); running upgrade-db again cannot mend it.',
    );
  }
  if (database.revision === null) {
    blockers.push('The database has no alembic_version: upgrade-db would mark it as current without migrating it.');
  }
  return blockers;
}

/** The copy for the backup, the scratch of its proof, the one that is set aside, and one of what a new hub wrote. */
export function copyNeeds({ size }: Facts['database']): Need[] {
  return [
    { place: 'database', what: 'four copies of the database', bytes: size * 4 + 64 * MIB, files: 100 },
    // The proof gets it over the connection.
    { place: 'phases', what: 'the backup while it is proven', bytes: size + 16 * MIB, files: 200 },
    { place: 'state', what: 'the programs of the job', bytes: 8 * MIB, files: 200 },
    { place: 'units', what: 'a unit for the job', bytes: 64 * 1024, files: 5 },
  ];
}

const MIB = 1024 * 1024;
