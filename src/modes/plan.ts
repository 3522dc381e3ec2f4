import { tryArtifactStore } from '../backup/artifacts.ts';
import { messageOf, UpgradeError } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import { adviceLines } from '../report/advice.ts';
import { planLines } from '../report/plan.ts';
import { differencesFrom } from '../transaction/decisive.ts';
import { type Plan, planUpgrade } from '../transaction/plan.ts';
import { lookBefore } from './confirm.ts';
import { connectToHost, discover } from './discover.ts';
import { isRehearsed, rehearseAlone } from './rehearse.ts';
import { resolve } from './resolve.ts';
import type { Run } from './run.ts';

/** Says what an upgrade would do, and touches nothing. */
export async function plan(run: Run): Promise<Outcome> {
  await connectToHost(run);
  const { facts } = await discover(run);
  const made = planUpgrade(run.inputs, facts, await resolve(run, facts));
  await showUpgrade(run, made);
  if (made.unchanged) return 'unchanged';
  if (isRehearsed(run, made)) await rehearseAlone(run, facts, made);
  return 'planned';
}

/** Shows the plan of an upgrade. A hub that is up is asked whether it is, and whether it takes what it will be checked with. */
export async function showUpgrade(run: Run, plan: Plan): Promise<void> {
  const isUp = plan.parameters.WAS_RUNNING === 'yes' && !plan.unchanged;
  const { HEALTH_BASE: base = '', CANARY_USER: user = '' } = plan.parameters;
  const token = plan.keepsTokens ? run.inputs.verify.healthToken : undefined;
  await showPlan(run, plan, async () => [
    ...notAsApproved(run, plan),
    ...(isUp ? await lookBefore(run, { base, version: plan.from, token }, user) : []),
    ...(plan.unchanged ? [] : await whyNotStored(run)),
  ]);
}

/** Why a backup could not be stored, which would end an upgrade only when it was made. */
async function whyNotStored({ context, log }: Run): Promise<string[]> {
  try {
    await tryArtifactStore(context.tempDir);
    log.info('The artifact service took a small file, and deleted it again.');
    return [];
  } catch (error) {
    return [messageOf(error)];
  }
}

/** How the plan differs from the one that was approved. Where nothing is to be done, nothing needs approval. */
function notAsApproved({ inputs: { approvedPlan } }: Run, { document, unchanged }: Plan): string[] {
  if (approvedPlan === undefined || document === undefined || unchanged) return [];
  const found = differencesFrom(approvedPlan, document.decisive);
  return found.length === 0 ? [] : [...found, 'Look at the new plan, and approve it: its plan-digest is another one.'];
}

/**
 * Shows a plan and puts it into the result. Throws UpgradeError, with every blocker, for one that cannot be carried out;
 * `look` finds those that the running hub itself has.
 */
export async function showPlan(run: Run, plan: Plan, look?: () => Promise<string[]>): Promise<void> {
  const { log, result } = run;
  result.plan = { digest: plan.digest, ...(plan.document && !plan.unchanged ? { document: plan.document } : {}) };
  result.versions.target = plan.to;
  result.guarantees.push(...plan.guarantees);
  result.warnings.push(...plan.warnings);
  result.advice.push(...plan.advice);
  await log.step('plan', 'Plan', async () => {
    log.info(plan.unchanged ? `JupyterHub ${plan.to} is installed already.` : `JupyterHub ${plan.from} → ${plan.to}`);
    if (!plan.unchanged) for (const line of linesOf(plan, result.servers.length)) log.info(line);
    for (const guarantee of plan.guarantees) log.info(`+ ${guarantee}`);
    for (const warning of plan.warnings) log.info(`! ${warning}`);
    for (const line of adviceLines(plan.advice)) log.info(line);
    log.info(`plan digest ${plan.digest}`);
    const blockers = [...plan.blockers, ...((await look?.()) ?? [])];
    if (blockers.length > 0) {
      throw new UpgradeError(blockers.join('\n'), {
        step: 'plan',
        hub: 'Nothing was touched.',
        next: 'Mend what is said above and run the job again.',
      });
    }
  });
}

function linesOf({ document, steps, told }: Plan, running: number): string[] {
  if (document !== undefined) return planLines(document, running);
  return [
    ...steps.map(({ title }, index) => `${String(index + 1).padStart(3)}. ${title}`),
    told.length === 0 ? 'Told before the stop: nobody.' : `Told before the stop: ${told.join(', ')}.`,
  ];
}
