import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type ActionUse, actionInputs, loadAction, runMain, runPost } from '../job/action.ts';
import { type Conclusion, Job, type JobOptions, newStep, type Step } from '../job/job.ts';
import type { Annotation } from '../job/log.ts';
import { passOutputs } from '../job/outputs.ts';
import { runStep } from '../job/step.ts';
import type { Concurrency, JobDefinition, JobSettings, Permissions, StepDefinition } from './definition.ts';
import type { Scope, ValueObject } from './expressions.ts';
import { holds, render, type Template } from './templates.ts';

export type Result = Conclusion | 'skipped';

interface StepResult {
  readonly id: string | undefined;
  readonly name: string;
  /** How it ended, and what that counts as: a failure with `continue-on-error` counts as success. */
  readonly outcome: Result;
  readonly conclusion: Result;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface JobResult {
  readonly result: Result;
  /** The runner went away; for the workflow that is a failure without outputs. */
  readonly lost: boolean;
  readonly outputs: Readonly<Record<string, string>>;
  /** Posts included, as `Post <name>`. */
  readonly steps: readonly StepResult[];
  readonly summaries: readonly { readonly step: string; readonly text: string }[];
  readonly annotations: readonly Annotation[];
  readonly log: readonly string[];
  readonly rawLog: readonly string[];
  /** `runs-on`, `environment` and the like, rendered; nothing for a job that was skipped. */
  readonly settings: RecordedSettings | undefined;
}

interface RecordedSettings {
  readonly runsOn: readonly string[];
  readonly environment: { readonly name: string; readonly url: string } | undefined;
  readonly concurrency: RecordedConcurrency | undefined;
  readonly permissions: Permissions;
  readonly timeoutMinutes: number | undefined;
}

export interface RecordedConcurrency {
  readonly group: string;
  readonly cancelInProgress: boolean;
}

/** Where an action of `uses` lies, by `owner/repo` (or `owner/repo/path`, or `./path`); `skip`: take it as done. */
export type Actions = Readonly<Record<string, string>>;

export const SKIPPED_JOB: JobResult = {
  result: 'skipped',
  lost: false,
  outputs: {},
  steps: [],
  summaries: [],
  annotations: [],
  log: [],
  rawLog: [],
  settings: undefined,
};

interface Post {
  readonly step: Step;
  readonly use: ActionUse;
  /** What stands under `env` of the step. */
  readonly given: ReadonlyMap<string, string>;
}

/** Runs the steps of a job, then the posts of its actions in reverse. `contexts` are those the whole job sees. */
export async function runJob(
  definition: JobDefinition,
  options: JobOptions,
  contexts: ValueObject,
  actions: Actions,
): Promise<JobResult> {
  const job = await Job.start(options);
  try {
    return await new JobRun(job, definition, contexts, actions).run();
  } finally {
    job.close();
  }
}

export function recordConcurrency(concurrency: Concurrency | undefined, scope: Scope): RecordedConcurrency | undefined {
  if (!concurrency) return undefined;
  const { group, cancelInProgress } = concurrency;
  return { group: render(group, scope), cancelInProgress: render(cancelInProgress, scope) === 'true' };
}

/** Renders a map of templates, as `env` and `with` are. */
export function renderAll(templates: ReadonlyMap<string, Template>, scope: Scope): Map<string, string> {
  return new Map([...templates].map(([name, template]) => [name, render(template, scope)]));
}

class JobRun {
  readonly #job: Job;
  readonly #definition: JobDefinition;
  readonly #contexts: ValueObject;
  readonly #actions: Actions;
  readonly #results: StepResult[] = [];
  readonly #posts: Post[] = [];

  constructor(job: Job, definition: JobDefinition, contexts: ValueObject, actions: Actions) {
    this.#job = job;
    this.#definition = definition;
    this.#contexts = contexts;
    this.#actions = actions;
  }

