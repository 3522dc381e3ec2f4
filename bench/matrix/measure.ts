import { type Keys, lostKeys, readKeys } from '../check/keys.ts';
import { serverPid } from '../hub/seed.ts';
import { majorOf } from './configuration.ts';
import { assignments, type Population, populate } from './populate.ts';
import type { Installation, Site } from './site.ts';
import type { Database, Store } from './stores.ts';

/** One upgrade of one populated database, and what came of it. */
export interface Measurement {
  dialect: string;
  from: string;
  /** Releases whose `upgrade-db` ran before the target's. */
  through: string[];
  to: string;
  /**
   * `kept`: everything; `tokens dropped`: everything but the API tokens, which end with 1.x by design;
   * `not measured`: the old hub itself does not run on that database.
   */
  result: 'kept' | 'tokens dropped' | 'lost' | 'upgrade-db failed' | 'does not start' | 'not measured';
  /** What was lost, or the words of the failure. */
  detail: string;
}

/** A way from the release that made the database to another: the releases whose upgrade-db runs, the target last. */
export type Way = Installation[];

/** Lets a real hub of `from` make a database, and takes a copy of it each of the ways. */
export async function measureFrom(
  site: Site,
  store: Store,
  from: Installation,
  ways: Way[],
  report: (measurement: Measurement) => Promise<void>,
): Promise<void> {
  let original: Original | undefined;
  let reason = '';
  for (const way of ways) {
    // A way that ended the users' servers, which are real, must not tell on the next one.
    if (reason === '' && !(original && (await serversLive(site, original.population)))) {
      original = await makeOriginal(site, store, from).catch((error: unknown) => {
        reason = wordsOf(error);
        return undefined;
      });
    }
    const end: End = original
      ? await take(site, store, from, way, original)
      : { result: 'not measured', detail: reason };
    const releases = way.map(({ release }) => release);
    const to = releases.at(-1) ?? '';
    await report({ dialect: store.dialect, from: from.release, through: releases.slice(0, -1), to, ...end });
  }
}

interface Original {
  database: Database;
  population: Population;
  keys: Keys;
}

async function makeOriginal(site: Site, store: Store, from: Installation): Promise<Original> {
  const database = await store.create();
  const population = await populate(site, from, database.url);
  return { database, population, keys: await readKeys(database.query, store.dialect) };
}

type End = Pick<Measurement, 'result' | 'detail'>;

async function take(site: Site, store: Store, from: Installation, way: Way, original: Original): Promise<End> {
  const database = await original.database.copy();
  try {
    const tokensEnd = majorOf(from.release) < 2 && way.some(({ release }) => majorOf(release) >= 2);
    const losses = async (moment: string, less: string[]) => {
      const less1 = [...less, ...(tokensEnd ? ['tokens', 'token scopes'] : [])];
      const lost = lostKeys(original.keys, await readKeys(database.query, store.dialect), less1);
      return Object.entries(lost).map(([kind, lines]) => `${moment}: ${kind} ${lines.slice(0, 3).join('; ')}`);
    };
    for (const installation of way) {
      try {
        await site.upgrade(installation, database.url);
      } catch (error) {
        return { result: 'upgrade-db failed', detail: `${installation.release}: ${wordsOf(error)}` };
      }
      // The hub makes its clients anew when it starts; 2.0 drops the table.
      const lost = await losses(`after upgrade-db of ${installation.release}`, ['revision', 'OAuth clients']);
      if (lost.length > 0) return { result: 'lost', detail: lost.join(' | ') };
    }
    const target = way.at(-1);
    if (target === undefined) throw new Error('A way has a target.');
    let lost: string[];
    try {
      const hub = await site.start(target, database.url, assignments);
      try {
        lost = await unanswered(site, original.population, tokensEnd);
      } finally {
        await hub.stop();
      }
    } catch (error) {
      return { result: 'does not start', detail: wordsOf(error) };
    }
    lost.push(...(await losses('after the start', ['revision'])));
    if (lost.length > 0) return { result: 'lost', detail: lost.join(' | ') };
    return { result: tokensEnd ? 'tokens dropped' : 'kept', detail: '' };
  } finally {
    await database.drop();
  }
}

/** What the new hub does not answer as the old one would have. */
async function unanswered(site: Site, { tokens, servers }: Population, tokensEnd: boolean): Promise<string[]> {
  const problems: string[] = [];
  for (const { user, token } of tokens) {
    const { status, body } = await site.api<{ name?: string }>('GET', '/user', undefined, token);
    const works = status === 200 && body.name === user;
    // Of 1.x no token may work: that would be one that was not dropped.
    if (works === tokensEnd) problems.push(`a token of ${user} is answered ${status}`);
  }
  for (const [server, pid] of Object.entries(servers)) {
    const [user = '', name = ''] = server.split('/');
    const { body } = await site.api<{ servers?: Record<string, { ready?: boolean }> }>('GET', `/users/${user}`);
    if (body.servers?.[name]?.ready !== true) problems.push(`the server ${server} is not known to run`);
    if ((await serverPid(site.url, server)) !== pid) problems.push(`the server ${server} does not answer`);
  }
  return problems;
}

async function serversLive(site: Site, { servers }: Population): Promise<boolean> {
  const pids = await Promise.all(Object.keys(servers).map((server) => serverPid(site.url, server)));
  return Object.values(servers).every((pid, index) => pids[index] === pid);
}

/** The line of a log that says what went wrong. */
function wordsOf(error: unknown): string {
  const lines = String(error instanceof Error ? error.message : error)
    .trimEnd()
    .split('\n');
  const words =
    lines.findLast((line) => /^[\w.]*(Error|Exception)\b|\b(ERROR|FAILED)\b/.test(line)) ?? lines.at(-1) ?? '';
  return words.trim().slice(0, 300);
}
