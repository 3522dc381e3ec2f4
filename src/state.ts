import { appendFileSync } from 'node:fs';
import { OUTCOMES, type Outcome } from './outcome.ts';
import type { BackupReport } from './report/result.ts';
import { fileCommand } from './report/workflow-commands.ts';

/** The job of the executor on the host, as `post` needs it to find it again. */
export interface HostJob {
  /** Absolute path of the job's directory on the host. */
  directory: string;
  become: 'sudo' | 'none';
}

/** The uploaded backup, as the report of `post` names it. */
export type SavedBackup = Omit<BackupReport, 'files'>;

/**
 * What `main` tells `post`, which runs even after main was killed. No secrets: the runner writes it to a file and to
 * its debug log. `idle`: the host was not asked for anything that lasts. `host-job`: the host may be at work, with or
 * without a runner. `finished`: main knows how it ended and has said so.
 */
export type RunState = { version: 1 } & (
  | { phase: 'idle' }
  | { phase: 'host-job'; job: HostJob; backup?: SavedBackup }
  | { phase: 'finished'; outcome: Outcome }
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
  if (value.phase === 'idle') return true;
  if (value.phase === 'host-job') return isJob(value.job) && (value.backup === undefined || isBackup(value.backup));
  return value.phase === 'finished' && OUTCOMES.includes(value.outcome as Outcome);
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
    typeof value.size === 'number' &&
    typeof value.proven === 'boolean' &&
    ['recipients', 'passphrase', 'nobody'].includes(String(value.sealedFor)) &&
    [value.name, value.digest, value.url].every((text) => typeof text === 'string')
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
