import { UpgradeError } from '../errors.ts';
import type { Facts } from '../hub/facts.ts';
import { judge } from '../rehearsal/judge.ts';
import { readRehearsal } from '../rehearsal/report.ts';
import { duration } from '../report/text.ts';
import type { Job } from '../transaction/job.ts';
import type { Plan } from '../transaction/plan.ts';
import { followRehearsal } from './follow-job.ts';
import { withOtherWay } from './other-way.ts';
import type { Run } from './run.ts';
import { startJob, takeBack, wheelsOf } from './start-job.ts';
import { tokenFor } from './token.ts';

/** Whether this plan has its rehearsal carried out in this run. */
export function isRehearsed({ inputs }: Run, plan: Plan): boolean {
  return inputs.rehearse === 'now' && plan.steps.some(({ name }) => name === 'rehearse');
}

/** Waits for the rehearsal of a job and says what came of it. Throws UpgradeError for one that speaks against the upgrade. */
export async function rehearse(run: Run, job: Job, plan: Plan): Promise<void> {
  const { log, result } = run;
  await followRehearsal(run, job, plan.steps);
  const { report, notTried } = readRehearsal(job.view);
  const { problems, warnings } = judge(report, run.inputs, plan.to);
  result.rehearsal = report;
  result.notTried.push(...notTried);
  result.warnings.push(...warnings);
  const { expectedDowntime: seconds } = report;
  if (seconds !== undefined) {
    const basis = 'as the rehearsal took for the migration of a copy, and a start and a stop on it';
    if (result.plan?.document) result.plan.document.downtime = { seconds, basis };
    log.info(`Without the hub: about ${duration(seconds)} (${basis}).`);
  }
  for (const warning of warnings) log.info(`! ${warning}`);
  if (problems.length === 0) return;
  throw new UpgradeError(problems.join('\n'), {
    step: 'rehearse',
    hub: 'Nothing was stopped: the hub runs as before.',
    next: 'Mend what is said above and run the job again.',
  });
}

/** Mode `plan`: a job that only rehearses. The host removes all of it again, whatever came of it. */
export async function rehearseAlone(run: Run, facts: Facts, plan: Plan): Promise<void> {
  const steps = plan.steps.filter(({ name }) => name === 'stage' || name === 'rehearse');
  const only = { STEPS: steps.map(({ name }) => name).join(' '), HEALTH_TOKEN: tokenFor(run, plan) ?? '' };
  const job = await startJob(run, facts, { ...plan.parameters, ...only }, wheelsOf(plan));
  try {
    await rehearse(run, job, { ...plan, steps });
  } catch (error) {
    throw withOtherWay(error, run, facts, job.view);
  } finally {
    await takeBack(run, job);
  }
  if (job.view.verdict === 'not-begun') return;
  throw new UpgradeError(`What was rehearsed could not be removed: see ${job.directory}/log on the host.`, {
    step: 'rehearse',
    hub: 'Nothing was stopped: the hub runs as before.',
    next: 'Remove what the log names and run the job again.',
  });
}
