import { appendFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, UpgradeError } from '../errors.ts';
import type { Inputs } from '../inputs.ts';
import { createLog } from '../report/log.ts';
import { renderSummary } from '../report/summary.ts';
import { addMask } from '../report/workflow-commands.ts';
import type { RunContext } from '../run-context.ts';
import { CommandFailed } from '../ssh/connection.ts';
import type { HostJob, SavedBackup } from '../state.ts';
import { Job } from '../transaction/job.ts';
import { Link } from '../transaction/link.ts';
import { followJob } from './follow-job.ts';
import { freshResult, type Run } from './run.ts';

/**
 * Waits for the job that a cancelled or killed main step left on the host, and reports its verdict. A job that was not
 * decided yet is asked to go back, unless its host has verified the new hub already. Resolves to the exit status.
 */
export async function finishJob(
  inputs: Inputs,
  context: RunContext,
  left: HostJob,
  backup: SavedBackup | undefined,
): Promise<0 | 1> {
  const result = freshResult(inputs, context);
  result.outcome = 'unknown';
  if (backup) result.backup = { ...backup, files: [] };
  const log = createLog({ write: (text) => process.stdout.write(text) });
  const link = new Link(inputs.connection);
  const job = new Job(link, left.directory);
  const run: Run = {
    ...{ inputs, context, log, link, result, job, signal: new AbortController().signal },
    ...{ token: undefined, mask: addMask, jobStartedAt: 0, checkpoint: () => {} },
  };
  try {
    link.become = left.become;
    await patiently(
      () => log.step('connect', `Connect to ${inputs.connection.host}`, async () => void (await link.host())),
      link,
    );
    await job.tell('cancel', 'the runner is gone');
    const done = inputs.mode === 'restore' ? 'restored' : 'upgraded';
    result.outcome = await followJob(run, job, [], async () => {}, done);
  } catch (error) {
    if (error instanceof CommandFailed && error.code === NO_JOB) {
      log.info('The main step ended before its job began on the host: nothing was touched.');
      result.outcome = 'failed-before-change';
      await link.drop();
      return 0;
    }
    // What a connection that fails says of the hub is not true here: the host may be at work.
    const trouble =
      error instanceof UpgradeError && error.trouble.step !== 'connect'
        ? error.trouble
        : {
            step: 'post',
            hub: 'The host finishes or goes back by itself.',
            next: `Look at ${left.directory} on the host.`,
          };
    result.error = { cause: messageOf(error), ...trouble };
    log.error(`${result.outcome}: ${trouble.step}`, `${result.error.cause}\n${trouble.hub}\n${trouble.next}`);
  }
  result.steps = log.steps;
  log.info(`outcome: ${result.outcome}`);
  if (context.summaryFile) appendFileSync(context.summaryFile, renderSummary(result));
  await link.drop();
  return result.outcome === 'unknown' || result.outcome === 'rollback-failed' ? 1 : 0;
}

/** Exit status of signal.sh. */
const NO_JOB = 4;

/** A cancelled job gives its post step about four and a half minutes. */
const PATIENCE_MS = 3 * 60_000;

async function patiently(connect: () => Promise<void>, link: Link): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      if (performance.now() > end) throw error;
      await link.drop();
      await delay(5_000);
    }
  }
}
