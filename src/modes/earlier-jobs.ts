import { UpgradeError } from '../errors.ts';
import type { Facts } from '../hub/facts.ts';
import { Job } from '../transaction/job.ts';
import { stateDirectory } from '../transaction/plan.ts';
import { discover } from './discover.ts';
import type { Run } from './run.ts';

/**
 * A job that an earlier run left without a verdict is brought to its end first, and the hub is looked at again. One that
 * is at work now ends this run: one at a time.
 */
export async function finishEarlierJobs(run: Run, facts: Facts): Promise<Facts> {
  const state = stateDirectory(facts, run.inputs);
  const jobs = facts.unfinished.filter(({ directory }) => directory.startsWith(`${state}/jobs/`));
  if (jobs.length === 0) return facts;
  const busy = jobs.find(({ alive }) => alive);
  if (busy) {
    throw new UpgradeError(`Another run is at work on this hub: ${busy.owner}`, {
      step: 'discover',
      hub: 'This run touched nothing.',
      next: 'Wait until the other run has ended. A `concurrency` group in the workflow keeps runs apart.',
    });
  }
  await run.log.step('finish-earlier', 'Finish what an earlier run left', async () => {
    for (const { directory, owner } of jobs) {
      run.log.info(`${owner} left a job without a verdict; its host side goes on now.`);
      const job = new Job(run.link, directory);
      await job.tell('launch', '');
      await job.follow({ onEntry: () => {}, onLog: (text) => run.log.remote(text) });
      run.log.info(`Verdict: ${job.view.verdict ?? 'none'}.`);
      run.result.warnings.push(`An unfinished job of ${owner} was brought to its end first: ${job.view.verdict ?? 'no verdict'}.`);
    }
  });
  return discover(run);
}
