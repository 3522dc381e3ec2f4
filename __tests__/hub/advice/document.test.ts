import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { adviceDocument, NOTES } from '../../../script/advice-document.ts';
import { RULES } from '../../../src/hub/advice/rules/index.ts';

test('docs/advice.md is what "node script/advice-document.ts" writes', async () => {
  const written = await readFile(new URL('../../../docs/advice.md', import.meta.url), 'utf8');
  expect(written).toBe(adviceDocument());
});

test('every note of the changelog has rules that exist, or a reason why not', () => {
  const ids = RULES.map(({ id }) => id);
  for (const { note, rules = [], because } of NOTES) {
    expect(
      rules.filter((id) => !ids.includes(id)),
      note,
    ).toEqual([]);
    expect(rules.length > 0 || because !== undefined, note).toBe(true);
  }
});
