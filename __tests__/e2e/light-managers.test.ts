// A hub in an environment of a real uv, without pip, and one in a prefix of conda (by a stand-in for its command: see
// support/conda): what is refused before anything is touched, a failure after the switch, an upgrade as it was planned.
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { judge } from '../../bench/check/judge.ts';
import { recordState } from '../../bench/check/state.ts';
import { readTree } from '../../bench/check/tree.ts';
import { systemPython } from '../../bench/hub/environments.ts';
import type { LightHub } from '../../bench/hub/light.ts';
import { run } from '../../bench/hub/run.ts';
import { cachedUv } from '../../bench/hub/uv.ts';
import { cachedWheels } from '../../bench/hub/wheels.ts';
import type { PlanDocument } from '../../src/transaction/document.ts';
import { cachedChannel, makeConda } from '../support/conda/index.ts';
import { release, type Scene, startScene } from './light.ts';

const target = '6.1.1';
const releases = ['4.1.6', target];
let scene: Scene | undefined;

afterEach(async () => {
  await scene?.close();
  scene = undefined;
});

/** What puts an environment with the older release at a path; gives the command that lists its packages. */
type Make = (path: string, scene: Scene) => Promise<[string, string[]]>;

/** An environment that uv made, with the command in it. */
const makeUv: Make = async (path, { work }) => {
  const settings = join(work, 'uv.toml');
  await writeFile(settings, `[pip]\nno-index = true\nfind-links = ["${await cachedWheels(releases)}"]\n`);
  const uv = join(work, 'uv');
  const cache = join(work, 'uv-cache');
  const command = `#!/bin/sh\nexport UV_CONFIG_FILE='${settings}' UV_CACHE_DIR='${cache}'\nexec '${await cachedUv()}' "$@"\n`;
  await writeFile(uv, command, { mode: 0o755 });
  await run(uv, ['venv', '--quiet', '--python', systemPython, path]);
  await run(uv, ['pip', 'install', '--quiet', '--python', join(path, 'bin/python'), 'jupyterhub==4.1.6']);
  await run('cp', [uv, join(path, 'bin/uv')]);
  return [uv, ['pip', 'freeze', '--python', join(path, 'bin/python')]];
};

/** A prefix that conda made, which knows the command from its own history. */
const makeCondaPrefix: Make = async (path, { work }) => {
  const conda = join(work, 'conda/bin/conda');
  const root = join(work, 'conda/root');
  await mkdir(root, { recursive: true });
  await makeConda(conda, await cachedChannel(releases), root);
  await run(conda, ['create', '-y', '-q', '-p', path, 'jupyterhub==4.1.6']);
  return [conda, ['list', '-p', path, '--explicit']];
};

/** A hub whose environment is one of that manager. */
async function startWith(make: Make): Promise<{ scene: Scene; hub: LightHub; listed(): Promise<string> }> {
  const made = await startScene({ users: 20, space: false });
  scene = made;
  const { hub } = made;
  await run('sh', ['-c', hub.stopCommand]);
  await rename(hub.environmentPath, `${hub.environmentPath}-of-pip`);
  const [command, words] = await make(hub.environmentPath, made);
  await run('sh', ['-c', hub.startCommand]);
  await expect.poll(() => release(hub), { timeout: 120_000, interval: 500 }).toBe('4.1.6');
  return { scene: made, hub, listed: () => run(command, words) };
}

interface Case {
  name: string;
  make: Make;
  /** What more a change in the plan says. */
  more: object;
  /** Inputs that cannot be, and the cause that is told. */
  refused: [Record<string, string>, RegExp][];
}

const CASES: Case[] = [
  {
    name: 'uv',
    make: makeUv,
    more: {},
    refused: [
      [{ 'target-version': '6.9.9' }, /no version of jupyterhub==6\.9\.9/],
      [{ 'extra-packages': 'sqlalchemy<1.2' }, /sqlalchemy/i],
      [{ 'package-manager': 'conda' }, /package-manager: /],
    ],
  },
  {
    name: 'conda',
    make: makeCondaPrefix,
    more: { build: 'py_0' },
    // What else it refuses is in host/environment-conda.test.ts.
    refused: [
      [{ 'target-version': '6.9.9' }, /conda's channels do not have what is asked for: .*jupyterhub ==6\.9\.9/],
    ],
  },
];

describe.each(CASES)('$name', ({ name, make, more, refused }) => {
  test('is asked beforehand, comes back byte for byte, and upgrades', { timeout: 900_000 }, async () => {
    const { scene: one, hub, listed } = await startWith(make);
    const before = await recordState(hub.subject);
    const pid = await hub.pid();

    for (const [inputs, cause] of refused) {
      const ended = await one.run({ 'target-version': target, ...inputs });
      expect(ended.outputs, ended.rawLog.slice(-30).join('\n')).toMatchObject({
        ...{ outcome: 'failed-before-change', 'failed-step': 'plan' },
      });
      expect(ended.annotations.map(({ message }) => message).join('\n')).toMatch(cause);
      expect([await hub.pid(), await one.jobs()]).toEqual([pid, []]);
    }

    const planted = one.sabotage('do_migrate() { say planted; false; }');
    const failed = await one.run({ 'target-version': target });
    await planted;
    expect(failed.outputs.outcome, failed.rawLog.slice(-40).join('\n')).toBe('rolled-back');
    expect(judge(before, await recordState(hub.subject), target)).toMatchObject({ answer: 'old', notOld: [] });

    const upgraded = await one.run({ 'target-version': target });
    expect(upgraded.outputs.outcome, upgraded.rawLog.slice(-40).join('\n')).toBe('upgraded');
    expect(judge(before, await recordState(hub.subject), target)).toMatchObject({ answer: 'new', notNew: [] });
    const { plan } = JSON.parse(upgraded.outputs.result ?? '') as { plan: { document: PlanDocument } };
    const { facts, packages } = plan.document;
    expect(facts.find((fact) => fact.name === 'environment')?.value).toMatch(new RegExp(`, ${name} [\\d.]+`));
    expect(packages).toContainEqual({ name: 'jupyterhub', from: '4.1.6', to: target, ...more });
    expect(packages).toContainEqual(expect.objectContaining({ name: 'pydantic' }));
    expect(upgraded.summaries.at(-1)?.text).toContain(`jupyterhub 4.1.6 → ${target}`);
    // What stays as the way back by hand is what was there; the manager knows what is there now.
    const kept = await run('sh', ['-c', 'ls -d "$0".jupyterhub-upgrade-*', hub.environmentPath]);
    expect(await readTree(kept.trim())).toEqual(before.environment);
    expect((await listed()).match(/jupyterhub[-=]+[\d.]+\d/g)).toEqual([expect.stringMatching(/6\.1\.1$/)]);
  });
});
