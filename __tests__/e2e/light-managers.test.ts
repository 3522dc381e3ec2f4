// A hub in an environment of a real uv, without pip: what is refused before anything is touched, a failure after the
// switch, an upgrade.
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { systemPython } from '../../bench/hub/environments.ts';
import type { LightHub } from '../../bench/hub/light.ts';
import { run } from '../../bench/hub/run.ts';
import { cachedUv } from '../../bench/hub/uv.ts';
import { cachedWheels } from '../../bench/hub/wheels.ts';
import { release, type Scene, startScene } from './light.ts';

let scene: Scene | undefined;

afterEach(async () => {
  await scene?.close();
  scene = undefined;
});

type Make = (path: string, scene: Scene) => Promise<void>;

/** An environment that uv made, with the command in it. */
const makeUv: Make = async (path, { work }) => {
  const settings = join(work, 'uv.toml');
  await writeFile(settings, `[pip]\nno-index = true\nfind-links = ["${await cachedWheels(['4.1.6', '6.1.1'])}"]\n`);
  const uv = join(work, 'uv');
  const cache = join(work, 'uv-cache');
  const command = `#!/bin/sh\nexport UV_CONFIG_FILE='${settings}' UV_CACHE_DIR='${cache}'\nexec '${await cachedUv()}' "$@"\n`;
  await writeFile(uv, command, { mode: 0o755 });
  await run(uv, ['venv', '--quiet', '--python', systemPython, path]);
  await run(uv, ['pip', 'install', '--quiet', '--python', join(path, 'bin/python'), 'jupyterhub==4.1.6']);
  await run('cp', [uv, join(path, 'bin/uv')]);
};

/** A hub whose environment is one of that manager. */
async function startWith(make: Make): Promise<{ scene: Scene; hub: LightHub }> {
  const made = await startScene({ users: 20, space: false });
  scene = made;
  const { hub } = made;
  await run('sh', ['-c', hub.stopCommand]);
  await rename(hub.environmentPath, `${hub.environmentPath}-of-pip`);
  await make(hub.environmentPath, made);
  await run('sh', ['-c', hub.startCommand]);
  await expect.poll(() => release(hub), { timeout: 120_000, interval: 500 }).toBe('4.1.6');
  return { scene: made, hub };
}

/** Names, modes, links and contents below a directory, less bytecode. */
function picture(directory: string): Promise<string> {
  const names = String.raw`find . -name __pycache__ -prune -o -printf '%p %y %m %l\n' | sort`;
  const contents = 'find . -name __pycache__ -prune -o -type f -exec sha256sum {} + | sort';
  return run('sh', ['-c', `cd "$0" && { ${names}; ${contents}; } | sha256sum`, directory]);
}

describe.each<[string, Make, string, RegExp]>([['uv', makeUv, 'conda', /no version of jupyterhub==6\.9\.9/]])(
  '%s',
  (name, make, other, missing) => {
    test('is asked beforehand, comes back byte for byte, and upgrades', { timeout: 900_000 }, async () => {
      const { scene: one, hub } = await startWith(make);
      const before = await picture(hub.environmentPath);
      const pid = await hub.pid();

      const refused: [Record<string, string>, RegExp][] = [
        [{ 'target-version': '6.9.9' }, missing],
        [{ 'target-version': '6.1.1', 'extra-packages': 'sqlalchemy<1.2' }, /sqlalchemy/i],
        [{ 'target-version': '6.1.1', 'package-manager': other }, /package-manager: /],
      ];
      for (const [inputs, cause] of refused) {
        const ended = await one.run(inputs);
        expect(ended.outputs, ended.rawLog.slice(-30).join('\n')).toMatchObject({
          ...{ outcome: 'failed-before-change', 'failed-step': 'plan' },
        });
        expect(ended.annotations.map(({ message }) => message).join('\n')).toMatch(cause);
        expect([await hub.pid(), await one.jobs()]).toEqual([pid, []]);
      }

      const planted = one.sabotage('do_migrate() { say planted; false; }');
      const failed = await one.run({ 'target-version': '6.1.1' });
      await planted;
      expect(failed.outputs.outcome, failed.rawLog.slice(-40).join('\n')).toBe('rolled-back');
      expect(await picture(hub.environmentPath)).toBe(before);
      expect(await release(hub)).toBe('4.1.6');

      const upgraded = await one.run({ 'target-version': '6.1.1' });
      expect(upgraded.outputs.outcome, upgraded.rawLog.slice(-40).join('\n')).toBe('upgraded');
      expect(await release(hub)).toBe('6.1.1');
      const { plan } = JSON.parse(upgraded.outputs.result ?? '') as { plan: { document: { packages: object[] } } };
      expect(plan.document.packages).toContainEqual(
        expect.objectContaining({ name: 'jupyterhub', from: '4.1.6', to: '6.1.1' }),
      );
      expect(plan.document.packages).toContainEqual(expect.objectContaining({ name: 'pydantic' }));
      expect(upgraded.rawLog.join('\n')).toContain(name);
      // What stays as the way back by hand is what was there.
      const kept = await run('sh', ['-c', 'ls -d "$0".jupyterhub-upgrade-*', hub.environmentPath]);
      expect(await picture(kept.trim())).toBe(before);
    });
  },
);
