import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { dropsTokens, hopsBetween } from '../src/hub/releases.ts';
import type { Dialect } from './check/keys.ts';
import { disagreements, order, type Recorded, render } from './compatibility.ts';
import { run } from './hub/run.ts';
import { environmentOf } from './matrix/environments.ts';
import { measureFrom, type Way } from './matrix/measure.ts';
import { candidates, versionOf } from './matrix/releases.ts';
import { type Installation, openSite } from './matrix/site.ts';
import { stores } from './matrix/stores.ts';

const usage = `usage: script/version-matrix [--releases 2.3.1,4.1.6,…] [--dialects sqlite,postgresql,mariadb] [--jobs 2] [--missing]
       script/version-matrix --report

Fills databases by real hubs of each release, upgrades each to every newer release, and compares. Without a choice of
releases or dialects it measures all. Each measurement goes to docs/compatibility.jsonl at once, in place of an older one of
the same way, and docs/compatibility.md is written from that. What this very code measured before is not measured again:
an interrupted run is taken up, and it may be run in pieces. --missing measures only what no code has measured. --report measures nothing and writes that document. Ends with
status 1 where src/hub/releases.ts says something else.
`;

const table = { hopsBetween, dropsTokens };
const root = fileURLToPath(new URL('..', import.meta.url));

// A signal ends it the way an error does, so that hubs and servers are ended.
const interruption = new Promise<never>((_, reject) => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => reject(new Error(signal)));
});
interruption.catch(() => {});

const opened: { close(): Promise<void> }[] = [];
try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
} finally {
  for (const one of opened.toReversed()) await one.close();
}
process.exit();

async function main(): Promise<number> {
  const chosen = parse(process.argv.slice(2));
  let records = await readRecords();
  const keep = async (one: Recorded) => {
    const way = wayOf(one);
    records = [...records.filter((other) => wayOf(other) !== way), one].sort((a, b) => order(wayOf(a), wayOf(b)));
    await writeFile(place('jsonl'), records.map((each) => `${JSON.stringify(each)}\n`).join(''));
    await writeFile(place('md'), render(records, table));
  };
  if (chosen.report) await writeFile(place('md'), render(records, table));
  else await measureAll(chosen, records, keep);
  const differences = disagreements(records, table);
  for (const one of differences) process.stdout.write(`NOT AS src/hub/releases.ts SAYS: ${one}\n`);
  return differences.length === 0 ? 0 : 1;
}

async function measureAll(
  chosen: ReturnType<typeof parse>,
  known: Recorded[],
  keep: (one: Recorded) => Promise<void>,
): Promise<void> {
  const installations: Installation[] = [];
  const pythons: Record<string, string> = {};
  for (const { release, python, pythons: fit } of await candidates(chosen.releases)) {
    const version = python && (await versionOf(python));
    if (python === undefined || version === undefined) {
      process.stdout.write(`${release} is left out: this machine has no Python ${fit.join(' or ')}\n`);
      continue;
    }
    pythons[release] = version;
    installations.push({ release, environment: await environmentOf(release, python) });
  }
  const [code, commit] = [await codeNow(), await git('rev-parse', '--short', 'HEAD')];

  const work: (() => Promise<void>)[] = [];
  for (const dialect of chosen.dialects) {
    const store = await stores[dialect]();
    opened.push(store);
    for (const [index, from] of installations.entries()) {
      const ways = waysFrom(from, installations.slice(index + 1), installations).filter(
        (way) =>
          !known.some((one) => (chosen.missing || one.code === code) && wayOf(one) === nameOf(dialect, [from, ...way])),
      );
      if (ways.length === 0) continue;
      work.push(async () => {
        const site = await openSite();
        opened.push(site);
        await measureFrom(site, store, from, ways, async (one) => {
          const passed = [one.from, ...one.through, one.to];
          process.stdout.write(`${wayOf(one)}  ${one.result}${one.detail === '' ? '' : `: ${one.detail}`}\n`);
          const used = Object.fromEntries(passed.map((release) => [release, pythons[release] ?? '']));
          await keep({ ...one, server: store.version, pythons: used, commit, code });
        });
        await site.close();
      });
    }
  }
  await Promise.race([interruption, Promise.all(Array.from({ length: chosen.jobs }, () => worker(work)))]);
}

function parse(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      releases: { type: 'string' },
      dialects: { type: 'string' },
      jobs: { type: 'string', default: '1' },
      missing: { type: 'boolean', default: false },
      report: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const dialects = (values.dialects?.split(',') ?? Object.keys(stores)) as Dialect[];
  const jobs = Number(values.jobs);
  if (values.help || dialects.some((dialect) => !(dialect in stores)) || !(jobs >= 1)) throw new Error(usage);
  return { releases: values.releases?.split(','), dialects, jobs, missing: values.missing, report: values.report };
}

/** The straight way to each of the targets, and the one the product takes where that is another. */
function waysFrom(from: Installation, targets: Installation[], all: Installation[]): Way[] {
  return targets.flatMap((target) => {
    const hops = hopsBetween(from.release, target.release);
    const through = hops.map((hop) => all.find(({ release }) => release === hop)).filter((one) => one !== undefined);
    return hops.length > 0 && through.length === hops.length ? [[target], [...through, target]] : [[target]];
  });
}

/** A way on a dialect, for people and as a key. */
function wayOf({ dialect, from, through, to }: Pick<Recorded, 'dialect' | 'from' | 'through' | 'to'>): string {
  return nameOf(
    dialect,
    [from, ...through, to].map((release) => ({ release })),
  );
}

function nameOf(dialect: string, way: Pick<Installation, 'release'>[]): string {
  return `${dialect}  ${way.map(({ release }) => release).join(' → ')}`;
}

async function worker(work: (() => Promise<void>)[]): Promise<void> {
  for (let one = work.shift(); one !== undefined; one = work.shift()) await one();
}

function git(...args: string[]): Promise<string> {
  return run('git', ['-C', root, ...args]).then((text) => text.trim());
}

/** What of this repository measures, as one word; it is the same over commits that change other things. */
async function codeNow(): Promise<string> {
  const measuring = ['bench/matrix', 'bench/check/keys.ts'];
  if ((await git('status', '--porcelain', '--', ...measuring)) !== '')
    throw new Error(`commit ${measuring.join(' and ')} first`);
  const trees = await Promise.all(measuring.map((path) => git('rev-parse', `HEAD:${path}`)));
  return trees.map((tree) => tree.slice(0, 12)).join('-');
}

function place(extension: 'jsonl' | 'md'): string {
  return join(root, `docs/compatibility.${extension}`);
}

async function readRecords(): Promise<Recorded[]> {
  const text = await readFile(place('jsonl'), 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Recorded);
}
