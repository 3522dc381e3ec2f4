import { UpgradeError } from '../errors.ts';
import type { FoundJob, HubOfJob } from '../hub/jobs.ts';
import { Job } from '../transaction/job.ts';
import type { Run } from './run.ts';

/**
 * Those of the jobs that are on this hub and have no verdict. Throws UpgradeError when another run is at work now: one at
 * a time. `hubDirectory` is where the hub runs, as far as that is known; `own` the run whose backup is to be restored, and which has
 * ended.
 */
export function unfinishedJobs(run: Run, found: FoundJob[], hubDirectory?: string, own?: string): FoundJob[] {
  const jobs = found.filter(
    (job) => (job.state === 'alive' || job.state === 'dead') && isOfThisHub(run, job, hubDirectory),
  );
  const busy = jobs.find(({ state, owner }) => state === 'alive' && owner !== own);
  if (busy === undefined) return jobs;
  throw new UpgradeError(`Another run is at work on this hub: ${busy.owner}`, {
    step: 'discover',
    hub: 'This run touched nothing.',
    next: 'Wait until the other run has ended. A `concurrency` group in the workflow keeps runs apart.',
  });
}

/** Says what an upgrade would do with jobs without a verdict, where this run may change nothing. */
export function sayUnfinished(run: Run, found: FoundJob[], hubDirectory?: string): void {
  for (const job of found.filter((each) => isOfThisHub(run, each, hubDirectory))) {
    if (job.state !== 'alive' && job.state !== 'dead') continue;
    const sentence =
      job.state === 'alive'
        ? `Another run is at work on this hub now (${job.owner}): what is found out may be gone in a moment.`
        : `${job.owner} left an upgrade unfinished on the host, in ${job.directory}. The next upgrade brings it to its end first.`;
    run.log.warning('An earlier run', sentence);
    run.result.warnings.push(sentence);
  }
}

/** Brings a job that was left to its end. Throws UpgradeError when it gets none. */
export async function finish(run: Run, { directory, owner, state }: FoundJob): Promise<void> {
  await run.log.step('finish-earlier', 'Finish what an earlier run left', async () => {
    run.log.info(`${owner} left a job without a verdict; its host side goes on now.`);
    const job = new Job(run.link, directory);
    if (state === 'alive') await job.tell('cancel', 'the runner is gone');
    else await job.tell('launch', '');
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

/** The job of the run `own` on this hub; undefined when it had none, or not here. */
export function jobOf(run: Run, found: FoundJob[], own: string, hubDirectory?: string): FoundJob | undefined {
  return found.findLast((job) => job.owner === own && isOfThisHub(run, job, hubDirectory));
}

/**
 * Has the host try a way back again that failed. What it puts back has every row that the old hub acknowledged; a backup
 * has only those of before it was made.
 */
export async function walkBackAgain(run: Run, { directory }: FoundJob): Promise<void> {
  await run.log.step('walk-back', 'Try the way back again that failed', async () => {
    const job = new Job(run.link, directory);
    await job.tell('walk-back', '');
    await job.follow({ onEntry: () => {}, onLog: (text) => run.log.remote(text) });
    run.log.info(`It ended: ${job.view.verdict ?? 'without a verdict'}.`);
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
