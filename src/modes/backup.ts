import type { Outcome } from '../outcome.ts';
import { backUp } from './back-up.ts';
import { connectToHost, discover } from './discover.ts';
import type { Run } from './run.ts';

/** A proven backup of the live hub as an artifact, and nothing else. */
export async function backup(run: Run): Promise<Outcome> {
  await connectToHost(run);
  const { facts } = await discover(run);
  await backUp(run, facts, false);
  return 'backed-up';
}
