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

/**
 * What a job needs for its copies of the database, of which it has `copies` at the most at one time, and for the `scratch`, in
 * bytes, in which a backup is proven that came back over the connection. A tenth more is for what is listed of a database: 4.15
 * times its size is what the rehearsal of a file with 200,000 users and as many tokens took.
 */
export function copyNeeds({ size }: Facts['database'], copies: number, scratch = 0): Need[] {
  return [
    {
      place: 'database',
      what: `${copies} copies of the database`,
      bytes: Math.ceil(size * copies * 1.1) + 64 * MIB,
      files: 100,
    },
    { place: 'phases', what: 'the backup while it is proven', bytes: size + 16 * MIB + scratch, files: 2000 },
    { place: 'state', what: 'the programs of the job', bytes: 8 * MIB, files: 200 },
    { place: 'units', what: 'a unit for the job', bytes: 64 * 1024, files: 5 },
  ];
}

const MIB = 1024 * 1024;
