import type { Inputs } from '../../inputs.ts';
import type { Facts } from '../facts.ts';
import { type Change, canonicalName, conflictsOf } from '../packages.ts';
import { managerOf, parametersOf } from './managers.ts';
import { outsideOfTljh, TLJH } from './tljh.ts';

/** What an upgrade would change in the hub's environment, as its package manager says. */
export interface Resolution {
  /** Undefined where it could not be told. */
  changes?: Change[];
  /** What the runner sends, where the packages come from there: a wheel for each package that changes. */
  wheels?: Wheel[];
  warnings: string[];
  blockers: string[];
}

/** A file on the runner whose digest is that of the index. */
export interface Wheel {
  /** Its file name, by which an installer knows what it fits. */
  name: string;
  path: string;
  size: number;
}

/** Nothing was asked: the plan stands on other blockers, or changes no package. */
export const NOT_RESOLVED: Resolution = { warnings: [], blockers: [] };

/** For resolve.sh. */
export function resolutionParameters(facts: Facts, inputs: Inputs, version: string): Record<string, string> {
  return {
    ...parametersOf(facts, inputs, version),
    UPGRADED: inputs.packages.extra.map((spec) => nameIn(spec)).join(' '),
  };
}

/** What resolve.sh found out. */
export function readResolution(raw: Map<string, string>, facts: Facts, inputs: Inputs, version: string): Resolution {
  const { environment } = facts;
  const manager = managerOf(environment);
  const get = (name: string) => raw.get(name) ?? '';
  const wanted = [`jupyterhub==${version}`, ...inputs.packages.extra];
  if (get('status') === '2') {
    return {
      warnings: [],
      blockers: [`constraints: ${inputs.packages.constraints?.path} cannot be read: ${get('log').trim()}`],
    };
  }
  if (get('status') === '3') {
    const changes = [{ name: 'jupyterhub', from: facts.version, to: version }];
    const why = `Which packages change cannot be told in advance: ${environment.toolVersion} is too old for that, and no newer pip runs on Python ${facts.python}.`;
    if (environment.place !== 'environment') {
      const next =
        'Outside of an environment other programs would share what is changed: upgrade pip first, or give the hub an environment.';
      return { warnings: [], blockers: [`${why} ${next}`] };
    }
    return { warnings: [why], blockers: conflictSentences(changes, facts) };
  }
  if (get('status') !== '0') {
    const log = get('log');
    const isFull = /No space left on device|Errno 28/.test(log + get('resolved'));
    const why = manager.refusal(get('resolved'), log, wanted);
    return { warnings: [], blockers: [isFull ? `A disk of the host is full: ${why}` : why] };
  }
  return resolvedTo(manager.changes(get('resolved'), environment), facts, inputs, version);
}

/** What is to be said of these changes: an upgrade to another release is none, and what stays must go together with them. */
export function resolvedTo(changes: Change[], facts: Facts, inputs: Inputs, version: string): Resolution {
  const hub = changes.find(({ name }) => name === 'jupyterhub' || name === 'jupyterhub-base');
  if (hub?.to !== version) {
    const what = inputs.packages.requireHashes
      ? 'constraints, the list with all digests, holds'
      : 'What would be installed is';
    return {
      warnings: [],
      blockers: [`${what} JupyterHub ${hub?.to ?? facts.version}, but target-version is ${version}.`],
    };
  }
  return {
    changes,
    warnings: [],
    blockers: [...foreignSentences(changes, facts), ...conflictSentences(changes, facts)],
  };
}

/** Packages outside of any environment that lie where somebody else put them, who would not know of the change. */
function foreignSentences(changes: Change[], { environment }: Facts): string[] {
  if (environment.place === 'environment') return [];
  const changed = new Map(changes.map((change) => [change.name, change]));
  return environment.installed.flatMap(({ name, version, elsewhere }) => {
    const change = changed.get(name);
    if (elsewhere === undefined || change === undefined) return [];
    return [
      `${name} ${version} would become ${change.to}, but lies in ${elsewhere}, where the distribution or somebody else put it, and ` +
        `not with JupyterHub in ${environment.path}: what else uses it would get another one. Give the hub an environment of ` +
        'its own first.',
    ];
  });
}

function conflictSentences(changes: Change[], { environment }: Facts): string[] {
  // conda's solver looks at everything that is there.
  if (environment.manager === 'conda') return [];
  return conflictsOf(changes, environment.installed, environment.wanted ?? []).map((conflict) => {
    const { by, version, name, specifier, to } = conflict;
    if (by === TLJH) return outsideOfTljh(conflict);
    return (
      `${by} ${version}, which is installed beside JupyterHub, needs ${name}${specifier}, and ${name} would become ${to}. ` +
      `Have it upgraded together (extra-packages: ${by}), or remove it from the environment.`
    );
  });
}

/** The name in a requirement such as `oauthenticator[x]>=16`. */
export function nameIn(requirement: string): string {
  return canonicalName(/^[A-Za-z0-9._-]+/.exec(requirement)?.[0] ?? '');
}
