import { UpgradeError } from '../errors.ts';
import { type Kept, parseKept } from '../hub/kept.ts';
import { connectToHost, look } from './discover.ts';
import { isOfThisHub } from './earlier-jobs.ts';
import type { Run } from './run.ts';

/** Mode restore without an artifact: says what the host keeps of earlier releases, and what to write to restore one. */
export async function listKept(run: Run): Promise<never> {
  await connectToHost(run);
  const kept = await run.log.step('list', 'List what the host keeps', async () => {
    const raw = await look(run);
    const found = parseKept(raw).filter((one) => isOfThisHub(run, one, raw.get('pid') && raw.get('directory')));
    for (const one of found) run.log.info(describe(one));
    if (found.length === 0) run.log.info('The host keeps nothing of this hub.');
    return found;
  });
  const newest = kept.findLast(({ kind }) => kind === 'before');
  const runId = newest && /\/runs\/(\d+)/.exec(newest.owner)?.[1];
  throw new UpgradeError(
    ['No artifact-id was given, so nothing was restored. What the host keeps:', ...kept.map(describe)].join('\n'),
    {
      step: 'list',
      hub: 'The hub was not touched.',
      next:
        'Write artifact-id: the output backup-artifact-id of the run that made the backup, which its job summary shows. ' +
        `Of an earlier run, run-id too${runId === undefined ? '' : ` (of the newest above: ${runId})`}, and github-token.`,
    },
  );
}

function describe({ kind, owner, version, date, what }: Kept): string {
  const which = kind === 'before' ? 'of before the job' : 'that was taken back by the job';
  return `- JupyterHub ${version} ${which} of ${owner}, ${date}: ${what.join('; ') || 'nothing was set aside'}`;
}
