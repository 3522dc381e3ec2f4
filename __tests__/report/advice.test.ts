import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Advice } from '../../src/hub/advice/evaluate.ts';
import { RULES } from '../../src/hub/advice/rules/index.ts';
import { adviceLines } from '../../src/report/advice.ts';
import { renderSummary } from '../../src/report/summary.ts';
import { hostile } from './hostile.ts';
import { samples } from './samples.ts';

const piece = (rest: Partial<Advice>): Advice => ({
  ...{ id: 'some-rule', level: 'info', release: '5.0', consequence: 'It `changes`.', instead: 'Write `x = {"a": 1}`.' },
  ...{ seen: [], sources: ['https://example.org/changelog'] },
  ...rest,
});
const summary = (advice: Advice[]) => renderSummary({ ...samples.planned, advice });

test('the summary shows what needs a decision in the open, and folds the notes', () => {
  const text = summary([
    piece({ id: 'one', level: 'blocker', seen: ['c.Authenticator.blacklist'] }),
    piece({ id: 'two', level: 'blocker', accepted: true }),
    piece({ id: 'three', level: 'warning' }),
    piece({ id: 'four' }),
  ]);
  const [open, notes] = text.slice(text.indexOf('### What changed')).split('<details><summary>1 note</summary>');
  expect(open).toContain(
    '- **blocker** `one` (`5.0`): It `changes`. Here: c.Authenticator.blacklist.<br>Instead: Write `x = {"a": 1}`.',
  );
  expect(open).toContain('- accepted `two` (`5.0`)');
  expect(open).toContain('- warning `three` (`5.0`)');
  expect(notes).toContain('- info `four` (`5.0`)');
  expect(summary([])).not.toContain('What changed');
});

test('the log has for each piece what, where, what instead, and the source', () => {
  expect(adviceLines([piece({ level: 'blocker', accepted: true, seen: ['c.A.b', '2 services'] })])).toEqual([
    'accepted some-rule (JupyterHub 5.0; here: c.A.b, 2 services)',
    '    It `changes`.',
    '    Instead: Write `x = {"a": 1}`.',
    '    See: https://example.org/changelog',
  ]);
});

test('all rules together fit into a summary, and every one is named', () => {
  const advice = RULES.map(({ id, level, since, consequence, instead, sources }) =>
    piece({ id, level, release: since, consequence, instead, sources }),
  );
  const text = summary(advice);
  expect(Buffer.byteLength(text)).toBeLessThan(64 * 1024);
  for (const { id } of RULES) expect(text).toContain(`\`${id}\``);
});

test('names from the configuration stay text', () => {
  fc.assert(
    fc.property(hostile, (name) => {
      const text = summary([piece({ level: 'warning', seen: [`class ${name}.blacklist`] })]);
      const section = text.slice(text.indexOf('### What changed'), text.indexOf('<br>'));
      expect(section).not.toMatch(/<(img|script|a|\/details|!--)|(?<!\\)\]\(|:\/\/|@admin/);
    }),
  );
});
