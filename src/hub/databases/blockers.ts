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

/** Room for the copy for the backup, the scratch of its proof, the one that is set aside, and one of what a new hub wrote. */
export function copyBlockers({ size, free }: Facts['database'], place: string): string[] {
  const needed = size * 4 + 64 * 1024 * 1024;
  return free < needed
    ? [`The disk of ${place} has ${mib(free)} free; copies of the database need ${mib(needed)}.`]
    : [];
}

function mib(bytes: number): string {
  return `${Math.ceil(bytes / (1024 * 1024))} MiB`;
}
