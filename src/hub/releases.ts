import { compare, major, satisfies } from '@renovatebot/pep440';

/** Oldest Python of each major release, from its package metadata. */
const PYTHON_FLOORS: Record<number, string> = { 1: '3.5', 2: '3.6', 3: '3.7', 4: '3.7', 5: '3.8', 6: '3.10' };

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
