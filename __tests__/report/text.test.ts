import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clip, count, duration, oneLine, size, visible } from '../../src/report/text.ts';
import { hostile } from './hostile.ts';

describe('text', () => {
  it('says durations as people do', () => {
    expect([0, 0.04, 7.44, 59.9, 59.96, 60, 72.4, 119.6, 3600, 3780, Number.NaN, -1].map(duration)).toEqual([
      ...['0.0 s', '0.0 s', '7.4 s', '59.9 s', '1 min', '1 min', '1 min 12 s', '2 min', '1 h', '1 h 3 min'],
      ...['0.0 s', '0.0 s'],
    ]);
  });

  it('says sizes and counts', () => {
    expect([0, 1023, 1024, 1_284_551, 5 * 1024 ** 4].map(size)).toEqual([
      ...['0 bytes', '1023 bytes', '1.0 KiB', '1.2 MiB', '5.0 TiB'],
    ]);
    expect([count(1, 'row'), count(0, 'row')]).toEqual(['1 row', '0 rows']);
  });

  it('removes what cannot be seen, and what a terminal would obey', () => {
    expect(oneLine(' a\u001b[31mred\u001b[0m\u202e\u0000\u200b\r\n\tb\ufeff ')).toBe('ared b');
    expect(visible('    indented\u0007  text  ')).toBe('    indented  text');
  });

  it('keeps what is readable', () => {
    expect(oneLine("Größe 数 🧪 – it's <b> & 100 %")).toBe("Größe 数 🧪 – it's <b> & 100 %");
  });

  it('cuts at a space, never within a character', () => {
    expect(clip('one two three', 11)).toBe('one two…');
    expect(clip('🧪🧪🧪🧪', 4)).toBe('🧪…');
    expect(clip('short', 5)).toBe('short');
  });

  it('is one bounded line of well-formed, visible characters, whatever comes', () => {
    fc.assert(
      fc.property(hostile, fc.integer({ min: 2, max: 60 }), (value, most) => {
        const line = oneLine(value, most);
        expect(line.length).toBeLessThanOrEqual(most);
        expect(line.isWellFormed()).toBe(true);
        expect(line).not.toMatch(/[\p{C}\p{DI}\p{Zl}\p{Zp}]| {2}|^ | $/u);
      }),
      { numRuns: 1000 },
    );
  });

  it('says that it was cut, however long the text was', () => {
    expect(oneLine(`${'\u0000'.repeat(10_000)}x`, 10)).toBe('…');
    expect(oneLine('x'.repeat(1e6), 10)).toBe('xxxxxxxxx…');
  });
});
