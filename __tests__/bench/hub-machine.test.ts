import { execFile } from 'node:child_process';
import { access, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { judge } from '../../bench/check/judge.ts';
import { recordState } from '../../bench/check/state.ts';
import { type MachineHub, startMachineHub } from '../../bench/hub/machine.ts';
import { missingRequirements } from '../../bench/hub/requirements.ts';
import { until } from '../../bench/hub/run.ts';
import { serverPid } from '../../bench/hub/seed.ts';

vi.setConfig({ testTimeout: 180_000 }); // a real machine, on one that may be busy

const missing = await missingRequirements('machine');

if (missing.length > 0) {
  test.skip(`the machine flavour: ${missing.join('; ')}`);
} else {
  let hub: MachineHub;
  let keys: string;

  beforeAll(async () => {
    hub = await startMachineHub({ release: '4.1.6' });
    keys = await mkdtemp(join(tmpdir(), 'keys-'));
    await writeFile(join(keys, 'key'), hub.ssh.privateKey, { mode: 0o600 });
    await writeFile(join(keys, 'known_hosts'), hub.ssh.knownHosts);
  });

  afterAll(async () => {
    if (keys) await rm(keys, { recursive: true });
    if (!hub) return;
    const directory = dirname(hub.root);
    await hub.stop();
    await expect(access(directory)).rejects.toThrow('ENOENT');
    expect(await readFile('/proc/mounts', 'utf8')).not.toContain(directory);
  });

  const ssh = async ({ port, username, host } = hub.ssh, command: string) => {
    const options = ['-F', 'none', '-i', join(keys, 'key'), '-o', `UserKnownHostsFile=${join(keys, 'known_hosts')}`];
    return (await promisify(execFile)('ssh', [...options, '-p', String(port), `${username}@${host}`, command])).stdout;
  };

  const answers = () =>
    until('no answer', 60, async () => (await hub.api('GET', '/').catch(() => undefined))?.status === 200);

  test('it is a Debian server that systemd runs, with root and an admin who may use sudo', async () => {
    expect(await ssh(hub.ssh, 'id -un; systemctl is-system-running')).toBe('root\nrunning\n');
    expect(await ssh(hub.admin, 'id -un; sudo -n id -un')).toBe('admin\nroot\n');
    const unit = await ssh(hub.ssh, `systemctl cat ${hub.unit}`);
    expect(unit).toContain('Restart=always\nKillMode=process\n');
    expect(await ssh(hub.ssh, 'stat -c "%U %a" /etc/jupyterhub/hub.env /opt/jupyterhub/env')).toBe(
      'root 600\nroot 755\n',
    );
    const [hubPid = '', user = ''] = (await ssh(hub.ssh, 'pgrep -x jupyterhub; ps -o user= -C jupyterhub')).split('\n');
    expect([Number(hubPid), user.trim()]).toEqual([await hub.pid(), 'hub']);
  });

  test('stopped and started by its admin it is the old one, and the user server lives on', async () => {
    const before = await recordState(hub.subject);
    await ssh(hub.admin, `sudo systemctl stop ${hub.unit}`);
    expect(await hub.pid()).toBeUndefined();
    expect(await serverPid(hub.url, hub.server.user)).toBe(hub.server.pid);
    await ssh(hub.admin, `sudo systemctl start ${hub.unit}`);
    await answers();
    const after = await recordState(hub.subject);
    expect(judge(before, after, '6.1.1')).toMatchObject({ answer: 'old', notOld: [], leftovers: [], exact: true });
    expect(await serverPid(hub.url, hub.server.user)).toBe(hub.server.pid);
  });

  test('the checker sees planted differences, and what is left over', async () => {
    const before = await recordState(hub.subject);
    await hub.exec(`
      touch /tmp/left; mkdir -p /run/left; mount -t tmpfs left /run/left
      mkdir -p /etc/systemd/system/${hub.unit}.d; printf '[Service]\\nNice=1\\n' >/etc/systemd/system/${hub.unit}.d/x.conf`);
    const after = await recordState(hub.subject);
    await hub.exec(`rm -r /tmp/left /etc/systemd/system/${hub.unit}.d; umount /run/left`);
    expect(judge(before, after, '6.1.1')).toMatchObject({
      answer: 'MIXED',
      notOld: [`configuration differs: ${hub.unit}.d; ${hub.unit}.d/x.conf`],
      leftovers: [`watched: ${hub.root}/tmp/left`, 'mounts: /run/left'],
    });
  });

  test('a power cut ends everything in it; after a boot hub and data are there again', async () => {
    const before = await recordState(hub.subject);
    await hub.kill();
    await expect(hub.api('GET', '/')).rejects.toThrow('fetch failed');
    await hub.boot();
    await answers();
    const after = await recordState(hub.subject);
    expect(judge(before, after, '6.1.1')).toMatchObject({ answer: 'old', notOld: [] });
    expect(await serverPid(hub.url, hub.server.user)).toBeUndefined();
  });
}
