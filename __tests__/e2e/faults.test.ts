import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { representative } from '../../bench/faults/alike.ts';
import { allCells, type Cell, cellName, sample } from '../../bench/faults/cells.ts';
import { Player } from '../../bench/faults/player.ts';

// A few cells of the matrix, drawn; script/faults plays others, and all of them.

/** `FAULT_SEED=7 script/test e2e/faults` draws others. */
const SEED = Number(process.env.FAULT_SEED ?? 11);

/** Those that wait for nothing: a silent network alone is left for eighty seconds. */
const quick = new Map(
  allCells()
    .filter(({ database, fault }) => database === 'sqlite' && !/^(sil|hang|shutdown|no stop|crash|full)/.test(fault))
    .map(representative)
    .map((cell) => [cellName(cell), cell]),
);
const drawn = (flavour: Cell['flavour'], count: number) =>
  sample(
    [...quick.values()].filter((cell) => cell.flavour === flavour),
    count,
    SEED,
  );

describe.skipIf(process.getuid?.() !== 0)(`faults, drawn with seed ${SEED}`, () => {
  const kinds = [drawn('light', 8), drawn('machine', 4)];
  const players = kinds.map(() => new Player());
  const results = new Map<string, ReturnType<Player['play']>>();

  // Both hubs at the same time: each is waited for most of the time.
  beforeAll(() => {
    for (const [index, cells] of kinds.entries()) {
      let last: Promise<unknown> = Promise.resolve();
      for (const cell of cells) {
        const result = last.then(() => (players[index] as Player).play(cell));
        results.set(cellName(cell), result);
        last = result.catch(() => {});
      }
    }
  });
  afterAll(async () => {
    for (const player of players) await player.close();
  }, 120_000);

  test.each(kinds.flat().map(cellName))('%s', { timeout: 900_000 }, async (name) => {
    expect(await results.get(name)).toMatchObject({ answer: expect.stringMatching(/^(old|new)$/), problems: [] });
  });
});
