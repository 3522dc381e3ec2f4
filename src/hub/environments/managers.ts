import type { Inputs } from '../../inputs.ts';
import type { Facts } from '../facts.ts';
import type { Change } from '../packages.ts';
import { conda } from './conda.ts';
import type { EnvironmentFacts } from './facts.ts';
import type { Manager } from './manager.ts';
import { pip } from './pip.ts';
import { uv } from './uv.ts';

const MANAGERS: Record<EnvironmentFacts['manager'], Manager> = { pip, uv, conda };

export function managerOf({ manager }: EnvironmentFacts): Manager {
  return MANAGERS[manager];
}

/** What is installed, in words for the manager: exactly these packages, or the list with digests, or what goes with a release. */
export function wantedOf(parameters: Record<string, string>): string[] {
  const { CHANNELS = '', EXACTLY = '', REQUIREMENTS = '', REQUIRE_HASHES } = parameters;
  if (REQUIRE_HASHES === 'yes') return ['--require-hashes', '--requirement', '$JOB/constraints'];
  const words = (text: string) => text.split(' ').filter(Boolean);
  return [...words(CHANNELS).flatMap((channel) => ['-c', channel]), ...words(EXACTLY), ...words(REQUIREMENTS)];
}

/** What host programs need that run the hub's code. */
export function placeParameters({ environment }: Facts): Record<string, string> {
  const { bin, path, place, python } = environment;
  return { ENVIRONMENT_PATH: path, PLACE: place, HUB_PYTHON: python, HUB_BIN: bin };
}

/**
 * What host programs need that run the package manager. With `changes`, exactly those will be installed; without, it
 * looks for what goes with `version`.
 */
export function parametersOf(
  facts: Facts,
  inputs: Inputs,
  version: string,
  changes?: Change[],
): Record<string, string> {
  const { environment } = facts;
  const { channels, constraints, extra, from, requireHashes } = inputs.packages;
  const manager = managerOf(environment);
  const exact = changes?.filter(({ to }) => to !== undefined).map((change) => manager.exact(change));
  return {
    PACKAGE_MANAGER: environment.manager,
    PACKAGE_TOOL: environment.tool,
    PACKAGES_FROM: from,
    REQUIREMENTS: (exact ?? [`jupyterhub==${version}`, ...extra]).join(' '),
    EXACTLY: exact === undefined ? '' : manager.exactly,
    CHANNELS: channels.join(' '),
    CONSTRAINTS: constraints?.text ?? '',
    CONSTRAINTS_PATH: constraints?.path ?? '',
    // What the runner sends it has compared with the digests, and the host installs nothing else.
    REQUIRE_HASHES: requireHashes && from === 'host' ? 'yes' : 'no',
    ...placeParameters(facts),
    ENVIRONMENT_UID: String(environment.uid),
    ENVIRONMENT_GID: String(environment.gid),
  };
}
