import { access, copyFile, mkdir, rename, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cached } from './cache.ts';
import { requirementsOf } from './environments.ts';
import type { MachineServer } from './machine-database.ts';
import { cachedProxy } from './proxy.ts';
import { run, shellQuote } from './run.ts';

/** Where the environments of machines are made. */
export const environmentPath = '/opt/jupyterhub/env';

const packages = [
  ...['systemd', 'systemd-sysv', 'dbus', 'openssh-server', 'python3', 'python3-venv', 'sudo'],
  ...['iproute2', 'procps', 'util-linux', 'ca-certificates'],
];

/**
 * A Debian tree as an administrator's plain server has it, with the accounts `admin` (sudo without a password) and `hub`,
 * and configurable-http-proxy with its node; made once, to be used as the lower layer of an overlay.
 */
export function cachedTree(): Promise<string> {
  return cached('machine/debian-bookworm', async (root) => {
    await run('mmdebstrap', ['--variant=minbase', `--include=${packages.join(',')}`, 'bookworm', root]);
    const inside = (command: string) => run('chroot', [root, 'sh', '-ec', command]);
    await inside('useradd --create-home --shell /bin/bash admin; useradd --system --create-home hub');
    await inside("rm -f /etc/ssh/ssh_host_*; echo 'admin ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin");

    const proxy = '/opt/configurable-http-proxy';
    await run('cp', ['-a', dirname(dirname(await cachedProxy())), join(root, proxy)]);
    await symlink(
      `${proxy}/node_modules/.bin/configurable-http-proxy`,
      join(root, 'usr/local/bin/configurable-http-proxy'),
    );
    await run('cp', ['--reflink=auto', process.execPath, join(root, 'usr/local/bin/node')]);

    // Packages come the way they come to this machine: its pip configuration and the authorities it trusts.
    for (const file of ['/etc/pip.conf', '/etc/ssl/certs/ca-certificates.crt']) {
      if (await exists(file)) await copyFile(file, join(root, file));
    }
  });
}

/**
 * The directory `env` of a machine: an environment with that release, and the driver of a database server, made once
 * inside the tree at its final place.
 */
export function cachedMachineEnvironment(release: string, server?: MachineServer, alsoFor?: string): Promise<string> {
  const name = [release, server, alsoFor && `for-${alsoFor}`].filter(Boolean).join('-');
  return cached(`machine/environments/${name}`, async (directory) => {
    const requirements = requirementsOf(release, server).map(shellQuote).join(' ');
    const first = alsoFor ? `${environmentPath}/bin/pip install --quiet jupyterhub==${alsoFor}` : ':';
    const installation = `mkdir -p ${dirname(environmentPath)}; python3 -m venv ${environmentPath}; ${first}
      ${environmentPath}/bin/pip install --quiet ${requirements}`;
    const cache = (await run('python3', ['-m', 'pip', 'cache', 'dir']).catch(() => '')).trim();
    const binds = (await exists(cache)) ? [`--bind=${cache}:/root/.cache/pip`] : [];
    const added = await runInTree(directory, installation, binds);
    await rename(join(added, environmentPath), join(directory, 'env'));
    await run('rm', ['-rf', added]);
  }).then((directory) => join(directory, 'env'));
}

/** What a database server adds to the tree, as its packages put it there; made once, a layer to lie over the tree. */
export function cachedServerLayer(server: MachineServer): Promise<string> {
  const packageOf = { postgresql: 'postgresql', mariadb: 'mariadb-server' };
  return cached(`machine/debian-bookworm-${server}`, async (directory) => {
    const policy = '/usr/sbin/policy-rc.d';
    const installation = `printf '#!/bin/sh\nexit 101\n' >${policy}; chmod 755 ${policy}; apt-get update -q
      DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends ${packageOf[server]}
      apt-get clean; rm -r ${policy} /var/lib/apt/lists/*`;
    await rename(await runInTree(directory, installation), join(directory, 'layer'));
  }).then((directory) => join(directory, 'layer'));
}

/** Runs a script as root in the tree and gives the directory with all that it added, in `directory`. */
async function runInTree(directory: string, script: string, binds: string[] = []): Promise<string> {
  const [upper, work, merged] = ['upper', 'work', 'merged'].map((name) => join(directory, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [upper, work, merged]) await mkdir(path);
  const options = ['--register=no', '--keep-unit', '--as-pid2', '--pipe', '--quiet', '--resolv-conf=copy-host'];
  const inside = ['systemd-nspawn', ...options, ...binds, '-D', merged, 'sh', '-ec', script];
  const mount = ['mount', ...overlay([await cachedTree()], upper, work, merged)];
  // In a mount namespace of its own, where the mount ends with it.
  await run('unshare', [
    '--mount',
    'sh',
    '-ec',
    `${mount.map(shellQuote).join(' ')} && exec ${inside.map(shellQuote).join(' ')}`,
  ]);
  await run('rm', ['-rf', work, merged]);
  return upper;
}

/** Arguments of mount(8) for a tree that is written to `upper` where it differs from `lower`, the topmost first. */
export function overlay(lower: string[], upper: string, work: string, merged: string): string[] {
  return ['-t', 'overlay', 'overlay', '-o', `lowerdir=${lower.join(':')},upperdir=${upper},workdir=${work}`, merged];
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
