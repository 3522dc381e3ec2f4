import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shellAssignments, shellQuote } from '../../src/ssh/quote.ts';

const SHELLS = [
  ['dash', ['dash']],
  ['busybox sh', ['busybox', 'sh']],
] as const;

/** What makes shells stumble, and any other text. */
const hostile = fc
  .string({ maxLength: 12 })
  .chain((text) =>
    fc
      .constantFrom(
        "'",
        "''",
        '"',
        '\\',
        '\n',
        '\r\n',
        '$(id)',
        '`id`',
        '$HOME',
        '\u0001',
        '\u007f',
        '*',
        '~',
        '-n',
        '#',
        '',
      )
      .map((part) => text + part),
  );
const value = fc
  .oneof(
    fc.array(hostile, { maxLength: 5 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 40 }),
  )
  .map((text) => text.replaceAll('\0', ''));

function run(shell: readonly string[], script: string): string[] {
  const [command = '', ...options] = shell;
  const { stdout, stderr, status } = spawnSync(command, [...options, '-s'], { input: script });
  expect(stderr.toString()).toBe('');
  expect(status).toBe(0);
  return stdout.toString().split('\0').slice(0, -1);
}

describe.each(SHELLS)('in %s', (_name, shell) => {
  it('any text is one word and comes out as it was', () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 20 }), (values) => {
        expect(run(shell, `printf '%s\\0' ${values.map(shellQuote).join(' ')}`)).toEqual(values);
      }),
      { numRuns: 60 },
    );
  });

  it('any text is the value of its parameter', () => {
    const parameters = fc.dictionary(
      fc.stringMatching(/^[A-Z][A-Z0-9_]{0,8}$/).map((name) => `P_${name}`),
      value,
    );
    fc.assert(
      fc.property(parameters, (values) => {
        const names = Object.keys(values);
        const script = `${shellAssignments(values)}printf '%s\\0' end ${names.map((name) => `"$${name}"`).join(' ')}`;
        expect(run(shell, script)).toEqual(['end', ...Object.values(values)]);
      }),
      { numRuns: 60 },
    );
  });
});

it('a NUL byte is refused', () => {
  expect(() => shellQuote('a\0b')).toThrow(TypeError);
  expect(() => shellAssignments({ A: '\0' })).toThrow(TypeError);
});

it.each(['', 'a', '1A', 'A-B', 'A=1;id', 'A\nB', 'Ä'])('%j is no name for a parameter', (name) => {
  expect(() => shellAssignments({ [name]: '' })).toThrow(TypeError);
});
