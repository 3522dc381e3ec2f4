import { UpgradeError } from '../errors.ts';
import { costOfFresh } from '../hub/databases/fresh.ts';
import type { Facts } from '../hub/facts.ts';
import type { JournalView } from '../transaction/journal.ts';
import type { Run } from './run.ts';

/** A migration that fails in SQLite leaves one way that JupyterHub's guide knows, and its price: both are said beside the error. */
export function withOtherWay(
  error: unknown,
  { inputs }: Pick<Run, 'inputs'>,
  { database }: Facts,
  view: JournalView,
): unknown {
  // While the way back is not walked there is no other.
  const isBack = view.verdict === 'rolled-back' || view.verdict === 'not-begun';
  if (!(error instanceof UpgradeError) || !view.migrationFailed || !isBack) return error;
  if (database.dialect !== 'sqlite' || database.loss === undefined || inputs.database.strategy === 'fresh')
    return error;
  const next =
    `${error.trouble.next} If it cannot be mended: database-strategy: fresh begins with an empty database instead. It would ` +
    `cost ${costOfFresh(database.loss)}.`;
  return new UpgradeError(error.message, { ...error.trouble, next }, { cause: error });
}
