import { compare, major, satisfies } from '@renovatebot/pep440';

/**
 * Alembic head of each JupyterHub major release: the schema changes with the major number only (every tag from 1.0.0
 * to 6.1.1 was looked at). https://github.com/jupyterhub/jupyterhub/tree/main/jupyterhub/alembic/versions
 */
const HEADS: Record<number, string> = {
  1: '4dc2d5a8c53c',
  2: '833da8570507',
  3: '651f5419b74d',
  4: '0eee8c825d24',
  5: '4621fec11365',
  6: 'f460b0348206',
};

/** Oldest Python of each major release, from its package metadata. */
const PYTHON_FLOORS: Record<number, string> = { 1: '3.5', 2: '3.6', 3: '3.7', 4: '3.7', 5: '3.8', 6: '3.10' };

/** The revision a database of this release is at, or undefined for a release this table does not know. */
export function headOf(version: string): string | undefined {
  return HEADS[major(version)];
}

/** Whether a release needs a newer Python than this one. Returns the version it needs, or undefined when it fits. */
export function missingPython(version: string, python: string): string | undefined {
  const floor = PYTHON_FLOORS[major(version)];
  return floor !== undefined && !satisfies(python, `>=${floor}`) ? floor : undefined;
}

/** The newest final release among what the package index offers for the hub's Python. */
export function newest(versions: string[]): string | undefined {
  return versions
    .filter((version) => /^\d+(\.\d+)*(\.post\d+)?$/.test(version))
    .sort(compare)
    .at(-1);
}

/**
 * Whether `upgrade-db` from one release to another is known to break on this database, with the reason.
 * 2.x to 5.x and later fails with any registered user server and leaves SQLite half migrated:
 * https://github.com/jupyterhub/jupyterhub/issues/5427
 */
export function brokenJump(from: string, to: string, serverClients: number): string | undefined {
  if (major(from) !== 2 || major(to) < 5 || serverClients === 0) return undefined;
  return (
    `The migration from JupyterHub ${from} to ${to} is known to fail while user servers are registered ` +
    `(jupyterhub/jupyterhub#5427; here: ${serverClients}). Upgrade to 4.1.6 first (target-version: 4.1.6), then to ${to}.`
  );
}

/** What a jump drops by design. */
export function droppedByDesign(from: string, to: string): string | undefined {
  return major(from) < 2 && major(to) >= 2
    ? 'JupyterHub 2.0 drops every API token made by 1.x; users make new ones, services get theirs from the configuration.'
    : undefined;
}
