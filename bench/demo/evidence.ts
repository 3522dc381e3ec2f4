import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import { duration, size } from '../../src/report/text.ts';
import type { DatabaseState } from '../check/database-state.ts';
import { judge } from '../check/judge.ts';
import { readSqlite } from '../check/sqlite.ts';
import { recordState, type State } from '../check/state.ts';
import type { LightHub } from '../hub/light.ts';
import { readLoaded } from '../hub/loaded.ts';
import { run as runProgram } from '../hub/run.ts';
import { serverPid } from '../hub/seed.ts';
import type { ProbeResult } from '../probe.ts';
import type { StoredArtifact } from '../runner/results-service.ts';
import type { RunActionResult } from '../runner/run-action.ts';
import { openBackup } from './artifact.ts';
import { type TimedStep, timelineLines } from './timeline.ts';

/** The hub as it is seen without the product: by files, its database's own client, its REST API and its users' servers. */
export interface Look {
  state: State;
  /** Pid with which the user's server answers at the public URL. */
  server: number | undefined;
  /** How many of the tokens made before the upgrade the hub takes. */
  tokens: number;
}

/** Looks at the hub. What a look itself writes (a token that is used gets a date) stays out of its own record. */
export async function lookAt(hub: LightHub, when: 'before' | 'after'): Promise<Look> {
  const early = when === 'before' ? await tokensThatWork(hub) : undefined;
  const state = await recordState(hub.subject);
  return { state, server: await serverPid(hub.url, hub.server.user), tokens: early ?? (await tokensThatWork(hub)) };
}

async function tokensThatWork(hub: LightHub): Promise<number> {
  const answers = Object.entries(hub.seeded.tokens).map(async ([name, token]) => {
    const answer = await hub.api<{ name?: string }>('GET', '/user', undefined, token).catch(() => undefined);
    return answer?.status === 200 && answer.body.name === name;
  });
  return (await Promise.all(answers)).filter(Boolean).length;
}

/** What the demo shows and what it promised. */
export interface Shown {
  hub: LightHub;
  before: Look;
  after: Look;
  run: RunActionResult;
  probe: ProbeResult;
  artifact: StoredArtifact | undefined;
  /** What opens the artifact, and a private directory to do it in. */
  identity: string;
  work: string;
  /** The step that was broken on purpose. */
  broken: string | undefined;
}

/** The evidence as lines, and sentences for what is not as promised: none when the demo showed it all. */
export async function evidenceOf(shown: Shown): Promise<{ lines: string[]; problems: string[] }> {
  const { run, broken } = shown;
  const result = parse(run.outputs.result);
  const expected = broken === undefined ? 'upgraded' : 'rolled-back';
  const { outcome } = run.outputs;
  const colour = run.conclusion === 'success' ? 'green' : 'red';
  const problems: string[] = [];
  if (outcome !== expected) problems.push(`the outcome is ${outcome ?? 'not given'}, not ${expected}`);
  if (colour !== (broken === undefined ? 'green' : 'red')) problems.push(`the job is ${colour}`);
  const backup = await backupLines(shown, problems);
  const lines = [
    ...section('The run', [
      `outcome  ${outcome}; the job is ${colour}${broken === undefined ? '' : `, as it must be: failed-step ${run.outputs['failed-step']}`}`,
    ]),
    ...section('Timeline, as the action reports it', timelineLines(result.steps ?? [], result.downtime)),
    ...section('The artifact', backup),
    ...section(
      'The hub, as seen without the action (its files, its database, its REST API)',
      hubLines(shown, result, problems),
    ),
    ...section('Time without the hub', downtimeLines(shown)),
  ];
  return { lines, problems };
}

interface Result {
  steps?: TimedStep[];
  downtime?: { startedAt: number; seconds: number };
  versions?: { target?: string };
}

function parse(text: string | undefined): Result {
  return text === undefined || text === '' ? {} : (JSON.parse(text) as Result);
}

/** The database in a backup, looked at without the product: the file itself, or the dump loaded on the hub's server. */
async function readBackup(file: string, { database }: LightHub): Promise<DatabaseState> {
  if (database.dialect === 'sqlite') return readSqlite(file);
  if (database.dialect === 'mariadb') return readLoaded(await readFile(file, 'utf8'), database, []);
  const tables = await runProgram('pg_restore', ['--file=-', file]);
  return readLoaded(`CREATE SCHEMA IF NOT EXISTS ${database.schema};\n${tables}`, database, []);
}

