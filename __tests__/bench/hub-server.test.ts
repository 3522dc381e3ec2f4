import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { readDatabase } from '../../bench/check/database.ts';
import { judge } from '../../bench/check/judge.ts';
import { recordState, type State } from '../../bench/check/state.ts';
import type { HubServerDatabase } from '../../bench/hub/database.ts';
import { copyEnvironment } from '../../bench/hub/environments.ts';
import { type LightHub, startLightHub } from '../../bench/hub/light.ts';
import { run, until } from '../../bench/hub/run.ts';
import { startWriter } from '../../bench/hub/writer.ts';

vi.setConfig({ testTimeout: 180_000 }); // real hubs, on a machine that may be busy

// The checker's own tests are in hub-light.test.ts; here is what is particular to database servers.
describe.each(['postgresql', 'mariadb'] as const)('a hub on %s', (dialect) => {
  let hub: LightHub;
  let database: HubServerDatabase;

  beforeAll(async () => {
    hub = await startLightHub({ database: dialect });
    database = hub.database as HubServerDatabase;
  });

  afterAll(() => hub?.stop());

  const answers = () =>
    until('no answer', 60, async () => (await hub.api('GET', '/').catch(() => undefined))?.status === 200);
  const shell = (command: string) => run('sh', ['-c', command], { env: { PATH: '/usr/bin:/bin' } });

  test('stopped and started it is the old one, with what was written meanwhile', async () => {
    const before = await recordState(hub.subject);
    expect(before.database).toMatchObject({ integrity: 'ok', revision: '0eee8c825d24' });
    expect(before.database.keys.users).toHaveLength(hub.seeded.users.length + 1);
    expect(before.database.keys.tokens?.length).toBeGreaterThanOrEqual(4);
    expect(Object.keys(before.database.neighbours)).toEqual(database.neighbours);
    const writer = startWriter(hub.api, 5);
    await until('nothing was written', 20, async () => (await hub.api('GET', '/users/writer00001')).status === 200);
    await shell(hub.stopCommand).finally(writer.stop);
    const { acknowledged, attempted } = await writer.stop();
    await shell(hub.startCommand);
    await answers();
    expect(acknowledged.length).toBeGreaterThan(0);
    const after = await recordState(hub.subject);
    const writes = { acknowledged: acknowledged.map(({ name }) => name), attempted };
    expect(judge(before, after, '6.1.1', writes)).toMatchObject({ answer: 'old', notOld: [], leftovers: [] });
  });

  describe('on planted differences', () => {
    let before: State;

    // A hub that runs holds locks on its tables.
    beforeAll(async () => {
      const running = await recordState(hub.subject);
      await shell(hub.stopCommand);
      before = { ...running, database: await readDatabase(database) };
    });

    afterAll(async () => {
      await shell(hub.startCommand);
      await answers();
    });

    test.each<[string, string, string, RegExp]>([
      [
        'a lost row',
        'CREATE TABLE aside AS SELECT * FROM user_group_map; DELETE FROM user_group_map',
        'INSERT INTO user_group_map SELECT * FROM aside; DROP TABLE aside',
        /user_group_map: lost/,
      ],
      [
        'a changed row',
        `UPDATE users SET admin = ${dialect === 'mariadb' ? 1 : true} WHERE id = 3`,
        `UPDATE users SET admin = ${dialect === 'mariadb' ? 0 : false} WHERE id = 3`,
        /users: lost .*user00003/,
      ],
      [
        'another type',
        'ALTER TABLE groups ADD COLUMN x INTEGER',
        'ALTER TABLE groups DROP COLUMN x',
        /schema is another/,
      ],
      ['a lost index', dropIndex(dialect), createIndex(dialect), /schema is another/],
      [
        "another application's row",
        "UPDATE wiki_pages SET body = 'x' WHERE id = 3",
        'UPDATE wiki_pages SET body = NULL WHERE id = 3',
        /another application's data differs: \w+\.wiki_pages/,
      ],
    ])('the checker says MIXED on %s', async (_, plant, undo, reason) => {
      await database.query(inHub(plant));
      const verdict = await judgeNow();
      await database.query(inHub(undo));
      expect(verdict.answer).toBe('MIXED');
      expect(verdict.notOld.join('\n')).toMatch(reason);
      expect(await judgeNow()).toMatchObject({ notOld: [], exact: true });
    });

    /** The rest of the hub is what it was. */
    const judgeNow = async () => judge(before, { ...before, database: await readDatabase(database) }, '6.1.1');
    const inHub = (statements: string) =>
      dialect === 'postgresql' ? `SET search_path = ${database.schema}; ${statements};` : `${statements};`;
  });

  test('upgraded by hand it is new', async () => {
    const before = await recordState(hub.subject);
    await shell(hub.stopCommand);
    await run('rm', ['-r', hub.environmentPath]);
    await copyEnvironment('6.1.1', hub.environmentPath, dialect);
    expect(judge(before, await recordState(hub.subject), '6.1.1')).toMatchObject({ answer: 'MIXED' });
    const state = join(hub.directory, 'state');
    await shell(`set -a; cd '${state}'; . ../etc/hub.env; jupyterhub upgrade-db -f '${hub.configPath}'`);
    await shell(hub.startCommand);
    await answers();
    const verdict = judge(before, await recordState(hub.subject), '6.1.1');
    expect(verdict).toMatchObject({ answer: 'new', notNew: [] });
  });
});

const dropIndex = (dialect: string) =>
  dialect === 'postgresql' ? 'DROP INDEX ix_api_tokens_prefix' : 'DROP INDEX ix_api_tokens_prefix ON api_tokens';
const createIndex = (_: string) => 'CREATE INDEX ix_api_tokens_prefix ON api_tokens (prefix)';
