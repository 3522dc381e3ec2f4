// A hub outside of any environment, where pip install --user put it: what a distribution put there is not changed, a failure
// after the installation, an upgrade.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judge } from '../../bench/check/judge.ts';
import { recordState } from '../../bench/check/state.ts';
import { offerWheels } from '../../bench/hub/wheels.ts';
import { type MachineScene, startMachineScene } from './machine.ts';

describe.skipIf(process.getuid?.() !== 0)('a hub of pip install --user', () => {
  let scene: MachineScene;

  beforeAll(async () => {
    scene = await startMachineScene({ layout: 'user', release: '4.1.6', alsoFor: '6.1.1', environmentOwner: 'hub' });
    await offerWheels(scene.hub, ['6.1.1']);
  }, 900_000);

  afterAll(() => scene?.close(), 120_000);

  const upgrade = (inputs: Record<string, string> = {}) => scene.run({ 'target-version': '6.1.1', ...inputs });

  test('is refused where a package of the distribution would have to change', async () => {
    const { hub } = scene;
    const pid = await hub.pid();
    const [mine, distribution] = ['/home/hub/.local/lib/python3.11/site-packages', '/usr/lib/python3/dist-packages'];
    const other = `${distribution}/pydantic-1.0.dist-info`;
    const info = (await hub.exec(`cd ${mine} && ls -d pydantic-[0-9]*`)).trim();
    // It lies where Debian has its own, and is too old.
    await hub.exec(
      `mv ${mine}/${info} /root && mkdir ${other} && printf 'Name: pydantic\\nVersion: 1.0\\n' >${other}/METADATA`,
    );
    const refused = await upgrade().finally(() => hub.exec(`mv /root/${info} ${mine} && rm -r ${other}`));
    expect(refused.stepOutputs).toMatchObject({ outcome: 'failed-before-change', 'failed-step': 'plan' });
    expect(refused.annotations.map(({ message }) => message).join('\n')).toMatch(
      /pydantic 1\.0 would become 2\.\S+, but lies in \/usr\/lib\/python3\/dist-packages, .*Give the hub an environment/,
    );
    expect(await hub.pid()).toBe(pid);
  }, 200_000);

  test('is refused where it was not pip that put it there', async () => {
    const { hub } = scene;
    const pid = await hub.pid();
    const installer = '/home/hub/.local/lib/python3.11/site-packages/jupyterhub-4.1.6.dist-info/INSTALLER';
    await hub.exec(`mv ${installer} /root`);
    const refused = await upgrade().finally(() => hub.exec(`mv /root/INSTALLER ${installer}`));
    expect(refused.stepOutputs).toMatchObject({ outcome: 'failed-before-change', 'failed-step': 'plan' });
    expect(refused.annotations.map(({ message }) => message).join('\n')).toMatch(
      /\/usr is neither a virtual environment nor one of conda, .*Give the hub an environment of its own first/,
    );
    expect(await hub.pid()).toBe(pid);
  }, 200_000);

  test('comes back exactly from a failure after the installation, and is upgraded', async () => {
    const { hub } = scene;
    const before = await recordState(hub.subject);
    const planted = scene.sabotage('do_migrate() { say planted; false; }');
    const failed = await upgrade();
    await planted;
    expect(failed.stepOutputs.outcome, failed.log.slice(-40).join('\n')).toBe('rolled-back');
    const { answer, exact, notOld } = judge(before, await recordState(hub.subject), '6.1.1');
    expect({ answer, exact, notOld }).toEqual({ answer: 'old', exact: true, notOld: [] });

    const upgraded = await upgrade();
    expect(upgraded.stepOutputs.outcome, upgraded.log.slice(-40).join('\n')).toBe('upgraded');
    expect(judge(before, await recordState(hub.subject), '6.1.1').answer).toBe('new');
    const { warnings } = JSON.parse(upgraded.stepOutputs.result ?? '') as { warnings: string[] };
    expect(warnings.join('\n')).toContain('JupyterHub is installed with pip install --user, in /home/hub/.local/lib');
    expect(await hub.exec('find /home/hub/.local ! -user hub')).toBe('');
  }, 600_000);
});
