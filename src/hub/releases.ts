import { compare, major, satisfies } from '@renovatebot/pep440';

/**
 * The generations of releases: within one all have the same database schema, so that a migration happens exactly where
 * the major version changes. Seen on every tag from 1.0.0 to 5.5.4 and on the packages of 6.0.0 to 6.1.1.
 */
export const GENERATIONS = [
  { major: 1, revision: '4dc2d5a8c53c', python: '3.5' },
  { major: 2, revision: '833da8570507', python: '3.6' },
  { major: 3, revision: '651f5419b74d', python: '3.7' },
  { major: 4, revision: '0eee8c825d24', python: '3.7' },
  { major: 5, revision: '4621fec11365', python: '3.8' },
  { major: 6, revision: 'f460b0348206', python: '3.10' },
] as const;

/** A jump between generations whose `upgrade-db` is known to break on databases that are in use. */
export interface BrokenJump {
  from: number;
  /** The first generation that breaks; all later ones do, too. */
  to: number;
  /** What in the database it breaks on. It may come to be there until the hub has stopped. */
  condition: string;
  /** The release that migrates such a database well, and from which the targets do. */
  through: string;
  source: string;
  measured: string;
}

export const BROKEN_JUMPS: BrokenJump[] = [
  {
    from: 2,
    to: 5,
    condition: 'a user server is registered (a row of spawners that has an OAuth client)',
    through: '4.1.6',
    source: 'jupyterhub/jupyterhub#5427',
    measured:
      '2.3.1 to 5.0.0, 5.1.0, 5.2.1, 5.3.0, 5.4.6, 5.5.4, 6.0.1 and 6.1.1 on SQLite, to 6.1.1 on PostgreSQL and MariaDB: ' +
      'a column of a later revision is missing ("no such column: users.user_info"), and SQLite and MariaDB are left half ' +
      'migrated. 2.3.1 to 4.1.6 and from there to 6.1.1: everything is kept, on all three.',
  },
];

/** The revision of a release's database schema; undefined for a release that is newer than this table. */
export function schemaOf(version: string): string | undefined {
  return GENERATIONS.find((generation) => generation.major === major(version))?.revision;
}

/** Oldest Python that a release needs, when this one is older; undefined when it fits. */
export function missingPython(version: string, python: string): string | undefined {
  const floor = GENERATIONS.find((generation) => generation.major === major(version))?.python;
  return floor !== undefined && !satisfies(python, `>=${floor}`) ? floor : undefined;
}

/** The newest final release among what the package index offers for the hub's Python. */
export function newest(versions: string[]): string | undefined {
  return versions
    .filter((version) => /^\d+(\.\d+)*(\.post\d+)?$/.test(version))
    .sort(compare)
    .at(-1);
}

/** The jump from one release to another in the table of those that break. */
export function brokenJump(from: string, to: string): BrokenJump | undefined {
  return BROKEN_JUMPS.find((jump) => jump.from === major(from) && jump.to <= major(to));
}

/** Releases whose `upgrade-db` runs, in this order, before that of the target. */
export function hopsBetween(from: string, to: string): string[] {
  const jump = brokenJump(from, to);
  if (jump === undefined) return [];
  const { through } = jump;
  return [...hopsBetween(from, through), through, ...hopsBetween(through, to)];
}

/** What a jump drops by design. */
export function dropsTokens(from: string, to: string): boolean {
  return major(from) < 2 && major(to) >= 2;
}
