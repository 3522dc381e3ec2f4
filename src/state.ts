import { appendFileSync } from 'node:fs';
import { OUTCOMES, type Outcome } from './outcome.ts';
import { fileCommand } from './report/workflow-commands.ts';

/** The job of the executor on the host, as `post` needs it to find it again. */
export interface HostJob {
  /** Absolute path of the job's directory on the host. */
  directory: string;
  become: 'sudo' | 'none';
}

/** The uploaded backup, as the report of `post` names it. */
export interface SavedBackup {
  artifactId: number;
  name: string;
  /** `sha256:` and 64 hex digits. */
  digest: string;
  url: string;
}

/**
 * What `main` tells `post`, which runs even after main was killed. No secrets: the runner writes it to a file and to
 * its debug log. `idle`: the host was not asked for anything that lasts. `host-job`: the host may be at work, with or
 * without a runner. `finished`: main knows how it ended and has said so.
 */
export type RunState = { version: 1; backup?: SavedBackup } & (
  | { phase: 'idle' }
  | { phase: 'host-job'; job: HostJob }
  | { phase: 'finished'; outcome: Outcome; job?: HostJob }
);

const NAME = 'run';

/**
 * Hands the state to `post`; the last call counts. To be called before each phase that outlives this process: it has
 * taken effect when it returns, and it throws when it could not. Outside of a workflow there is no `post`.
 */
export function saveState(state: RunState, environment: NodeJS.ProcessEnv = process.env): void {
  const file = environment.GITHUB_STATE;
  if (file) appendFileSync(file, fileCommand(NAME, JSON.stringify(state)));
}

/** The state `main` left; `idle` when it left none. Throws when it can't be read, for then the host may be at work. */
export function readState(environment: NodeJS.ProcessEnv = process.env): RunState {
  const text = environment[`STATE_${NAME}`];
  if (!text) return { version: 1, phase: 'idle' };
  let state: unknown;
  try {
    state = JSON.parse(text);
  } catch {
    state = undefined;
  }
  if (!isRunState(state)) throw new Error('What the main step left for the post step cannot be read.');
  return state;
}

function isRunState(value: unknown): value is RunState {
  if (!isRecord(value) || value.version !== 1) return false;
  if (value.backup !== undefined && !isBackup(value.backup)) return false;
  if (value.phase === 'idle') return true;
  if (value.phase === 'host-job') return isJob(value.job);
  return (
    value.phase === 'finished' &&
    OUTCOMES.includes(value.outcome as Outcome) &&
    (value.job === undefined || isJob(value.job))
  );
}

function isJob(value: unknown): value is HostJob {
  return (
    isRecord(value) &&
    typeof value.directory === 'string' &&
    value.directory.startsWith('/') &&
    (value.become === 'sudo' || value.become === 'none')
  );
}

function isBackup(value: unknown): value is SavedBackup {
  return (
    isRecord(value) &&
    typeof value.artifactId === 'number' &&
    [value.name, value.digest, value.url].every((text) => typeof text === 'string')
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
