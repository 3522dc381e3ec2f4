import type { DatabaseDigest } from './manifest.ts';

/** `exact`: every column, for a stopped hub; `durable`: less the columns that a running hub rewrites. */
export type Strength = 'exact' | 'durable';

/** How `actual` differs from `expected`, a sentence each; an empty list means the data is what it was. */
export function differences(expected: DatabaseDigest, actual: DatabaseDigest, strength: Strength): string[] {
  const found: string[] = [];
  if (actual.schema !== expected.schema) found.push('The schema is another.');

  const names = new Set([...Object.keys(expected.tables), ...Object.keys(actual.tables)]);
  for (const name of [...names].sort()) {
    const before = tableOf(expected, name);
    const after = tableOf(actual, name);
    if (!after) found.push(`Table ${name} is missing (it had ${rows(before?.rows)}).`);
    else if (!before) found.push(`Table ${name} was not there before (it has ${rows(after.rows)}).`);
    else if (after.rows !== before.rows) found.push(`Table ${name} has ${rows(after.rows)} instead of ${before.rows}.`);
    else if (after[strength] !== before[strength])
      found.push(`Table ${name} has other content in its ${rows(after.rows)}.`);
  }
  return found;
}

// A table may be called like a property that every object has.
function tableOf(digest: DatabaseDigest, name: string) {
  return Object.hasOwn(digest.tables, name) ? digest.tables[name] : undefined;
}

function rows(count = 0): string {
  return count === 1 ? '1 row' : `${count} rows`;
}
