import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Writes } from '../../bench/check/judge.ts';
import type { HubOptions } from '../../bench/hub/blueprint.ts';
import { type LightHub, startLightHub } from '../../bench/hub/light.ts';
import { run as runProgram, until } from '../../bench/hub/run.ts';
import { stateDirectoryOf } from '../../bench/hub/state.ts';
import { offerWheels } from '../../bench/hub/wheels.ts';
import { startWriter } from '../../bench/hub/writer.ts';
import { type ResultsService, startResultsService } from '../../bench/runner/results-service.ts';
import { type RunActionOptions, type RunActionResult, runAction } from '../../bench/runner/run-action.ts';
import { sabotageNextJob } from '../../bench/sabotage.ts';
import { age, ageKeygen } from '../backup/age.ts';
import { keepMoment, type Moment, momentIn } from './moments.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

type RunOptions = Partial<Omit<RunActionOptions, 'action' | 'inputs' | 'work' | 'service'>>;

/** A hub in a box, a results service, and runs of the committed bundle between them. */
export interface Scene {
  hub: LightHub;
  service: ResultsService;
  /** A directory of this scene, gone with it. */
  work: string;
  /** What opens the backups of the runs: the text of an age key file. */
  identity: string;
  /** Where the product keeps what it knows of this hub. */
  state: string;
  /**
   * Runs the action as a job of a run of its own, or of the run that the options name. The inputs are those of an upgrade
   * unless `mode` says otherwise.
   */
  run(inputs: Record<string, string>, options?: RunOptions): Promise<RunActionResult>;
  /** Number of the newest run. */
  runId(): number;
  /** Breaks the next job: POSIX sh that comes after the shipped steps. Resolves once it is done, to the job's directory. */
  sabotage(definitions: string): Promise<string>;
  /** The directories of all jobs on the host, oldest first. */
  jobs(): Promise<string[]>;
  /** The database as it was at each stop and start of the hub, oldest first. */
  moments(): Promise<Moment[]>;
  /** What the start of a hub comes to that is not of the release of the beginning: nothing started, exit status 1. */
  refuseNewReleases(refuse: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Sets up a hub with 1100 users. `releases`: the only ones that its pip can install; else those of the index. */
export async function startScene({ releases, ...options }: HubOptions & { releases?: string[] } = {}): Promise<Scene> {
  const work = await mkdtemp(join(tmpdir(), 'e2e-'));
  const hub = await startLightHub({ release: '4.1.6', users: 1100, ...options }).catch(async (error) => {
    await rm(work, { recursive: true });
    throw error;
  });
  if (releases) await offerWheels(hub, releases);
  const service = await startResultsService({ directory: join(work, 'results') });
  const { identity, recipient } = await ageKeygen();
  const state = await stateDirectoryOf(hub);
  const commands = await writeCommands(hub, work, options.release ?? '4.1.6');
  const stop = new AbortController();
  let runId = 100;

  const runJob: Scene['run'] = (inputs, more = {}) => {
    if (more.run?.runId === undefined) runId += 1;
    const id = more.run?.runId ?? runId;
    const isRestore = inputs.mode === 'restore';
    const all: Record<string, string> = {
      host: hub.ssh.host,
      port: String(hub.ssh.port),
      username: hub.ssh.username,
      'ssh-private-key': hub.ssh.privateKey,
      'known-hosts': hub.ssh.knownHosts,
      'service-manager': 'commands',
      'stop-command': commands.stop,
      'start-command': commands.start,
      'config-path': hub.configPath,
      'notify-lead-time': '0',
      ...(isRestore ? {} : { 'age-recipients': recipient }),
      ...(isRestore || inputs.mode === 'backup' ? {} : { 'target-version': 'latest' }),
      // It takes its time, and would find what most of these tests let fail later.
      ...(inputs.mode === undefined ? { rehearse: 'false' } : {}),
      ...inputs,
    };
    return runAction({
      ...more,
      action: root,
      inputs: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')),
      work: join(work, `run-${runId}-${randomBytes(2).toString('hex')}`),
      service: { url: service.url, apiToken: service.apiToken, runtimeToken: service.token(id, 'job') },
      run: { ...more.run, runId: id },
    });
  };

  return {
    ...{ hub, service, work, identity, state, run: runJob },
    runId: () => runId,
    async sabotage(definitions) {
      // Only this hub's jobs: others may be upgraded on this machine meanwhile.
      const scope = await mkdtemp(join(work, 'scope-'));
      await symlink(state, join(scope, 'hub'));
      const job = await sabotageNextJob(scope, definitions, stop.signal);
      return join(state, 'jobs', basename(job));
    },
    async jobs() {
      const names = await readdir(join(state, 'jobs')).catch(() => []);
      return names.sort().map((name) => join(state, 'jobs', name));
    },
    async moments() {
      const names = await readdir(commands.moments);
      return names.sort().map((name) => momentIn(join(commands.moments, name), hub.database));
    },
    refuseNewReleases: (refuse) => (refuse ? writeFile(commands.refuse, '') : rm(commands.refuse, { force: true })),
    async close() {
      stop.abort();
      await service.close();
      await hub.stop();
      await rm(state, { recursive: true, force: true });
      await rm(work, { recursive: true });
    },
  };
}

/**
 * The commands by which this hub is stopped and started. They keep a copy of the database of each time, taken while no
 * hub runs, which tells more than any look from outside.
 */
async function writeCommands(hub: LightHub, work: string, release: string) {
  const program = join(work, 'hub');
  const moments = join(work, 'moments');
  const refuse = join(work, 'refuse');
  await mkdir(moments);
  const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
  await writeFile(
    program,
    `#!/bin/sh
set -eu
[ "$1" = start ] || ${hub.stopCommand}
moment=${quote(moments)}/$(date +%s%N)-$1
mkdir "$moment"
${keepMoment(hub.database)}
[ "$1" = start ] || exit 0
if [ -e ${quote(refuse)} ] && ! ls -d ${quote(hub.environmentPath)}/lib/*/site-packages/jupyterhub-${release}.dist-info; then
  echo 'this start was planted to fail' >&2
  exit 1
fi
${hub.startCommand}
`,
  );
  await chmod(program, 0o755);
  return { stop: `'${program}' stop`, start: `'${program}' start`, moments, refuse };
}

/** Opens the newest backup as a person does who has the key; gives the directory with what is in it. */
export async function openBackup({ identity, service, work }: Scene): Promise<string> {
  const [key, tar, opened] = [join(work, 'key.txt'), join(work, 'backup.tar'), join(work, 'backup')];
  await writeFile(key, identity, { mode: 0o600 });
  await age('--decrypt', '--identity', key, '--output', tar, service.artifacts().at(-1)?.file ?? '');
  await mkdir(opened);
  await runProgram('tar', ['-xf', tar, '-C', opened]);
  return opened;
}

/** Adds users, two a second, until `stop`. Names begin with `prefix`. */
export function startWrites(hub: LightHub, prefix: string): { stop(): Promise<Writes> } {
  const writer = startWriter(hub.api, 2, prefix);
  return {
    async stop() {
      const { acknowledged, attempted } = await writer.stop();
      return { acknowledged: acknowledged.map(({ name }) => name), attempted };
    },
  };
}

/** Whether a line of the runner's log opens the group of the stop. */
export const isStopping = (line: string): boolean => /##\[group\]\d+ Stop the hub/.test(line);

/** The release the hub answers with at its public address; undefined when it does not answer well. */
export async function release(hub: LightHub): Promise<string | undefined> {
  const answer = await hub.api<{ version?: string }>('GET', '/').catch(() => undefined);
  return answer?.status === 200 ? answer.body.version : undefined;
}

/** Waits for a line of a job's journal, such as `begin migrate`. */
export function journaled(job: string, line: RegExp, seconds = 300): Promise<boolean> {
  return until(`${line} is not in the journal`, seconds, async () => line.test(await journal(job)));
}

/** A job's journal as far as it is written. */
export function journal(job: string): Promise<string> {
  return readFile(join(job, 'journal'), 'utf8').catch(() => '');
}

/** The verdict on the host: the last word of the journal's last line. */
export async function verdict(job: string): Promise<string | undefined> {
  return / verdict - (\S+)$/m.exec(await journal(job))?.[1];
}
