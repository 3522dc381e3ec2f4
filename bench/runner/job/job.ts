import { randomUUID } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { StatusFunction, ValueObject } from '../workflow/expressions.ts';
import { githubContext, type RunIdentity } from './github.ts';
import { JobLog } from './log.ts';
import { Masker } from './masker.ts';
import { type Grace, RUNNER_GRACE } from './process.ts';
import { processesWith, signalProcess } from './process-tree.ts';

export type Conclusion = 'success' | 'failure' | 'cancelled';

/** When something from outside happens to a job; whichever comes first. */
export interface Trigger {
  /** Since the job began. */
  readonly afterMs?: number;
  /** At the first line of the (masked) log for which this is true. */
  readonly line?: (line: string) => boolean;
  readonly signal?: AbortSignal;
}

export interface JobOptions {
  /** Directory of the job: `workspace`, `temp` and `home` are made in it and left behind. */
  readonly work: string;
  /** The results service and the tokens this job gets for it. */
  readonly service: { readonly url: string; readonly runtimeToken: string; readonly apiToken: string };
  readonly run?: RunIdentity;
  /** Masked from the start, as the values of the `secrets` context are. */
  readonly secrets?: readonly string[];
  /** `env` of the workflow and the job. */
  readonly env?: Readonly<Record<string, string>>;
  /** As with "Enable debug logging": RUNNER_DEBUG=1, and debug lines are in the log. */
  readonly debug?: boolean;
  /** Cancels the job. */
  readonly cancel?: Trigger;
  /** Takes the runner away: its processes are killed and nothing of the job runs or counts any more. */
  readonly lose?: Trigger;
  readonly grace?: Partial<Grace>;
  readonly onLine?: (line: string) => void;
}

/** What belongs to one step; `failed` is set when a command it gave could not be carried out. */
export interface Step {
  readonly name: string;
  readonly outputs: Map<string, string>;
  readonly state: Map<string, string>;
  failed: boolean;
}

export function newStep(name: string, state = new Map<string, string>()): Step {
  return { name, outputs: new Map(), state, failed: false };
}

/** What the steps of one job share, from `start` to `close`. */
export class Job {
  readonly masker = new Masker();
  readonly log: JobLog;
  /** The `env` context: `env` of workflow and job, then whatever steps wrote to GITHUB_ENV. */
  readonly environment: Map<string, string>;
  /** Masked, one for each step that wrote one. */
  readonly summaries: { readonly step: string; readonly text: string }[] = [];
  readonly workspace: string;
  readonly temp: string;
  readonly github: ValueObject;
  readonly runner: ValueObject;
  readonly grace: Grace;
  status: Conclusion = 'success';
  readonly #options: JobOptions;
  readonly #path: string[] = [];
  readonly #trackingId = `github_${randomUUID()}`;
  readonly #cancel = new AbortController();
  readonly #lose = new AbortController();
  readonly #disarm: (() => void)[] = [];

  private constructor(options: JobOptions) {
    this.#options = options;
    this.log = new JobLog(this.masker, options.debug ?? false);
    this.environment = new Map(Object.entries(options.env ?? {}));
    this.workspace = join(options.work, 'workspace');
    this.temp = join(options.work, 'temp');
    this.github = githubContext(options.run ?? {}, options.service, this.workspace);
    this.runner = runnerContext(this.temp, options.debug ?? false);
    this.grace = { ...RUNNER_GRACE, ...options.grace };
    for (const secret of [options.service.apiToken, ...(options.secrets ?? [])]) this.masker.addSecret(secret);
    this.masker.addValue(options.service.runtimeToken);
    if (options.onLine) this.log.listen(options.onLine);

    this.cancelled.addEventListener('abort', () => {
      this.status = 'cancelled';
      this.#arm({ afterMs: this.grace.job }, this.#lose);
    });
    if (options.cancel) this.#arm(options.cancel, this.#cancel);
    if (options.lose) this.#arm(options.lose, this.#lose);
  }

  /** Makes the job's directories and starts waiting for its triggers. */
  static async start(options: JobOptions): Promise<Job> {
    for (const name of ['workspace', 'home', 'tools', join('temp', '_github_workflow')]) {
      await mkdir(join(options.work, name), { recursive: true });
    }
    const job = new Job(options);
    await writeFile(String(job.github.event_path), JSON.stringify(job.github.event));
    return job;
  }

