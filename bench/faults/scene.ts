import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HubInABox } from '../hub/hub.ts';
import { startLightHub } from '../hub/light.ts';
import { startMachineHub } from '../hub/machine.ts';
import { run, shellQuote, until } from '../hub/run.ts';
import { stateDirectoryOf } from '../hub/state.ts';
import { offerWheels } from '../hub/wheels.ts';
import { type EvilProxy, startProxy } from '../network.ts';
import { type ResultsService, startResultsService } from '../runner/results-service.ts';
import { type RunActionOptions, type RunActionResult, runAction } from '../runner/run-action.ts';

export type Flavour = 'light' | 'machine';
export type Database = 'sqlite' | 'postgresql';

export const OLD = '4.1.6';
export const NEW = '6.1.1';

const action = fileURLToPath(new URL('../..', import.meta.url));
const dd = fileURLToPath(new URL('dd.sh', import.meta.url));

/** What of a machine's hub can lie on file systems of their own, small enough to fill; MiB above what is there. */
export const SMALL_DISKS = [
  { directory: '/var/lib/jupyterhub-upgrade', more: 8 },
  { directory: '/srv/hub state', more: 60 },
  { directory: '/opt/jupyterhub', more: 400 },
];

/** A hub whose host stops at the points it is told to, and runs of the committed bundle against it. */
export interface Scene {
  flavour: Flavour;
  hub: HubInABox;
  service: ResultsService;
  /** What stands between the runner and the host. */
  network: EvilProxy;
  /** Runs the action as a job of a run of its own; an upgrade to NEW unless the inputs say otherwise. */
  run(inputs?: Record<string, string>, options?: Partial<RunActionOptions>): Promise<RunActionResult>;
  /** Runs a shell command as root on the host and gives its stdout; throws when it fails. */
  onHost(command: string): Promise<string>;
  /** What an admin types on the host to stop and to start the hub. */
  commands: { stop: string; start: string };
  /** The directories of all jobs on the host, oldest first, as this machine sees them. */
  jobs(): Promise<string[]>;
  /** A file of a job; empty when it is not there. */
  read(job: string, name: string): Promise<string>;
  /** From the stop until the host has verified the new hub, as far as it is known. */
  downtimeMs: number;
  /** Cuts the host's power and boots it again; what is to be done while it is off. */
  power?(meanwhile?: () => Promise<void>): Promise<void>;
  /** Puts back by hand what that job kept on the host of the old hub; false where a server keeps it. */
  putBack(job: string): Promise<boolean>;
  /** Puts what SMALL_DISKS names on file systems of their own. */
  giveSmallDisks?(): Promise<void>;
  close(): Promise<void>;
}

/** Sets up a hub with more than a thousand users, a live WAL, a space in its paths and, under systemd, an EnvironmentFile. */
export async function startScene(flavour: Flavour, database: Database, extraConfig = ''): Promise<Scene> {
  const options = { database, release: OLD, alsoFor: NEW, users: 1010, ownTools: true, extraConfig };
  const work = await mkdtemp(join(tmpdir(), 'faults-'));
  const hub = await (flavour === 'light' ? startLightHub(options) : startMachineHub(options)).catch(async (error) => {
    await rm(work, { recursive: true });
    throw error;
  });
  await copyFile(dd, join(hub.tools, 'dd'));
  await chmod(join(hub.tools, 'dd'), 0o755);
  const host = await ('root' in hub ? machineHost(hub) : lightHost(hub));
  await offerWheels(hub, [NEW]);
  // A passphrase would take longer than all else that the runner does.
  const recipient = /public key: (\S+)/.exec(await run('age-keygen', []))?.[1] ?? '';
  const service = await startResultsService({ directory: join(work, 'results') });
  const network = await startProxy(hub.ssh.port);
  let runId = 100;
  const mounted: string[] = [];
  return {
    ...{ flavour, hub, service, network, onHost: host.onHost, commands: host.commands, downtimeMs: 30_000 },
    run(inputs = {}, more = {}) {
      runId += 1;
      return runAction({
        ...more,
        action,
        inputs: {
          ...{ host: '127.0.0.1', port: String(network.port), username: host.ssh.username },
          ...{ 'ssh-private-key': host.ssh.privateKey, 'host-fingerprint': host.ssh.fingerprint },
          ...{ 'target-version': NEW, 'age-recipients': recipient },
          ...(inputs.mode === undefined ? { rehearse: 'false' } : {}),
          ...{ 'notify-lead-time': '0', 'confirm-timeout': '20', ...host.inputs, ...inputs },
        },
        work: join(work, `run-${runId}`),
        service: { url: service.url, apiToken: service.apiToken, runtimeToken: service.token(runId, 'job') },
        run: { runId, ...more.run },
      });
    },
    async jobs() {
      const directory = await host.jobs();
      const names = await readdir(directory).catch(() => []);
      // They begin with the number of their run.
      return names
        .filter((name) => !name.startsWith('.'))
        .sort((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10))
        .map((name) => join(directory, name));
    },
    read: (job, name) => readFile(join(job, name), 'utf8').catch(() => ''),
    async putBack(job) {
      if (hub.database.dialect !== 'sqlite') return false;
      await host.onHost(putBackByHand(hub.environmentPath, hub.database.path, basename(job), host.commands));
      await untilItAnswers(hub);
      return true;
    },
    ...('boot' in hub
      ? {
          async power(meanwhile = async () => {}) {
            await hub.kill();
            await meanwhile();
            await hub.boot();
          },
          giveSmallDisks: () => giveSmallDisks(hub, mounted),
        }
      : {}),
    async close() {
      await network.close();
      await service.close();
      if ('kill' in hub) await hub.kill();
      for (const path of mounted) await run('umount', [path]);
      await hub.stop();
      if (flavour === 'light') await rm(dirname(await host.jobs()), { recursive: true, force: true });
      await rm(work, { recursive: true });
    },
  };
}

