// Environments of a real uv, without pip.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  globSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemPython } from '../../bench/hub/environments.ts';
import { freePorts } from '../../bench/hub/ports.ts';
import { cachedUv } from '../../bench/hub/uv.ts';
import { uv as uvManager } from '../../src/hub/environments/uv.ts';
import { packagesSchema } from '../../src/hub/packages.ts';
import { fillIndex, type Manager, OWN, Site, STAGED, startForbiddenIndex } from './environment-site.ts';
import { runProgram, temporaryDirectory } from './support.ts';

const root = temporaryDirectory();
const index = mkdtempSync('/tmp/index-');
/** The real command, with an index and a cache of this test; one for each user. */
const uv = join(root, 'uv');
const cache = join(root, 'cache');
let port: number | undefined;
let server: ChildProcess | undefined;

const manager: Manager = {
  name: 'uv',
  parameters: { PACKAGE_TOOL: uv },
  async install(path) {
    const asked = [
      ['venv', '--quiet', '--python', systemPython, path],
      ['pip', 'install', '--quiet', '--python', join(path, 'bin/python'), 'jupyterhub==1.0.0'],
    ];
    for (const args of asked) {
      const { status, stderr } = await runProgram(['/usr/bin/env', '-i', uv, ...args]);
      expect([status, stderr]).toEqual([0, '']);
    }
  },
};

beforeAll(async () => {
  chmodSync(root, 0o755);
  await fillIndex(index);
  for (const wheel of globSync(join(index, '*.whl'))) {
    const project = join(index, 'simple', basename(wheel).split('-')[0] ?? '');
    mkdirSync(project, { recursive: true });
    renameSync(wheel, join(project, basename(wheel)));
  }
  [port] = await freePorts(1);
  server = serve();
  writeFileSync(join(index, 'uv.toml'), `[pip]\nindex-url = "http://127.0.0.1:${port}/simple"\n`);
  mkdirSync(cache);
  chmodSync(cache, 0o1777);
  writeFileSync(
    uv,
    `#!/bin/sh
cache=\${0%/*}/cache/$(id -u)
mkdir -p "$cache"
# Root by name only is not the one who made it.
[ -w "$cache" ] || cache=$cache-by-name
export UV_CONFIG_FILE=${index}/uv.toml UV_CACHE_DIR="$cache"
exec '${await cachedUv()}' "$@"
`,
    { mode: 0o755 },
  );
});
/** An index of packages: links in pages that a directory has. */
function serve(): ChildProcess {
  const args = ['-m', 'http.server', '--bind', '127.0.0.1', '--directory', index, String(port)];
  return spawn(systemPython, args, { stdio: 'ignore' });
}

afterAll(() => server?.kill());
afterAll(() => rmSync(index, { recursive: true, force: true }));

/** Digests of all that is in uv's cache. */
function cached(): string {
  return spawnSync('/bin/sh', ['-c', "find . -path '*/archive-v*' -type f -exec sha256sum {} + | sort"], {
    cwd: cache,
  }).stdout.toString();
}

describe('staged', () => {
  it.each(STAGED)(
    'by %s (%s): the live environment is untouched until the exchange, and comes back as it was',
    async (_, shell, who) => {
      const site = await new Site(root, manager, shell, who).install();
      const before = site.picture();
      expect(globSync(join(site.path, 'lib/python*/site-packages/pip'))).toEqual([]);
      // uv's own links into its cache: what writes through one changes every environment there will be.
      const [code = ''] = globSync(join(site.path, 'lib/python*/site-packages/jupyterhub/__init__.py'));
      expect(statSync(code).nlink).toBeGreaterThan(1);
      const inCache = cached();
      await site.does('environment_stage', { REQUIREMENTS: 'jupyterhub==2.0.0', EXACTLY: '--no-deps' });
      expect(site.picture()).toEqual(before);
      expect([site.version(), site.version(site.stage())]).toEqual(['1.0.0', '2.0.0']);
      expect(site.noted('head')).toBe('head2');
      const [staged = ''] = globSync(join(site.stage(), 'lib/python*/site-packages/jupyterhub/__init__.py'));
      expect(statSync(staged).nlink).toBe(1);

      await site.does('environment_switch');
      expect([site.version(), site.command()]).toEqual(['2.0.0', '2.0.0']);
      await site.does('environment_switch_back');
      expect(site.picture()).toEqual(before);
      await site.does('environment_discard_stage');
      expect([site.picture(), site.names]).toEqual([before, ['the hub']]);
      const now = cached();
      for (const line of inCache.trim().split('\n')) expect(now).toContain(line);
    },
  );

  it('from wheels that the runner sent: no index is asked', async () => {
    const site = await new Site(root, manager, 'busybox', OWN).install();
    const forbidden = await startForbiddenIndex();
    onTestFinished(forbidden.close);
    writeFileSync(
      join(index, 'other.toml'),
      `[pip]\nindex-url = "${forbidden.url}"\nfind-links = ["${forbidden.url}files"]\n`,
    );
    const tool = join(root, 'uv-elsewhere');
    const own = readFileSync(uv, 'utf8').replaceAll('uv.toml', 'other.toml').replaceAll('/cache/', '/cache-elsewhere/');
    writeFileSync(tool, own, { mode: 0o755 });
    mkdirSync(join(root, 'cache-elsewhere'), { recursive: true });
    chmodSync(join(root, 'cache-elsewhere'), 0o1777);
    const wheel = join(index, 'simple/jupyterhub/jupyterhub-2.0.0-py3-none-any.whl');
    await site.does(`mkdir "$JOB/wheels" && chmod 755 "$JOB/wheels" && install -m 644 '${wheel}' "$JOB/wheels/"`);
    const options = { PACKAGES_FROM: 'runner', PACKAGE_TOOL: tool, EXACTLY: '--no-deps' };
    await site.does('environment_stage', { ...options, REQUIREMENTS: 'jupyterhub==2.0.0' });
    expect([site.version(), site.version(site.stage())]).toEqual(['1.0.0', '2.0.0']);
    const other = { ...options, JOB_ID: 'two', REQUIREMENTS: 'jupyterhub==3.0.0', TARGET_VERSION: '3.0.0' };
    expect((await site.run('environment_stage', other)).status).toBe(1);
    expect(forbidden.asked).toEqual([]);
  });

  it('by way of another release, and back to a list that a backup recorded', async () => {
    const site = await new Site(root, manager, 'dash', OWN).install();
    await site.does('environment_stage', { TARGET_VERSION: '3.0.0', HOPS: '2.0.0' });
    expect([site.noted('head'), site.noted('hop')]).toEqual(['head3', '2.0.0 head2']);
    const { stdout: list } = await site.run('packages_frozen');
    expect(list).toBe('alembic==1.0.0\njupyterhub==1.0.0\n');
    await site.does('environment_switch', { TARGET_VERSION: '3.0.0', HOPS: '2.0.0' });
    const options = { JOB_ID: 'two', TARGET_VERSION: '1.0.0' };
    await site.does(`mkdir "$JOB/payload"; printf '${list}' >"$JOB/payload/requirements"; environment_stage`, options);
    expect([site.version(), site.version(site.stage('two'))]).toEqual(['3.0.0', '1.0.0']);
  });

  it('a broken environment is made anew, and is still one of uv', async () => {
    const site = await new Site(root, manager, 'dash', OWN).install();
    for (const part of globSync(join(site.path, 'lib/python*/site-packages/jupyterhub')))
      rmSync(part, { recursive: true });
    const payload = 'mkdir "$JOB/payload"; printf "jupyterhub==1.0.0\\nalembic==1.0.0\\n" >"$JOB/payload/requirements"';
    await site.does(`${payload}; environment_stage`, { TARGET_VERSION: '1.0.0', FRESH_ENVIRONMENT: 'yes' });
    expect(site.version(site.stage())).toBe('1.0.0');
    const { stdout } = await site.run(
      'ENVIRONMENT_PATH=$ENVIRONMENT_PATH.jupyterhub-upgrade-one; . "$PROGRAMS/environments/detect.sh"; environment_kind',
    );
    expect(stdout).toBe('uv\n');
  });
});

