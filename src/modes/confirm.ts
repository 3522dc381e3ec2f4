import { setTimeout as delay } from 'node:timers/promises';
import { type Dial, lookAtToken, lookFromOutside } from '../hub/health.ts';
import type { Job } from '../transaction/job.ts';
import type { Run } from './run.ts';

/** What the hub should answer, and where its host reaches it. */
export interface Expected {
  base: string;
  version: string;
  token?: string | undefined;
}

/** A hub verified by its host may still need some seconds for the public address (an external service that is down). */
const PATIENCE_S = 45;

/** Looks at the hub from the runner: at `health-url`, or through the SSH connection where the hub's own address is. */
export async function look(run: Run, expected: Expected): Promise<string[]> {
  const { base, dial } = wayTo(run, expected.base);
  const problems = await lookFromOutside(base, expected, dial);
  if (problems.length === 0) {
    run.log.info(
      `${base} answers as JupyterHub ${expected.version}${dial === undefined ? '' : ', seen through the SSH connection'}.`,
    );
  }
  return problems;
}

/**
 * Looks at the hub before anything is done to it, as it will be looked at after the upgrade: what would fail then for
 * another reason than the upgrade is told now. `user` is whose server will be started, or empty. Returns sentences.
 */
export async function lookBefore(run: Run, { base: local, version, token }: Expected, user: string): Promise<string[]> {
  const problems = await look(run, { base: local, version });
  if (problems.length > 0 || token === undefined) return problems;
  const { base, dial } = wayTo(run, local);
  return lookAtToken(base, token, user === '' ? undefined : user, dial);
}

function wayTo({ inputs, link }: Run, local: string): { base: string; dial: Dial | undefined } {
  const { healthUrl } = inputs.verify;
  const base = healthUrl ?? local;
  return {
    base: base.endsWith('/') ? base : `${base}/`,
    dial: healthUrl === undefined ? (host, port) => link.forward(host, port) : undefined,
  };
}

/** Looks from outside and decides for the host. Saying nothing would keep the new hub. */
export async function confirm(run: Run, job: Job, expected: Expected): Promise<void> {
  const patience = Math.max(5, Math.min(PATIENCE_S, run.inputs.confirmTimeout - 10));
  const end = performance.now() + patience * 1000;
  let problems = await look(run, expected);
  while (problems.length > 0 && performance.now() < end) {
    await delay(1000);
    problems = await look(run, expected);
  }
  for (const problem of problems) run.log.info(problem);
  if (problems.length === 0) await job.tell('commit', 'verified from outside');
  else {
    const decision = await job.tell('abort', `from outside: ${problems[0]}`);
    if (!decision.startsWith('abort'))
      run.result.warnings.push(
        `The host had decided (${decision}) before the runner said no. From outside: ${problems[0]}`,
      );
  }
}
