import { access, copyFile, mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cached } from './cache.ts';
import { requirementsOf } from './environments.ts';
import { cachedProxy } from './proxy.ts';
import { run, shellQuote } from './run.ts';

/** Where the hub's environment is in a machine. */
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

/** The directory `env` of a machine: an environment with that release, made once inside the tree at its final place. */
export function cachedMachineEnvironment(release: string): Promise<string> {
  return cached(`machine/environments/${release}`, async (directory) => {
    const upper = join(directory, 'upper');
    const work = join(directory, 'work');
    const merged = join(directory, 'merged');
    for (const path of [upper, work, merged]) await mkdir(path);
    await mkdir(join(upper, dirname(environmentPath)), { recursive: true });
    await writeFile(join(upper, 'install.sh'), installation(release));
    const cache = (await run('python3', ['-m', 'pip', 'cache', 'dir']).catch(() => '')).trim();
    const binds = (await exists(cache)) ? [`--bind=${cache}:/root/.cache/pip`] : [];
    const options = ['--register=no', '--keep-unit', '--as-pid2', '--pipe', '--quiet', '--resolv-conf=copy-host'];
    const install = ['systemd-nspawn', ...options, ...binds, '-D', merged, 'sh', '/install.sh'];
    const mount = ['mount', ...overlay(await cachedTree(), upper, work, merged)];
    // In a mount namespace of its own, where the mount ends with it.
    const script = `${mount.map(shellQuote).join(' ')} && exec ${install.map(shellQuote).join(' ')}`;
    await run('unshare', ['--mount', 'sh', '-ec', script]);
    await rename(join(upper, environmentPath), join(directory, 'env'));
    await run('rm', ['-rf', upper, work, merged]);
  }).then((directory) => join(directory, 'env'));
}

/** Arguments of mount(8) for a tree that is written to `upper` where it differs from `lower`. */
export function overlay(lower: string, upper: string, work: string, merged: string): string[] {
  return ['-t', 'overlay', 'overlay', '-o', `lowerdir=${lower},upperdir=${upper},workdir=${work}`, merged];
}

function installation(release: string): string {
  const requirements = requirementsOf(release).map((requirement) => `'${requirement}'`);
  return `set -e
python3 -m venv ${environmentPath}
${environmentPath}/bin/pip install --quiet ${requirements.join(' ')}
`;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
