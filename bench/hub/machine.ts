import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Blueprint, draw, environmentFile, type HubOptions, hubEnvironment, proxyArguments } from './blueprint.ts';
import { mainConfiguration, servicesConfiguration } from './configuration.ts';
import { type HubDatabase, makeServerDatabase, urlOf } from './database.ts';
import { makeBoxDirectory } from './directories.ts';
import { fill, type HubInABox, program, secretsOf } from './hub.ts';
import { databaseUnit, packaged, prepareServer } from './machine-database.ts';
import { type Layout, layouts } from './machine-layout.ts';
import { cachedMachineEnvironment, cachedServerLayer } from './machine-tree.ts';
import { Machine, removeMachine } from './nspawn.ts';
import { commandLines, mountPoints, namespaceProcesses } from './processes.ts';
import { assertRequirements } from './requirements.ts';
import { run, until } from './run.ts';
import { describeAccess, makeKey, type SshAccess } from './sshd.ts';

export interface MachineOptions extends HubOptions {
  /** Who the hub runs as; default `hub`. */
  hubUser?: 'hub' | 'root';
  /** Who owns its environment; default `root`. */
  environmentOwner?: 'hub' | 'root';
  /** How the hub is laid out; default `plain`. */
  layout?: keyof typeof layouts;
  /** The unit's KillMode: with `process` (default) users' servers survive a stop, with systemd's own default they do not. */
  killMode?: 'process' | 'control-group' | 'mixed';
}

/** A hub on a Debian machine of its own that systemd runs. */
export interface MachineHub extends HubInABox {
  /** How to log in as `admin`, who may use sudo; `ssh` is for root. */
  admin: SshAccess;
  /** The hub's unit, `jupyterhub.service`. */
  unit: string;
  /** The machine's whole tree, as this machine sees it. */
  root: string;
  /** Runs a shell command as root in the machine and gives its stdout; throws when it fails. */
  exec(command: string): Promise<string>;
  /** Cuts the power: nothing in the machine is asked or told. */
  kill(): Promise<void>;
  /** Boots the machine again after `kill` or after it was shut down from inside; resolves when SSH answers. */
  boot(): Promise<void>;
}

const unit = 'jupyterhub.service';

