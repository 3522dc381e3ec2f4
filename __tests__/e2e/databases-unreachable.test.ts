// The database is on another host, and the cable to it is pulled while the hub is down.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OtherHost, startOtherHost } from '../../bench/databases/other-host.ts';
import { run as runProgram, until } from '../../bench/hub/run.ts';
import {
  expectNoSecret,
  expectOldHub,
  expectRollback,
  halfMigration,
  runWithWriter,
  type Stage,
  startStage,
} from './databases.ts';
import { release } from './light.ts';

const limit = { timeout: 600_000 };

// Only root makes hosts.
describe.skipIf(process.getuid?.() !== 0)('a hub whose database is on another host', () => {
  let host: OtherHost;
  let stage: Stage;

  beforeAll(async () => {
    host = await startOtherHost();
    stage = await startStage({ database: 'postgresql', databaseServer: host });
  });

  afterAll(async () => {
    await stage?.scene.close();
    await host?.remove();
  });

  const mend = () => runProgram(host.mend[0] ?? '', host.mend.slice(1));
  /** What the hub is while its database is away: stopped, and nothing starts it. */
  const isFenced = async () => (await stage.scene.hub.pid()) === undefined;

  test(
    'unreachable from the migration on: the way back waits for it, the hub stays down, and the old one comes back',
    limit,
    async () => {
      const { scene } = stage;
      const cut = `do_switch() { environment_switch && ${host.cut.join(' ')}; }`;
      const planted = scene.sabotage(cut);
      let fenced: Promise<boolean> | undefined;
      let mended: Promise<unknown> | undefined;
      const onLine = (line: string) => {
        if (!line.includes('it is tried again in') || fenced) return;
        fenced = isFenced();
        mended = fenced.then(mend);
      };
      const { run, acknowledged, away } = await runWithWriter(stage, 'cut-', {}, { onLine }).finally(mend);
      await Promise.all([planted, mended]);
      expect(await fenced).toBe(true);
      expectRollback(run, 'migrate', /No route to host|could not|not be reached|timed out/i);
      expect(acknowledged.length).toBeGreaterThan(0);
      expect(away).toEqual([]);
      await expectNoSecret(scene, run);
      await expectOldHub(stage);
    },
  );

  test(
    'unreachable until the patience is over: rollback-failed, the hub stays down, and what is said brings it back',
    limit,
    async () => {
      const { scene } = stage;
      const impatient = `DATABASE_PATIENCE=5\n${halfMigration(scene.hub.database, host.cut.join(' '))}`;
      const planted = scene.sabotage(impatient);
      const { run } = await runWithWriter(stage, 'gone-').catch(async (error) => {
        await mend();
        throw error;
      });
      await planted;
      expect(run.stepOutputs.outcome, run.rawLog.join('\n')).toBe('rollback-failed');
      expect(await isFenced()).toBe(true);
      expect(run.conclusion).toBe('failure');

      await mend();
      const said = run.annotations.map(({ message }) => message).join('\n');
      const [way = 'exit 1'] = /^sed -i .* && tail -n 1 .*$/m.exec(said) ?? [];
      expect(await runProgram('sh', ['-c', way])).toMatch(/ rolled-back\n$/);
      await until('the old hub does not answer', 120, async () => (await release(scene.hub)) === '4.1.6');
      await expectNoSecret(scene, run); // what the way back needed until now is gone, too
      await expectOldHub(stage);
    },
  );
});
