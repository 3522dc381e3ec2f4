import { describe, expect, it } from 'vitest';
import type { Inputs } from '../../src/inputs.ts';
import { judge } from '../../src/rehearsal/judge.ts';
import { readRehearsal } from '../../src/rehearsal/report.ts';
import { JournalView, parseJournal } from '../../src/transaction/journal.ts';

const inputs = {
  database: { strategy: 'migrate' },
  acceptAdvice: [] as string[],
  maxDowntime: 600,
} as unknown as Inputs;

function view(...notes: string[]): JournalView {
  const made = new JournalView();
  made.add(parseJournal(notes.map((note) => `1 0 note rehearse ${note}\n`).join('')).entries);
  return made;
}

const found = { known: true, could: 30, lost: 0, gained: 0, undetermined: 0, strangers: 'same', ignored: [] };
const times = ['seconds copy 30', 'seconds migrate 400', 'trial isolated', 'seconds start 250', 'seconds stop 50'];

const report = (more: object) => readRehearsal(view(...times, `rehearsed ${JSON.stringify({ ...found, ...more })}`));

describe('a rehearsal', () => {
  it('says how long the hub will be away, and what was not tried', () => {
    expect(report({})).toEqual({
      report: {
        seconds: { copy: 0.3, migrate: 4, start: 2.5, stop: 0.5 },
        trial: 'isolated',
        access: { could: 30, lost: 0, gained: 0, undetermined: 0, strangers: 'same' },
        ignored: [],
        expectedDowntime: 9,
      },
      notTried: [],
    });
    expect(readRehearsal(view('no-trial it needs a network', 'rehearsed {"known": false}'))).toEqual({
      report: { seconds: {}, ignored: [] },
      notTried: ['a trial start of the new hub: it needs a network', 'whether everybody who can log in now still can'],
    });
  });

  it('takes nothing of another shape from the host', () => {
    const { report, notTried } = readRehearsal(
      view('seconds start ten', 'seconds nap 5', 'trial by-fire', 'rehearsed {"known": true, "lost": -1}'),
    );
    expect(report).toEqual({ seconds: {}, ignored: [] });
    expect(notTried).toHaveLength(1);
  });

  it.each([
    [{ lost: 30 }, /Nobody could log in to JupyterHub 6\.1\.1: .* all 30 users .*accept-advice: allow-config/],
    [
      { ignored: ['c.Site.domain'] },
      /would ignore c\.Site\.domain, .*the trait was removed\. Write what took its place/,
    ],
  ])('speaks against an upgrade: %j', (more, sentence) => {
    const { problems } = judge(report(more).report, inputs, '6.1.1');
    expect(problems).toEqual([expect.stringMatching(sentence)]);
  });

  it('speaks against one that takes longer than it may', () => {
    const { problems } = judge(report({}).report, { ...inputs, maxDowntime: 7 }, '6.1.1');
    expect(problems).toEqual([expect.stringMatching(/away for about 9 s, .* max-downtime is 7 s\. Allow more\./)]);
  });

  it.each([
    [{ lost: 3 }, '3 of 30 users who can log in now could not'],
    [{ gained: 2 }, '2 users who cannot log in now could'],
    [{ strangers: 'lost' }, 'Users whom the hub does not know yet can log in now'],
    [{ undetermined: 4 }, 'Whether 4 users can log in'],
  ])('warns of %j', (more, sentence) => {
    const { problems, warnings } = judge(report(more).report, inputs, '6.1.1');
    expect(problems).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining(sentence)]);
  });

  it('leaves to the advice what a rule of it is about, and to the admin what was accepted', () => {
    const { problems } = judge(report({ ignored: ['c.Authenticator.blacklist'] }).report, inputs, '6.1.1');
    expect(problems).toEqual([]);
    const accepting = { ...inputs, acceptAdvice: ['allow-config'] };
    expect(judge(report({ lost: 30 }).report, accepting, '6.1.1')).toEqual({
      problems: [],
      warnings: [expect.stringContaining('30 of 30')],
    });
  });
});