type LightHub = Awaited<ReturnType<typeof startLightHub>>;
type MachineHub = Awaited<ReturnType<typeof startMachineHub>>;

async function lightHost(hub: LightHub) {
  const jobs = join(await stateDirectoryOf(hub), 'jobs');
  return {
    ssh: hub.ssh,
    inputs: {
      ...{ 'service-manager': 'commands', 'config-path': hub.configPath },
      ...{ 'stop-command': hub.stopCommand, 'start-command': hub.startCommand },
    },
    jobs: async () => jobs,
    onHost: (command: string) => run('sh', ['-c', command]),
    commands: { stop: hub.stopCommand, start: hub.startCommand },
  };
}

/** Mounted while the machine is off, it has them from its boot, and so has this machine, which looks at them. */
async function giveSmallDisks(hub: MachineHub, mounted: string[]): Promise<void> {
  await hub.exec('systemctl stop jupyterhub.service && sync');
  await hub.kill();
  for (const { directory, more } of SMALL_DISKS) {
    const path = join(hub.root, directory);
    await mkdir(path, { recursive: true });
    const size = Number.parseInt(await run('du', ['-sm', path]), 10) + more;
    await rename(path, `${path}.was`);
    await mkdir(path);
    await run('mount', ['-t', 'tmpfs', '-o', `size=${size}m`, 'tmpfs', path]);
    mounted.push(path);
    await run('cp', ['-a', `${path}.was/.`, path]);
    await rm(`${path}.was`, { recursive: true });
  }
  await hub.boot();
  await untilItAnswers(hub);
}

/** Whether the hub answers at its public address. */
export function answers({ hub }: { hub: HubInABox }): Promise<boolean> {
  return hub.api('GET', '/').then(
    ({ status }) => status === 200,
    () => false,
  );
}

function untilItAnswers(hub: HubInABox): Promise<boolean> {
  return until('the hub does not answer', 120, () => answers({ hub }));
}

/** What an admin types who wants the old hub back after an upgrade that went well. */
function putBackByHand(environment: string, database: string, job: string, { stop, start }: Scene['commands']): string {
  const [live, kept] = [shellQuote(environment), shellQuote(`${environment}.jupyterhub-upgrade-${job}`)];
  const [file, aside] = [shellQuote(database), shellQuote(`${dirname(database)}/.jupyterhub-upgrade-${job}`)];
  return `set -e
    ${stop}
    test -d ${kept} && test -f ${aside}/snapshot
    rm -rf ${live}
    mv -T ${kept} ${live}
    for log in '' -wal -shm -journal; do
      rm -f ${file}"$log"
      [ ! -f ${aside}/snapshot"$log" ] || mv ${aside}/snapshot"$log" ${file}"$log"
    done
    rm -rf ${aside}
    ${start}`;
}

async function machineHost(hub: MachineHub) {
  const root = join(hub.root, 'var/lib/jupyterhub-upgrade');
  return {
    ssh: hub.admin,
    inputs: {},
    // There is one hub, and so one directory of a hub once there is a job.
    jobs: async () => {
      const names = await readdir(root).catch(() => []);
      return join(root, names.find((name) => name.startsWith('jupyterhub')) ?? '-', 'jobs');
    },
    onHost: (command: string) => hub.exec(command),
    commands: { stop: `systemctl stop ${hub.unit}`, start: `systemctl start ${hub.unit}` },
  };
}
