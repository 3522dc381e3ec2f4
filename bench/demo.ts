/** `script/demo`: upgrades a hub in a box with the committed bundle and shows what happened, by evidence of its own. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { renderPage } from '../script/render-summary.ts';
import { evidenceOf, lookAt } from './demo/evidence.ts';
import { breakableSteps, breaking } from './demo/failures.ts';
import { Screen } from './demo/screen.ts';
import { accessOf } from './hub/access.ts';
import type { HubOptions } from './hub/blueprint.ts';
import { cacheDirectory } from './hub/cache.ts';
import { type LightHub, startLightHub } from './hub/light.ts';
import { stateDirectoryOf } from './hub/state.ts';
import { startProbe } from './probe.ts';
import { type ResultsService, startResultsService } from './runner/results-service.ts';
import { type RunActionResult, runAction } from './runner/run-action.ts';
import { sabotageNextJob } from './sabotage.ts';

const ROOT = dirname(import.meta.dirname);
const RUN_ID = 77;

const USAGE = `usage: script/demo [--from RELEASE] [--to RELEASE] [--database KIND] [--fail STEP] [--keep]

Starts a real JupyterHub of an old release on this machine, with users, groups, tokens and a running user server, upgrades
it over SSH with the bundle in dist/, and shows the evidence.

  --from RELEASE   JupyterHub to begin with, 1.3.0 or newer (default 4.1.6)
  --to RELEASE     JupyterHub to upgrade to (default: the newest; from 2.x 4.1.6, as a jump from there breaks)
  --database KIND  sqlite (default), postgresql or mariadb: a server of its own
  --fail STEP      break a step on purpose and see the way back: ${breakableSteps.join(', ')}
  --keep           keep the hub until Ctrl-C, and say how to reach it

Exit status 0: all was as promised, the red job of a rollback included.
`;

interface Choice {
  from: string;
  to: string;
  database: NonNullable<HubOptions['database']>;
  broken: string | undefined;
  keep: boolean;
}

const print = (line: string) => process.stdout.write(`${line}\n`);

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => interrupted.abort(new Error('interrupted')));
}
const interruption = new Promise<never>((_, reject) => {
  interrupted.signal.addEventListener('abort', () => reject(interrupted.signal.reason));
});
interruption.catch(() => {}); // also while nobody waits for it

try {
  const choice = readChoice(process.argv.slice(2));
  process.exitCode = choice === undefined ? 2 : (await demo(choice)) ? 0 : 1;
} catch (error) {
  process.exitCode = interrupted.signal.aborted ? 130 : 1;
  if (!interrupted.signal.aborted) process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
}

/** What was asked for; undefined, with the usage on stderr, when that is nothing. */
function readChoice(args: string[]): Choice | undefined {
  const wrong = (reason: string) => void process.stderr.write(`${reason}\n\n${USAGE}`);
  try {
    const { values } = parseArgs({
      args,
      options: {
        from: { type: 'string', default: '4.1.6' },
        to: { type: 'string' },
        database: { type: 'string', default: 'sqlite' },
        fail: { type: 'string' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    const { from, database, fail, keep, help } = values;
    if (help) {
      process.stdout.write(USAGE);
      process.exit(0);
    }
    const to = values.to ?? (from.startsWith('2.') ? '4.1.6' : 'latest');
    for (const release of [from, to]) {
      if (release !== 'latest' && !/^\d+\.\d+\.\d+$/.test(release))
        return wrong(`'${release}' is no release, as 4.1.6 is`);
    }
    if (from === 'latest') return wrong('--from needs a release');
    if (database !== 'sqlite' && database !== 'postgresql' && database !== 'mariadb')
      return wrong(`'${database}' is no kind of database for this demo`);
    if (fail !== undefined && !breakableSteps.includes(fail)) return wrong(`'${fail}' is no step that can be broken`);
    return { from, to, database, broken: fail, keep };
  } catch (error) {
    return wrong((error as Error).message);
  }
}

/** The whole demo; true when it showed what it promised. */
async function demo(choice: Choice): Promise<boolean> {
  const work = await mkdtemp(join(tmpdir(), 'demo-'));
  const undo: (() => Promise<void>)[] = [() => rm(work, { recursive: true, force: true })];
  try {
    print(`Starting a JupyterHub ${choice.from} on this machine (the first time of a release takes a minute) …`);
    const starting = startLightHub({ release: choice.from, users: 1100, database: choice.database });
    undo.push(() => starting.then(remove, () => {}));
    const hub = await orInterrupted(starting);
    const service = await startResultsService({ directory: join(work, 'results') });
    undo.push(() => service.close());
    const isAsPromised = await orInterrupted(show(choice, hub, service, work));
    if (choice.keep) await keep(hub, work);
    return isAsPromised;
  } finally {
    if (interrupted.signal.aborted) print('\nRemoving the hub …');
    for (const step of undo.reverse()) await step();
  }
}

/** Removes the hub, and what the action keeps of it outside of its box. */
async function remove(hub: LightHub): Promise<void> {
  const state = await stateDirectoryOf(hub);
  await hub.stop();
  await rm(state, { recursive: true, force: true });
}

async function show(
  { from, to, broken }: Choice,
  hub: LightHub,
  service: ResultsService,
  work: string,
): Promise<boolean> {
  const { users, groups, tokens } = hub.seeded;
  print(
    `JupyterHub ${from} runs at ${hub.url}: ${users.length} users and an admin, ${Object.keys(groups).length} groups,`,
  );
  print(
    `${Object.keys(tokens).length} API tokens, a running server of ${hub.server.user} (pid ${hub.server.pid}). Its sshd listens on port ${hub.ssh.port}.`,
  );
  print('');
  print(
    `Upgrading it to ${to === 'latest' ? 'the newest release' : to} with dist/${broken ? `; the step ${broken} is broken on purpose` : ''}. What the job's log says:`,
  );
  print('');
  const before = await lookAt(hub, 'before');
  const identity = await generateX25519Identity();
  const screen = new Screen((line) => print(`  ${line}`));
  const stop = new AbortController();
  const sabotage =
    broken && sabotageNextJob(await stateDirectoryOf(hub), breaking(broken), stop.signal).catch(() => {});
  const probe = startProbe(hub.url);
  const run = await runAction({
    action: ROOT,
    inputs: await inputsFor(hub, from, to, identity),
    work: join(work, 'job'),
    service: { url: service.url, apiToken: service.apiToken, runtimeToken: service.token(RUN_ID, 'upgrade') },
    run: { runId: RUN_ID, event: 'release' },
    secrets: [hub.ssh.privateKey],
    lose: { signal: interrupted.signal },
    onLine: (line) => screen.line(line),
  });
  const seen = await probe.stop();
  stop.abort();
  await sabotage;
  interrupted.signal.throwIfAborted();
  const after = await lookAt(hub, 'after');
  const [artifact] = service.artifacts();
  const { lines, problems } = await evidenceOf({
    hub,
    before,
    after,
    run,
    probe: seen,
    artifact,
    identity,
    work,
    broken,
  });
  for (const line of [...lines, '', ...(await writeFiles(run))]) print(line);
  for (const problem of problems) print(`NOT AS PROMISED: ${problem}`);
  if (problems.length === 0)
    print(`As promised: ${broken ? 'the job is red, and the hub is what it was' : keptFrom(from)}.`);
  return problems.length === 0;
}

function keptFrom(release: string): string {
  const lost = release.startsWith('1.') ? ' but the API tokens of 1.x, which JupyterHub 2.0 drops' : '';
  return `the hub is upgraded, and nothing is lost${lost}`;
}

async function inputsFor(hub: LightHub, from: string, to: string, identity: string): Promise<Record<string, string>> {
  const { host, port, username, privateKey, knownHosts } = hub.ssh;
  return {
    ...{ host, username, port: String(port), 'ssh-private-key': privateKey, 'known-hosts': knownHosts },
    'target-version': to,
    'service-manager': 'commands',
    'stop-command': hub.stopCommand,
    'start-command': hub.startCommand,
    'config-path': hub.configPath,
    'age-recipients': await identityToRecipient(identity),
    'notify-lead-time': '3',
    ...(from.startsWith('1.') ? { 'allow-token-loss': 'true' } : {}),
  };
}

/** Keeps the log and the job summary for the reader; says where. */
async function writeFiles(run: RunActionResult): Promise<string[]> {
  const directory = join(cacheDirectory, 'demo');
  const place = (name: string) => join(directory, name);
  await mkdir(directory, { recursive: true });
  const summary = run.summaries.map(({ text }) => text).join('\n');
  await writeFile(place('summary.md'), summary);
  await writeFile(place('summary.html'), await renderPage(summary));
  await writeFile(place('log.txt'), `${run.log.join('\n')}\n`);
  const shown = (name: string) => relative(process.cwd(), place(name));
  return [`Job summary  ${shown('summary.html')} (and .md)`, `Whole log    ${shown('log.txt')}`, ''];
}

async function keep(hub: LightHub, work: string): Promise<void> {
  print(`\n${await accessOf(hub, work)}\nCtrl-C removes it.`);
  await new Promise((resolve) => interrupted.signal.addEventListener('abort', resolve));
}

function orInterrupted<T>(work: Promise<T>): Promise<T> {
  return Promise.race([work, interruption]);
}
