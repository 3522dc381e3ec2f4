import type { UpgradeError } from '../errors.ts';
import type { Outcome } from '../outcome.ts';
import type { OpenStep } from '../report/log.ts';
import type { RunResult, StepReport } from '../report/result.ts';
import type { FollowEnd, Job } from '../transaction/job.ts';
import type { Step } from '../transaction/job-steps.ts';
import type { JournalEntry, JournalView } from '../transaction/journal.ts';
import { failureOf } from './job-failure.ts';
import type { Run } from './run.ts';

/**
 * Follows the job to its verdict and reports it. `confirm` is called once the host has verified the hub itself: it looks
 * from outside and tells the job what it decided. Throws UpgradeError for every verdict but `committed`.
 */
export async function followJob(
  run: Run,
  job: Job,
  steps: Step[],
  confirm: () => Promise<void>,
  done: Outcome,
): Promise<Outcome> {
  const screen = new Screen(run, steps, job.view);
  let end: FollowEnd = await job.follow(screen, 'begin confirm', run.signal);
  if (end === 'until') {
    await confirm();
    end = await job.follow(screen, undefined, run.signal);
  }
  screen.close();
  report(run, job.view);
  if (end !== 'dead' && job.view.verdict === 'committed') return done;
  throw failure(run, job, end, screen);
}

/**
 * Follows a job until its rehearsal is over. Throws UpgradeError when the host took back what it had prepared, because it
 * failed or was asked to.
 */
export async function followRehearsal(run: Run, job: Job, steps: Step[]): Promise<void> {
  const screen = new Screen(run, steps, job.view);
  const end = await job.follow(screen, 'done rehearse', run.signal);
  screen.close();
  // A job that only rehearses goes back at once, and may be through with it.
  const isAll = !steps.some(({ name }) => name === 'hold');
  if (end === 'until' || (isAll && job.view.has('done', 'rehearse'))) return;
  report(run, job.view);
  throw failure(run, job, end, screen);
}

/** Why a job came to no good end; what the hub is now is put into the result. */
function failure(run: Run, job: Job, end: FollowEnd, { lastWords, lastWordsOfUndo }: Screen): UpgradeError {
  const { outcome, error } = failureOf(job.view, end, {
    directory: job.directory,
    become: run.link.become,
    previous: run.result.versions.previous,
    backup: run.result.backup,
    said: lastWords,
    saidOfUndo: lastWordsOfUndo,
  });
  run.result.outcome = outcome;
  return error;
}

/** Steps whose way back is to do nothing: it is not shown. */
const WITHOUT_UNDO = ['rehearse', 'hold', 'inspect', 'migrate', 'verify', 'confirm'];

/** Shows a job's journal as steps of the log. */
class Screen {
  readonly #run: Run;
  readonly #titles: Map<string, string>;
  readonly #open = new Map<string, { step: OpenStep; time: number }>();
  readonly #view: JournalView;
  #line = '';
  /** What the host printed since the last step began, the newest lines. */
  #recent: string[] = [];
  /** What the step that failed printed at its end, and the way back that failed. */
  lastWords: string[] = [];
  lastWordsOfUndo: string[] = [];

  constructor(run: Run, steps: Step[], view: JournalView) {
    this.#run = run;
    this.#view = view;
    this.#titles = new Map(steps.map(({ name, title }) => [name, title]));
  }

