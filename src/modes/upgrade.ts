import { UpgradeError } from '../errors.ts';
import type { Facts } from '../hub/facts.ts';
import type { Outcome } from '../outcome.ts';
import type { Job } from '../transaction/job.ts';
import { type Plan, planUpgrade } from '../transaction/plan.ts';
import { backUp } from './back-up.ts';
import { confirm, look } from './confirm.ts';
import { connectToHost, discover } from './discover.ts';
import { followJob } from './follow-job.ts';
import { withOtherWay } from './other-way.ts';
import { showUpgrade } from './plan.ts';
import { isRehearsed, rehearse } from './rehearse.ts';
import { resolve } from './resolve.ts';
import type { Run } from './run.ts';
import { startJob, takeBack, wheelsOf } from './start-job.ts';
import { tellUsers } from './tell.ts';
import { tokenFor } from './token.ts';

/** The whole upgrade: everything that can fail comes before the stop, and after it the host finishes or goes back. */
export async function upgrade(run: Run): Promise<Outcome> {
  await connectToHost(run);
  const { facts } = await discover(run);
  const plan = planUpgrade(run.inputs, facts, await resolve(run, facts));
  await showUpgrade(run, plan);
  if (plan.unchanged) return unchanged(run, facts, plan);

  const token = tokenFor(run, plan);
  const job = await startJob(run, facts, { ...plan.parameters, HEALTH_TOKEN: token ?? '' }, wheelsOf(plan));
  try {
    // The backup comes after the rehearsal: it is measured undisturbed, and a run that ends with it stores no secrets.
    if (isRehearsed(run, plan)) await rehearse(run, job, plan);
    await backUp(run, facts, true);
    await tellUsers(run, plan);
  } catch (error) {
    await takeBack(run, job);
    throw withOtherWay(error, run, facts, job.view);
  }
  await job.tell('go', '');
  const end = followJob(run, job, plan.steps, () => confirm(run, job, expected(plan, job, token)), 'upgraded');
  return end.catch((error) => {
    throw withOtherWay(error, run, facts, job.view);
  });
}

function expected(plan: Plan, job: Job, token: string | undefined) {
  const wasMade = !plan.mintsToken || job.view.note('token') === 'made';
  return { base: plan.parameters.HEALTH_BASE ?? '', version: plan.to, token: wasMade ? token : undefined };
}

/** The hub has the target installed already: nothing is stopped, but it is looked at. */
async function unchanged(run: Run, facts: Facts, plan: Plan): Promise<Outcome> {
  return run.log.step<Outcome>('verify', 'Look at the hub from outside', async () => {
    const token = run.inputs.verify.healthToken;
    const problems = await look(run, { base: plan.parameters.HEALTH_BASE ?? '', version: facts.version, token });
    if (problems.length > 0) {
      throw new UpgradeError(problems.join(' '), {
        step: 'verify',
        hub: `The hub was not touched; its environment has JupyterHub ${facts.version} already.`,
        next: 'The installed release is the target, but the hub does not answer as it. Restart it and look at its log.',
      });
    }
    run.log.info(`The hub runs JupyterHub ${facts.version} already: nothing to do.`);
    return 'unchanged';
  });
}
