import { randomBytes } from 'node:crypto';
import type { Plan } from '../transaction/plan.ts';
import type { Run } from './run.ts';

/** The token for the check that tokens survive: the given one, or one that the host makes and deletes again. */
export function tokenFor(run: Run, plan: Plan): string | undefined {
  if (!plan.keepsTokens) return undefined;
  if (!plan.mintsToken) return run.inputs.verify.healthToken;
  const token = randomBytes(16).toString('hex');
  run.mask(token);
  return token;
}
