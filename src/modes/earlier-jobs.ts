import { UpgradeError } from '../errors.ts';
import type { HubOfJob, UnfinishedJob } from '../hub/facts.ts';
import { Job } from '../transaction/job.ts';
import type { Run } from './run.ts';

/**
 * Jobs on this hub that an earlier run left without a verdict. Throws UpgradeError when one is at work now: one at a
 * time. `hubDirectory` is where the hub runs, when it does.
 */
export function earlierJobs(run: Run, unfinished: UnfinishedJob[], hubDirectory?: string): UnfinishedJob[] {
  const jobs = unfinished.filter((job) => isOfThisHub(run, job, hubDirectory));
  const busy = jobs.find(({ alive }) => alive);
  if (busy === undefined) return jobs;
  throw new UpgradeError(`Another run is at work on this hub: ${busy.owner}`, {
    step: 'discover',
    hub: 'This run touched nothing.',
    next: 'Wait until the other run has ended. A `concurrency` group in the workflow keeps runs apart.',
  });
}

/** Brings a job that was left to its end. Throws UpgradeError when it gets none. */
export async function finish(run: Run, { directory, owner }: UnfinishedJob): Promise<void> {
  await run.log.step('finish-earlier', 'Finish what an earlier run left', async () => {
    run.log.info(`${owner} left a job without a verdict; its host side goes on now.`);
    const job = new Job(run.link, directory);
    await job.tell('launch', '');
    await job.follow({ onEntry: () => {}, onLog: (text) => run.log.remote(text) });
    const { verdict } = job.view;
    if (verdict === undefined) {
      throw new UpgradeError(`The job that ${owner} left in ${directory} cannot be brought to its end.`, {
        step: 'finish-earlier',
        hub: 'The hub is as that job left it.',
        next: `Look at ${directory}/log on the host.`,
      });
    }
    run.log.info(`It ended: ${verdict}.`);
    run.result.warnings.push(`An unfinished job of ${owner} was brought to its end first: ${verdict}.`);
  });
}

/**
 * A hub that runs is known by its directory. One that is down because of the job itself has no process to be known by: its
 * unit or configuration tells.
 */
export function isOfThisHub({ inputs: { hub } }: Run, job: HubOfJob, hubDirectory?: string): boolean {
  if (hubDirectory !== undefined) return job.hubDirectory === hubDirectory;
  if (job.unit !== '') return hub.serviceManager !== 'commands' && job.unit === hub.service;
  return hub.serviceManager === 'commands' && (hub.configPath === undefined || hub.configPath === job.configFile);
}
