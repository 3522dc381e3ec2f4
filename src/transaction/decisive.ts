import { createHash } from 'node:crypto';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Fate } from '../hub/survival.ts';
import type { Draft, PlanDocument } from './document.ts';

/**
 * What a decision for a plan rests on: by the name of the part, what it says under each key. Not what changes by the
 * minute: counts, times, free disk, pids.
 */
export type Decisive = Record<string, Record<string, string>>;

/** A plan that was approved: its digest, and where the approval has more than that, what it rested on. */
export interface Approved {
  digest: string;
  decisive?: Decisive | undefined;
}

/** What a decision for this plan rests on. */
export function decisiveOf(
  { facts, inputs, to, migration, parameters, survival, advice, blockers, install }: Draft,
  { steps, packages, accepted }: Pick<PlanDocument, 'steps' | 'packages' | 'accepted'>,
): Decisive {
  const { database, environment, service } = facts;
  const { properties } = service;
  return {
    'the release': { now: facts.version, target: to, 'by way of': migration.hops.join(', ') || 'no other' },
    'the database': {
      place: database.path || database.url,
      revision: database.revision ?? 'none',
      strategy: inputs.database.strategy,
    },
    'the configuration': { file: facts.configFile, ...facts.configDigests },
    'the service': {
      ...(parameters.UNIT ? { unit: parameters.UNIT, KillMode: properties.KillMode ?? '' } : {}),
      user: service.user,
      directory: service.directory,
    },
    'the environment': { path: environment.path, Python: facts.python, installation: install },
    'the packages that are installed': installed(environment.requirements),
    'the packages that change': Object.fromEntries(
      packages.map(({ name, from = 'not there', to: then = 'removed' }) => [name, `${from} → ${then}`]),
    ),
    'the commands of the steps': Object.fromEntries(
      steps.map(({ name, commands }) => [name, short(JSON.stringify(commands))]),
    ),
    'what becomes of users': { proxy: fateOf(survival.proxy), servers: fateOf(survival.servers) },
    'the advice that stops an upgrade': Object.fromEntries(
      advice
        .filter(({ level }) => level === 'blocker')
        .map(({ id, accepted }) => [id, accepted ? 'accepted' : 'in the way']),
    ),
    'what is accepted': Object.fromEntries(accepted.map((name) => [name, 'accepted'])),
    'what is in the way': Object.fromEntries(blockers.map((sentence) => [lasting(sentence), 'in the way'])),
  };
}

function fateOf({ fate, reason }: Fate): string {
  return `${fate} (${reason})`;
}

/** The lines of `pip freeze` by the name of the package. What is no plain version may hold a password: a digest of it. */
function installed(requirements: string): Record<string, string> {
  const lines = requirements.split('\n').filter((line) => line.trim() !== '' && !/^[#@]/.test(line));
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, version] = /^([\w.-]+)===?([\w.+!-]+)$/.exec(line.trim()) ?? [];
      if (name !== undefined && version !== undefined) return [name, version];
      // A list of conda's.
      const [, what, build] = /\/([^/]+)-([^/-]+-[^/-]+)\.(?:conda|tar\.bz2)(?:#|$)/.exec(line) ?? [];
      if (what !== undefined && build !== undefined) return [what, build];
      const named = /^([\w.-]+) @ |#egg=([\w.-]+)/.exec(line);
      return [named?.[1] ?? named?.[2] ?? `line ${short(line)}`, `from elsewhere (${short(line)})`];
    }),
  );
}

/** A sentence less what changes by the minute: its numbers, and what it names in brackets. */
function lasting(sentence: string): string {
  return sentence.replaceAll(/ \([^()]*\)/g, '').replaceAll(/\d+/g, '…');
}

function short(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

/** SHA-256, in hexadecimal. The order in which parts and keys were written does not matter. */
export function digestOf(decisive: Decisive): string {
  return createHash('sha256').update(canonical(decisive)).digest('hex');
}

/** The digest with what it was made of, in one word: as it differs from another plan, it can be told how. */
export function approvalOf(decisive: Decisive): string {
  return `${digestOf(decisive)}.${deflateRawSync(canonical(decisive), { level: 9 }).toString('base64url')}`;
}

const LONGEST = 1024 * 1024;

/** What an approval says; undefined for a text that is none or not whole. A digest alone is one, too. */
export function readApproval(text: string): Approved | undefined {
  const [, digest, packed] = /^([0-9a-f]{64})(?:\.([\w-]+))?$/.exec(text) ?? [];
  if (digest === undefined || packed === undefined) return digest === undefined ? undefined : { digest };
  try {
    const inflated = inflateRawSync(Buffer.from(packed, 'base64url'), { maxOutputLength: LONGEST });
    const decisive = Object.fromEntries(
      (JSON.parse(inflated.toString('utf8')) as [string, [string, string][]][]).map(([part, content]) => [
        part,
        Object.fromEntries(content),
      ]),
    );
    return digestOf(decisive) === digest ? { digest, decisive } : undefined;
  } catch {
    return undefined;
  }
}

const MOST_NAMED = 20;

/** How a plan differs from the one that was approved, a sentence for each thing; none when it is the same. */
export function differencesFrom(approved: Approved, now: Decisive): string[] {
  if (digestOf(now) === approved.digest) return [];
  const before = approved.decisive;
  if (before === undefined) {
    return [
      'This is not the plan that was approved. What is different cannot be told from its digest alone: give approved-plan ' +
        'all of the output plan-digest.',
    ];
  }
  const found = union(before, now).flatMap((part) => {
    const [old, present] = [before[part] ?? {}, now[part] ?? {}];
    return union(old, present)
      .filter((key) => old[key] !== present[key])
      .map((key) => `Since the plan was approved, ${part} changed: ${key} ${change(old[key], present[key])}.`);
  });
  const more = found.length - MOST_NAMED;
  return more > 0
    ? [...found.slice(0, MOST_NAMED), `And ${more} more differences from the plan that was approved.`]
    : found;
}

function change(before: string | undefined, now: string | undefined): string {
  if (before === undefined) return `is new (${now})`;
  if (now === undefined) return `is gone (it was ${before})`;
  return `was ${before} and is ${now}`;
}

function union(one: object, other: object): string[] {
  return [...new Set([...Object.keys(one), ...Object.keys(other)])];
}

function canonical(decisive: Decisive): string {
  const sorted = (value: object) => Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify(sorted(decisive).map(([part, content]) => [part, sorted(content)]));
}
