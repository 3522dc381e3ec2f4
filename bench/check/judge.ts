import { dirname } from 'node:path';
import type { State } from './state.ts';
import type { Tree } from './tree.ts';

/** What a writer did meanwhile, names of users. */
export interface Writes {
  acknowledged: string[];
  attempted: string[];
}

export interface Verdict {
  /** `old` and `new` mean wholly so; `MIXED` is anything else, a lost row or a hub that does not answer included. */
  answer: 'old' | 'new' | 'MIXED';
  /** Why it is not wholly old, and why it is not wholly new. */
  notOld: string[];
  notNew: string[];
  /** Whether every column of every row is what it was. */
  exact: boolean;
  /** Files, processes and mounts that were not there before. */
  leftovers: string[];
}

/** Judges a hub by its states before and after an upgrade to `target` (a release). */
export function judge(before: State, after: State, target: string, writes?: Writes): Verdict {
  const common = [...judgeWhole(after), ...judgeWrites(after, writes)];
  before.fixed.forEach((tree, index) => {
    common.push(...differences('configuration', tree, after.fixed[index] ?? {}));
  });
  common.push(...differences("another application's data", before.database.neighbours, after.database.neighbours));
  const notOld = [...common, ...judgeOld(before, after, writes)];
  const notNew = [...common, ...judgeNew(before, after, target)];
  return {
    answer: notOld.length === 0 ? 'old' : notNew.length === 0 ? 'new' : 'MIXED',
    ...{ notOld, notNew, leftovers: judgeLeftovers(before, after) },
    exact: JSON.stringify(before.database.exact) === JSON.stringify(after.database.exact),
  };
}

/** Whether code and data fit together, and the hub answers with the code that is installed. */
function judgeWhole(after: State): string[] {
  const { database, installation, version } = after;
  const reasons: string[] = [];
  if (database.integrity !== 'ok') reasons.push(`database: ${database.integrity}`);
  if (installation.releases.length !== 1) reasons.push(`installed releases: ${installation.releases.join(', ')}`);
  if (version === undefined) reasons.push('the hub does not answer');
  else if (version !== installation.releases[0]) {
    reasons.push(`the hub answers as ${version}, installed is ${installation.releases[0]}`);
  }
  if (installation.heads.length !== 1 || database.revision !== installation.heads[0]) {
    reasons.push(`database revision is ${database.revision}, the code wants ${installation.heads.join(', ')}`);
  }
  return reasons;
}

function judgeWrites(after: State, writes?: Writes): string[] {
  const users = new Set((after.database.keys.users ?? []).map(nameOf));
  const lost = (writes?.acknowledged ?? []).filter((name) => !users.has(name));
  return lost.length > 0 ? [`acknowledged users lost: ${some(lost)}`] : [];
}

function judgeOld(before: State, after: State, writes?: Writes): string[] {
  const reasons: string[] = [];
  if (after.version !== before.version) reasons.push(`version is ${after.version}, not ${before.version}`);
  if (after.database.revision !== before.database.revision) {
    reasons.push(`database revision is ${after.database.revision}, not ${before.database.revision}`);
  }
  if (after.database.schema !== before.database.schema) reasons.push('the database schema is another');
  reasons.push(...differences('environment', before.environment, after.environment));
  reasons.push(...missing(before.database.durable, after.database.durable));
  // What came new must be the writer's; new rows of other tables come with its users (roles, spawners).
  const attempted = new Set(writes?.attempted);
  const users = new Set((before.database.keys.users ?? []).map(nameOf));
  const strange = (after.database.keys.users ?? [])
    .map(nameOf)
    .filter((name) => !users.has(name) && !attempted.has(name));
  if (strange.length > 0) reasons.push(`users from nowhere: ${some(strange)}`);
  if (writes === undefined) {
    const added = missing(after.database.durable, before.database.durable);
    reasons.push(...added.map((reason) => reason.replace('lost', 'from nowhere')));
  }
  return reasons;
}

function judgeNew(before: State, after: State, target: string): string[] {
  const reasons: string[] = [];
  if (after.version !== target) reasons.push(`version is ${after.version}, not ${target}`);
  const { tokens: oldTokens = [], ...others } = before.database.keys;
  // JupyterHub 2.0 makes the table of tokens anew: those of 1.x end by design.
  const tokensEnd = Number.parseInt(before.version ?? '', 10) < 2 && Number.parseInt(target, 10) >= 2;
  const kept = tokensEnd ? others : { ...others, tokens: oldTokens };
  reasons.push(...missing(kept, after.database.keys));
  return reasons;
}

function judgeLeftovers(before: State, after: State): string[] {
  const kinds = ['watched', 'processes', 'mounts'] as const;
  return kinds.flatMap((kind) => {
    const known = new Set(before[kind]);
    const added = new Set(after[kind].filter((one) => !known.has(one)));
    // A directory that is left over stands for all that is in it.
    return [...added].filter((one) => !added.has(dirname(one))).map((one) => `${kind}: ${one}`);
  });
}

/** Rows of `before` that are not in `after`, a sentence for each table that lost some. */
function missing(before: Record<string, string[]>, after: Record<string, string[]>): string[] {
  return Object.entries(before).flatMap(([table, rows]) => {
    const present = new Set(after[table]);
    const lost = rows.filter((row) => !present.has(row));
    return lost.length > 0 ? [`${table}: lost ${some(lost)}`] : [];
  });
}

function differences(what: string, before: Tree, after: Tree): string[] {
  const paths = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed = [...paths].filter((path) => before[path] !== after[path]);
  return changed.length > 0 ? [`${what} differs: ${some(changed.map((path) => path || '.'))}`] : [];
}

/** The name that a row of the users' keys begins with. */
function nameOf(row: string): string {
  return row.slice(1, row.indexOf("',")).replaceAll("''", "'");
}

function some(texts: string[]): string {
  const first = texts.slice(0, 3).join('; ');
  return texts.length > 3 ? `${first} and ${texts.length - 3} more` : first;
}
