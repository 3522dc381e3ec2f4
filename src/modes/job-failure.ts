import { UpgradeError } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import type { BackupReport } from '../report/result.ts';
import type { FollowEnd } from '../transaction/job.ts';
import type { JournalView } from '../transaction/journal.ts';
import { walkBack } from '../transaction/walk-back.ts';

/** What is known of a job that did not come to a good end, beside its journal. */
export interface Circumstances {
  directory: string;
  become: 'sudo' | 'none';
  /** JupyterHub's version before the job. */
  previous: string | undefined;
  backup: Pick<BackupReport, 'name' | 'artifactId'> | undefined;
  /** The last lines that the step printed which failed, and the way back that did. */
  said: string[];
  saidOfUndo: string[];
}

/** For people: why a job failed, what the hub is now, and what to do. */
export function failureOf(
  view: JournalView,
  end: FollowEnd,
  { directory, become, previous, backup, said, saidOfUndo }: Circumstances,
): { outcome: Outcome; error: UpgradeError } {
  const release = previous ? `JupyterHub ${previous}` : 'the old release';
  const failure = view.failure ?? { step: 'confirm', reason: (view.decision ?? '').replace(/^\w+ /, '') };
  const fail = (outcome: Outcome, hub: string, next: string) => ({
    outcome,
    error: new UpgradeError([failure.reason, ...said].join('\n'), { step: failure.step, hub, next }),
  });
  const where = backup ? ` The backup is the artifact ${backup.name} (id ${backup.artifactId}).` : '';
  switch (end === 'dead' ? 'dead' : view.verdict) {
    case 'not-begun':
      return fail('failed-before-change', untouched(view, release), 'Mend the cause and run the job again.');
    case 'rolled-back':
      return fail(
        'rolled-back',
        view.note('restarted')
          ? `The hub runs ${release} again, with the environment and the database of before the stop.`
          : 'The hub has the environment and the database of before again. It did not run then, and does not run now.',
        `Mend the cause and run the job again.${where}`,
      );
    case 'rollback-failed':
      return fail(
        'rollback-failed',
        [
          'The way back did not succeed either, and no hub was seen to work since.',
          ...saidOfUndo,
          `Everything is in place on the host, in ${directory}.`,
        ].join(' '),
        `Mend what ${directory}/log says at its end. Then walk the way back to its end on the host:\n` +
          `${walkBack(directory, become)}\nIts last line ends with "rolled-back" when the old hub runs again.${where}`,
      );
    default:
      return fail(
        'unknown',
        `The job in ${directory} died without a verdict: in what state the hub is now is not known.`,
        `Look at ${directory}/log on the host. The next run takes the job up and brings it to its end.${where}`,
      );
  }
}

/** A job that did not get the hub has no notes: somebody else is at work there. */
function untouched(view: JournalView, release: string): string {
  switch (view.note('was-running')) {
    case 'yes':
      return `Nothing was stopped: the hub runs ${release} as before.`;
    case 'no':
      return 'Nothing was changed: the hub did not run before, and does not run now.';
    default:
      return 'This run stopped nothing and changed nothing.';
  }
}
