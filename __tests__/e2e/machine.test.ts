import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judge } from '../../bench/check/judge.ts';
import { recordState } from '../../bench/check/state.ts';
import { fileOf } from '../../bench/hub/database.ts';
import type { MachineHub } from '../../bench/hub/machine.ts';
import { until } from '../../bench/hub/run.ts';
import { offerWheels } from '../../bench/hub/wheels.ts';
import type { PlanDocument } from '../../src/transaction/document.ts';
import { type MachineScene, startMachineScene } from './machine.ts';

/**
 * A machine with real systemd. The hub is a unit with EnvironmentFile and Restart=always, its user is not the owner of
 * its environment, and the SSH user works through sudo: what the light flavour cannot show.
 */
describe.skipIf(process.getuid?.() !== 0)('a hub that systemd runs', () => {
  let scene: MachineScene;
  let hub: MachineHub;

  beforeAll(async () => {
    scene = await startMachineScene({ release: '4.1.6', users: 1050 });
    hub = scene.hub;
    await offerWheels(hub, ['4.1.6', '6.1.1']);
  }, 900_000);

  afterAll(() => scene?.close(), 120_000);

  const run = (inputs: Record<string, string>) => scene.run(inputs);

  /** The unit's own environment has ODD; what systemd-run is called with is kept in /run/asked, what it printed in /run/got. */
  async function plantEnvironment(odd: string): Promise<void> {
    const quoted = odd.replaceAll(/["\\]/g, '\\$&');
    const text = Buffer.from(`[Service]\nEnvironment="ODD=${quoted}"\n`).toString('base64');
    const dropIn = '/run/systemd/system/jupyterhub.service.d';
    await hub.exec(`mkdir -p ${dropIn} && echo ${text} | base64 -d >${dropIn}/odd.conf`);
    const spy = '#!/bin/sh\nprintf "%s\\n" "$@" >>/run/asked\n/usr/bin/systemd-run "$@" | tee /run/got\n';
    await writeFile(join(hub.tools, 'systemd-run'), spy, { mode: 0o755 });
    await hub.exec('systemctl daemon-reload');
  }

  test('an SSH user who may not use sudo is let in, and told what they lack', async () => {
    const mainPid = () => hub.exec('systemctl show -p MainPID --value jupyterhub.service');
    const pid = await mainPid();
    await hub.exec('mv /usr/bin/sudo /usr/bin/sudo.away');
    const refused = await run({}).finally(() => hub.exec('mv /usr/bin/sudo.away /usr/bin/sudo'));
    expect(refused.stepOutputs).toMatchObject({ outcome: 'failed-before-change', 'failed-step': 'discover' });
    expect(await mainPid()).toBe(pid);
    expect(refused.log.join('\n')).toContain('Working as admin.');
    expect(refused.annotations[0]?.message).toContain(
      'The hub runs as hub, and admin may not act as that user: let admin run sudo without a password (become: sudo)',
    );
  }, 400_000);

  test('the executor is killed in the migration: systemd starts it again and it goes back; nothing gets through the fence', async () => {
    const before = await recordState(hub.subject);
    const sabotaged = scene.sabotage('do_migrate() { : >"$JOB/migrating"; sleep 60; }');
    const running = run({});
    const job = await sabotaged;
    await until('the migration does not begin', 240, async () => (await readdir(job)).includes('migrating'));

    // Somebody starts the hub in the middle. systemd answers "well", and nothing runs.
    await hub.exec('systemctl start jupyterhub.service');
    expect(await hub.exec('systemctl show -p ActiveState --value jupyterhub.service')).toContain('inactive');
    const [pid = ''] = (await readFile(join(job, 'executor'), 'utf8')).split(' ');
    await hub.exec(`kill -9 ${pid}`);

    const result = await running;
    expect(result.stepOutputs.outcome).toBe('rolled-back');
    expect(result.conclusion).toBe('failure');
    expect(await scene.version()).toBe('4.1.6');
    const { answer, exact, notOld } = judge(before, await recordState(hub.subject), '6.1.1');
    expect({ answer, exact, notOld }).toEqual({ answer: 'old', exact: true, notOld: [] });
    expect(await hub.exec('ls /etc/systemd/system')).not.toContain('jupyterhub.service.d');
  }, 400_000);

  test("an upgrade through sudo: the users' server goes on, the owner of the environment stays, nothing is left", async () => {
    const before = await recordState(hub.subject);
    const result = await run({});
    expect(result.stepOutputs).toMatchObject({ outcome: 'upgraded', 'previous-version': '4.1.6' });
    const target = result.stepOutputs['current-version'] ?? '';
    expect(await scene.version()).toBe(target);
    expect(judge(before, await recordState(hub.subject), target).answer).toBe('new');
    expect(await hub.exec(`ps -o pid= -p ${hub.server.pid}`)).toContain(String(hub.server.pid));
    const { plan, servers } = JSON.parse(result.stepOutputs.result ?? '') as {
      plan: { document: PlanDocument };
      servers: object[];
    };
    // What the plan said of it, and what was looked at afterwards: its process, and the way of the proxy to it.
    expect(plan.document.survival).toMatchObject({ servers: { fate: 'goes on' }, proxy: { fate: 'goes on' } });
    expect(servers).toMatchObject([{ ...hub.server, survived: true, reached: true }]);
    expect(await hub.exec('stat -c %U /opt/jupyterhub/env /opt/jupyterhub/env/bin/jupyterhub')).toBe('root\nroot\n');
    expect(await hub.exec('ls /etc/systemd/system')).not.toContain('jupyterhub.service.d');
    expect(await hub.exec('systemctl list-units --all --no-legend "jupyterhub-upgrade*"')).toBe('');
    expect(await hub.exec('find /var/tmp /tmp -name "jupyterhub-upgrade*"')).toBe('');
  }, 400_000);

  test('a stopped hub, half migrated: upgrade refuses with the reason, restore brings it back from a crash loop', async () => {
    const backup = await run({ mode: 'backup', 'target-version': '', 'notify-lead-time': '' });
    expect(backup.stepOutputs.outcome).toBe('backed-up');
    const before = await recordState(hub.subject);

    // What a migration that broke off leaves: a table of an older revision is gone, and the hub cannot start.
    await hub.exec('systemctl stop jupyterhub.service');
    await hub.exec(`cd '${fileOf(hub).replace(/\/[^/]*$/, '')}' && /opt/jupyterhub/env/bin/python -c "
import sqlite3
c = sqlite3.connect('jupyterhub.sqlite')
c.execute(\\"UPDATE alembic_version SET version_num = '651f5419b74d'\\")
c.execute('DELETE FROM users WHERE id > 10')
c.commit()"`);
    // Its environment is asked of systemd now, and no value of it is told on a command line.
    const odd = `canary's "q" $x \`y\` \\ é`;
    await plantEnvironment(odd);
    const refused = await run({});
    expect(refused.stepOutputs).toMatchObject({ outcome: 'failed-before-change', 'failed-step': 'plan' });
    expect(refused.log.join('\n')).toContain('The hub does not run');
    expect(refused.log.join('\n')).toContain('half migrated');

    // The hub does not start on that database, and systemd tries again and again.
    await hub.exec('systemctl start jupyterhub.service');
    const restarts = () => hub.exec('systemctl show -p NRestarts --value jupyterhub.service');
    await until('the hub does not crash', 120, async () => Number(await restarts()) >= 2);
    const restored = await run({
      mode: 'restore',
      'artifact-id': backup.stepOutputs['backup-artifact-id'] ?? '',
      'run-id': String(scene.runId() - 1),
      'github-token': scene.service.apiToken,
    });
    expect(restored.stepOutputs.outcome).toBe('restored');
    expect(await scene.version()).toBe(restored.stepOutputs['current-version']);
    const [asked, got] = [await hub.exec('cat /run/asked'), await hub.exec('cat /run/got')];
    expect(asked).toContain('EnvironmentFile=');
    expect(asked).not.toContain('canary');
    expect(got.split('\0')).toContain(`ODD=${odd}`);
    const { notOld } = judge(before, await recordState(hub.subject), '9.9.9');
    expect(notOld).toEqual([]);
  }, 400_000);
});
