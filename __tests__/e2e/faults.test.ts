import { afterAll, describe, expect, test } from 'vitest';
import { allCells, cellName, sample } from '../../bench/faults/cells.ts';
import { Player } from '../../bench/faults/player.ts';

// A few cells of the matrix, drawn; script/faults plays others, and all of them.

/** `FAULT_SEED=7 script/test e2e/faults` draws others. */
const SEED = Number(process.env.FAULT_SEED ?? 11);

/** Quick ones, for a test: a silent network alone is left for eighty seconds. */
const quick = allCells().filter(
  ({ fault, point }) => !['silence', 'no stop'].includes(fault) && !/^runner/.test(point),
);
const light = sample(
  quick.filter(({ flavour }) => flavour === 'light'),
  8,
  SEED,
);
const machine = sample(
  quick.filter(({ flavour, fault }) => flavour === 'machine' && !fault.startsWith('full ')),
  4,
  SEED,
);

describe.skipIf(process.getuid?.() !== 0)(`faults, drawn with seed ${SEED}`, () => {
  const player = new Player();
  afterAll(() => player.close(), 120_000);

  test.each([...light, ...machine].map((cell) => [cellName(cell), cell] as const))(
    '%s',
    async (_, cell) => {
      expect(await player.play(cell)).toMatchObject({ answer: expect.stringMatching(/^(old|new)$/), problems: [] });
    },
    900_000,
  );
});
