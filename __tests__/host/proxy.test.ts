import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findCommand } from '../../bench/hub/requirements.ts';
import { run } from '../../bench/hub/run.ts';
import { canMount, isRoot, type Manager, NOBODY, OWN, Site, type Who } from './environment-site.ts';
import type { Shell } from './programs.ts';
import { temporaryDirectory } from './support.ts';

const root = temporaryDirectory();
chmodSync(root, 0o755);

// --- a registry with two releases of a proxy, and what the new one needs ------------------------------------------------

const PACKAGES: Record<string, Record<string, object>> = {
  'configurable-http-proxy': {
    '4.5.0': { bin: { 'configurable-http-proxy': 'bin/proxy' } },
    '4.6.2': { bin: { 'configurable-http-proxy': 'bin/proxy' }, dependencies: { needed: '1.0.0' } },
  },
  needed: { '1.0.0': {} },
};

let registry: Server;
let address: string;

beforeAll(async () => {
  const tarballs = new Map<string, Buffer>();
  for (const [name, versions] of Object.entries(PACKAGES)) {
    for (const [version, more] of Object.entries(versions)) {
      const directory = mkdtempSync(join(root, 'package-'));
      mkdirSync(join(directory, 'package/bin'), { recursive: true });
      writeFileSync(join(directory, 'package/package.json'), JSON.stringify({ name, version, ...more }, null, 2));
      writeFileSync(join(directory, 'package/bin/proxy'), `#!/bin/sh\necho ${version}\n`, { mode: 0o755 });
      await run('tar', ['-czf', join(directory, 'tgz'), '-C', directory, 'package']);
      tarballs.set(`/${name}-${version}.tgz`, readFileSync(join(directory, 'tgz')));
    }
  }
  registry = createServer(({ url = '' }, response) => {
    const tarball = tarballs.get(url);
    const versions = PACKAGES[url.slice(1)];
    if (tarball) return response.end(tarball);
    if (!versions) return response.writeHead(404).end('{}');
    const found = Object.entries(versions).map(([version, more]) => {
      const path = `${url}-${version}.tgz`;
      const integrity = `sha512-${createHash('sha512')
        .update(tarballs.get(path) ?? '')
        .digest('base64')}`;
      return [version, { name: url.slice(1), version, ...more, dist: { tarball: `${address}${path}`, integrity } }];
    });
    return response.end(JSON.stringify({ name: url.slice(1), versions: Object.fromEntries(found), 'dist-tags': {} }));
  });
  await new Promise<void>((resolve) => registry.listen(0, '127.0.0.1', resolve));
  address = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
});

afterAll(() => registry?.close());

// --- a proxy on a host ----------------------------------------------------------------------------------------------------

/** An environment is there as a directory only. */
const none: Manager = {
  name: 'pip',
  parameters: {},
  async install(path) {
    mkdirSync(join(path, 'lib'), { recursive: true });
  },
};

/** A global installation of the older release, in `prefix` below the site's directory. */
async function put(shell: Shell, who: Who, prefix: string) {
  const site = await new Site(root, none, shell, who).install();
  const base = join(site.directory, prefix);
  const home = join(site.directory, 'npm-home');
  mkdirSync(home);
  mkdirSync(join(base, 'bin'), { recursive: true });
  writeFileSync(join(home, '.npmrc'), `registry=${address}/\n`);
  const npm = (await findCommand('npm')) ?? '';
  const beside = join(site.directory, 'tools');
  mkdirSync(beside);
  symlinkSync(npm, join(beside, 'npm'));
  symlinkSync(process.execPath, join(beside, 'node'));
  await run('npm', [
    'install',
    '--global',
    '--prefix',
    base,
    `--registry=${address}/`,
    'configurable-http-proxy@4.5.0',
  ]);
  if (isRoot) spawnSync('chown', ['-R', `${who.owner}:${who.owner}`, base, home]);
  const options = {
    PROXY_PACKAGE: join(base, 'lib/node_modules/configurable-http-proxy'),
    ...{ PROXY_NPM: join(beside, 'npm'), PROXY_VERSION: '4.6.2', OWNER_HOME: home },
    ...{ PROXY_UID: String(who.owner), PROXY_GID: String(who.owner) },
  };
  const command = () => spawnSync(join(base, 'bin/configurable-http-proxy')).stdout.toString().trim();
  return { site, base, options, command };
}

const WHO: [Shell, Who][] = [
  ['dash', OWN],
  ...(isRoot ? ([['busybox', { user: 0, owner: NOBODY, parent: 0 }]] as [Shell, Who][]) : []),
];

describe.each(WHO)('with %s', (shell, who) => {
  it('is installed beside the one that runs, and comes back as it was, wherever it was cut', async () => {
    const { site, base, options, command } = await put(shell, who, 'node');
    const before = site.picture(base);
    expect(command()).toBe('4.5.0');
    const back = async () => {
      await site.does('proxy_switch_back; proxy_switch_back; proxy_discard; proxy_discard', options);
      expect([command(), site.picture(base)]).toEqual(['4.5.0', before]);
    };

    await site.does('proxy_stage', options);
    expect(command()).toBe('4.5.0');
    await back();

    await site.does('proxy_stage; proxy_switch', options);
    expect(command()).toBe('4.6.2');
    expect(existsSync(join(options.PROXY_PACKAGE, 'node_modules/needed'))).toBe(true);
    await back();

    // By renames, the second of which the power cuts.
    const cut = 'exchange() { "$1" mv -T "$2" "$3.out"; }';
    await site.does(`proxy_stage; ${cut}; proxy_switch`, options);
    expect(existsSync(options.PROXY_PACKAGE)).toBe(false);
    await back();

    await site.does('proxy_stage; proxy_switch; proxy_discard', options);
    expect(command()).toBe('4.6.2');
    expect(site.picture(base)).not.toContain('jupyterhub-upgrade');
  }, 60_000);

  it('a release that is not to be had ends the stage, and leaves nothing', async () => {
    const { site, base, options } = await put(shell, who, 'node');
    const before = site.picture(base);
    const failed = await site.run('proxy_stage', { ...options, PROXY_VERSION: '9.9.9' });
    expect([failed.status, failed.stderr]).toEqual([1, expect.stringContaining('configurable-http-proxy@9.9.9')]);
    await site.does('proxy_switch_back; proxy_discard', options);
    expect(site.picture(base)).toBe(before);
  }, 60_000);

  it('without one that is asked for nothing is done', async () => {
    const site = new Site(root, none, shell, who);
    await site.does('proxy_stage && proxy_switch && proxy_switch_back && proxy_discard');
  });
});

it.skipIf(!canMount(OWN.user))(
  'what lies in the environment is installed into the copy of that',
  async () => {
    const { site, base, options, command } = await put('dash', OWN, 'the hub');
    const copy = site.stage();
    // In a mount of its own npm has the home of the owner.
    mkdirSync(join(base, 'etc'));
    writeFileSync(join(base, 'etc/npmrc'), `registry=${address}/\n`);
    spawnSync('cp', ['-a', base, copy]);
    const before = site.picture(base);
    await site.does('proxy_stage; proxy_switch', options);
    expect([command(), site.picture(base)]).toEqual(['4.5.0', before]);
    const staged = readFileSync(join(copy, 'lib/node_modules/configurable-http-proxy/package.json'), 'utf8');
    expect(JSON.parse(staged)).toMatchObject({ version: '4.6.2' });
    await site.does('proxy_switch_back; proxy_discard', options);
    expect(site.picture(base)).toBe(before);
    rmSync(copy, { recursive: true });
  },
  60_000,
);
