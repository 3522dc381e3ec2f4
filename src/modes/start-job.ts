import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { Facts } from '../hub/facts.ts';
import type { PayloadFile } from '../ssh/phase.ts';
import { Job } from '../transaction/job.ts';
import { type Plan, stateDirectory } from '../transaction/plan.ts';
import { leftAsBefore } from './follow-job.ts';
import type { Run } from './run.ts';

/** Starts a job on the host. From here on the host owns what happens; the runner follows. */
export async function startJob(
  run: Run,
  facts: Facts,
  parameters: Record<string, string>,
  payload?: () => AsyncIterable<PayloadFile>,
): Promise<Job> {
  const { context, inputs, link, log } = run;
  const state = stateDirectory(facts, inputs);
  const id = `${context.runId}-${context.runAttempt}-${randomBytes(3).toString('hex')}`;
  const job = new Job(link, `${state}/jobs/${id}`);
  return log.step('begin', 'Start the job on the host', async () => {
    run.signal.throwIfAborted();
    run.checkpoint(job);
    await job.begin({ ...parameters, STATE: state, JOB_ID: id, OWNER: context.runUrl }, payload);
    run.jobStartedAt = log.elapsed;
    log.info(`The host works in ${job.directory}.`);
    return job;
  });
}

/** The packages that the runner has for the host, if it has any. */
export function wheelsOf({ wheels }: Plan): (() => AsyncIterable<PayloadFile>) | undefined {
  if (wheels.length === 0) return undefined;
  return async function* () {
    for (const { name, path, size } of wheels) yield { name: `wheels/${name}`, size, content: createReadStream(path) };
  };
}

/** Has the host undo what it prepared. What became of it is certain only when the host has said so. */
export async function takeBack(run: Run, job: Job): Promise<void> {
  if (run.signal.aborted) return;
  await job.tell('cancel', 'the runner failed before the stop');
  await job.follow({ onEntry: () => {}, onLog: () => {} });
  if (job.view.verdict !== 'not-begun') return;
  run.result.outcome = 'failed-before-change';
  leftAsBefore(run.result);
}
