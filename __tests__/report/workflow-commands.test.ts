import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { parseCommand } from '../../bench/runner/job/commands.ts';
import { addMask, fileCommand, workflowCommand } from '../../src/report/workflow-commands.ts';
import { commandsIn, entriesIn } from './runner.ts';

/** Texts made of what commands are made of. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc
    .array(
      fc.constantFrom(
        '::',
        ':',
        ',',
        '=',
        '%',
        '%0A',
        '%25',
        '\n',
        '\r',
        '##[',
        ']',
        ' ',
        'error',
        'add-mask',
        '\u200b',
        '\0',
      ),
    )
    .map((parts) => parts.join('')),
);

describe('workflowCommand', () => {
  it('writes what the runner reads', () => {
    expect(workflowCommand('error', 'two\nlines', { title: 'a, b: c', file: '' })).toBe(
      '::error title=a%2C b%3A c::two%0Alines',
    );
    expect(workflowCommand('endgroup')).toBe('::endgroup::');
  });

  it('says one command in one line whatever the text, and the runner gets the text back', () => {
    fc.assert(
      fc.property(text, text, (message, title) => {
        const line = workflowCommand('warning', message, { title });
        expect(line).not.toMatch(/[\r\n]/);
        expect(commandsIn(Buffer.from(`${line}\n`))).toHaveLength(1);
        // The runner drops properties of blanks, and blanks at the end.
        const properties = title.trim() === '' ? {} : { title: title.trimEnd() };
        const read = parseCommand(line, (name) => name === 'warning');
        expect(read?.data).toBe(message);
        if (title === title.trim()) expect(read?.properties).toEqual(properties);
      }),
    );
  });
});

describe('addMask', () => {
  function said(secret: string): string {
    const write = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    try {
      addMask(secret);
      return write.mock.calls.map(([chunk]) => chunk).join('');
    } finally {
      write.mockRestore();
    }
  }

  it('says the whole secret in one command, and nothing for a blank', () => {
    expect(said('one\r\ntwo\n')).toBe('::add-mask::one%0D%0Atwo%0A\n');
    expect(said(' \n')).toBe('');
  });
});

describe('fileCommand', () => {
  it('gives the runner back the value, and only it', () => {
    fc.assert(
      fc.property(text, text, (first, second) => {
        const file = fileCommand('first', first) + fileCommand('second', second);
        expect(entriesIn(file)).toEqual([
          ['first', first],
          ['second', second],
        ]);
      }),
    );
  });

  it('ends with another line each time', () => {
    const [one, other] = [fileCommand('a', 'b'), fileCommand('a', 'b')];
    expect(one).toMatch(/^a<<(end-[0-9a-f-]{36})\nb\n\1\n$/);
    expect(one).not.toBe(other);
  });
});