  async run(): Promise<JobResult> {
    const job = this.#job;
    for (const step of this.#definition.steps) {
      await this.#runStep(step);
      if (job.lost.aborted) break;
    }
    for (const post of this.#posts.reverse()) {
      if (job.lost.aborted) break;
      await this.#runPost(post);
    }
    const scope = this.#scope(job.environment);
    const lost = job.lost.aborted;
    if (lost) job.conclude('failure');
    return {
      result: job.status,
      lost,
      outputs: lost ? {} : passOutputs(job, renderAll(this.#definition.outputs, scope)),
      steps: this.#results,
      summaries: job.summaries,
      annotations: job.log.annotations,
      log: job.log.lines,
      rawLog: job.log.raw,
      settings: recordSettings(this.#definition.settings, scope),
    };
  }

  async #runStep(definition: StepDefinition): Promise<void> {
    const job = this.#job;
    const given = renderAll(definition.env, this.#scope(job.environment));
    const env = new Map([...job.environment, ...given]);
    const step = newStep(render(definition.name, this.#scope(env)));
    const condition = () => holds(definition.condition, this.#scope(env));
    const outcome = condition() ? await this.#work(definition, step, given, condition) : 'skipped';
    const excused = outcome === 'failure' && render(definition.continueOnError, this.#scope(env)) === 'true';
    this.#record(definition.id, step, outcome, excused ? 'success' : outcome);
  }

  async #work(
    definition: StepDefinition,
    step: Step,
    given: ReadonlyMap<string, string>,
    condition: () => boolean,
  ): Promise<Conclusion> {
    const { work, timeoutMinutes } = definition;
    const env = new Map([...this.#job.environment, ...given]);
    const limits = { condition, ...(timeoutMinutes ? { timeoutMs: timeoutMinutes * 60_000 } : {}) };
    const scope = this.#scope(env);
    if (work.kind === 'script') {
      const script = { text: render(work.text, scope), shell: work.shell, directory: render(work.directory, scope) };
      return runShell(this.#job, step, script, env, limits);
    }
    const directory = findAction(this.#actions, work.uses);
    if (directory === 'skip') {
      this.#job.log.write(`Run ${work.uses}: taken as done`);
      return 'success';
    }
    const action = await loadAction(directory);
    const inputs = actionInputs(this.#job, step, action, renderAll(work.with, scope));
    const use = { action, uses: work.uses, inputs, ...(definition.id ? { id: definition.id } : {}) };
    this.#posts.push({ step, use, given }); // when main starts, so that it runs however main ends
    return (await runMain(this.#job, step, use, env, limits)).conclusion;
  }

  async #runPost({ step, use, given }: Post): Promise<void> {
    const end = await runPost(this.#job, step, use, new Map([...this.#job.environment, ...given]));
    const conclusion = end?.conclusion ?? 'skipped';
    if (use.action.post) this.#record(undefined, newStep(`Post ${step.name}`), conclusion, conclusion);
  }

  #record(id: string | undefined, step: Step, outcome: Result, conclusion: Result): void {
    const outputs = Object.fromEntries(step.outputs);
    this.#results.push({ id, name: step.name, outcome, conclusion, outputs });
    this.#job.conclude(conclusion);
  }

  #scope(env: ReadonlyMap<string, string>): Scope {
    const job = this.#job;
    const steps: Record<string, ValueObject> = {};
    for (const { id, outcome, conclusion, outputs } of this.#results)
      if (id) steps[id] = { outcome, conclusion, outputs };
    return {
      contexts: { ...this.#contexts, github: job.github, runner: job.runner, job: { status: job.status }, steps, env },
      status: job.statusFunctions,
    };
  }
}

/** The directory for a `uses`, whatever ref it asks for. Throws when there is none. */
export function findAction(actions: Actions, uses: string): string {
  const local = uses.startsWith('./');
  const [name = '', ref, ...rest] = local ? [uses, 'local'] : uses.split('@');
  const directory = actions[name];
  if (!local && (!ref || rest.length > 0)) throw new Error(`uses: ${uses}: a ref is required`);
  if (directory === undefined) throw new Error(`uses: ${uses}: no directory is known for this action`);
  return directory;
}

async function runShell(
  job: Job,
  step: Step,
  { text, shell, directory }: { text: string; shell: 'bash' | 'sh' | undefined; directory: string },
  env: ReadonlyMap<string, string>,
  limits: { condition: () => boolean; timeoutMs?: number },
): Promise<Conclusion> {
  const args = shell === 'bash' ? ['--noprofile', '--norc', '-e', '-o', 'pipefail'] : ['-e'];
  job.log.write(`##[group]Run ${text.trim().split('\n')[0]}`);
  job.log.write(text.trimEnd());
  job.log.write(`shell: ${shell ?? 'bash'} ${args.join(' ')} {0}`);
  for (const [name, value] of env) job.log.write(`  ${name}: ${value}`);
  job.log.write('##[endgroup]');
  const file = join(job.temp, `${randomUUID()}.sh`);
  await writeFile(file, text);
  const end = await runStep(job, step, {
    command: shell ?? 'bash',
    args: [...args, file],
    cwd: join(job.workspace, directory),
    env: { ...job.processEnvironment(env, {}), GITHUB_ACTION: '__run' },
    ...limits,
  });
  await rm(file, { force: true });
  if (end.conclusion === 'failure' && end.exitCode) {
    job.log.issue(step.name, 'error', `Process completed with exit code ${end.exitCode}.`);
  }
  return end.conclusion;
}

function recordSettings(settings: JobSettings, scope: Scope): RecordedSettings {
  const { runsOn, environment, concurrency, permissions, timeoutMinutes } = settings;
  return {
    runsOn: runsOn.map((label) => render(label, scope)),
    environment: environment && { name: render(environment.name, scope), url: render(environment.url, scope) },
    concurrency: recordConcurrency(concurrency, scope),
    permissions,
    timeoutMinutes,
  };
}
