import { openSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { type Blueprint, draw, environmentFile, type HubOptions, hubEnvironment, proxyArguments } from './blueprint.ts';
import { mainConfiguration, servicesConfiguration } from './configuration.ts';
import { type HubDatabase, makeDatabase, urlOf } from './database.ts';
import { makeBoxDirectory } from './directories.ts';
import { copyEnvironment, systemPython } from './environments.ts';
import { fill, type HubInABox, program, secretsOf } from './hub.ts';
import { boxProcesses, boxVariable, commandLines, killBoxProcesses, mountPoints } from './processes.ts';
import { cachedProxy } from './proxy.ts';
import { assertRequirements } from './requirements.ts';
import { run, startDetached, until } from './run.ts';
import { prepareSshd, startSshd } from './sshd.ts';

/** A hub on this machine that is run by plain commands, all of it in one directory; needs no root. */
export interface LightHub extends HubInABox {
  directory: string;
  /** What an admin of this hub types, in a shell on its host. */
  stopCommand: string;
  startCommand: string;
}

/** Sets up a hub with users, groups, tokens and a running server; leaves nothing behind when that fails. */
export async function startLightHub(options: HubOptions = {}): Promise<LightHub> {
  await assertRequirements('light');
  const blueprint = await draw(options);
  const directory = await makeBoxDirectory(blueprint.space ? 'hub in a box ' : 'hub-in-a-box-', remove);
  let removeDatabase = async () => {};
  const stop = async () => {
    await remove(directory);
    await removeDatabase();
  };
  try {
    const made = await makeDatabase(blueprint, join(directory, 'state/jupyterhub.sqlite'));
    removeDatabase = made.remove;
    return { ...(await setUp(directory, blueprint, made.database)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function remove(directory: string): Promise<void> {
  await killBoxProcesses(directory);
  await run('rm', ['-rf', directory]);
}

async function setUp(directory: string, blueprint: Blueprint, database: HubDatabase): Promise<Omit<LightHub, 'stop'>> {
  const { release, users, proxy, journalMode, ports, sshAddress, url, apiToken } = blueprint;
  const place = (name: string) => join(directory, name);
  const environmentPath = place('environment');
  const configPath = place('etc/jupyterhub_config.py');
  const box = { [boxVariable]: directory };
  for (const name of ['etc/conf.d', 'state', 'homes', 'home', 'tmp', 'tools'])
    await mkdir(place(name), { recursive: true });
  const proxyBin = await cachedProxy();
  const server = database.dialect === 'sqlite' ? undefined : database.dialect;
  await copyEnvironment(release, environmentPath, server, blueprint.alsoFor);

  const fakeServer = place('etc/fake-server.py');
  const places = { box: directory, python: systemPython, fakeServer, homes: place('homes'), database };
  await writeFile(configPath, mainConfiguration(blueprint, places), { mode: 0o600 });
  await writeFile(place('etc/conf.d/services.py'), servicesConfiguration(blueprint), { mode: 0o600 });
  await copyFile(program('fake-server.py'), fakeServer);
  await copyFile(program('hubctl.sh'), place('etc/hubctl'));
  await chmod(place('etc/hubctl'), 0o755);
  const clients = database.dialect === 'sqlite' ? [] : (database.server.bin ?? []);
  const own = [join(environmentPath, 'bin'), proxyBin, dirname(process.execPath)].concat(clients);
  const path = [...own, '/usr/local/bin:/usr/bin:/bin'];
  const environment = { PATH: path.join(delimiter), ...box, ...hubEnvironment(blueprint) };
  await writeFile(place('etc/hub.env'), environmentFile(environment), { mode: 0o600 });
  const populate = [program('populate.py'), journalMode, String(users)];
  await run(join(environmentPath, 'bin/python'), populate, { env: { DATABASE_URL: urlOf(database) } });

  // The login's home and temporary directory are in the box, too: nothing comes from or goes to the real ones.
  const login = { ...box, HOME: place('home'), TMPDIR: place('tmp') };
  const { access, config } = await prepareSshd(place('ssh'), sshAddress, ports.ssh, login);
  const { inside } = blueprint.host;
  await startSshd(config, place('sshd.log'), box, { tools: blueprint.ownTools ? place('tools') : undefined, inside });
  if (proxy === 'external') {
    const log = openSync(place('proxy.log'), 'a');
    const proxy = [...inside, join(proxyBin, 'configurable-http-proxy'), ...proxyArguments(blueprint)];
    startDetached(proxy[0] ?? '', proxy.slice(1), log, { env: environment });
  }
  await until(`sshd does not listen (see ${place('sshd.log')})`, 10, () => listens(sshAddress, ports.ssh));

  const hubctl = `'${place('etc/hubctl')}'`;
  const [stopCommand, startCommand] = [`${hubctl} stop`, `${hubctl} start`];
  const pid = async () => {
    const found = Number(await readFile(place('hub.pid'), 'utf8').catch(() => 'none'));
    const [command = ''] = await commandLines([found]);
    return command.includes('jupyterhub') ? found : undefined;
  };
  const log = () => readFile(place('hub.log'), 'utf8');
  const processes = () => boxProcesses(directory);
  const start = [...inside, 'sh', '-c', startCommand];
  await run(start[0] ?? '', start.slice(1), { env: { ...box, PATH: '/usr/bin:/bin' } });
  const filled = await fill(blueprint, async () => ((await pid()) === undefined ? log() : undefined));
  const subject = {
    ...{ url, database, environmentPath, fixed: [place('etc')], watched: [directory] },
    processes: async () => commandLines(await processes()),
    mounts: async () => (await mountPoints('self')).filter((point) => point.startsWith(`${directory}/`)),
  };
  return {
    tools: place('tools'),
    ...{ ssh: access, url, hubPort: ports.hub, directory, environmentPath, configPath, database },
    ...{ stopCommand, startCommand, secrets: secretsOf(blueprint, filled.seeded), apiToken },
    ...{ ...filled, pid, log, processes, subject },
  };
}

function listens(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address, () => resolve(true));
    socket.on('connect', () => socket.destroy());
    socket.on('error', () => resolve(false));
  });
}
