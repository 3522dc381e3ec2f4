import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readSqlite } from '../../bench/check/sqlite.ts';
import { recordState } from '../../bench/check/state.ts';
import { fileOf } from '../../bench/hub/database.ts';
import {
  expectNoSecret,
  expectOldHub,
  expectPutBack,
  expectRollback,
  runWithWriter,
  type Stage,
  tryMainJob,
} from './databases.ts';
import { release } from './light.ts';

// With a WAL: light-upgrade and light-rollback.
describe('a hub on SQLite with a rollback journal', () => {
  const hubOfMainJob = tryMainJob({ database: 'sqlite', journalMode: 'delete' });

  describe('database-strategy: fresh', () => {
    const limit = { timeout: 600_000 };
    const accepted = { 'database-strategy': 'fresh', 'accept-data-loss': 'true' };
    /** What the configuration does not bring back: it names the admin, and lets everybody log in. */
    const lost = /: 4 API tokens \(.*\); 2 groups \(students, teachers\); 1 running servers \(user00001\)/;
    let stage: Stage;

    beforeAll(async () => {
      const { scene } = hubOfMainJob();
      stage = { scene, before: await recordState(scene.hub.subject), writes: { acknowledged: [], attempted: [] } };
    });

    test('it is refused for what would be lost, before anything is changed', limit, async () => {
      const { scene } = stage;
      const pid = await scene.hub.pid();
      const run = await scene.run({ 'target-version': '6.1.1', 'database-strategy': 'fresh' });
      expect(run).toMatchObject({ conclusion: 'failure', outputs: { outcome: 'failed-before-change' } });
      const said = run.annotations.map(({ message }) => message).join('\n');
      expect(said).toMatch(lost);
      expect(said).toContain('set accept-data-loss: true');
      expect(await scene.hub.pid()).toBe(pid);
      const plan = await scene.run({ mode: 'plan', 'target-version': '6.1.1', ...accepted });
      expect(plan.outputs.outcome, plan.rawLog.join('\n')).toBe('planned');
      expect(plan.rawLog.join('\n')).toMatch(lost);
      await expectOldHub(stage);
    });

    test('a new hub that dies on it: the old database is put back, with every row of it', limit, async () => {
      const { scene } = stage;
      const moments = (await scene.moments()).length;
      // It answers, and then it dies: its tables are made, and it may have been written to.
      const planted = scene.sabotage('verify_token() { kill -9 "$(hub_pid)"; }');
      const { run, acknowledged, away } = await runWithWriter(stage, 'fresh-', accepted);
      const aside = asideOf(stage, await planted);
      expectRollback(run, 'verify', /answered 503|process changed/);
      await expectPutBack(stage, moments);
      expect(acknowledged.length).toBeGreaterThan(away.length);
      // What the new hub was told is kept beside.
      const made = await readSqlite(join(aside, 'new'));
      expect(made.keys.users).toEqual(
        expect.arrayContaining(away.map((name) => expect.stringContaining(`'${name}',`))),
      );
      expect(made.keys.groups ?? []).toEqual([]);
      await expectNoSecret(scene, run);
      await expectOldHub(stage);
    });

    test('it is begun, and the old one is kept to its last byte', limit, async () => {
      const { scene, before } = stage;
      const { hub } = scene;
      const moments = (await scene.moments()).length;
      const jobs = await scene.jobs();
      const run = await scene.run({ 'target-version': '6.1.1', ...accepted });
      expect(run.stepOutputs.outcome, run.rawLog.join('\n')).toBe('upgraded');
      expect(run.rawLog.join('\n')).toMatch(lost);
      expect(await release(hub)).toBe('6.1.1');
      const after = await recordState(hub.subject);
      expect(after.database.revision).toBe(after.installation.heads[0]);
      expect(after.database.keys.users).toEqual([expect.stringMatching(/^'admin',/)]);
      const [job = ''] = (await scene.jobs()).filter((one) => !jobs.includes(one));
      const kept = join(asideOf(stage, job), 'snapshot');
      const [stopped] = (await scene.moments()).slice(moments);
      expect(await readSqlite(kept)).toEqual(await stopped?.state());
      expect((await readSqlite(kept)).keys.groups).toEqual(before.database.keys.groups);
      expect((await stat(kept)).ino).not.toBe((await stat(fileOf(hub))).ino);
      expect(run.summaries.map(({ text }) => text).join('\n')).toContain(kept);
    });
  });
});

/** Where a job keeps databases of this hub. */
function asideOf({ scene }: Stage, job: string): string {
  return join(scene.hub.directory, 'state', `.jupyterhub-upgrade-${basename(job)}`);
}
