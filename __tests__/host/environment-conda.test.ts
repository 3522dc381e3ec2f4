// Environments of conda, by a stand-in for its command: see support/conda.
import { chmodSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conda as condaManager } from '../../src/hub/environments/conda.ts';
import { packagesSchema } from '../../src/hub/packages.ts';
import { makeChannel, makeConda } from '../support/conda/index.ts';
import { fillIndex, type Manager, OWN, Site, STAGED } from './environment-site.ts';
import { runProgram, temporaryDirectory } from './support.ts';

const root = temporaryDirectory();
/** conda's record of its commands knows no blanks. */
const place = mkdtempSync('/tmp/conda-');
const conda = join(place, 'bin/conda');

const manager: Manager = {
  name: 'conda',
  parameters: { PACKAGE_TOOL: conda },
  async install(path) {
    const created = await runProgram([conda, 'create', '-y', '-q', '-p', path, 'jupyterhub==1.0.0']);
    expect([created.status, created.stderr]).toEqual([0, '']);
  },
};

beforeAll(async () => {
  for (const directory of [root, place]) chmodSync(directory, 0o755);
  for (const directory of ['wheels', 'cache']) mkdirSync(join(place, directory));
  chmodSync(join(place, 'cache'), 0o1777);
  await fillIndex(join(place, 'wheels'));
  await makeChannel(join(place, 'channel'), join(place, 'wheels'));
  await makeConda(conda, join(place, 'channel'), join(place, 'cache'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

describe('staged', () => {
  it.each(STAGED)(
    'by %s (%s): the live environment is untouched until the exchange, and comes back as it was',
    async (_, shell, who) => {
      const site = await new Site(root, manager, shell, who).install();
      await site.does(`as_owner sh -c 'echo unknown to conda >"$0/etc-of-the-hub"' "$ENVIRONMENT_PATH"`);
      const before = site.picture();
      await site.does('environment_stage', { REQUIREMENTS: 'jupyterhub=2.0.0=py_0' });
      // conda writes to the history of an environment where it lies: a copy by links would have changed the live one's.
      expect(site.picture()).toEqual(before);
      expect([site.version(), site.version(site.stage())]).toEqual(['1.0.0', '2.0.0']);
      expect(site.noted('head')).toBe('head2');

      await site.does('environment_switch');
      expect([site.version(), site.command()]).toEqual(['2.0.0', '2.0.0']);
      expect(readFileSync(join(site.path, 'etc-of-the-hub'), 'utf8')).toBe('unknown to conda\n');
      await site.does('environment_switch_back');
      expect(site.picture()).toEqual(before);
      await site.does('environment_discard_stage');
      expect([site.picture(), site.names]).toEqual([before, ['the hub']]);
    },
  );

  it('by way of another release, and back to a list that a backup recorded', async () => {
    const site = await new Site(root, manager, 'dash', OWN).install();
    const { stdout: list } = await site.run('packages_frozen');
    expect(list).toMatch(/^@EXPLICIT\nfile:\/\/\S+alembic-1\.0\.0-py_0\.conda#[0-9a-f]{32}\n/m);
    const options = { TARGET_VERSION: '3.0.0', HOPS: '2.0.0', REQUIREMENTS: 'jupyterhub=3.0.0' };
    await site.does('environment_stage', options);
    expect([site.noted('head'), site.noted('hop')]).toEqual(['head3', '2.0.0 head2']);
    await site.does('environment_switch', options);
    const back = { JOB_ID: 'two', TARGET_VERSION: '1.0.0' };
    await site.does(
      `mkdir "$JOB/payload"; printf '%s' '${list}' >"$JOB/payload/requirements"; environment_stage`,
      back,
    );
    expect([site.version(), site.version(site.stage('two'))]).toEqual(['3.0.0', '1.0.0']);
  });

  it('an answer that says all is well is not believed', async () => {
    const site = await new Site(root, manager, 'busybox', OWN).install();
    const { status, stdout, stderr } = await site.run('environment_stage', { REQUIREMENTS: 'alembic' });
    expect([status, stdout + stderr]).toEqual([
      1,
      expect.stringContaining('conda installed JupyterHub 1.0.0, not 2.0.0'),
    ]);
  });
});

it('in place, from what was fetched before; the way back is the copy', async () => {
  const site = await new Site(root, manager, 'dash', OWN).install();
  const options = { INSTALL: 'in-place', REQUIREMENTS: 'jupyterhub=2.0.0=py_0' };
  const before = site.picture();
  await site.does('environment_stage', options);
  expect(site.picture()).toEqual(before);
  await site.does('environment_install', options);
  expect([site.version(), site.version(site.stage())]).toEqual(['2.0.0', '1.0.0']);
  await site.does('environment_switch_back; environment_discard_stage', options);
  expect([site.picture(), site.names]).toEqual([before, ['the hub']]);
});

describe('before anything changes', () => {
  it('says what would be installed, why it cannot be, and what is there', async () => {
    const site = await new Site(root, manager, 'busybox', OWN).install();
    const before = site.picture();
    const known = await site.run('as_owner "$ENVIRONMENT_PATH/bin/python" -I "$PROGRAMS/packages.py" installed');
    expect(packagesSchema.parse(JSON.parse(known.stdout)).installed).toContainEqual({
      ...{ name: 'jupyterhub', version: '1.0.0', editable: false, installer: 'conda', from: null },
    });
    const ask = async (...wanted: string[]) => {
      const { status, stdout } = await site.run(`packages_resolve "$JOB" ${wanted.join(' ')}`);
      return status === 0 ? condaManager.changes(stdout, {} as never) : condaManager.refusal(stdout, '', wanted);
    };
    expect(await ask('jupyterhub==2.0.0')).toEqual([{ name: 'jupyterhub', from: '1.0.0', to: '2.0.0', build: 'py_0' }]);
    expect(await ask('jupyterhub==9.0.0')).toMatch(/^conda's channels do not have what is asked for: .*jupyterhub/);
    expect(await ask('jupyterhub==2.0.0', 'oldplugin')).toMatch(
      /^jupyterhub==2\.0\.0, oldplugin cannot be installed together/,
    );
    const elsewhere = await site.run('packages_resolve "$JOB" jupyterhub==2.0.0', { CHANNELS: 'file:///nowhere' });
    expect(condaManager.refusal(elsewhere.stdout, '', [])).toMatch(/^conda's channels cannot be reached from the host/);
    expect((await site.run('packages_versions')).stdout).toBe('1.0.0,2.0.0,3.0.0\n');
    expect(site.picture()).toEqual(before);
  });

  it('finds the command that made the environment, or one beside it, and who installed JupyterHub', async () => {
    const site = await new Site(root, manager, 'dash', OWN).install();
    const look = async (functions: string) =>
      (await site.run(`. "$PROGRAMS/environments/detect.sh"; ${functions}`)).stdout.trim();
    expect(await look('environment_kind; find_conda conda; conda_packages')).toBe(
      `conda\n${conda}\njupyterhub-1.0.0-py_0.json`,
    );
    const history = join(site.path, 'conda-meta/history');
    writeFileSync(history, readFileSync(history, 'utf8').replaceAll(conda, '/nowhere/bin/micromamba'));
    writeFileSync(join(site.path, 'bin/conda'), '#!/bin/sh\n', { mode: 0o755 });
    expect(await look('find_conda conda')).toBe(join(site.path, 'bin/conda'));
    // A name that means something else in every directory.
    writeFileSync(history, readFileSync(history, 'utf8').replaceAll('/nowhere/bin/micromamba', 'bin/conda'));
    expect(await look('cd "$ENVIRONMENT_PATH"; find_conda conda')).toBe(join(site.path, 'bin/conda'));
    for (const record of globSync(join(site.path, 'conda-meta/jupyterhub-*.json'))) rmSync(record);
    expect(await look('conda_packages')).toBe('');
  });
});
