/**
 * A small interpreter of workflows: enough for this repository's own examples, and an error for everything else. Jobs
 * run one after the other on this machine. From the command line:
 *
 *     node bench/runner/run-workflow.ts WORKFLOW.yml --state DIR --work DIR [--action OWNER/REPO=DIR|skip]…
 *          [--secret NAME=FILE]… [--var NAME=VALUE]… [--input NAME=VALUE]…
 *          [--event NAME] [--payload FILE.json] [--ref REF] [--run N] [--attempt N] [--debug] [--result FILE.json]
 *
 * prints the log and exits with 0 only when the workflow succeeded. SIGINT cancels it.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { githubContext, type RunIdentity } from './job/github.ts';
import type { JobOptions } from './job/job.ts';
import type { Grace } from './job/process.ts';
import { type ResultsService, startResultsService } from './results-service.ts';
import { type JobDefinition, loadWorkflow, type Permissions, type WorkflowDefinition } from './workflow/definition.ts';
import { startInputs } from './workflow/events.ts';
import type { StatusFunction, ValueObject } from './workflow/expressions.ts';
import {
  type Actions,
  findAction,
  type JobResult,
  type RecordedConcurrency,
  type Result,
  recordConcurrency,
  renderAll,
  runJob,
  SKIPPED_JOB,
} from './workflow/run-job.ts';
import { holds } from './workflow/templates.ts';

export type { Actions, JobResult };

/** When something from outside happens to a workflow, to whichever job runs then. */
export interface WorkflowTrigger {
  /** Since the workflow began. */
  readonly afterMs?: number;
  readonly line?: (line: string, jobId: string) => boolean;
  readonly signal?: AbortSignal;
}

export interface RunWorkflowOptions {
  readonly file: string;
  readonly service: ResultsService;
  /** Each job gets a directory of its own in it, named as the job. */
  readonly work: string;
  readonly actions?: Actions;
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  /** Of `workflow_dispatch`. */
  readonly inputs?: Readonly<Record<string, string>>;
  readonly run?: Omit<RunIdentity, 'job' | 'workflow' | 'repository'>;
  readonly debug?: boolean;
  readonly cancel?: WorkflowTrigger;
  /** Takes the runner away from the job that is running then. */
  readonly lose?: WorkflowTrigger;
  readonly grace?: Partial<Grace>;
  readonly onLine?: (line: string, jobId: string) => void;
}

export interface WorkflowResult {
  readonly conclusion: 'success' | 'failure' | 'cancelled';
  readonly jobs: Readonly<Record<string, JobResult>>;
  readonly permissions: Permissions;
  readonly concurrency: RecordedConcurrency | undefined;
}

/** Runs a workflow. Throws for syntax it does not know, for an action it has no directory for, and for bad inputs. */
export async function runWorkflow(options: RunWorkflowOptions): Promise<WorkflowResult> {
  const { service, actions = {}, secrets = {}, vars = {}, inputs: given } = options;
  const workflow = await loadWorkflow(options.file);
  checkActions(workflow, actions);
  const identity: RunIdentity = { ...options.run, workflow: workflow.name, repository: service.repository };
  const inputs = startInputs(workflow.events, identity, given ?? {});
  const run = given ? { ...identity, payload: { ...identity.payload, inputs: given } } : identity;
  const contexts: ValueObject = {
    github: githubContext(run, service, options.work),
    secrets: { ...secrets, GITHUB_TOKEN: service.apiToken },
    vars,
    inputs,
  };
  const outside: Outside = { cancel: arm(options.cancel), lose: arm(options.lose) };
  const jobs: Record<string, JobResult> = {};
  try {
    for (const definition of workflow.jobs) {
      const needs = Object.fromEntries(definition.needs.map((id) => [id, needed(jobs[id])]));
      const scope = { contexts: { ...contexts, needs } };
      const status = () => statusOf(ancestors(definition, workflow.jobs), jobs, outside.cancel.signal.aborted);
      const condition = () => holds(definition.condition, { ...scope, status: status() });
      const env = new Map([...renderAll(workflow.env, scope), ...renderAll(definition.env, scope)]);
      jobs[definition.id] = condition()
        ? await runJob(
            definition,
            jobOptions(options, run, definition.id, env, outside, condition),
            scope.contexts,
            actions,
          )
        : SKIPPED_JOB;
    }
  } finally {
    outside.cancel.disarm();
    outside.lose.disarm();
  }
  return {
    conclusion: outside.cancel.signal.aborted ? 'cancelled' : conclude(Object.values(jobs)),
    jobs,
    permissions: workflow.permissions,
    concurrency: recordConcurrency(workflow.concurrency, { contexts }),
  };
}

/** What may happen to the workflow while it runs. */
interface Outside {
  readonly cancel: ArmedTrigger;
  readonly lose: ArmedTrigger;
}

interface ArmedTrigger {
  readonly signal: AbortSignal;
  line(text: string, jobId: string): void;
  disarm(): void;
}