  onLog(text: string): void {
    const lines = (this.#line + text).split('\n');
    this.#line = lines.pop() ?? '';
    for (const line of lines) this.#run.log.remote(line);
    this.#recent = [...this.#recent, ...lines].slice(-3);
  }

  onLost(): void {
    this.#run.log.info('The connection to the host was lost; the host goes on, and the connection is made again.');
  }

  onEntry({ time, event, step, rest }: JournalEntry): void {
    const { log } = this.#run;
    const title = this.#titles.get(step) ?? step;
    if (event === 'begin' && this.#titles.has(step)) this.#begin(step, step, title, time);
    else if (event === 'done') this.#end(step, 'done', time);
    else if (event === 'fail') {
      this.lastWords = this.#recent;
      this.#end(step, 'failed', time, rest);
    } else if (event === 'undo' && !WITHOUT_UNDO.includes(step))
      this.#begin(`undo ${step}`, `undo-${step}`, `Undo: ${title}`, time);
    else if (event === 'undone') this.#end(`undo ${step}`, 'undone', time);
    else if (event === 'undo-failed') {
      this.lastWordsOfUndo = this.#recent;
      this.#end(`undo ${step}`, 'undo-failed', time);
    } else if (event === 'decision') log.info(`Decided: ${rest}`);
    else if (event === 'note' && rest.startsWith('up ')) log.info('The hub answers again.');
  }

  close(): void {
    if (this.#line !== '') this.#run.log.remote(this.#line);
    this.#line = '';
    for (const { step } of this.#open.values()) step.end('failed', { note: 'not finished' });
    this.#open.clear();
  }

  #begin(key: string, name: string, title: string, time: number): void {
    this.#recent = [];
    // The job's first entry was written when the job began, whoever saw it.
    const since = time - (this.#view.entries[0]?.time ?? time);
    const startedAt = this.#run.jobStartedAt + since / 100;
    this.#open.set(key, { step: this.#run.log.begin(name, title, 'host', startedAt), time });
  }

  #end(key: string, outcome: StepReport['outcome'], time: number, note?: string): void {
    const open = this.#open.get(key);
    this.#open.delete(key);
    open?.step.end(outcome, { seconds: (time - open.time) / 100, ...(note === undefined ? {} : { note }) });
  }
}

/** What the journal says for the result, whatever the verdict. */
function report({ result, jobStartedAt }: Run, view: JournalView): void {
  const [first] = view.entries;
  const { downtime, verdict } = view;
  if (downtime && first) {
    result.downtime = { startedAt: jobStartedAt + (downtime.from - first.time) / 100, seconds: downtime.seconds };
  }
  result.notified.push(...view.notes('notified'));
  result.warnings.push(...view.notes('not-notified'));
  result.guarantees.push(
    ...view
      .notes('kept')
      .filter(Boolean)
      .map((what) => `Kept on the host, see keep-host-backups: ${what}.`),
  );
  result.notTried.push(...view.notes('not-tried'));
  const target = view.note('target-version');
  const previous = view.note('previous-version');
  if (previous) result.versions.previous ??= previous;
  if (verdict === 'rolled-back' || verdict === 'not-begun') leftAsBefore(result);
  if (verdict === 'committed') {
    if (target) result.versions.current = target;
    const revision = view.note('revision');
    if (revision) result.revisions.current = revision;
    const compare = parseCompare(view.note('compare'));
    if (compare) {
      result.rows.before = compare.before;
      result.rows.after = compare.after;
      // The ten-minute token of the check itself was still there when the host counted.
      if (view.note('token') === 'made' && result.rows.after.tokens) result.rows.after.tokens -= 1;
    }
    const survivors = new Set((view.note('servers-after') ?? '').split(' '));
    const routes = parseRoutes(view.note('routes-after'));
    for (const server of result.servers) {
      if (server.pid !== undefined) server.survived = survivors.has(String(server.pid));
      const reached = routes.get(JSON.stringify([server.user, server.name]));
      if (reached !== undefined) server.reached = reached;
    }
    result.warnings.push(...brokenPromises(result));
  }
  const sessions = view.note('foreign-sessions');
  if (sessions) result.warnings.push(`Others had sessions on the database before it was put back: ${named(sessions)}.`);
  if (view.note('lost-new-database')) {
    result.warnings.push('What the new hub wrote before it was taken back could not be kept.');
  }
  const kept = view.note('kept-new-database');
  if (kept) {
    const written = addedKeys(view.note('written-to-new'));
    result.warnings.push(
      `The new hub had started before it was taken back; what it wrote is kept on the host in ${kept}` +
        `${written === '' ? '' : `, among it, new: ${written}`}.`,
    );
  }
}

/** The host has put everything back, or had touched nothing. */
export function leftAsBefore({ versions, revisions }: RunResult): void {
  if (versions.previous) versions.current = versions.previous;
  if (revisions.previous) revisions.current = revisions.previous;
}

/** Sessions that `hubdb sessions` listed, for people. */
function named(json: string): string {
  try {
    const sessions = JSON.parse(json) as Record<string, unknown>[];
    return sessions
      .slice(0, 20)
      .map(({ user, from, since, application }) =>
        [application, user, from && `from ${from}`, since && `since ${since}`].filter(Boolean).join(' '),
      )
      .join('; ');
  } catch {
    return 'see the log';
  }
}

/** By user and name of a server, whether the proxy leads to it. */
function parseRoutes(json?: string): Map<string, boolean> {
  try {
    const { reached = [], missed = [] } = JSON.parse(json ?? '') as { reached?: unknown[]; missed?: unknown[] };
    const all = [...reached.map((key) => [key, true] as const), ...missed.map((key) => [key, false] as const)];
    return new Map(all.map(([key, value]) => [JSON.stringify(key), value]));
  } catch {
    return new Map();
  }
}

/** What the plan said of the users' servers, and is not so. */
function brokenPromises({ plan, servers }: RunResult): string[] {
  if (plan?.document?.survival.servers.fate !== 'goes on') return [];
  const lost = servers.filter(({ survived, reached }) => survived === false || reached === false);
  const names = lost.slice(0, 20).map(({ user, name }) => (name === '' ? user : `${user}/${name}`));
  return names.length === 0
    ? []
    : [
        `The plan said that user servers go on, and these ended or are not reached through the proxy: ${names.join(', ')}.`,
      ];
}

/** What a comparison of two databases found to be new, by key. */
function addedKeys(json?: string): string {
  try {
    const { added } = JSON.parse(json ?? '') as { added?: Record<string, { count?: number; first?: unknown[] }> };
    return Object.entries(added ?? {})
      .filter(([, { count = 0 }]) => count > 0)
      .map(
        ([kind, { count, first = [] }]) =>
          `${count} ${kind} (${first.map((key) => [key].flat().join(' ')).join(', ')})`,
      )
      .join('; ');
  } catch {
    return '';
  }
}

function parseCompare(json?: string): { before: Record<string, number>; after: Record<string, number> } | undefined {
  try {
    const { counts } = JSON.parse(json ?? '') as { counts?: Record<string, unknown> };
    const pick = (index: 0 | 1) =>
      Object.fromEntries(
        Object.entries(counts ?? {}).flatMap(([kind, pair]) =>
          Array.isArray(pair) && typeof pair[index] === 'number' ? [[kind, pair[index] as number]] : [],
        ),
      );
    return { before: pick(0), after: pick(1) };
  } catch {
    return undefined;
  }
}
