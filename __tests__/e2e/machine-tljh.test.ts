// A machine that is laid out as The Littlest JupyterHub lays it out: what its package allows, a failure after the switch, an
// upgrade. Its package is a stand-in.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judge } from '../../bench/check/judge.ts';
import { recordState } from '../../bench/check/state.ts';
import { readTree } from '../../bench/check/tree.ts';
import { tljhRequirements } from '../../bench/hub/tljh.ts';
import { offerWheels } from '../../bench/hub/wheels.ts';
import type { RunActionResult } from '../../bench/runner/run-action.ts';
import { type MachineScene, startMachineScene } from './machine.ts';

describe.skipIf(process.getuid?.() !== 0)('The Littlest JupyterHub', () => {
  let scene: MachineScene;

  beforeAll(async () => {
    scene = await startMachineScene({ layout: 'tljh', release: '4.1.6', alsoFor: '6.1.1', hubUser: 'root' });
    await offerWheels(scene.hub, ['4.1.6', '6.1.1']);
  }, 900_000);

  afterAll(() => scene?.close(), 120_000);

  const upgrade = (inputs: Record<string, string> = {}) => scene.run({ 'target-version': '6.1.1', ...inputs });
  const resultOf = ({ stepOutputs }: RunActionResult) =>
    JSON.parse(stepOutputs.result ?? '') as { guarantees: string[]; advice: { id: string }[] };

  test('a release that it does not allow is refused, with its range', async () => {
    const pid = await scene.hub.pid();
    const refused = await upgrade();
    expect(refused.stepOutputs).toMatchObject({ outcome: 'failed-before-change', 'failed-step': 'plan' });
    expect(refused.annotations.map(({ message }) => message).join('\n')).toMatch(
      /The Littlest JupyterHub 2\.0\.0 allows jupyterhub <5,>=4\.0\.2, and jupyterhub would become 6\.1\.1\. Choose/,
    );
    expect(await scene.hub.pid()).toBe(pid);
  }, 200_000);

  test('a failure after the switch puts it back as it was; an upgrade leaves its configuration and rules', async () => {
    const { hub } = scene;
    const requirements = join(hub.root, tljhRequirements);
    const text = await readFile(requirements, 'utf8');
    await writeFile(requirements, text.replace('<5', '<7'));
    const before = await recordState(hub.subject);
    const state = () => readTree(join(hub.root, 'opt/tljh/state'));
    // What is neither the database, nor kept of the new one, nor the users'.
    const others = (tree: Record<string, string>) =>
      Object.entries(tree).filter(
        ([path]) => !/^jupyterhub(\.sqlite|-proxy\.pid)|^homes|^\.jupyterhub-upgrade-/.test(path),
      );
    const stateBefore = others(await state());

    // The new release is started, and migrates nothing itself: that is done by then.
    const planted = scene.sabotage('do_verify() { say planted; wait_for_hub "$TARGET_VERSION" 60; false; }');
    const failed = await upgrade({ rehearse: 'false' });
    const journal = await readFile(join(await planted, 'journal'), 'utf8');
    expect(failed.stepOutputs.outcome, failed.log.slice(-40).join('\n')).toBe('rolled-back');
    expect(journal.indexOf('done migrate')).toBeLessThan(journal.indexOf('begin start'));
    const { answer, exact, notOld } = judge(before, await recordState(hub.subject), '6.1.1');
    expect({ answer, exact, notOld }).toEqual({ answer: 'old', exact: true, notOld: [] });
    expect(others(await state())).toEqual(stateBefore);

    const upgraded = await upgrade();
    expect(upgraded.stepOutputs.outcome, upgraded.log.slice(-40).join('\n')).toBe('upgraded');
    expect(judge(before, await recordState(hub.subject), '6.1.1').answer).toBe('new');
    const { guarantees, advice } = resultOf(upgraded);
    expect(guarantees.join('\n')).toContain('This is The Littlest JupyterHub 2.0.0 in /opt/tljh.');
    expect(advice.map(({ id }) => id)).toContain('upgrade-db-at-start');
    expect(others(await state())).toEqual(stateBefore);
  }, 600_000);
});
