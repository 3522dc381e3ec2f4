import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { lostKeys } from '../../bench/check/keys.ts';
import { disagreements, type Recorded, render } from '../../bench/compatibility.ts';
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
  const one = {
    ...{ dialect: 'sqlite', through: [], result: 'kept' as const, detail: '' },
    ...{
      commit: 'abcdef0',
      code: 'code',
      server: '3.40.1',
      pythons: { '2.3.1': '3.11', '4.1.6': '3.11', '6.1.1': '3.12' },
    },
  };
  const records: Recorded[] = [
    { ...one, from: '2.3.1', to: '4.1.6' },
    { ...one, from: '2.3.1', to: '6.1.1', result: 'upgrade-db failed' as const, detail: 'no such column' },
    { ...one, from: '2.3.1', through: ['4.1.6'], to: '6.1.1', commit: '0123456' },
    { ...one, from: '4.1.6', to: '6.1.1' },
  ];

  it('says what was measured beside what the table says, and at which commits', () => {
    const text = render(records, table);
    expect(text).toContain('| **2.3.1** | kept | by way of 4.1.6: kept | 0123456, abcdef0 |');
    expect(text).toContain('| **4.1.6** |  | kept | abcdef0 |');
    expect(text).toContain('2.3.1 (Python 3.11), 4.1.6 (Python 3.11), 6.1.1 (Python 3.12).');
    expect(text).toMatch(/## MariaDB\n\nNot measured/);
    expect(text).toContain('SQLite, 2.3.1 → 6.1.1: upgrade-db failed, `no such column` (known, goes by way of 4.1.6)');
    expect(text).toMatch(/differ\n\nNowhere\./);
  });

  it('says where the two differ', () => {
    const blind = { hopsBetween: () => [], dropsTokens: () => false };
    const text = render(records, blind);
    expect(text).toContain('**upgrade-db failed**');
    expect(text).toContain('**not known to the table**');
    expect(text).toContain('- sqlite, 2.3.1 → 6.1.1: upgrade-db failed and not kept (no such column)');
  });

  it('is what its records say, which agree with the table', async () => {
    const read = (extension: string) =>
      readFile(new URL(`../../docs/compatibility.${extension}`, import.meta.url), 'utf8');
    const lines = (await read('jsonl')).trimEnd().split('\n');
    const measured = lines.map((line) => JSON.parse(line) as Recorded);
    expect(await read('md')).toBe(render(measured, table));
    expect(disagreements(measured, table)).toEqual([]);
  });
});
