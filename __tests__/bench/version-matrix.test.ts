import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { lostKeys } from '../../bench/check/keys.ts';
import { disagreements, render } from '../../bench/compatibility.ts';
import { cachedEnvironment } from '../../bench/hub/environments.ts';
import { type Measurement, measureFrom } from '../../bench/matrix/measure.ts';
import { openSite, type Site } from '../../bench/matrix/site.ts';
import { type Store, stores } from '../../bench/matrix/stores.ts';
import { dropsTokens, hopsBetween } from '../../src/hub/releases.ts';

const table = { hopsBetween, dropsTokens };

// A slice of script/version-matrix, on the system's own Python: what the product's table says is so.
describe('a database that a real hub filled', () => {
  let site: Site;
  let store: Store;

  beforeAll(async () => {
    store = await stores.sqlite();
    site = await openSite();
  });
  afterAll(async () => {
    await site?.close();
    await store?.close();
  });

  const measure = async (from: string, ways: string[][]) => {
    const found: Measurement[] = [];
    const installation = async (release: string) => ({ release, environment: await cachedEnvironment(release) });
    const installed = await Promise.all(ways.map((way) => Promise.all(way.map(installation))));
    await measureFrom(site, store, await installation(from), installed, async (one) => {
      found.push(one);
    });
    expect(disagreements(found, table)).toEqual([]);
    return found.map(({ through, to, result, detail }) => ({ way: [...through, to].join(), result, detail }));
  };

  test('2.3.1 breaks straight on, and keeps everything by way of 4.1.6', { timeout: 600_000 }, async () => {
    expect(await measure('2.3.1', [['6.1.1'], ['4.1.6', '6.1.1']])).toEqual([
      { way: '6.1.1', result: 'upgrade-db failed', detail: expect.stringContaining('no such column: users.user_info') },
      { way: '4.1.6,6.1.1', result: 'kept', detail: '' },
    ]);
  });
});

describe('the comparison', () => {
  const before = { users: ['alice', 'bob'], shares: ['bob/lab with alice'], revision: ['4621fec11365'] };

  it('finds what is gone, with its table too, and looks away from what it is told to', () => {
    expect(lostKeys(before, before, [])).toEqual({});
    expect(lostKeys(before, { ...before, users: ['alice', 'carol'] }, [])).toEqual({ users: ['bob'] });
    expect(lostKeys(before, { users: before.users }, ['revision'])).toEqual({ shares: before.shares });
  });
});

describe('docs/compatibility.md', () => {
  const one = { dialect: 'sqlite', through: [], result: 'kept' as const, detail: '' };
  const report = {
    commit: 'abcdef0',
    releases: ['1.5.1', '2.3.1', '4.1.6', '6.1.1'].map((release) => ({
      ...{ release, python: release === '1.5.1' ? undefined : '3.11', pythons: ['3.11'] },
    })),
    dialects: [{ dialect: 'sqlite', version: '3.40.1' }],
    measurements: [
      { ...one, from: '2.3.1', to: '4.1.6' },
      { ...one, from: '2.3.1', to: '6.1.1', result: 'upgrade-db failed' as const, detail: 'no such column' },
      { ...one, from: '2.3.1', through: ['4.1.6'], to: '6.1.1' },
      { ...one, from: '4.1.6', to: '6.1.1' },
    ],
  };

  it('says what was measured beside what the table says', () => {
    const text = render(report, table);
    expect(text).toContain('| **2.3.1** | kept | by way of 4.1.6: kept |');
    expect(text).toContain('| **4.1.6** |  | kept |');
    expect(text).toContain('1.5.1 was left out: this machine has no Python 3.11.');
    expect(text).toContain('SQLite, 2.3.1 → 6.1.1: upgrade-db failed, `no such column` (known, goes by way of 4.1.6)');
    expect(text).toMatch(/differ\n\nNowhere\./);
  });

  it('says where the two differ', () => {
    const blind = { hopsBetween: () => [], dropsTokens: () => false };
    const text = render(report, blind);
    expect(text).toContain('**upgrade-db failed**');
    expect(text).toContain('**not known to the table**');
    expect(text).toContain('- sqlite, 2.3.1 → 6.1.1: upgrade-db failed and not kept (no such column)');
  });
});
