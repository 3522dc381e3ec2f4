import { expect, test } from 'vitest';
import { measure } from '../../bench/large/measure.ts';
import { overLimit } from '../../bench/large/report.ts';

// Larger than what the runner may use, and most of it in few rows, so that it is soon made: script/bench-databases has the
// sizes that are promised, and PostgreSQL.
const SUBJECT = { database: 'sqlite', seal: 'recipients', users: 2_000, bytesEach: 128 * 1024 } as const;

test('A large database is backed up, proven and restored in little memory', { timeout: 600_000 }, async () => {
  const figures = await measure(SUBJECT, () => {});
  expect(figures.backup.artifact).toBeGreaterThan(240 * 2 ** 20);
  expect(overLimit(figures)).toEqual([]);
});