/** Boots a machine with a filled hub in it; leaves nothing behind when that fails. */
export async function startMachineHub(options: MachineOptions = {}): Promise<MachineHub> {
  await assertRequirements('machine');
  const defaults = { hubUser: 'hub', environmentOwner: 'root', killMode: 'process', layout: 'plain' } as const;
  const blueprint: MachineBlueprint = { ...defaults, ...options, ...(await draw(options)) };
  const directory = await makeBoxDirectory('machine-', removeMachine);
  const machine = new Machine(directory, blueprint.ports.ssh);
  const stop = async () => {
    await machine.kill();
    await removeMachine(directory);
  };
  try {
    return { ...(await setUp(machine, blueprint)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type MachineBlueprint = Blueprint & Required<MachineOptions>;

async function setUp(machine: Machine, blueprint: MachineBlueprint): Promise<Omit<MachineHub, 'stop'>> {
  const { release, users, proxy, journalMode, ports, url, apiToken, hubUser, environmentOwner } = blueprint;
  const layout = layouts[blueprint.layout](blueprint);
  const { environmentPath, configPath, settingsPath, configuration, state, proxyUnit } = layout;
  const server = blueprint.database === 'sqlite' ? undefined : packaged(blueprint.database);
  await machine.mount(server ? [await cachedServerLayer(server)] : []);
  const { root } = machine;
  // A copy, not a layer: overlayfs would refuse to rename a directory of a lower layer.
  await mkdir(join(root, dirname(environmentPath)), { recursive: true });
  await run('cp', [
    '-a',
    '--reflink=auto',
    await cachedMachineEnvironment(release, server, blueprint.alsoFor),
    join(root, environmentPath),
  ]);
  await layout.finish(root);
  const { access, admin } = await prepareSsh(root, ports.ssh);
  const superuser = server && (await prepareServer(machine, server));
  await machine.boot();

  if (superuser) {
    const answer = () => superuser.admin('SELECT 1').catch(() => undefined);
    await until('the database server does not answer', 60, answer);
  }
  const database: HubDatabase = superuser
    ? await makeServerDatabase(superuser, blueprint)
    : { dialect: 'sqlite', path: `${state}/jupyterhub.sqlite` };
  const [settings, etc] = [join(root, settingsPath), join(root, configuration)];
  const services = `${dirname(settingsPath)}/conf.d/services.py`;
  await mkdir(dirname(join(root, services)), { recursive: true });
  const fakeServer = '/usr/local/lib/fake-server.py';
  const places = { box: 'machine', python: '/usr/bin/python3', fakeServer, homes: `${state}/homes`, database };
  await writeFile(settings, mainConfiguration(blueprint, places), { mode: 0o640 });
  await writeFile(join(root, services), servicesConfiguration(blueprint), { mode: 0o640 });
  await copyFile(program('fake-server.py'), join(root, fakeServer));
  await writeFile(join(etc, 'hub.env'), environmentFile(hubEnvironment(blueprint)), { mode: 0o600 });
  await writeFile(join(root, 'etc/systemd/system', unit), hubUnit(blueprint, layout));
  await writeFile(join(root, 'etc/systemd/system', proxyUnit), separateProxyUnit(blueprint, layout));

  await copyFile(program('populate.py'), join(root, 'tmp/populate.py'));
  const populate = `${layout.python} /tmp/populate.py ${journalMode} ${users}`;
  const units = proxy === 'external' ? `${unit} ${proxyUnit}` : unit;
  await machine.exec(
    `set -e
    chgrp hub ${settingsPath} ${services}
    mkdir -p '${state}' && chown ${hubUser}: '${state}' && chmod 750 '${state}'
    IFS= read -r DATABASE_URL; export DATABASE_URL
    HOME=$(getent passwd ${hubUser} | cut -d: -f6) setpriv --reuid ${hubUser} --regid ${hubUser} --init-groups ${populate}
    rm /tmp/populate.py
    chown -R ${environmentOwner}: ${dirname(environmentPath)}
    systemctl daemon-reload
    systemctl enable --quiet --now ${units}`,
    `${urlOf(database)}\n`,
  );

  const exec = (command: string) => machine.exec(command);
  const pid = async () => Number(await exec(`systemctl show --property MainPID --value ${unit}`)) || undefined;
  const log = () => exec(`journalctl --quiet --output cat --unit ${unit}`);
  // Restart=always starts a hub that ends again and again.
  const restarts = async () => Number(await exec(`systemctl show --property NRestarts --value ${unit}`));
  const filled = await fill(blueprint, async () => ((await restarts()) > 1 ? log() : undefined));
  const processes = () => namespaceProcesses(machine.leader);
  const subject = {
    ...{ url, environmentPath: join(root, environmentPath) },
    database: database.dialect === 'sqlite' ? { ...database, path: join(root, database.path) } : database,
    fixed: [etc, join(root, 'etc/systemd/system')],
    watched: [state, dirname(environmentPath), '/tmp', '/var/tmp', '/root', '/home'].map((path) => join(root, path)),
    processes: async () => commandLines(await processes()),
    mounts: () => mountPoints(machine.leader),
  };
  return {
    tools: join(root, 'usr/local/sbin'),
    ...{ ssh: access, admin, unit, root, url, hubPort: ports.hub, environmentPath, configPath, database },
    ...{ secrets: secretsOf(blueprint, filled.seeded), apiToken, ...filled, pid, log, processes, subject },
    ...{ exec, kill: () => machine.kill(), boot: () => machine.boot() },
  };
}

function hubUnit({ hubUser, killMode, proxy, database }: MachineBlueprint, layout: Layout): string {
  const { configuration, state, proxyUnit, service } = layout;
  const wanted = [
    ...(proxy === 'external' ? [proxyUnit] : []),
    ...(database === 'sqlite' ? [] : [databaseUnit[packaged(database)]]),
  ].join(' ');
  return `[Unit]
Description=JupyterHub
${wanted && `Wants=${wanted}\n`}After=network.target ${wanted}

[Service]
User=${hubUser}
WorkingDirectory=${state}
EnvironmentFile=${configuration}/hub.env
${service.join('\n')}
Restart=always
KillMode=${killMode}

[Install]
WantedBy=multi-user.target
`;
}

function separateProxyUnit(blueprint: MachineBlueprint, { configuration, proxyCommand }: Layout): string {
  return `[Unit]
Description=Proxy of JupyterHub
After=network.target

[Service]
User=hub
EnvironmentFile=${configuration}/hub.env
ExecStart=${proxyCommand} ${proxyArguments(blueprint).join(' ')}
Restart=always

[Install]
WantedBy=multi-user.target
`;
}

/** Gives the machine a host key and one key for both of its accounts. */
async function prepareSsh(root: string, port: number): Promise<{ access: SshAccess; admin: SshAccess }> {
  const hostKey = join(root, 'etc/ssh/ssh_host_ed25519_key');
  const clientKey = join(dirname(root), 'client_key');
  await makeKey(hostKey);
  await makeKey(clientKey);
  for (const home of ['root', 'home/admin']) {
    await mkdir(join(root, home, '.ssh'), { mode: 0o700, recursive: true });
    await copyFile(`${clientKey}.pub`, join(root, home, '.ssh/authorized_keys'));
  }
  await run('chroot', [root, 'chown', '-R', 'admin:', '/home/admin/.ssh']);
  const config = `Port ${port}\nListenAddress 127.0.0.1\nHostKey /etc/ssh/ssh_host_ed25519_key\n`;
  await writeFile(join(root, 'etc/ssh/sshd_config.d/box.conf'), config);
  const access = await describeAccess(clientKey, hostKey, '127.0.0.1', port, 'root');
  return { access, admin: { ...access, username: 'admin' } };
}
