import { dirname } from 'node:path';
import type { Facts } from '../facts.ts';
import type { Conflict } from '../packages.ts';

/** The package of The Littlest JupyterHub. It is on no index, so nothing can upgrade it together with the hub. */
export const TLJH = 'the-littlest-jupyterhub';

/**
 * What the plan says of The Littlest JupyterHub, which is known by its layout and its unit: the environment in `hub`, where
 * its package has the configuration, and the hub at work in `state` beside it.
 */
export function tljhGuarantees({ configFile, environment, service }: Facts): string[] {
  const found = environment.installed.find(({ name }) => name === TLJH);
  const place = dirname(environment.path);
  const isLaidOut = environment.path === `${place}/hub` && service.directory === `${place}/state`;
  if (found === undefined || !isLaidOut || !configFile.endsWith('/tljh/jupyterhub_config.py')) return [];
  return [
    `This is The Littlest JupyterHub ${found.version} in ${place}. Only ${environment.path} is upgraded: ${place}/config, ` +
      `${place}/user and the unit of its proxy stay as they are, and of ${place}/state the database alone is migrated, while ` +
      'nothing can start the hub, whose unit may migrate it at any start (--upgrade-db).',
  ];
}

/** The range of versions that is allowed, and what to do about it. */
export function outsideOfTljh({ version, name, specifier, to }: Conflict): string {
  return (
    `The Littlest JupyterHub ${version} allows ${name} ${specifier}, and ${name} would become ${to}. Choose a version in that ` +
    'range, or upgrade The Littlest JupyterHub itself first, with its own installer, to a release that allows it.'
  );
}