  /** Aborted when the job is cancelled. */
  get cancelled(): AbortSignal {
    return this.#cancel.signal;
  }

  /** Aborted when the runner is gone. */
  get lost(): AbortSignal {
    return this.#lose.signal;
  }

  /** What `success()` and its kin say now. */
  get statusFunctions(): Record<StatusFunction, boolean> {
    return {
      success: this.status === 'success',
      failure: this.status === 'failure',
      cancelled: this.status === 'cancelled',
      always: true,
    };
  }

  /** A failed step fails the job; a job that was cancelled stays so. */
  conclude(step: Conclusion | 'skipped'): void {
    if (step === 'failure' && this.status === 'success') this.status = 'failure';
  }

  /** What a step wrote to GITHUB_PATH: the last line comes first in PATH. */
  prependPath(directory: string): void {
    const known = this.#path.indexOf(directory);
    if (known >= 0) this.#path.splice(known, 1);
    this.#path.unshift(directory);
  }

  /**
   * The environment of a process: nothing of this program's own but PATH and NODE_EXTRA_CA_CERTS. `env` is the env
   * context of the step and `inputs` its INPUT_ and STATE_ variables; the runner's own variables cannot be overridden.
   */
  processEnvironment(env: ReadonlyMap<string, string>, inputs: Record<string, string>): Record<string, string> {
    const { PATH = '/usr/bin:/bin', NODE_EXTRA_CA_CERTS } = process.env;
    const own = {
      PATH,
      HOME: join(this.#options.work, 'home'),
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      ...(NODE_EXTRA_CA_CERTS ? { NODE_EXTRA_CA_CERTS } : {}),
      ...Object.fromEntries(env),
    };
    return {
      ...own,
      ...inputs,
      PATH: [...this.#path, own.PATH].join(delimiter),
      RUNNER_TRACKING_ID: this.#trackingId,
      ...toVariables('GITHUB', this.github),
      ...toVariables('RUNNER', this.runner),
    };
  }

  /** What the runner gives to JavaScript actions, but not to scripts. */
  get serviceEnvironment(): Record<string, string> {
    const { url, runtimeToken } = this.#options.service;
    return {
      ACTIONS_RUNTIME_URL: `${url}/`,
      ACTIONS_RUNTIME_TOKEN: runtimeToken,
      ACTIONS_RESULTS_URL: `${url}/`,
      ACTIONS_CACHE_SERVICE_V2: 'True',
    };
  }

  /** Ends what steps left running, as the runner does at the end of a job. */
  close(): void {
    for (const disarm of this.#disarm) disarm();
    for (const pid of processesWith('RUNNER_TRACKING_ID', this.#trackingId)) {
      this.log.write(`Terminate orphan process: pid (${pid})`);
      signalProcess(pid, 'SIGKILL');
    }
  }

  #arm({ afterMs, line, signal }: Trigger, controller: AbortController): void {
    const fire = () => controller.abort();
    if (afterMs !== undefined) {
      const timer = setTimeout(fire, afterMs);
      this.#disarm.push(() => clearTimeout(timer));
    }
    if (line) this.#disarm.push(this.log.listen((text) => void (line(text) && fire())));
    if (signal?.aborted) fire();
    signal?.addEventListener('abort', fire, { once: true });
    this.#disarm.push(() => signal?.removeEventListener('abort', fire));
  }
}

function runnerContext(temp: string, debug: boolean): ValueObject {
  return {
    name: 'bench',
    os: 'Linux',
    arch: 'X64',
    environment: 'self-hosted',
    temp,
    tool_cache: join(temp, '..', 'tools'),
    workspace: join(temp, '..'),
    ...(debug ? { debug: '1' } : {}),
  };
}

/** The variables of a context. Its objects and its token are for expressions only. */
function toVariables(prefix: string, context: ValueObject): Record<string, string> {
  const variables: Record<string, string> = {};
  for (const [name, value] of Object.entries(context)) {
    if (typeof value === 'string' && name !== 'token') variables[`${prefix}_${name.toUpperCase()}`] = value;
  }
  return variables;
}
