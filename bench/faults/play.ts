import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Verdict, Writes } from '../check/judge.ts';
import type { State } from '../check/state.ts';
import { Browser } from '../hub/browser.ts';
import { shellQuote, until } from '../hub/run.ts';
import { startWriter } from '../hub/writer.ts';
import { startProxy } from '../network.ts';
import type { RunActionResult } from '../runner/run-action.ts';
import { Breakpoint } from './breakpoint.ts';
import { type Cell, isOnWayBack } from './cells.ts';
import { acknowledgedBy, complaints, hubDirectory, judgeNow, learnDowntime, leftovers, verdictsOf } from './ending.ts';
import { breakHub, emptyDisks, faultsAtPoint, inputsOf } from './faults.ts';
import { answers, NEW, OLD, type Scene } from './scene.ts';

/** How a cell ended. */
export interface Played {
  answer: Verdict['answer'];
  /** What the run said; `-` for a runner that was lost. */
  outcome: string;
  /** What the host's journal says. */
  verdict: string;
  seconds: number;
  /** Everything that is not as promised; empty for a cell that holds. */
  problems: string[];
  after: State;
  /** What was written to the old hub meanwhile. */
  writes: Writes;
  /** What the run printed at its end. */
  lastWords: string[];
}

/** What is printed when the runner comes to a step of its own, or follows one of the host's. */
const titles: Record<string, string> = {
  ...{ connect: 'Connect to', discover: 'Look at the hub', plan: 'Plan', begin: 'Start the job on the host' },
  ...{ backup: 'Back up the live hub', upload: 'Upload the sealed backup', prove: 'Prove the backup' },
  ...{ stop: 'Stop the hub', migrate: 'Migrate the database', verify: 'Verify the hub from its host' },
  confirm: 'Verify the hub from outside',
};

/** Plays an upgrade with that fault on a hub that is wholly old, as `before` has it. */
export async function play(scene: Scene, before: State, { point, fault }: Cell): Promise<Played> {
  const started = performance.now();
  const problems: string[] = [];
  const wrong = (what: string) => problems.push(what);
  const known = new Set(await scene.jobs());
  const writer = startWriter(scene.hub.api, 2, `w${Date.now()}-`);
  const result = await runWithFault(scene, point, fault, wrong);

  const jobs = (await scene.jobs()).filter((job) => !known.has(job));
  // Nobody but the next run is left to finish it.
  const last = fault === 'everything' ? await runNext(scene, jobs, wrong) : result;
  const verdicts = await verdictsOf(scene, jobs, wrong);
  if (fault.startsWith('full ')) await emptyDisks(scene);
  await until('the hub does not answer', 120, () => answers(scene)).catch((error) => wrong(String(error)));
  const written = await writer.stop();
  const { verdict, after } = await judgeNow(scene, before, written);
  await learnDowntime(scene, jobs);
  problems.push(...complaints(verdict), ...consistency(verdict, last, verdicts), ...(await leftovers(scene, jobs)));
  return {
    ...{ answer: verdict.answer, after, problems, lastWords: last.rawLog.slice(-25) },
    writes: { acknowledged: acknowledgedBy(OLD, written), attempted: written.attempted },
    outcome: last.lost ? '-' : (last.outputs.outcome ?? '-'),
    verdict: verdicts.at(-1) ?? '-',
    seconds: Math.round((performance.now() - started) / 1000),
  };
}

/** The next run finishes what was left. It asks for the release that the hub must have then, so that it has no work of its own. */
async function runNext(scene: Scene, jobs: string[], wrong: (what: string) => void): Promise<RunActionResult> {
  const isVerified = jobs.length > 0 && / done verify$/m.test(await scene.read(jobs.at(-1) ?? '', 'journal'));
  const result = await scene.run({ 'target-version': isVerified ? NEW : OLD });
  const said = result.rawLog.join('\n').includes('left a job without a verdict');
  if (result.outputs.outcome !== 'unchanged' || !said) wrong(`the next run ended ${result.outputs.outcome}`);
  return result;
}

async function runWithFault(
  scene: Scene,
  point: string,
  fault: string,
  wrong: (what: string) => void,
): Promise<RunActionResult> {
  const [lost, cancelled] = [new AbortController(), new AbortController()];
  const triggers = { lose: { signal: lost.signal }, cancel: { signal: cancelled.signal } };
  const unseen = isOnWayBack(point) ? await startUnseen(scene) : undefined;
  const inputs = { ...inputsOf[fault], ...unseen?.inputs };
  if (point === '-') return runWithout(scene, fault, wrong);
  if (point.startsWith('runner ')) {
    const title = titles[point.slice('runner '.length)] ?? '';
    const strike: Record<string, () => void> = {
      runner: () => lost.abort(),
      cancel: () => cancelled.abort(),
      reset: () => scene.network.reset(),
    };
    const onLine = (line: string) => void (line.includes('##[group]') && line.includes(title) && strike[fault]?.());
    return scene.run(inputs, { ...triggers, onLine });
  }
  const breakpoint = new Breakpoint(scene);
  const moment = /^random:(\d+)$/.exec(point)?.[1];
  await breakpoint.set(moment === undefined ? point : 'after begin stop');
  let ended = false;
  const running = scene.run(inputs, { ...triggers, ...unseen?.options }).finally(() => {
    ended = true;
    return unseen?.close();
  });
  try {
    const job = await breakpoint.reached(() => ended);
    if (job === undefined)
      throw new Error(`the run ended before the point:\n${(await running).rawLog.slice(-25).join('\n')}`);
    else {
      if (moment !== undefined) {
        await breakpoint.release('write');
        await delay((scene.downtimeMs * Number(moment)) / 10_000);
      }
      const act = faultsAtPoint[fault];
      if (!act) throw new Error(`there is no fault ${fault}`);
      const victim = { scene, breakpoint, job, point, wrong };
      await act({ ...victim, lose: () => lost.abort(), cancel: () => cancelled.abort() });
    }
    return await running;
  } finally {
    await breakpoint.release('drop');
    await running.catch(() => {});
    await breakpoint.clear();
  }
}