function jobOptions(
  options: RunWorkflowOptions,
  run: RunIdentity,
  jobId: string,
  env: ReadonlyMap<string, string>,
  { cancel, lose }: Outside,
  condition: () => boolean,
): JobOptions {
  const { service, work, secrets = {}, debug = false, grace = {} } = options;
  const runtimeToken = service.token(run.runId ?? 1, jobId);
  return {
    work: join(work, jobId),
    service: { url: service.url, apiToken: service.apiToken, runtimeToken },
    run: { ...run, job: jobId },
    secrets: Object.values(secrets),
    env: Object.fromEntries(env),
    debug,
    grace,
    cancel: { signal: unless(cancel.signal, condition) }, // a job whose `if` still holds is left alone
    lose: lose.signal.aborted ? {} : { signal: lose.signal }, // one runner is lost, the next job gets another
    onLine(line) {
      options.onLine?.(line, jobId);
      cancel.line(line, jobId);
      lose.line(line, jobId);
    },
  };
}

function checkActions({ jobs }: WorkflowDefinition, actions: Actions): void {
  for (const { work } of jobs.flatMap(({ steps }) => steps)) {
    if (work.kind === 'action') findAction(actions, work.uses);
  }
}

function needed(job: JobResult | undefined): ValueObject {
  return { result: job?.result ?? 'skipped', outputs: job?.outputs ?? {} };
}

/** All jobs a job depends on, directly or not: its status functions look at every one of them. */
function ancestors({ needs }: JobDefinition, jobs: readonly JobDefinition[]): string[] {
  const direct = jobs.filter(({ id }) => needs.includes(id));
  return [...needs, ...direct.flatMap((job) => ancestors(job, jobs))];
}

function statusOf(
  ids: readonly string[],
  jobs: Readonly<Record<string, JobResult>>,
  cancelled: boolean,
): Record<StatusFunction, boolean> {
  const results = ids.map((id): Result => jobs[id]?.result ?? 'skipped');
  return {
    success: !cancelled && results.every((result) => result === 'success'),
    failure: !cancelled && results.includes('failure'),
    cancelled,
    always: true,
  };
}

function conclude(jobs: readonly JobResult[]): 'success' | 'failure' {
  return jobs.some(({ result }) => result === 'failure' || result === 'cancelled') ? 'failure' : 'success';
}

/** A signal that follows another, but only when `condition` does not hold at that moment. */
function unless(signal: AbortSignal, condition: () => boolean): AbortSignal {
  const controller = new AbortController();
  const follow = () => void (condition() || controller.abort());
  if (!signal.aborted) signal.addEventListener('abort', follow, { once: true });
  return controller.signal;
}

function arm({ afterMs, line, signal }: WorkflowTrigger = {}): ArmedTrigger {
  const controller = new AbortController();
  const fire = () => controller.abort();
  const timer = afterMs === undefined ? undefined : setTimeout(fire, afterMs);
  if (signal?.aborted) fire();
  signal?.addEventListener('abort', fire, { once: true });
  return {
    signal: controller.signal,
    line: (text, jobId) => void (line?.(text, jobId) && fire()),
    disarm() {
      clearTimeout(timer);
      signal?.removeEventListener('abort', fire);
    },
  };
}

async function main(): Promise<void> {
  const many = { type: 'string', multiple: true, default: [] as string[] } as const;
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      state: { type: 'string' },
      work: { type: 'string' },
      action: many,
      secret: many,
      var: many,
      input: many,
      event: { type: 'string', default: 'push' },
      payload: { type: 'string' },
      ref: { type: 'string', default: 'refs/heads/main' },
      run: { type: 'string', default: '1' },
      attempt: { type: 'string', default: '1' },
      debug: { type: 'boolean', default: false },
      result: { type: 'string' },
    },
  });
  const [file, ...rest] = positionals;
  const { state, work } = values;
  if (!file || rest.length > 0 || !state || !work)
    throw new Error('usage: run-workflow.ts WORKFLOW.yml --state DIR --work DIR …');

  const secrets: Record<string, string> = {};
  for (const [name, path] of Object.entries(assignments(values.secret))) secrets[name] = await readFile(path, 'utf8');
  const payload = values.payload ? (JSON.parse(await readFile(values.payload, 'utf8')) as ValueObject) : {};
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  const service = await startResultsService({ directory: state });
  try {
    const result = await runWorkflow({
      file,
      service,
      work,
      secrets,
      actions: assignments(values.action),
      vars: assignments(values.var),
      inputs: assignments(values.input),
      run: {
        runId: Number(values.run),
        runAttempt: Number(values.attempt),
        event: values.event,
        payload,
        ref: values.ref,
      },
      debug: values.debug,
      cancel: { signal: interrupted.signal },
      onLine: (line, jobId) => console.log(`${jobId} | ${line}`),
    });
    if (values.result) await writeFile(values.result, JSON.stringify(result, null, 2));
    for (const [id, { result: how }] of Object.entries(result.jobs)) console.log(`job ${id}: ${how}`);
    process.exitCode = result.conclusion === 'success' ? 0 : 1;
  } finally {
    await service.close();
  }
}

function assignments(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const equals = text.indexOf('=');
      if (equals < 1) throw new Error(`'${text}' is not NAME=VALUE`);
      return [text.slice(0, equals), text.slice(equals + 1)];
    }),
  );
}

if (import.meta.main) await main();