async function backupLines({ artifact, identity, work, before, hub }: Shown, problems: string[]): Promise<string[]> {
  if (artifact === undefined) {
    problems.push('there is no artifact');
    return ['none'];
  }
  const backup = await openBackup(artifact.file, identity, work);
  const { keys, integrity } = await readBackup(backup.database, hub);
  const [users, live] = [keys.users ?? [], before.state.database.keys.users ?? []];
  if (backup.damaged.length > 0) problems.push(`files of the backup are damaged: ${backup.damaged.join(', ')}`);
  if (integrity !== 'ok' || live.some((user) => !users.includes(user)))
    problems.push('the database in the backup is not whole');
  const program =
    backup.with === 'age' ? 'age and tar' : 'the npm package age-encryption and tar (age is not installed)';
  return [
    `${artifact.name}  id ${artifact.id}, ${size(artifact.size)}, sealed with age`,
    artifact.digest,
    `opened with ${program}:`,
    ...backup.files.map((file) => `  ${size(file.size).padStart(10)}  ${file.name}`),
    `sums as the manifest says; ${users.length} of ${live.length} users are in its database`,
  ];
}

function hubLines(shown: Shown, result: Result, problems: string[]): string[] {
  const { hub, before, after, broken } = shown;
  const verdict = judge(before.state, after.state, result.versions?.target ?? '');
  const wanted = broken === undefined ? 'new' : 'old';
  if (verdict.answer !== wanted) {
    const reasons = wanted === 'new' ? verdict.notNew : verdict.notOld;
    problems.push(`the hub is not wholly ${wanted}: ${reasons.join('; ')}`);
  }
  if (after.server !== hub.server.pid)
    problems.push(`the server of ${hub.server.user} answers with pid ${after.server ?? 'none'}`);
  const row = (name: string, value: (look: Look) => unknown) => {
    const [old, now] = [before, after].map((look) => String(value(look) ?? 'none')) as [string, string];
    return `${name.padEnd(34)}${old.padEnd(20)}${now.padEnd(20)}${old === now ? '' : 'changed'}`.trimEnd();
  };
  const rows = Object.keys(before.state.database.keys).map((kind) =>
    row(`rows: ${kind}`, ({ state }) => state.database.keys[kind]?.length),
  );
  const left = verdict.leftovers
    .filter((one) => one.startsWith('watched: '))
    .map((one) => one.slice('watched: '.length));
  return [
    `${' '.repeat(34)}${'before'.padEnd(20)}after`,
    row('JupyterHub answers as', ({ state }) => state.version),
    row('installed', ({ state }) => state.installation.releases.join(' ')),
    row('database: revision', ({ state }) => state.database.revision),
    row('database: schema', ({ state }) => state.database.schema.slice(0, 16)),
    ...(broken === undefined
      ? []
      : [
          row('database: lasting rows', ({ state }) => digest(state.database.durable)),
          row('database: every column', ({ state }) => digest(state.database.exact)),
        ]),
    ...rows,
    row('tokens made before that work', ({ tokens }) => `${tokens} of ${Object.keys(hub.seeded.tokens).length}`),
    row(`server of ${hub.server.user}`, ({ server }) => server && `pid ${server}`),
    '',
    `judged: ${verdict.answer === 'MIXED' ? `neither wholly old nor wholly new: ${[...verdict.notOld, ...verdict.notNew].join('; ')}` : `wholly ${verdict.answer}`}${verdict.exact ? ', every column of every row as before' : ''}`,
    ...(left.length === 0 ? [] : ['new on the host:']),
    ...left.map((path) => `  ${relative(hub.directory, path)}`),
  ];
}

function downtimeLines({ run, probe }: Shown): string[] {
  const reported = Number(run.outputs['downtime-seconds'] || 0);
  return [
    `${duration(probe.seconds).padStart(9)}  seen by a probe at the public address, ten times a second`,
    `${duration(reported).padStart(9)}  downtime-seconds of the action`,
  ];
}

/** A short digest of all rows of all tables. */
function digest(tables: Record<string, unknown>): string {
  return createHash('sha256').update(JSON.stringify(tables)).digest('hex').slice(0, 16);
}

function section(title: string, lines: string[]): string[] {
  return ['', title, ...lines.map((line) => `  ${line}`.trimEnd())];
}
