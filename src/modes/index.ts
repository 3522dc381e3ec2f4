import { appendFileSync } from 'node:fs';
import { messageOf, UpgradeError } from '../errors.ts';
import type { Inputs } from '../inputs.ts';
import { isSuccess, type Outcome } from '../outcome.ts';
import { createLog } from '../report/log.ts';
import { writeOutputs } from '../report/outputs.ts';
import { renderSummary } from '../report/summary.ts';
import { addMask } from '../report/workflow-commands.ts';
import type { RunContext } from '../run-context.ts';
import { saveState } from '../state.ts';
import type { Job } from '../transaction/job.ts';
import { Link } from '../transaction/link.ts';
import { backup } from './backup.ts';
import { plan } from './plan.ts';
import { restore } from './restore.ts';
import { freshResult, type Run } from './run.ts';
import { tellOutcome } from './tell.ts';
import { upgrade } from './upgrade.ts';

const MODES: Record<Inputs['mode'], (run: Run) => Promise<Outcome>> = { upgrade, plan, backup, restore };

/** A cancelled job gets SIGINT, and 7.5 s later SIGTERM: the host must be asked to go back before that. */
const CANCEL_MS = 6_000;

/** Carries out the mode and reports how it ended, whatever happens. Resolves to the exit status. */
export async function carryOut(inputs: Inputs, context: RunContext): Promise<0 | 1> {
  const cancelled = new AbortController();
  const run = makeRun(inputs, context, cancelled.signal);
  const { log, result, link } = run;
  const cancel = () => cancelled.abort(new Error('The workflow run was cancelled.'));
  process.once('SIGINT', cancel).once('SIGTERM', cancel);
  // The toolkit lets errors of streams out of its promises.
  const crashed = new Promise<never>((_, reject) => process.once('uncaughtException', reject));

  try {
    result.outcome = await Promise.race([MODES[inputs.mode](run), crashed, abortOf(cancelled.signal)]);
  } catch (error) {
    result.error = errorReport(error, run);
    if (cancelled.signal.aborted && run.job) await askBack(run.job, log);
    if (!isVerdict(result.outcome, run)) result.outcome = run.job ? 'unknown' : 'failed-before-change';
  }
  result.steps = log.steps;
  await tellOutcome(run);
  finish(run);
  await Promise.race([link.drop(), timeout(2_000)]);
  return isSuccess(result.outcome) ? 0 : 1;
}

function makeRun(inputs: Inputs, context: RunContext, signal: AbortSignal): Run {
  const result = freshResult(inputs, context);
  const log = createLog({ write: (text) => process.stdout.write(text) });
  const run: Run = {
    inputs,
    context,
    log,
    link: new Link(inputs.connection),
    result,
    signal,
    token: undefined,
    mask: addMask,
    jobStartedAt: 0,
    checkpoint(job) {
      run.job = job;
      result.outcome = 'unknown';
      // What runs once the host is at work is the host's to say.
      delete result.versions.current;
      delete result.revisions.current;
      saveJob(run, job);
      if (context.outputFile) writeOutputs(result, context.outputFile);
    },
  };
  return run;
}

/** For `post`, which asks the host and names the backup. */
function saveJob({ result, link }: Run, { directory }: Job): void {
  const state = { version: 1, phase: 'host-job', job: { directory, become: link.become } } as const;
  if (result.backup === undefined) return void saveState(state);
  const { files: _, ...backup } = result.backup;
  saveState({ ...state, backup });
}

/** Outputs, job summary, annotation, and what `post` needs to know: nothing is left to do, or the host is to be asked. */
function finish(run: Run): void {
  const { context, log, result, job } = run;
  const { error, outcome } = result;
  if (error) {
    log.error(`${outcome}: ${error.step}`, `${error.cause}\n${error.hub}\n${error.next}`);
  }
  log.info(`outcome: ${outcome}`);
  if (context.outputFile) writeOutputs(result, context.outputFile);
  if (context.summaryFile) appendFileSync(context.summaryFile, renderSummary(result));
  if (job && outcome === 'unknown') saveJob(run, job);
  else saveState({ version: 1, phase: 'finished', outcome });
}

function errorReport(error: unknown, run: Run): NonNullable<Run['result']['error']> {
  if (error instanceof UpgradeError) return { cause: error.message, ...error.trouble };
  const step = run.log.steps.findLast(({ outcome }) => outcome === 'failed')?.name ?? 'run';
  const isOpen = run.job !== undefined && run.result.outcome === 'unknown';
  return {
    step,
    cause: messageOf(error),
    hub: isOpen
      ? 'The host finishes or takes back what it has begun by itself.'
      : 'The hub was neither stopped nor changed.',
    next: isOpen
      ? 'The post step of this action waits for the host and says how it ended.'
      : 'Mend the cause and run the job again; if it comes back, open an issue with this log.',
  };
}

/** Whether the outcome is the host's word, or that of a run without a job. */
function isVerdict(outcome: Outcome, run: Run): boolean {
  return run.job === undefined ? outcome === 'failed-before-change' : outcome !== 'unknown';
}

async function askBack(job: Job, log: Run['log']): Promise<void> {
  const asked = job.tell('cancel', 'the workflow run was cancelled').then(
    () => log.info('The host was asked to go back.'),
    (error) => log.info(`The host could not be asked to go back: ${messageOf(error)}`),
  );
  await Promise.race([asked, timeout(CANCEL_MS)]);
}

function abortOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
