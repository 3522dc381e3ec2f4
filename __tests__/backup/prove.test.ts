import { expect, test } from 'vitest';
import type { DatabaseDigest } from '../../src/backup/manifest.ts';
import { differences } from '../../src/backup/prove.ts';

const table = (rows: number, content = 'a', lasting = content) => ({ rows, exact: content, durable: lasting });

const before: DatabaseDigest = { schema: 's', tables: { users: table(12), tokens: table(1) } };

const after = (tables: DatabaseDigest['tables'], schema = 's'): DatabaseDigest => ({ schema, tables });

test.each(['exact', 'durable'] as const)('Equal digests have no differences (%s)', (strength) => {
  expect(differences(before, structuredClone(before), strength)).toEqual([]);
});

test('What a running hub rewrites counts only for the exact strength', () => {
  const seen = after({ users: table(12, 'b', 'a'), tokens: table(1) });
  expect(differences(before, seen, 'durable')).toEqual([]);
  expect(differences(before, seen, 'exact')).toEqual(['Table users has other content in its 12 rows.']);
});

test.each(['exact', 'durable'] as const)('Every difference is a sentence (%s)', (strength) => {
  const seen = after({ users: table(11, 'b'), spawners: table(3), constructor: table(0) }, 'other');
  expect(differences(before, seen, strength)).toEqual([
    'The schema is another.',
    'Table constructor was not there before (it has 0 rows).',
    'Table spawners was not there before (it has 3 rows).',
    'Table tokens is missing (it had 1 row).',
    'Table users has 11 rows instead of 12.',
  ]);
});

test('A missing row is told even where the sums were made to agree', () => {
  expect(differences(before, after({ users: table(11), tokens: table(1) }), 'exact')).toEqual([
    'Table users has 11 rows instead of 12.',
  ]);
});
