import type { Inputs } from '../../inputs.ts';
import type { Change } from '../packages.ts';
import type { EnvironmentFacts } from './facts.ts';

/** A package manager: what it can do with an environment, and how to read what it says. Host side: src/host/environments. */
export interface Manager {
  /** Why it cannot upgrade this environment, a sentence each, with what to do. */
  blockers(environment: EnvironmentFacts, packages: Inputs['packages']): string[];
  /** What `packages_resolve` printed: the packages that an installation would change. */
  changes(resolved: string, environment: EnvironmentFacts): Change[];
  /** Why it refuses to install `wanted`, in sentences, from what it printed. */
  refusal(resolved: string, log: string, wanted: string[]): string;
  /** Exactly this package, as the manager takes it. */
  exact(change: Change): string;
  /** The command lines of src/host/environments, in words; `$JOB` is the directory of a job. */
  install(environment: EnvironmentFacts, wanted: string[]): string[];
  fetch(environment: EnvironmentFacts, wanted: string[]): string[];
  /** `from`: of what was fetched on the host, or came from the runner. */
  installFetched(environment: EnvironmentFacts, wanted: string[], from: Inputs['packages']['from']): string[];
  /** What goes with a list of exact packages, so that nothing else is looked for. */
  exactly: string;
}
