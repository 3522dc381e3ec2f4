import { type Command, commandLine } from '../command.ts';
import { type Facts, nameOf } from '../facts.ts';
import type { Environment } from './index.ts';

const MIB = 1024 * 1024;

/** A virtual environment with pip. Host side: src/host/environments/pip.sh. */
export function pip(facts: Facts, version: string, hops: string[]): Environment {
  const { environment, uid, privateMount } = facts;
  const blockers: string[] = [];
  const mayActAs = (owner: number) => uid === 0 || uid === owner;
  if (!mayActAs(environment.uid)) {
    blockers.push(
      `${environment.path} belongs to another user (uid ${environment.uid}): log in as that user, or use sudo.`,
    );
  }
  if (environment.parentUid !== 0 && environment.parentUid !== environment.uid) {
    blockers.push(
      `The directory that holds ${environment.path} belongs to a third user (uid ${environment.parentUid}): ` +
        'it must be the owner of the environment or root.',
    );
  } else if (!mayActAs(environment.parentUid)) {
    blockers.push(
      `A copy of ${environment.path} cannot be made beside it: its directory belongs to root. Use sudo (become: sudo).`,
    );
  }
  // Each copy, and what the release that goes into it brings.
  const copies = 1 + hops.length;
  const install = privateMount === 'none' ? 'in-place' : 'staged';
  if (install === 'in-place' && hops.length > 0) {
    blockers.push(
      `The database has to be migrated by way of JupyterHub ${hops.join(' and ')}, for which this host, which allows no ` +
        `private mount, has no place: upgrade the hub to ${hops.join(' and then to ')} first (target-version: ${hops[0]}), ` +
        `then to ${version}.`,
    );
  }
  return {
    parameters: {
      PACKAGE_MANAGER: 'pip',
      INSTALL: install,
      REQUIREMENT: `jupyterhub==${version}`,
      HOPS: hops.join(' '),
      ENVIRONMENT_PATH: environment.path,
      ENVIRONMENT_UID: String(environment.uid),
      ENVIRONMENT_GID: String(environment.gid),
      ENVIRONMENT_PARENT_UID: String(environment.parentUid),
      ENVIRONMENT_PARENT_GID: String(environment.parentGid),
    },
    needs: [
      {
        place: 'environment',
        what: copies === 1 ? 'a copy of the environment' : `${copies} copies of the environment`,
        bytes: copies * (Math.ceil(environment.size * 1.2) + 256 * MIB),
        files: copies * (environment.files + 10_000),
      },
      // Wheels, and what pip unpacks.
      ...(install === 'in-place' ? [{ place: 'state' as const, what: 'packages', bytes: 256 * MIB }] : []),
    ],
    commands: commandsFor(facts, install, version, hops),
    guarantees: [
      install === 'staged'
        ? 'The new release is installed into a copy beside the running hub; the downtime holds one exchange of two directories.'
        : 'The packages are fetched beforehand; the way back is a copy of the environment.',
    ],
    warnings:
      install === 'in-place'
        ? ['This host allows no private mount: the packages are installed during the downtime, which makes it longer.']
        : [],
    blockers,
    install,
  };
}

/** See pip.sh. */
function commandsFor(
  facts: Facts,
  install: Environment['install'],
  version: string,
  hops: string[],
): Record<string, Command[]> {
  const { environment } = facts;
  const [owner, parentOwner] = [nameOf(facts, environment.uid), nameOf(facts, environment.parentUid)];
  const stage = `${environment.path}.jupyterhub-upgrade-$JOB_ID`;
  const pip = (...words: string[]): Command => ({
    as: owner,
    run: commandLine(`${environment.path}/bin/python`, '-m', 'pip', ...words),
  });
  const copied = (to: string): Command[] => [
    { as: parentOwner, run: commandLine('mkdir', to) },
    { as: owner, run: commandLine('cp', '-a', '--reflink=auto', `${environment.path}/.`, `${to}/`) },
  ];
  const installed = (at: string, release: string): Command[] => [
    ...copied(at),
    {
      ...pip('install', '--progress-bar', 'off', '--upgrade', `jupyterhub==${release}`),
      mount: { of: at, at: environment.path },
    },
  ];
  const offline = ['--no-input', '--disable-pip-version-check'];
  const requirement = `jupyterhub==${version}`;
  if (install === 'in-place') {
    return {
      stage: [
        ...copied(stage),
        pip('download', '--progress-bar', 'off', ...offline, '--dest', '$JOB/wheels', requirement),
      ],
      install: [pip('install', ...offline, '--no-index', '--find-links', '$JOB/wheels', '--upgrade', requirement)],
    };
  }
  return {
    stage: [...installed(stage, version), ...hops.flatMap((hop) => installed(`${stage}-by-way-of-${hop}`, hop))],
    switch: [
      {
        as: parentOwner,
        run: commandLine('/usr/bin/python3', '-I', '$PROGRAMS/environment.py', 'exchange', environment.path, stage),
      },
    ],
  };
}
