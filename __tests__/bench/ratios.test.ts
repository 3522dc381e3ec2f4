import { describe, expect, it } from 'vitest';
import { aimsOf, isMet } from '../../bench/ratios/aims.ts';
import { render } from '../../bench/ratios/report.ts';
import { interleave, median } from '../../bench/ratios/statistics.ts';
import { table } from '../../bench/ratios/table.ts';

describe('a median', () => {
  it('is the middle value, or the mean of the two', () => {
    expect(median([9, 1, 3])).toBe(3);
    expect(median([4, 1, 2, 30])).toBe(3);
    expect(median([7])).toBe(7);
  });

  it('of nothing is an error', () => {
    expect(() => median([])).toThrow('nothing');
  });
});

describe('interleaved measurements', () => {
  it('go round and are kept by kind', async () => {
    const order: string[] = [];
    const found = await interleave(['a', 'b'], 2, async (kind, round) => {
      order.push(`${kind}${round}`);
      return round * 10;
    });
    expect(order).toEqual(['a1', 'b1', 'a2', 'b2']);
    expect(found).toEqual({ a: [10, 20], b: [10, 20] });
  });
});

describe('a table', () => {
  it('is Markdown and aligned', () => {
    expect(
      table(
        ['way', '1'],
        [
          ['the floor', '6.4'],
          ['≤', '10.25'],
        ],
      ),
    ).toBe(
      ['| way       |     1 |', '| --------- | ----: |', '| the floor |   6.4 |', '| ≤         | 10.25 |'].join('\n'),
    );
  });
});

const outage = (seconds: number, told?: number) => ({
  seconds,
  load: 1,
  ...(told === undefined
    ? {}
    : {
        told: {
          seconds: told,
          expected: told * 0.8,
          steps: { stop: 2, snapshot: 0.5, switch: 0.25, migrate: 3, start: 0.25 },
        },
      }),
});

describe('the aims', () => {
  const downtime = {
    action: [outage(8, 8.5), outage(7, 7), outage(30, 29)],
    'in-place': [outage(20, 20)],
    guide: [outage(16), outage(20), outage(15)],
    floor: [outage(6), outage(7), outage(6.4)],
  };

  it('are ratios of medians', () => {
    const measured = aimsOf({ downtime }).map((aim) => aim.measured);
    expect(measured[0]).toBeCloseTo(8 / 6.4);
    expect(measured[1]).toBeCloseTo(8 / 16);
    expect(measured[2]).toBeCloseTo(1);
    expect(measured[3]).toBeCloseTo(1 / 0.8);
    expect(aimsOf({ downtime }).map(isMet)).toEqual([true, true, true, true]);
  });

  it('are missed by what is over the limit, and by what is not known', () => {
    const slow = { ...downtime, action: [outage(10, 13)] };
    expect(aimsOf({ downtime: slow }).map(isMet)).toEqual([false, false, false, true]);
    const silent = { ...downtime, action: [outage(8)] };
    expect(aimsOf({ downtime: silent }).map(isMet)).toEqual([true, true, false, false]);
  });

  it('hold for start-up and latency', () => {
    const startUp = { bundle: [100, 160, 110], node: [40, 55, 50] };
    const latency = { near: [{ seconds: 60, waiting: 4, load: 1 }], far: [{ seconds: 50, waiting: 10, load: 1 }] };
    const aims = aimsOf({ startUp, latency });
    expect(aims.map(({ measured }) => measured)).toEqual([110 / 50, 100 / 40, 6]);
    expect(aims.map(isMet)).toEqual([true, true, false]);
  });
});

describe('the report', () => {
  const circumstances = { commit: 'abc1234', date: '2026-11-22', command: 'script/bench', machine: '2 cores of X' };

  it('names commit and command, and says which aims are missed', () => {
    const latency = {
      near: [{ seconds: 40, waiting: 4, load: 1 }],
      far: [{ seconds: 46.5, waiting: 10, load: 2.5 }],
    };
    const text = render({ latency }, circumstances);
    expect(text).toContain('`script/bench` at commit abc1234 on 2026-11-22');
    expect(text).toMatch(/takes longer by \(minima\) +\| +6\.0 s \| ≤ 5\.0 s \| +\*\*no\*\* \|/);
    expect(text).toMatch(/with 100 ms added, in all +\| +46\.5 \|/);
    expect(text).not.toContain('## Downtime');
  });

  it('shows where the downtime of the action goes', () => {
    const steps = { stop: 2, snapshot: 0.5, install: 9, migrate: 3, start: 0.25 };
    const inPlace = { seconds: 17, load: 1, told: { seconds: 17.25, steps } };
    const downtime = { action: [outage(8, 8.5)], 'in-place': [inPlace], guide: [outage(16)], floor: [outage(6.4)] };
    const text = render({ downtime }, circumstances);
    expect(text).toMatch(/this action, in place +\| +17\.0 \|/);
    expect(text).toMatch(/switch +\| +0\.25 \| +\|/);
    expect(text).toMatch(/install +\| +\| +9\.00 \|/);
    expect(text).toMatch(/migrate +\| +3\.00 \| +3\.00 \|/);
    expect(text).toMatch(/until it answers +\| +2\.50 \| +2\.50 \|/);
  });
});