it('in place, from what was fetched before; the way back is the copy', async () => {
  const site = await new Site(root, manager, 'busybox', OWN).install();
  const options = { INSTALL: 'in-place', REQUIREMENTS: 'jupyterhub==2.0.0', EXACTLY: '--no-deps' };
  const before = site.picture();
  await site.does('environment_stage', options);
  expect(site.picture()).toEqual(before);
  // Nothing is looked for while the hub is down.
  server?.kill();
  await site.does('environment_install', options);
  server = serve();
  expect([site.version(), site.version(site.stage())]).toEqual(['2.0.0', '1.0.0']);
  await site.does('environment_switch_back; environment_discard_stage', options);
  expect([site.picture(), site.names]).toEqual([before, ['the hub']]);
});

describe('before anything changes', () => {
  it('says what would be installed, why it cannot be, and what is there', async () => {
    const site = await new Site(root, manager, 'dash', OWN).install();
    const before = site.picture();
    const known = await site.run('as_owner "$ENVIRONMENT_PATH/bin/python" -I "$PROGRAMS/packages.py" installed');
    const packages = packagesSchema.parse(JSON.parse(known.stdout));
    expect(packages.installed).toContainEqual({
      name: 'jupyterhub',
      version: '1.0.0',
      editable: false,
      installer: 'uv',
      from: null,
    });
    const environment = { installed: packages.installed } as never;

    const { status, stdout } = await site.run('packages_resolve "$JOB" jupyterhub==2.0.0 oldplugin', {
      UPGRADED: 'oldplugin',
    });
    expect([status, uvManager.refusal(stdout, '', ['jupyterhub==2.0.0', 'oldplugin'])]).toEqual([
      1,
      expect.stringMatching(
        /^uv refuses to install jupyterhub==2\.0\.0, oldplugin: .*oldplugin depend on jupyterhub<2/,
      ),
    ]);
    const missing = await site.run('packages_resolve "$JOB" jupyterhub==9.0.0');
    expect(uvManager.refusal(missing.stdout, '', ['jupyterhub==9.0.0'])).toMatch(
      /there is no version of jupyterhub==9\.0\.0/,
    );
    const chosen = await site.run('packages_resolve "$JOB" jupyterhub==2.0.0');
    expect(uvManager.changes(chosen.stdout, environment)).toEqual([{ name: 'jupyterhub', from: '1.0.0', to: '2.0.0' }]);
    expect((await site.run('packages_versions')).stdout).toBe('3.0.0\n');
    expect(site.picture()).toEqual(before);
  });

  it('finds a uv that its owner may trust, and no other', async () => {
    const site = await new Site(root, manager, 'busybox', OWN).install();
    const find = async () => (await site.run('. "$PROGRAMS/environments/detect.sh"; find_uv')).stdout.trim();
    const others = await find();
    const own = join(site.path, 'bin/uv');
    linkSync(uv, own);
    expect(await find()).toBe(own);
    chmodSync(uv, 0o777);
    expect(await find()).toBe(others);
    chmodSync(uv, 0o755);
    expect(existsSync(own)).toBe(true);
  });
});