/** A runner that sees no hub any more once it was stopped, and says no once the host has verified it. */
async function startUnseen({ hub }: Scene) {
  const way = await startProxy(Number(new URL(hub.url).port));
  const isStopping = (line: string) => line.includes('##[group]') && line.includes(titles.stop ?? '');
  return {
    inputs: { 'health-url': `http://127.0.0.1:${way.port}/`, 'confirm-timeout': '10' },
    options: { onLine: (line: string) => void (isStopping(line) && way.close()) },
    close: () => way.close(),
  };
}

const requests: Record<string, string> = {
  ...{ 'artifact create': 'CreateArtifact', 'artifact upload': 'PUT /blobs/' },
  ...{ 'artifact finalize': 'FinalizeArtifact', 'artifact list': 'ListArtifacts' },
};

/** A run with a fault that is there from its beginning. */
async function runWithout(scene: Scene, fault: string, wrong: (what: string) => void): Promise<RunActionResult> {
  const request = requests[fault];
  if (request !== undefined) {
    scene.service.fault({ match: request, times: 1, status: 400 });
    return scene.run();
  }
  const directory = await hubDirectory(scene);
  if (fault === 'foreign lock') {
    const locked = `flock ${shellQuote(directory)} sleep 600 </dev/null >/dev/null 2>&1 & echo $!`;
    const pid = (await scene.onHost(locked)).trim();
    try {
      return await scene.run();
    } finally {
      await scene.onHost(`pkill -9 -P ${pid}; kill -9 ${pid} 2>/dev/null || :`);
    }
  }
  const { root = '' } = scene.hub as { root?: string };
  const mend = await breakHub(join(root, scene.hub.configPath), fault);
  try {
    if (fault === 'no stop') await restart(scene);
    const logIn = (line: string) => {
      if (fault === 'crash after login' && line.includes('The hub answers again')) void login(scene, wrong);
    };
    return await scene.run({}, { onLine: logIn });
  } finally {
    await mend();
    if (fault === 'no stop') await scene.onHost(`kill -9 ${await hubPid(scene)} 2>/dev/null || :`);
  }
}

async function hubPid(scene: Scene): Promise<string> {
  if (scene.flavour === 'light') return String((await scene.hub.pid()) ?? '');
  return (await scene.onHost('systemctl show -p MainPID --value jupyterhub.service')).trim();
}

async function restart(scene: Scene): Promise<void> {
  await scene.onHost(`${scene.commands.stop}; ${scene.commands.start}`);
  await until('the hub does not answer', 90, () => answers(scene));
}

/** Logs in as a browser does, as one whom every release lets in. */
async function login({ hub }: Scene, wrong: (what: string) => void): Promise<void> {
  const browser = new Browser(hub.url);
  await browser.get('/hub/login').catch(() => undefined);
  const answer = await browser
    .post('/hub/login', { username: 'admin', password: 'x' })
    .then(({ status }) => status)
    .catch(() => 0);
  if (answer === 403) wrong('the login was refused, so that nothing crashed');
}

/** What was said has to be what is. */
function consistency({ answer }: Verdict, result: RunActionResult, verdicts: string[]): string[] {
  const said: string[] = [];
  const { outcome } = result.outputs;
  const isGreen = result.conclusion === 'success' && !result.lost;
  // That of a next run which only finished what was left says nothing else.
  if (isGreen && answer !== 'new' && outcome !== 'unchanged')
    said.push(`a green job (${outcome}), and the hub is ${answer}`);
  if (!isGreen && outcome === 'upgraded') said.push(`outcome ${outcome} in a job that is ${result.conclusion}`);
  const expected: Record<string, string> = { upgraded: 'new', 'rolled-back': 'old', 'failed-before-change': 'old' };
  const promised = outcome === undefined || result.lost ? undefined : expected[outcome];
  if (promised !== undefined && promised !== answer) said.push(`outcome ${outcome}, and the hub is ${answer}`);
  const decided = verdicts.at(-1);
  const meant = decided === undefined ? 'old' : decided === 'committed' ? 'new' : 'old';
  if (decided === 'rollback-failed') said.push('the way back failed');
  if (answer !== 'MIXED' && meant !== answer) said.push(`verdict ${decided}, and the hub is ${answer}`);
  return said;
}
