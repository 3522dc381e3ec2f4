import type { Inputs } from '../../inputs.ts';
import { type Command, commandLine } from '../command.ts';
import { type Facts, nameOf } from '../facts.ts';
import type { Environment } from './index.ts';
import type { Manager } from './manager.ts';

/** The copy of an environment that a job makes beside it; with `hop`, the one by way of which the database is migrated. */
export function copyOf({ path }: Facts['environment'], hop?: string): string {
  return `${path}.jupyterhub-upgrade-$JOB_ID${hop === undefined ? '' : `-by-way-of-${hop}`}`;
}

/** Keeps what packages outside of any environment have beside their directory: see src/host/outside.py. */
function keepingOutside({ bin, path, python }: Facts['environment']): string[] {
  return [python, '$PROGRAMS/outside.py', 'save', path, bin, '$JOB/wheels'];
}

/**
 * What the host runs for the environment, by step: see src/host/environment.sh. `wanted`: what is installed, as words for
 * the manager; `hops`: the releases that get copies of their own; `from`: where the packages come from.
 */
export function environmentCommands(
  facts: Facts,
  manager: Manager,
  install: Environment['install'],
  wanted: string[],
  { from, hops }: { from: Inputs['packages']['from']; hops: string[] },
): Record<string, Command[]> {
  const { environment } = facts;
  const [owner, parentOwner] = [nameOf(facts, environment.uid), nameOf(facts, environment.parentUid)];
  const stage = copyOf(environment);
  const run = (words: string[]): Command => ({ as: owner, run: commandLine(...words) });
  const copied = (to: string): Command[] => [
    { as: parentOwner, run: commandLine('mkdir', to) },
    { as: owner, run: commandLine('cp', '-a', '--reflink=auto', `${environment.path}/.`, `${to}/`) },
  ];
  const fetched = (words: string[]) => manager.installFetched(environment, words, from);
  const installed = (at: string, words: string[]): Command[] => [
    ...copied(at),
    {
      ...run(from === 'runner' ? fetched(words) : manager.install(environment, words)),
      mount: { of: at, at: environment.path },
    },
  ];
  if (install === 'in-place') {
    return {
      stage: [
        ...copied(stage),
        ...(from === 'runner' ? [] : [run(manager.fetch(environment, wanted))]),
        ...(environment.place === 'environment' ? [] : [run(keepingOutside(environment))]),
      ],
      install: [run(fetched(wanted))],
    };
  }
  return {
    stage: [
      ...installed(stage, wanted),
      ...hops.flatMap((hop) => installed(copyOf(environment, hop), [`jupyterhub==${hop}`])),
    ],
    switch: [
      {
        as: parentOwner,
        run: commandLine('/usr/bin/python3', '-I', '$PROGRAMS/environment.py', 'exchange', environment.path, stage),
      },
    ],
  };
}
