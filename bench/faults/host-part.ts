import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { State } from '../check/state.ts';
import { run, shellQuote, until } from '../hub/run.ts';
import { startWriter } from '../hub/writer.ts';
import { Breakpoint } from './breakpoint.ts';
import { type Cell, isOnWayBack } from './cells.ts';
import { acknowledgedBy, complaints, judgeNow, learnDowntime, leftovers, verdictsOf } from './ending.ts';
import { faultsAtPoint } from './faults.ts';
import type { Played } from './play.ts';
import { answers, OLD, type Scene } from './scene.ts';

/**
 * The host's part of an upgrade of a light hub. A whole run takes most of its time to connect, stage and back up: that is
 * done once, by a real run, and its job is played again and again. Nobody follows it; what a runner would say is said here.
 */
export class HostPart {
  readonly #scene: Scene;
  readonly #directory: string;
  readonly #made: { id: string; jobs: string; head: string };
  #count = 1000;

  private constructor(scene: Scene, directory: string, made: { id: string; jobs: string; head: string }) {
    this.#scene = scene;
    this.#directory = directory;
    this.#made = made;
  }

  /** Keeps a job that is about to announce the stop, with what it staged, and cancels it. */
  static async make(scene: Scene): Promise<HostPart> {
    const directory = await mkdtemp(join(tmpdir(), 'host-part-'));
    const breakpoint = new Breakpoint(scene);
    await breakpoint.set('before begin announce');
    const cancelled = new AbortController();
    let ended = false;
    const running = scene.run({}, { cancel: { signal: cancelled.signal } }).finally(() => {
      ended = true;
    });
    const job = await breakpoint.reached(() => ended);
    if (job === undefined) throw new Error(`there is no job:\n${(await running).rawLog.slice(-25).join('\n')}`);
    const id = basename(job);
    const head = / note stage head (\S+)$/m.exec(await scene.read(job, 'journal'))?.[1] ?? '';
    await run('cp', ['-a', job, join(directory, 'job')]);
    await run('cp', ['-a', `${scene.hub.environmentPath}.jupyterhub-upgrade-${id}`, join(directory, 'staged')]);
    cancelled.abort();
    await delay(3_000);
    await breakpoint.release('write');
    await running;
    await breakpoint.clear();
    if (!/ verdict - not-begun$/m.test(await scene.read(job, 'journal'))) throw new Error('the job was not cancelled');
    await mkdir(join(directory, 'ssh'), { mode: 0o700 });
    await writeFile(join(directory, 'ssh/key'), scene.hub.ssh.privateKey, { mode: 0o600 });
    await writeFile(join(directory, 'ssh/known_hosts'), scene.hub.ssh.knownHosts);
    return new HostPart(scene, directory, { id, jobs: dirname(job), head });
  }

  /** Runs a command as whoever logs in to the host: there the bench's dd stands before its own. */
  async #ssh(command: string): Promise<string> {
    const { host, port, username } = this.#scene.hub.ssh;
    const place = (name: string) => join(this.#directory, 'ssh', name);
    const options = ['-F', 'none', '-i', place('key'), '-o', `UserKnownHostsFile=${place('known_hosts')}`];
    return run('ssh', [...options, '-p', String(port), `${username}@${host}`, command]);
  }

