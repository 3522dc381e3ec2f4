import { describe, expect, it } from 'vitest';
import {
  BROKEN_JUMPS,
  brokenJump,
  dropsTokens,
  GENERATIONS,
  hopsBetween,
  missingPython,
} from '../../src/hub/releases.ts';

describe('the way of a database', () => {
  it.each([
    ['2.3.1', '6.1.1', ['4.1.6']],
    ['2.0.0', '5.0.0', ['4.1.6']],
    ['2.3.1', '5.5.4', ['4.1.6']],
    ['2.3.1', '7.0.0', ['4.1.6']],
    ['2.3.1', '6.2.0b1', ['4.1.6']],
    ['2.3.1', '4.1.6', []],
    ['2.3.1', '3.1.1', []],
    ['1.5.1', '6.1.1', []],
    ['3.0.0', '6.1.1', []],
    ['4.1.6', '6.1.1', []],
    ['6.0.1', '6.1.1', []],
  ])('from %s to %s goes by way of %j', (from, to, hops) => {
    expect(hopsBetween(from, to)).toEqual(hops);
    expect(brokenJump(from, to) !== undefined).toBe(hops.length > 0);
  });

  it('has no hop that is itself broken, or older than what it leads from, or newer than the target', () => {
    for (const { from, to, through } of BROKEN_JUMPS) {
      expect(hopsBetween(`${from}.0.0`, through)).toEqual([]);
      expect(hopsBetween(through, `${to}.0.0`)).toEqual([]);
      expect(Number.parseInt(through, 10)).toBeGreaterThan(from);
      expect(Number.parseInt(through, 10)).toBeLessThan(to);
    }
  });

  it('says where each broken jump is known from', () => {
    for (const jump of BROKEN_JUMPS) {
      expect(jump.source).toMatch(/^[\w-]+\/[\w-]+#\d+$/);
      expect(jump.measured).not.toBe('');
    }
  });
});

it('drops tokens from 1.x on only', () => {
  expect(dropsTokens('1.5.1', '2.0.0')).toBe(true);
  expect(dropsTokens('1.0.0', '6.1.1')).toBe(true);
  expect(dropsTokens('1.0.0', '1.5.1')).toBe(false);
  expect(dropsTokens('2.3.1', '6.1.1')).toBe(false);
});

it('knows the Python that each generation needs', () => {
  expect(missingPython('6.1.1', '3.9.18')).toBe('3.10');
  expect(missingPython('6.1.1', '3.10.0')).toBeUndefined();
  expect(missingPython('5.5.4', '3.8.18')).toBeUndefined();
  expect(GENERATIONS.map(({ revision }) => revision)).toHaveLength(6);
});
