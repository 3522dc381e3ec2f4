import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { fileOf } from '../hub/database.ts';
import { type LightHub, startLightHub } from '../hub/light.ts';
import { run, shellQuote } from '../hub/run.ts';
import { stateDirectoryOf } from '../hub/state.ts';
import { startResultsService } from '../runner/results-service.ts';
import { type RunActionResult, runAction } from '../runner/run-action.ts';
import { contentOf, fill, type Size, sizeOf } from './fill.ts';
import { type Peaks, watchMemory } from './memory.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Subject extends Size {
  database: 'sqlite' | 'postgresql';
  /** How the backup is sealed. */
  seal: 'recipients' | 'passphrase';
}

export interface Figures {
  subject: Subject;
  /** Of the database, in bytes. */
  size: number;
  /** Seconds from the first byte that is read to the artifact that was proven, by the action's own steps. */
  backup: { seconds: number; steps: Record<string, number>; artifact: number; memory: Peaks };
  restore: { seconds: number; memory: Peaks };
  /** `sqlite3 .backup` or `pg_dump -Fc` over SSH, then `scp`. */
  plain: { seconds: number; bytes: number };
}

/** Backs up a large database, proves the backup, damages the database, restores it, and does it the plain way, too. */
export async function measure(subject: Subject, say: (line: string) => void): Promise<Figures> {
  const work = await mkdtemp(join(tmpdir(), 'large-'));
  const hub = await startLightHub({ database: subject.database, users: 20 });
  const state = await stateDirectoryOf(hub);
  const service = await startResultsService({ directory: join(work, 'results') });
  try {
    say(`filling ${subject.database} with ${subject.users} users`);
    await fill(hub, subject);
    const size = await sizeOf(hub);
    const before = await contentOf(hub);
    say('backing it up the plain way');
    const plain = await plainly(hub, work);

    const identity = await generateX25519Identity();
    const sealed: Record<string, string> =
      subject.seal === 'recipients'
        ? { 'age-recipients': await identityToRecipient(identity) }
        : { 'backup-passphrase': 'correct horse battery staple' };
    const opened: Record<string, string> = subject.seal === 'recipients' ? { 'age-identity': identity } : sealed;
    const act = async (runId: number, inputs: Record<string, string>, outcome: string) => {
      const watch = await watchMemory(hub.directory, `${root}dist/`);
      const started = performance.now();
      const result = await runAction({
        action: root,
        inputs: { ...inputsFor(hub), ...inputs },
        work: join(work, `run-${runId}`),
        service: { url: service.url, apiToken: service.apiToken, runtimeToken: service.token(runId, 'job') },
        run: { runId },
      });
      const memory = await watch.stop();
      if (result.stepOutputs.outcome !== outcome)
        throw new Error(`outcome ${result.stepOutputs.outcome}:\n${result.log.slice(-60).join('\n')}`);
      return { result, memory, seconds: (performance.now() - started) / 1000 };
    };

    say('backing it up');
    const backup = await act(1, { mode: 'backup', ...sealed }, 'backed-up');
    const [artifact] = service.artifacts();
    say('restoring it');
    await damage(hub);
    const restore = await act(
      2,
      {
        mode: 'restore',
        'run-id': '1',
        'artifact-id': String(artifact?.id),
        'github-token': service.apiToken,
        ...opened,
      },
      'restored',
    );
    const after = await contentOf(hub);
    if (after.join() !== before.join()) throw new Error(`restored was ${after}, not ${before}`);
    const steps = stepsOf(backup.result);
    const taken = ['backup', 'upload', 'prove'].reduce((sum, name) => sum + (steps[name] ?? 0), 0);
    return {
      ...{ subject, size, plain },
      backup: { seconds: taken, steps, artifact: artifact?.size ?? 0, memory: backup.memory },
      restore: { seconds: restore.seconds, memory: restore.memory },
    };
  } finally {
    await service.close();
    await hub.stop();
    await rm(state, { recursive: true, force: true });
    await rm(work, { recursive: true, force: true });
  }
}

function inputsFor(hub: LightHub): Record<string, string> {
  const { host, port, username, privateKey, knownHosts } = hub.ssh;
  return {
    ...{ host, port: String(port), username, 'ssh-private-key': privateKey, 'known-hosts': knownHosts },
    'service-manager': 'commands',
    'stop-command': hub.stopCommand,
    'start-command': hub.startCommand,
    'config-path': hub.configPath,
  };
}

/** Seconds of each step, as the run's result says. */
function stepsOf({ stepOutputs }: RunActionResult): Record<string, number> {
  const { steps } = JSON.parse(stepOutputs.result ?? '{}') as { steps: { name: string; seconds: number }[] };
  return Object.fromEntries(steps.map(({ name, seconds }) => [name, seconds]));
}

/** Makes the hub one that has to be restored. */
async function damage(hub: LightHub): Promise<void> {
  await run('sh', ['-c', hub.stopCommand], { env: { PATH: process.env.PATH } });
  const statement = 'DELETE FROM user_role_map; DELETE FROM spawners; DELETE FROM user_group_map;';
  if (hub.database.dialect === 'sqlite') await run('sqlite3', [fileOf(hub), statement]);
  else
    await hub.database.query(
      `${hub.database.dialect === 'postgresql' ? `SET search_path = ${hub.database.schema};` : ''} ${statement}`,
    );
}

/** What an admin would type: a copy on the host, and that copy fetched. */
async function plainly(hub: LightHub, work: string): Promise<Figures['plain']> {
  const place = join(work, 'plain');
  await mkdir(place);
  await writeFile(join(place, 'key'), hub.ssh.privateKey, { mode: 0o600 });
  await writeFile(join(place, 'known_hosts'), hub.ssh.knownHosts);
  const { username, host, port } = hub.ssh;
  const options = [
    '-F',
    'none',
    '-i',
    join(place, 'key'),
    '-o',
    `UserKnownHostsFile=${join(place, 'known_hosts')}`,
    '-o',
    'BatchMode=yes',
  ];
  const copy = join(hub.directory, 'home/plain-copy');
  const started = performance.now();
  await run('ssh', [...options, '-p', String(port), `${username}@${host}`, `${plainCommand(hub, copy)}`]);
  await run('scp', ['-q', ...options, '-P', String(port), `${username}@${host}:${copy}`, join(place, 'copy')]);
  const seconds = (performance.now() - started) / 1000;
  const { size: bytes } = await stat(join(place, 'copy'));
  await rm(copy);
  await rm(place, { recursive: true });
  return { seconds, bytes };
}

function plainCommand(hub: LightHub, copy: string): string {
  if (hub.database.dialect === 'sqlite') return `sqlite3 ${shellQuote(fileOf(hub))} ${shellQuote(`.backup '${copy}'`)}`;
  const { server, account } = hub.database;
  return `pg_dump -Fc -h ${server.socket} -p ${server.port} -U postgres -f ${shellQuote(copy)} ${account.name}`;
}