  /** A new job, which has staged already, and its executor. Nobody confirms it for so many seconds. */
  async start(confirmTimeout: number): Promise<string> {
    this.#count += 1;
    const id = `${this.#count}-1-host`;
    const job = join(this.#made.jobs, id);
    const staged = `${this.#scene.hub.environmentPath}.jupyterhub-upgrade-${id}`;
    const [directory, stage] = [this.#directory, staged].map(shellQuote);
    // Links, as nothing writes into a file of an environment.
    await run('sh', [
      '-ec',
      `cp -al ${directory}/staged ${stage}
      mv ${stage}/.jupyterhub-upgrade-${this.#made.id} ${stage}/.jupyterhub-upgrade-${id}
      cp -a ${directory}/job '${job}.new'
      cd '${job}.new'
      rm -f executor clock decision* token* ballast
      sed -i 's/${this.#made.id}/${id}/g' parameters secrets hub.env
      printf '%s\n' 'CONFIRM_TIMEOUT=${confirmTimeout}' >>parameters
      printf '%s\n' 'do_stage() { environment_fingerprint >"$JOB/fingerprint" && note head ${this.#made.head}; }' >>programs/steps.sh
      : >journal; : >log; : >go
      mv '${job}.new' '${job}'`,
    ]);
    await this.launch(job);
    return job;
  }

  /** Starts the executor, or starts it again, as the next run would. */
  async launch(job: string): Promise<void> {
    await this.#ssh(`sh ${shellQuote(job)}/programs/launch.sh ${shellQuote(job)}`);
  }

  /** Says no, as a runner does. */
  async refuse(job: string): Promise<void> {
    await this.#ssh(`sh ${shellQuote(job)}/programs/executor.sh decide ${shellQuote(job)} abort refused`);
  }

  close(): Promise<void> {
    return rm(this.#directory, { recursive: true, force: true });
  }
}

/** Plays the host's part with that fault on a hub that is wholly old, as `before` has it. */
export async function playHostPart(
  scene: Scene,
  part: HostPart,
  before: State,
  { point, fault }: Cell,
): Promise<Played> {
  const started = performance.now();
  const problems: string[] = [];
  const wrong = (what: string) => problems.push(what);
  const act = faultsAtPoint[fault];
  if (!act) throw new Error(`there is no fault ${fault}`);
  const moment = /^random:(\d+)$/.exec(point)?.[1];
  const breakpoint = new Breakpoint(scene);
  await breakpoint.set(moment === undefined ? point : 'after begin stop');
  const writer = startWriter(scene.hub.api, 2, `w${Date.now()}-`);
  const job = await part.start(isOnWayBack(point) ? 60 : 2);
  const journaled = async (line: RegExp) => line.test(await scene.read(job, 'journal'));
  let isOver = false;
  const over = until('no verdict', 600, () => journaled(/ verdict - /)).then(
    () => {
      isOver = true;
    },
    () => {},
  );
  const refused = isOnWayBack(point)
    ? until('nothing to refuse', 300, () => isOver || journaled(/ begin confirm$/m)).then(() => part.refuse(job))
    : undefined;
  try {
    if ((await breakpoint.reached(() => isOver)) === undefined) throw new Error('the job ended before the point');
    if (moment !== undefined) {
      await breakpoint.release('write');
      await delay((scene.downtimeMs * Number(moment)) / 10_000);
    }
    await act({ scene, breakpoint, job, point, wrong, lose: () => {}, cancel: () => {} });
    if (fault === 'everything') await part.launch(job);
    await Promise.all([over, refused]);
  } finally {
    await breakpoint.release('drop');
    await breakpoint.clear();
  }
  const [word = '-'] = await verdictsOf(scene, [job], wrong);
  await until('the hub does not answer', 120, () => answers(scene)).catch((error) => wrong(String(error)));
  const written = await writer.stop();
  const { verdict, after } = await judgeNow(scene, before, written);
  await learnDowntime(scene, [job]);
  problems.push(...complaints(verdict), ...(await leftovers(scene, [job])));
  const meant = word === 'committed' ? 'new' : 'old';
  if (verdict.answer !== 'MIXED' && verdict.answer !== meant)
    wrong(`verdict ${word}, and the hub is ${verdict.answer}`);
  if (word === 'rollback-failed') wrong('the way back failed');
  return {
    ...{ answer: verdict.answer, after, problems, lastWords: [], outcome: '-', verdict: word },
    writes: { acknowledged: acknowledgedBy(OLD, written), attempted: written.attempted },
    seconds: Math.round((performance.now() - started) / 1000),
  };
}
