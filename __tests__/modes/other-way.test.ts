import { expect, it } from 'vitest';
import { UpgradeError } from '../../src/errors.ts';
import { withOtherWay } from '../../src/modes/other-way.ts';
import { JournalView, parseJournal } from '../../src/transaction/journal.ts';
import { sampleInputs, sqliteFacts } from '../hub/samples.ts';

const loss = { users: { count: 2, first: ['alice', 'bob'] } };

/** What is said to be done next when a job has failed with this journal. */
async function next(journal: string, facts = sqliteFacts({ loss }), inputs: Record<string, string> = {}) {
  const view = new JournalView();
  view.add(parseJournal(journal).entries);
  const trouble = { step: 'rehearse', hub: 'The hub runs.', next: 'Mend it.' };
  const error = withOtherWay(
    new UpgradeError('a sentence', trouble),
    { inputs: await sampleInputs(inputs) },
    facts,
    view,
  );
  return (error as UpgradeError).trouble.next;
}

it.each([
  ['of a copy', '1 0 note rehearse copy-not-migrated yes\n2 0 fail rehearse exit status 1\n3 0 verdict - not-begun\n'],
  ['of the database', '1 0 fail migrate exit status 1\n2 0 verdict - rolled-back\n'],
])('a migration that failed, %s, has the other way beside it, with its price', async (_, journal) => {
  expect(await next(journal)).toBe(
    'Mend it. If it cannot be mended: database-strategy: fresh begins with an empty database instead. It would cost beside ' +
      'logins: 2 users (alice, bob).',
  );
  // Which begins with an empty database already, or of which it is not known what it would cost.
  expect(await next(journal, sqliteFacts({ loss }), { 'database-strategy': 'fresh' })).toBe('Mend it.');
  expect(await next(journal, sqliteFacts())).toBe('Mend it.');
});

it('whatever else failed has none', async () => {
  expect(await next('1 0 fail rehearse a copy of the database cannot be migrated\n')).toBe('Mend it.');
  expect(await next('1 0 fail start exit status 1\n2 0 verdict - rolled-back\n')).toBe('Mend it.');
  // The way back comes first; and a migration that was ended did not fail.
  expect(await next('1 0 fail migrate exit status 1\n2 0 verdict - rollback-failed\n')).toBe('Mend it.');
  for (const reason of ['asked to abort: the run was cancelled', 'max-downtime of 600 s exceeded']) {
    expect(await next(`1 0 fail migrate ${reason}\n2 0 verdict - rolled-back\n`)).toBe('Mend it.');
  }
});
