import { describe, expect, test } from 'vitest';
import { RULES } from '../../../src/hub/advice/rules/index.ts';

test('every rule has an id of its own', () => {
  const ids = RULES.map(({ id }) => id);
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
});

describe.each(RULES)('the rule $id', (rule) => {
  test('is data', () => {
    expect(JSON.parse(JSON.stringify(rule))).toEqual(rule);
    expect(rule.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    for (const release of [rule.since, rule.until, rule.again]) {
      if (release !== undefined) expect(release).toMatch(/^(any|major|\d+(\.\d+)+)$/);
    }
  });

  test('says in sentences what happens and what to do, and where that is from', () => {
    for (const text of [rule.consequence, rule.instead, rule.measured]) {
      if (text !== undefined) expect(text).toMatch(/^[A-Z0-9`"'].*\.$/s);
      // An odd number of backticks would turn the rest of a page into code.
      expect((text?.match(/`/g) ?? []).length % 2).toBe(0);
    }
    expect(rule.sources.length).toBeGreaterThan(0);
    for (const source of rule.sources) expect(source).toMatch(/^https:\/\//);
  });
});
