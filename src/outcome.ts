/** How a run ended. The words are the contract of the `outcome` output. */
export const OUTCOMES = [
  'planned',
  'unchanged',
  'backed-up',
  'upgraded',
  'restored',
  'rolled-back',
  'rollback-failed',
  'failed-before-change',
  'unknown',
] as const;

export type Outcome = (typeof OUTCOMES)[number];

/** Outcomes that end the job green. A rolled-back upgrade is red. */
export function isSuccess(outcome: Outcome): boolean {
  return ['planned', 'unchanged', 'backed-up', 'upgraded', 'restored'].includes(outcome);
}
