import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileOf } from '../hub/database.ts';
import { copyEnvironment } from '../hub/environments.ts';
import type { LightHub } from '../hub/light.ts';
import { run } from '../hub/run.ts';
import { execute } from './execute.ts';
import { runScript, TO } from './subject.ts';
import type { Order, UpgradeRecord } from './upgrade-once.ts';

/** Upgrades the hub by the committed bundle. `near` begins the command line where the runner is at the end of a link. */
export async function byAction(hub: LightHub, signal: AbortSignal, near: string[] = []): Promise<UpgradeRecord> {
  const inputs = {
    host: hub.ssh.host,
    port: String(hub.ssh.port),
    username: hub.ssh.username,
    'ssh-private-key': hub.ssh.privateKey,
    'known-hosts': hub.ssh.knownHosts,
    'service-manager': 'commands',
    'stop-command': hub.stopCommand,
    'start-command': hub.startCommand,
    'config-path': hub.configPath,
    'target-version': TO,
    'backup-passphrase': 'correct horse battery staple',
    'notify-lead-time': '0',
  };
  const work = await mkdtemp(join(tmpdir(), 'ratios-'));
  try {
    const program = fileURLToPath(new URL('upgrade-once.ts', import.meta.url));
    const [command = '', ...args] = [...near, process.execPath, program];
    const order: Order = { inputs, work };
    const record = JSON.parse(await execute(command, args, { stdin: JSON.stringify(order), signal })) as UpgradeRecord;
    if (record.outcome === 'upgraded') return record;
    throw new Error(`the action ended with the outcome ${record.outcome}:\n${record.log.slice(-60).join('\n')}`);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Makes a host, of a hub with tools of its own, one that allows no private mount: the action upgrades in place there. */
export async function forbidMounts(hub: LightHub): Promise<void> {
  const unshare = join(hub.tools, 'unshare');
  await writeFile(unshare, '#!/bin/sh\necho "unshare: unshare failed: Operation not permitted" >&2\nexit 1\n');
  await chmod(unshare, 0o755);
}

/** The guide of JupyterHub's documentation, done by a script over SSH. */
export function byGuide(hub: LightHub, signal: AbortSignal): Promise<void> {
  return runScript(
    hub,
    `set -e
${hub.stopCommand}
cp '${fileOf(hub)}' '${fileOf(hub)}.backup'
. '${hub.environmentPath}/bin/activate'
pip install --upgrade jupyterhub==${TO}
cd '${hub.directory}/state'
jupyterhub upgrade-db -f '${hub.configPath}'
${hub.startCommand}
`,
    signal,
  );
}

/** What cannot be left out: the new environment is there already, and is put in place by two renames. */
export async function byFloor(hub: LightHub, signal: AbortSignal): Promise<void> {
  await runScript(
    hub,
    `set -e
${hub.stopCommand}
mv '${hub.environmentPath}' '${hub.environmentPath}.old'
mv '${newEnvironment(hub)}' '${hub.environmentPath}'
. '${hub.environmentPath}/bin/activate'
cd '${hub.directory}/state'
jupyterhub upgrade-db -f '${hub.configPath}'
${hub.startCommand}
`,
    signal,
  );
}

/** Makes the new environment for `byFloor`, which names the place it will be moved to. */
export async function prepareFloor(hub: LightHub): Promise<void> {
  const prepared = newEnvironment(hub);
  await copyEnvironment(TO, prepared);
  const script = 'for file in "$1"/bin/* "$1/pyvenv.cfg"; do [ -h "$file" ] || sed -i "s|$1|$2|g" "$file"; done';
  await run('sh', ['-c', script, 'sh', prepared, hub.environmentPath]);
}

function newEnvironment(hub: LightHub): string {
  return `${hub.environmentPath}.new`;
}
