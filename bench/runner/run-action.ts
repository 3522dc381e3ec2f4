/** Runs one JavaScript action, main and post, the way actions/runner does. */
import { basename } from 'node:path';
import { type ActionUse, actionInputs, loadAction, runMain, runPost } from './job/action.ts';
import { type Conclusion, Job, type JobOptions, newStep } from './job/job.ts';
import type { Annotation } from './job/log.ts';
import { passOutputs } from './job/outputs.ts';
import type { StepEnd } from './job/step.ts';

export interface RunActionOptions extends JobOptions {
  /** The action: a directory with its action.yml. */
  readonly action: string;
  /** What stands under `with`. */
  readonly inputs?: Readonly<Record<string, string>>;
  /** `timeout-minutes` of the step, in ms. */
  readonly timeoutMs?: number;
}

export interface RunActionResult {
  /** Of the whole job: a failing `post` fails it too. */
  readonly conclusion: Conclusion;
  /** The runner went away: nothing ran afterwards, there are no outputs, and what its last stage wrote does not count. */
  readonly lost: boolean;
  readonly main: StepEnd;
  /** Nothing when the action has no `post`, its `post-if` did not hold, or the runner was lost. */
  readonly post: StepEnd | undefined;
  /** What other jobs would get: outputs with something masked in them are dropped. */
  readonly outputs: Readonly<Record<string, string>>;
  /** What later steps of the same job would get: nothing is dropped. */
  readonly stepOutputs: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  /** The env context at the end: `env` of the options, and what the action exported. */
  readonly env: Readonly<Record<string, string>>;
  readonly annotations: readonly Annotation[];
  readonly summaries: readonly { readonly step: string; readonly text: string }[];
  /** The log, masked. */
  readonly log: readonly string[];
  /** What the action itself printed, unmasked, without its `::add-mask::` lines. */
  readonly rawLog: readonly string[];
  /** RUNNER_TEMP, left as the action left it. */
  readonly temp: string;
}

/** Throws only when the action cannot be run at all (no action.yml, not node24, a script that does not exist). */
export async function runAction(options: RunActionOptions): Promise<RunActionResult> {
  const action = await loadAction(options.action);
  const job = await Job.start(options);
  try {
    const step = newStep(`./${basename(options.action)}`);
    const inputs = actionInputs(job, step, action, new Map(Object.entries(options.inputs ?? {})));
    const use: ActionUse = { action, uses: step.name, inputs };
    const { timeoutMs } = options;
    const condition = () => job.statusFunctions.success;
    const main = await runMain(job, step, use, job.environment, { condition, ...(timeoutMs ? { timeoutMs } : {}) });
    job.conclude(main.conclusion);
    const post = main.lost ? undefined : await runPost(job, step, use, job.environment);
    if (post) job.conclude(post.conclusion);
    const lost = main.lost || (post?.lost ?? false);
    return {
      conclusion: job.status,
      lost,
      main,
      post,
      outputs: lost ? {} : passOutputs(job, step.outputs),
      stepOutputs: Object.fromEntries(step.outputs),
      state: Object.fromEntries(step.state),
      env: Object.fromEntries(job.environment),
      annotations: job.log.annotations,
      summaries: job.summaries,
      log: job.log.lines,
      rawLog: job.log.raw,
      temp: job.temp,
    };
  } finally {
    job.close();
  }
}
