// A hub on a host that reaches no package index gets its packages from the runner; for the next one they are in the cache.
import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type OtherHost, startOtherHost } from '../../bench/databases/other-host.ts';
import { cachedEnvironment } from '../../bench/hub/environments.ts';
import { type LightHub, startLightHub } from '../../bench/hub/light.ts';
import { run } from '../../bench/hub/run.ts';
import { cachedUv } from '../../bench/hub/uv.ts';
import { cachedWheels } from '../../bench/hub/wheels.ts';
import { startPackageIndex } from '../../bench/package-index.ts';
import type { RunActionResult } from '../../bench/runner/run-action.ts';
import { release, startScene } from './light.ts';

const closing: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  while (closing.length > 0) await closing.pop()?.();
});

/** Ends what a test started, the last first. */
function closes<T>(started: T, close: (started: T) => Promise<unknown>): T {
  closing.push(() => close(started));
  return started;
}

const last = ({ rawLog }: RunActionResult) => rawLog.slice(-60).join('\n');

test.skipIf(process.getuid?.() !== 0)(
  'a hub without a way to any index is upgraded, and the next one downloads nothing',
  { timeout: 900_000 },
  async () => {
    const host: OtherHost = closes(await startOtherHost(), (started) => started.remove());
    const scene = closes(await startScene({ release: '5.2.1', users: 20, host }), (started) => started.close());
    const index = closes(await startPackageIndex(await cachedWheels(['5.2.1', '6.0.1', '6.1.1'])), (started) =>
      started.close(),
    );
    const tools = [dirname(await cachedUv()), join(await cachedEnvironment('4.1.6'), 'bin'), process.env.PATH];
    const env = { PATH: tools.join(':'), UV_DEFAULT_INDEX: index.url };
    const { hub } = scene;
    // How often it is asked in vain is pip's affair.
    await writeFile(join(hub.environmentPath, 'pip.conf'), '[global]\nretries = 0\ntimeout = 5\n');

    // The host has one cable, and no other way out of it.
    const [program = '', ...inside] = [...host.inside, 'ip', 'route'];
    expect((await run(program, inside)).trim().split('\n')).toEqual([expect.stringMatching(/^198\.18\./)]);
    const pid = await hub.pid();
    const alone = await scene.run({ 'target-version': '6.1.1' }, { env });
    expect(alone.outputs, last(alone)).toMatchObject({ outcome: 'failed-before-change', 'failed-step': 'plan' });
    expect(alone.annotations.map(({ message }) => message).join()).toMatch(
      /index has no jupyterhub==6\.1\.1, or it cannot be/,
    );
    expect([await hub.pid(), index.downloads]).toEqual([pid, []]);

    const wanted = { 'packages-from': 'runner', 'target-version': 'latest' };
    const upgraded = await scene.run(wanted, { env });
    expect(upgraded.outputs.outcome, last(upgraded)).toBe('upgraded');
    expect(await release(hub)).toBe('6.1.1');
    expect(index.downloads.join()).toContain('jupyterhub-6.1.1-py3-none-any.whl');
    expect(new Set(index.downloads).size).toBe(index.downloads.length);

    index.withhold();
    index.downloads.length = 0;
    const second = closes(await startLightHub({ release: '5.2.1', users: 20 }), (started) => started.stop());
    const planned = await scene.run({ ...wanted, ...accessTo(second), mode: 'plan' }, { env });
    expect(planned.outputs.outcome, last(planned)).toBe('planned');
    expect(planned.rawLog.join('\n')).toContain('nothing is downloaded');
    expect(index.downloads).toEqual([]);
    const packagesOf = ({ outputs }: RunActionResult) => JSON.parse(outputs.result ?? '').plan.document.packages;
    expect(packagesOf(planned)).toEqual(packagesOf(upgraded));
  },
);

/** The inputs by which a run reaches another hub than that of the scene. */
function accessTo({ ssh, configPath, startCommand, stopCommand }: LightHub): Record<string, string> {
  return {
    ...{ host: ssh.host, port: String(ssh.port), username: ssh.username, 'config-path': configPath },
    ...{ 'ssh-private-key': ssh.privateKey, 'known-hosts': ssh.knownHosts },
    ...{ 'stop-command': stopCommand, 'start-command': startCommand },
  };
}
