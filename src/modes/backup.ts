import { UpgradeError } from '../errors.ts';
import { databaseOf } from '../hub/databases/index.ts';
import { diskBlockers, writeBlockers } from '../hub/disk.ts';
import type { Outcome } from '../outcome.ts';
import { backUp } from './back-up.ts';
import { connectToHost, discover } from './discover.ts';
import type { Run } from './run.ts';

/** A proven backup of the live hub as an artifact, and nothing else. */
export async function backup(run: Run): Promise<Outcome> {
  await connectToHost(run);
  const { facts } = await discover(run);
  const { backupBlockers, ...database } = databaseOf(facts, run.inputs);
  const needs = database.needs.filter(({ place }) => place === 'database' || place === 'phases');
  const blockers = [...backupBlockers, ...diskBlockers(facts, needs), ...writeBlockers(facts, needs)];
  if (blockers.length > 0) {
    throw new UpgradeError(blockers.join('\n'), {
      step: 'backup',
      hub: 'Nothing was touched.',
      next: 'Mend what is said above and run the job again.',
    });
  }
  await backUp(run, facts, false);
  return 'backed-up';
}
