import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { dropsTokens, hopsBetween } from '../src/hub/releases.ts';
import type { Dialect } from './check/keys.ts';
import { disagreements, render } from './compatibility.ts';
import { cacheDirectory } from './hub/cache.ts';
import { run } from './hub/run.ts';
import { environmentOf } from './matrix/environments.ts';
import { type Measurement, measureFrom, type Way } from './matrix/measure.ts';
import { candidates, versionOf } from './matrix/releases.ts';
import { type Installation, openSite } from './matrix/site.ts';
import { stores } from './matrix/stores.ts';

const usage = `usage: script/version-matrix [--releases 2.3.1,4.1.6,…] [--dialects sqlite,postgresql,mariadb] [--jobs 2]
       script/version-matrix --report

Fills databases by real hubs of each release, upgrades each to every newer release, and compares. Without a choice of
releases or dialects it measures all and writes docs/compatibility.md. What this very code measured before is not measured
again (.cache/version-matrix): an interrupted run is taken up. --report writes what
is known so far and measures nothing. Ends with status 1 where src/hub/releases.ts says something else.
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
  const found = await candidates(chosen.releases);
  const installations: Installation[] = [];
  for (const { release, python } of found) {
    if (python !== undefined) installations.push({ release, environment: await environmentOf(release, python) });
  }
  const file = join(cacheDirectory, 'version-matrix', `${await codeNow()}.jsonl`);
  const known = await measuredBefore(file);
  await mkdir(join(cacheDirectory, 'version-matrix'), { recursive: true });

  const work: (() => Promise<void>)[] = [];
  const dialects: { dialect: string; version: string }[] = [];
  for (const dialect of chosen.dialects) {
    const store = await stores[dialect]();
    opened.push(store);
    dialects.push({ dialect, version: store.version });
    for (const [index, from] of installations.entries()) {
      const ways = waysFrom(from, installations.slice(index + 1), installations).filter(
        (way) => !known.some((one) => sameWay(one, dialect, from, way)),
      );
      if (ways.length === 0) continue;
      work.push(async () => {
        const site = await openSite();
        opened.push(site);
        await measureFrom(site, store, from, ways, async (measurement) => {
          known.push(measurement);
          process.stdout.write(`${lineOf(measurement)}\n`);
          await appendFile(file, `${JSON.stringify(measurement)}\n`);
        });
        await site.close();
      });
    }
  }
  await Promise.race([interruption, Promise.all(Array.from({ length: chosen.jobs }, () => worker(work)))]);

  const releases = await Promise.all(
    found.map(async ({ release, python, pythons }) => ({
      ...{ release, pythons, python: python && (await versionOf(python)) },
    })),
  );
  const measurements = known.filter(({ dialect }) => chosen.dialects.includes(dialect as Dialect));
  const differences = disagreements(measurements, table);
  for (const one of differences) process.stdout.write(`NOT AS src/hub/releases.ts SAYS: ${one}\n`);
  if (chosen.all) {
    await writeFile(
      join(root, 'docs/compatibility.md'),
      render({ commit: await git('rev-parse', '--short', 'HEAD'), releases, dialects, measurements }, table),
    );
  }
  return differences.length === 0 ? 0 : 1;
}

function parse(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      releases: { type: 'string' },
      dialects: { type: 'string' },
      jobs: { type: 'string', default: '1' },
      report: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const dialects = (values.dialects?.split(',') ?? Object.keys(stores)) as Dialect[];
  const jobs = values.report ? 0 : Number(values.jobs);
  if (values.help || dialects.some((dialect) => !(dialect in stores)) || !Number.isInteger(jobs))
    throw new Error(usage);
  const all = values.releases === undefined && values.dialects === undefined;
  return { releases: values.releases?.split(','), dialects, jobs, all };
}

/** The straight way to each of the targets, and the one the product takes where that is another. */
function waysFrom(from: Installation, targets: Installation[], all: Installation[]): Way[] {
  return targets.flatMap((target) => {
    const hops = hopsBetween(from.release, target.release);
    const through = hops.map((hop) => all.find(({ release }) => release === hop)).filter((one) => one !== undefined);
    return hops.length > 0 && through.length === hops.length ? [[target], [...through, target]] : [[target]];
  });
}

function sameWay(one: Measurement, dialect: string, from: Installation, way: Way): boolean {
  const releases = way.map(({ release }) => release).join();
  return one.dialect === dialect && one.from === from.release && [...one.through, one.to].join() === releases;
}

function lineOf({ dialect, from, through, to, result, detail }: Measurement): string {
  return `${dialect}  ${[from, ...through, to].join(' → ')}  ${result}${detail === '' ? '' : `: ${detail}`}`;
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

async function measuredBefore(file: string): Promise<Measurement[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Measurement);
}
