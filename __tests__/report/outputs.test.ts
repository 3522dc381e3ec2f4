import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { OUTPUT_NAMES, outputsOf, writeOutputs } from '../../src/report/outputs.ts';
import type { RunResult } from '../../src/report/result.ts';
import { duration } from '../../src/report/text.ts';
import { hostile } from './hostile.ts';
import { entriesIn } from './runner.ts';
import { samples } from './samples.ts';

const directory = mkdtempSync(join(tmpdir(), 'outputs-'));
const file = join(directory, 'output');
afterAll(() => rmSync(directory, { recursive: true }));

function written(...results: RunResult[]): [name: string, value: string][] {
  writeFileSync(file, '');
  for (const result of results) writeOutputs(result, file);
  return entriesIn(readFileSync(file, 'utf8'));
}

describe('outputs', () => {
  it('are all set, for every outcome', () => {
    for (const result of Object.values(samples)) {
      const entries = written(result);
      expect(entries.map(([name]) => name)).toEqual([...OUTPUT_NAMES]);
      expect(Object.fromEntries(entries).outcome).toBe(result.outcome);
    }
  });

  it('hold what happened', () => {
    const { result, ...rest } = outputsOf(samples['rolled-back']);
    expect(rest).toEqual({
      outcome: 'rolled-back',
      'failed-step': 'migrate',
      'previous-version': '4.1.6',
      'current-version': '4.1.6',
      'previous-revision': '0eee8c825d24',
      'current-revision': '0eee8c825d24',
      'backup-artifact-id': '4021337',
      'backup-artifact-digest': samples['rolled-back'].backup?.digest,
      'downtime-seconds': '9.1',
      'plan-digest': expect.stringMatching(/^79363bbe26db[0-9a-f]{52}\.[\w-]+$/),
    });
    expect(JSON.parse(result)).toEqual(samples['rolled-back']);
  });

  it('round as the summary does', () => {
    const outputs = outputsOf({ ...samples['rolled-back'], downtime: { startedAt: 0, seconds: 9.45 } });
    expect(`${outputs['downtime-seconds']} s`).toBe(duration(9.45));
  });

  it('are empty where nothing is known', () => {
    const outputs = outputsOf(samples['failed-before-change']);
    expect(OUTPUT_NAMES.filter((name) => outputs[name] === '')).toEqual([
      ...['previous-version', 'current-version', 'previous-revision', 'current-revision'],
      ...['backup-artifact-id', 'backup-artifact-digest', 'downtime-seconds', 'plan-digest'],
    ]);
  });

  it('may be written again: the last value stands', () => {
    expect(Object.fromEntries(written(samples.unknown, samples.upgraded)).outcome).toBe('upgraded');
  });

  it('are these and no others, whatever the values hold', () => {
    fc.assert(
      fc.property(hostile, hostile, hostile, (one, two, three) => {
        const result: RunResult = {
          ...samples.upgraded,
          versions: { previous: one, current: two },
          revisions: { previous: three, current: one },
          error: { step: two, cause: three, hub: one, next: two },
          rows: { before: { [one]: 1, [`${two}x`]: 2 } },
          warnings: [`end-\n${three}`, 'outcome=upgraded\nresult<<x'],
        };
        const entries = written(result);
        expect(entries.map(([name]) => name)).toEqual([...OUTPUT_NAMES]);
        for (const [, value] of entries) expect(value).not.toMatch(/[\r\n]/);
        expect(JSON.parse(Object.fromEntries(entries).result ?? '')).toMatchObject({ version: 1, outcome: 'upgraded' });
      }),
    );
  });

  it('stay small, and say when something was left out', () => {
    const long = `${'\u0001"\\'.repeat(500)}`;
    const many = <T>(item: T) => Array.from({ length: 1000 }, () => item);
    const { result } = outputsOf({
      ...samples.upgraded,
      error: { step: 'x', cause: long.repeat(100), hub: long, next: long },
      rows: { before: Object.fromEntries(many(1).map((rows, index) => [`${index}${long}`, rows])) },
      servers: many({ user: long, name: long }),
      warnings: many(long),
      notTried: many(long),
      steps: many({ name: long, title: long, side: 'host', startedAt: 1, seconds: 1, outcome: 'done' }),
    });
    expect(result.length).toBeLessThanOrEqual(100_000);
    expect(JSON.parse(result)).toMatchObject({ version: 1, outcome: 'upgraded', truncated: true });
    expect(JSON.parse(outputsOf(samples.upgraded).result)).not.toHaveProperty('truncated');
  });
});
