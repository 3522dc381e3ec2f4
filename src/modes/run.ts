import type { Inputs } from '../inputs.ts';
import type { Log } from '../report/log.ts';
import type { RunResult } from '../report/result.ts';
import type { RunContext } from '../run-context.ts';
import type { Job } from '../transaction/job.ts';
import type { Link } from '../transaction/link.ts';

/** What a mode works with. */
export interface Run {
  readonly inputs: Inputs;
  readonly context: RunContext;
  readonly log: Log;
  readonly link: Link;
  /** Filled as the run goes on, so that it is true whenever the run ends. */
  readonly result: RunResult;
  /** Aborted when the job is cancelled. */
  readonly signal: AbortSignal;
  /** The token for the check with an old token: the given one, or the one the host makes. */
  token: string | undefined;
  /** Keeps a value out of the log from now on. */
  mask(secret: string): void;
  /** Seconds by which the clock of the host is ahead of the runner's; undefined while that is not known. */
  clockAhead?: number | undefined;
  /**
   * Called before a job is started on the host, and when there is more to say: from now on the outcome is `unknown` until
   * there is a verdict, in the outputs too, and `post` knows where to look.
   */
  checkpoint(job: Job): void;
  /** The job that was started on the host. */
  job?: Job;
  /** Seconds of the run at which the job began on the host. */
  jobStartedAt: number;
}

/** The result of a run that has done nothing yet. */
export function freshResult(inputs: Inputs, context: RunContext): RunResult {
  return {
    version: 1,
    outcome: 'failed-before-change',
    mode: inputs.mode,
    host: inputs.connection.host,
    service: inputs.hub.serviceManager === 'commands' ? 'stop-command and start-command' : inputs.hub.service,
    run: { id: context.runId, url: context.runUrl },
    versions: {},
    revisions: {},
    steps: [],
    rows: {},
    servers: [],
    notified: [],
    notTried: [],
    guarantees: [],
    warnings: [],
    advice: [],
  };
}
