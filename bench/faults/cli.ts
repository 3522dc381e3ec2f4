import { appendFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { cacheDirectory } from '../hub/cache.ts';
import { run } from '../hub/run.ts';
import { inOrder } from './alike.ts';
import { allCells, type Cell, cellName, cellOf, hasHostPart, randomCells, sample } from './cells.ts';
import { Player } from './player.ts';
import { type Result, renderTable } from './table.ts';

const usage = `usage: script/faults CELL...          plays these, for example 'light sqlite after begin migrate:executor'
       script/faults --sample N [--seed S]  so many of the matrix, drawn
       script/faults --random N [--seed S]  so many kills at a random moment of the downtime
       script/faults --all                  one for all that are alike, the most telling first: many hours
       script/faults --list                 the names of all cells
       script/faults --table                writes docs/fault-matrix.md from what was played
with --only REGEX: only cells whose name matches (of --random: a part of the kind's name)
     --host: what the host does of it, without a runner; of light hubs, kills in the downtime and on the way back
     --missing: none that was played before
     --minutes N: none is begun later than that
`;

const root = fileURLToPath(new URL('../..', import.meta.url));
const kept = join(cacheDirectory, 'faults.jsonl');

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      sample: { type: 'string' },
      random: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string', default: '' },
      host: { type: 'boolean', default: false },
      missing: { type: 'boolean', default: false },
      minutes: { type: 'string', default: 'Infinity' },
      all: { type: 'boolean', default: false },
      list: { type: 'boolean', default: false },
      table: { type: 'boolean', default: false },
    },
  });
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  const matching = allCells().filter((cell) => new RegExp(values.only).test(cellName(cell)));
  if (values.list) {
    for (const cell of matching) process.stdout.write(`${cellName(cell)}\n`);
    return 0;
  }
  let cells: Cell[] = positionals.map(cellOf);
  if (values.all) cells = inOrder(matching);
  if (values.sample) cells = sample(matching, Number(values.sample), seed);
  if (values.random) cells = randomCells(Number(values.random), seed, values.only);
  if (cells.length === 0 && !values.table) {
    process.stderr.write(usage);
    return 2;
  }
  const drawn = (values.sample || values.random) && values.seed === undefined ? ` --seed ${seed}` : '';
  if (drawn) process.stdout.write(`seed ${seed}\n`);
  if (values.host) cells = cells.filter(hasHostPart);
  if (values.missing) {
    const known = new Set((await results()).map(({ cell }) => cell));
    cells = cells.filter((cell) => !known.has(cellName(cell)));
  }
  const end = performance.now() + Number(values.minutes) * 60_000;
  const broken = await playAll(
    cells,
    values.host ? 'host' : 'whole',
    end,
    `script/faults ${process.argv.slice(2).join(' ')}${drawn}`,
  );
  if (values.table) {
    await writeFile(join(root, 'docs/fault-matrix.md'), renderTable(await results()));
  }
  return broken === 0 ? 0 : 1;
}

async function results(): Promise<Result[]> {
  const lines = (await readFile(kept, 'utf8').catch(() => '')).split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Result);
}

/** Plays them, keeps and prints how each ended; gives how many did not hold. */
async function playAll(cells: Cell[], part: 'whole' | 'host', end: number, command: string): Promise<number> {
  const commit = (await run('git', ['rev-parse', '--short', 'HEAD'], { cwd: root })).trim();
  const player = new Player();
  let broken = 0;
  await mkdir(dirname(kept), { recursive: true });
  try {
    for (const cell of cells) {
      if (performance.now() > end) break;
      const name = cellName(cell);
      try {
        const result: Result = { cell: name, part, commit, command, ...(await player.play(cell, part)) };
        await appendFile(kept, `${JSON.stringify(result)}\n`);
        const { answer, outcome, verdict, seconds, problems } = result;
        process.stdout.write(`${answer}  ${name}  (${outcome}, ${verdict}, ${seconds} s) ${problems.join('; ')}\n`);
        if (problems.length > 0) broken += 1;
      } catch (error) {
        // Of the bench, not of the product: nothing is known of the cell.
        process.stdout.write(`not played  ${name}  ${error instanceof Error ? error.stack : error}\n`);
        broken += 1;
      }
    }
  } finally {
    await player.close();
  }
  return broken;
}

process.exitCode = await main();
// What was printed is to be out; what the hubs left open is not waited for.
process.stdout.write('', () => process.exit());
