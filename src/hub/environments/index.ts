import type { Inputs } from '../../inputs.ts';
import type { Facts } from '../facts.ts';
import type { Part } from '../part.ts';
import { environmentCommands } from './commands.ts';
import { copyBlockers, copyNeeds, sentNeeds } from './copies.ts';
import { managerOf, parametersOf, wantedOf } from './managers.ts';
import { NOT_RESOLVED, type Resolution } from './resolution.ts';
import { wheelTarget } from './target.ts';
import { tljhGuarantees } from './tljh.ts';

/** How the hub's environment is upgraded. */
export interface Environment extends Part {
  /** `staged`: beside the live one, exchanged in the downtime; `in-place`: installed in the downtime. */
  install: 'staged' | 'in-place';
}

/**
 * The environment of this hub, to be brought to `version`; `hops` are releases by way of which its database is migrated.
 * Host side: src/host/environment.sh.
 */
export function environmentOf(
  facts: Facts,
  inputs: Inputs,
  version: string,
  { hops = [], resolution = NOT_RESOLVED }: { hops?: string[]; resolution?: Resolution } = {},
): Environment {
  const { environment, privateMount } = facts;
  const isPlace = environment.place !== 'environment';
  const install = privateMount === 'none' || isPlace ? 'in-place' : 'staged';
  const blockers = [...cannotInstall(facts, inputs), ...copyBlockers(facts), ...resolution.blockers];
  const { from } = inputs.packages;
  if (hops.length > 0) {
    const stepByStep = (why: string) =>
      `The database has to be migrated by way of JupyterHub ${hops.join(' and ')}, ${why}: upgrade the hub to ` +
      `${hops.join(' and then to ')} first (target-version: ${hops[0]}), then to ${version}.`;
    if (install === 'in-place') {
      blockers.push(stepByStep('for which there is no place where packages are installed in place'));
    }
    if (from === 'runner') {
      blockers.push(stepByStep('whose packages the runner does not send (packages-from: runner)'));
    }
  }
  const parameters = parametersOf(facts, inputs, version, resolution.changes);
  return {
    parameters: {
      ...parameters,
      INSTALL: install,
      HOPS: hops.join(' '),
      ENVIRONMENT_PARENT_UID: String(environment.parentUid),
      ENVIRONMENT_PARENT_GID: String(environment.parentGid),
    },
    needs: [...copyNeeds(facts, 1 + hops.length, install), ...sentNeeds(resolution.wheels)],
    commands: environmentCommands(facts, managerOf(environment), install, wantedOf(parameters), { from, hops }),
    guarantees: [
      install === 'staged'
        ? 'The new release is installed into a copy beside the running hub; the downtime holds one exchange of two directories.'
        : 'The packages are fetched beforehand; the way back is a copy of ' +
          (isPlace
            ? `${environment.path}, and of the commands and pages that its packages have elsewhere.`
            : 'the environment.'),
      ...tljhGuarantees(facts),
      ...(from === 'runner' ? ['The packages come from the runner: the host asks no package index.'] : []),
    ],
    warnings: [
      ...(install === 'in-place' && !isPlace
        ? ['This host allows no private mount: the packages are installed during the downtime, which makes it longer.']
        : []),
      ...(isPlace ? [outsideWarning(facts)] : []),
      ...resolution.warnings,
      ...(from === 'runner'
        ? [
            'A restore of this backup after the upgrade takes a package index that the host can reach. Without one, put the environment ' +
              'of before, which stays on the host, in its place by hand; a restore then brings back the data.',
          ]
        : []),
      ...elsewhere(facts),
    ],
    blockers,
    install,
  };
}

/** Why the package manager cannot upgrade this environment; then it is not asked what it would change either. */
export function cannotInstall({ environment }: Facts, { packages }: Inputs): string[] {
  if (environment.kind === 'none' && environment.place === 'environment') {
    return [
      `${environment.path} is neither a virtual environment nor one of conda, and JupyterHub lies in no single directory of root's ` +
        "or of the hub's user that pip put it into and nobody else can write to: what a distribution installed is its package " +
        "manager's to upgrade. Give the hub an environment of its own first.",
    ];
  }
  const blockers = managerOf(environment).blockers(environment, packages);
  const hub = environment.installed.find(({ name }) => name === 'jupyterhub');
  if (hub === undefined && environment.installed.length > 0) {
    blockers.push(
      `JupyterHub is not installed in ${environment.path} but elsewhere, where its Python finds it too (pip install --user, or ` +
        'PYTHONPATH): an upgrade here would not be the one that runs. Install it into the environment first.',
    );
  }
  if (hub?.editable) {
    blockers.push(
      `JupyterHub is installed in editable mode from ${hub.from}: it is changed there, not by a package manager. Install a ` +
        'release in its place first.',
    );
  }
  if (packages.channels.length > 0 && environment.manager !== 'conda') {
    blockers.push(`channels are for conda, but ${environment.manager} installs into ${environment.path}. Remove them.`);
  }
  const target = packages.from === 'runner' ? wheelTarget(environment) : undefined;
  if (typeof target === 'string') blockers.push(target);
  return blockers;
}

/** How much weaker this is than an environment. */
function outsideWarning({ environment }: Facts): string {
  const [how, others] =
    environment.place === 'user'
      ? ['with pip install --user', 'all else that this user runs with these packages']
      : ['system-wide', 'everything on this host that uses these packages, servers of users among it,'];
  return (
    `JupyterHub is installed ${how}, in ${environment.path}, and not in an environment of its own. So it cannot be prepared ` +
    `beside the running hub or rehearsed; it is installed during the downtime, which makes that longer; and ${others} gets the ` +
    'new ones too, and after a failure the old ones again. The way back is exact, but takes several steps where that of an ' +
    'environment takes one. Better give the hub an environment of its own.'
  );
}

function elsewhere({ environment }: Facts): string[] {
  const named = environment.installed.filter(({ name, editable }) => editable && name !== 'jupyterhub');
  return named.map(
    ({ name, from }) =>
      `${name} is installed in editable mode from ${from}, which is shared by the old and the new hub.`,
  );
}
