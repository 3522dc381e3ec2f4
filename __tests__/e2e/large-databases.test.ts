import { expect, test } from 'vitest';
import { measure } from '../../bench/large/measure.ts';
import { overLimit } from '../../bench/large/report.ts';

// More than the runner may use besides node itself, and most of it in few rows, so that it is soon made:
// script/bench-databases has the sizes that are promised, and PostgreSQL.
const SUBJECT = { database: 'sqlite', seal: 'recipients', users: 1_300, bytesEach: 128 * 1024 } as const;

test('A large database is backed up, proven and restored in little memory', { timeout: 600_000 }, async () => {
  const figures = await measure(SUBJECT, () => {});
  expect(figures.backup.artifact).toBeGreaterThan(160 * 2 ** 20);
  expect(overLimit(figures)).toEqual([]);
});
