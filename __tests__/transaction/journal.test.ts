import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type JournalEntry, JournalView, parseJournal } from '../../src/transaction/journal.ts';
import { copyPrograms, SHELLS, shellCommand } from '../host/programs.ts';
import { runProgram, temporaryDirectory } from '../host/support.ts';

const EVENTS = [
  'open',
  'begin',
  'session',
  'done',
  'fail',
  'undo',
  'undone',
  'undo-failed',
  'note',
  'decision',
  'verdict',
];
const STEPS = ['-', 'stage', 'stop', 'migrate', 'verify'];

/** Text as whole lines have it: no control characters, all else. */
const rest = fc
  .oneof(
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom('\u2028verdict - committed', '9 9 verdict - committed', ' '),
  )
  .map((text) => text.replaceAll(/\p{Cc}/gu, '').replaceAll(/[\u0080-\u009f]/g, ''));
const entry = fc.record({
  time: fc.nat(),
  logSize: fc.nat(),
  event: fc.constantFrom(...(EVENTS as JournalEntry['event'][])),
  step: fc.constantFrom(...STEPS),
  rest: fc.oneof(fc.constant(''), rest),
});

const line = ({ time, logSize, event, step, rest: text }: JournalEntry) =>
  `${time} ${logSize} ${event} ${step}${text === '' ? '' : ` ${text}`}\n`;

/** Parses a journal that comes in pieces. */
function parsePieces(pieces: string[]): { entries: JournalEntry[]; rest: string } {
  const entries: JournalEntry[] = [];
  let torn = '';
  for (const piece of pieces) {
    const parsed = parseJournal(torn + piece);
    entries.push(...parsed.entries);
    torn = parsed.rest;
  }
  return { entries, rest: torn };
}

function cut(text: string, at: number[]): string[] {
  const places = [0, ...at.map((place) => place % (text.length + 1)).sort((a, b) => a - b), text.length];
  return places.slice(1).map((place, index) => text.slice(places[index], place));
}

describe('parseJournal', () => {
  it('gives back what was written, whatever the text and wherever it is cut', () => {
    fc.assert(
      fc.property(fc.array(entry), fc.string(), fc.array(fc.nat()), (entries, torn, places) => {
        const end = torn.replaceAll('\n', '');
        const text = entries.map(line).join('') + end;
        expect(parsePieces(cut(text, places))).toEqual({ entries, rest: end });
      }),
    );
  });

  it('takes nothing for an entry that was not a whole line of a known event', () => {
    const noise = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.uint8Array().map((bytes) => Buffer.from(bytes).toString('utf8')),
      fc.constantFrom(
        '1 2 begin stop',
        '1 2 begun stop\n',
        ' 1 2 begin stop\n',
        '1 2 begin stop\r\n',
        '1 2 begin Stop\n',
        '1 2 begin\n',
      ),
      fc.constantFrom(
        '1 2 begin stop\u0001\n',
        '1 2 note stop a\u0001\n',
        '-1 2 begin stop\n',
        '1 2  begin stop\n',
        '\n\n',
      ),
      entry.map(line),
    );
    fc.assert(
      fc.property(fc.array(noise), (pieces) => {
        const text = pieces.join('');
        const { entries, rest: left } = parseJournal(text);
        expect(text.endsWith(left)).toBe(true);
        const lines = text.split('\n');
        expect(left).toBe(lines.pop());
        for (const each of entries) {
          const whole = line(each).slice(0, -1);
          const found = lines.findIndex((one) => one === whole || one === `${whole} `);
          expect(found).toBeGreaterThanOrEqual(0);
          lines.splice(0, found + 1);
          expect(EVENTS).toContain(each.event);
        }
      }),
    );
  });
});

describe('JournalView', () => {
  const view = (...entries: Partial<JournalEntry>[]) => {
    const made = new JournalView();
    made.add(entries.map((each) => ({ time: 0, logSize: 0, event: 'note', step: '-', rest: '', ...each })));
    return made;
  };
  const note = (text: string, step = '-') => ({ event: 'note' as const, step, rest: text });

  it('finds notes by their whole name, the newest first', () => {
    const made = view(
      note('snapshot-digest 12'),
      note('snapshot complete'),
      note('up 3'),
      note('up 7'),
      note('snapshot'),
    );
    expect(made.note('snapshot')).toBe('complete');
    expect(made.notes('up')).toEqual(['3', '7']);
    expect(made.note('up')).toBe('7');
    expect(made.note('snap')).toBe(undefined);
    expect(made.has('note', '-')).toBe(true);
    expect(made.has('note', 'stop')).toBe(false);
    expect(made.has('begin')).toBe(false);
  });

  it('knows its verdicts and takes no other word for one', () => {
    for (const verdict of ['committed', 'rolled-back', 'rollback-failed', 'not-begun'] as const) {
      expect(view({ event: 'verdict', rest: verdict }).verdict).toBe(verdict);
    }
    expect(view({ event: 'verdict', rest: 'commit' }).verdict).toBe(undefined);
    expect(view({ event: 'note', rest: 'verdict committed' }).verdict).toBe(undefined);
    expect(view().verdict).toBe(undefined);
  });

  it('names the first failure and the decision', () => {
    const made = view(
      { event: 'fail', step: 'migrate', rest: 'exit status 1' },
      { event: 'decision', rest: 'abort step migrate' },
      { event: 'fail', step: 'start', rest: 'later' },
    );
    expect(made.failure).toEqual({ step: 'migrate', reason: 'exit status 1' });
    expect(made.decision).toBe('abort step migrate');
    expect([view().failure, view().decision]).toEqual([undefined, undefined]);
  });

  it('measures the downtime from the begin of the stop to the hub that answers in the end', () => {
    const stop = { event: 'begin' as const, step: 'stop', time: 1000 };
    const end = (rest: string) => ({ event: 'verdict' as const, rest });
    expect(view(stop, note('up 1650', 'verify'), end('committed')).downtime).toEqual({ from: 1000, seconds: 6.5 });
    expect(view(stop, note('up 1650'), note('restarted 2100'), end('rolled-back')).downtime?.seconds).toBe(11);
    expect(view(stop, note('up 1650')).downtime?.seconds).toBe(6.5);
    for (const nothing of [view(), view(stop), view(note('up 1650')), view(stop, note('up soon'), end('committed'))]) {
      expect(nothing.downtime).toBe(undefined);
    }
    expect(view(stop, note('up 1650'), end('rolled-back')).downtime).toBe(undefined);
  });
});

const scratch = temporaryDirectory();

describe.each(SHELLS)('journal.sh with %s', (shell) => {
  const directory = mkdtempSync(join(scratch, 'job '));
  const programs = copyPrograms(scratch, shell);
  const prologue =
    'PROGRAMS=$1 JOB=$2; . "$1/common.sh"; . "$1/journal.sh"; set -u; : >>"$JOB/journal"; : >>"$JOB/log"; ';
  const sh = (script: string, stdin = '') =>
    runProgram([...shellCommand(shell), '-c', prologue + script, 'sh', programs.directory, directory], { stdin });

  it('writes whole lines that are read as they were meant, whatever the text', async () => {
    const texts = fc.sample(fc.string({ unit: 'binary', maxLength: 60 }), 40).map((text) => text.replaceAll('\0', ''));
    const hostile = [
      'a\nverdict - committed',
      "it's",
      '$(id)',
      '-n',
      '\\n',
      '%s',
      '\u2028',
      '9 9 verdict - committed',
      '\u0001',
    ];
    const written = [...hostile, ...texts].map((text) => text.replaceAll('\n', '\u0002'));
    const script = `STEP=stage; while IFS= read -r text; do note said "$(printf '%s.' "$text" | tr '\\002' '\\n')"; done`;
    const { stderr } = await sh(script, `${written.join('\n')}\n`);
    expect(stderr).toBe('');
    const { entries, rest: torn } = parseJournal(readFileSync(join(directory, 'journal'), 'utf8'));
    expect(torn).toBe('');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what the journal leaves out
    const plain = (text: string) => `said ${text}.`.replaceAll(/[\u0000-\u001f\u007f]/g, '');
    expect(entries.map(({ event, step, rest: text }) => [event, step, text])).toEqual(
      written.map((text) => ['note', 'stage', plain(text)]),
    );
  });

  it('finds events and notes by their whole words', async () => {
    const lines = [
      '5 0 begin stop',
      '6 0 begin stopping x',
      '7 0 note stop up 12',
      '8 0 note - snapshot-digest 3',
      '9 0 done',
    ];
    writeFileSync(
      join(directory, 'journal'),
      `${lines.join('\n')}\n9 0 verdict - committed\u0001\n9 0 note - up 9\u0001\n`,
    );
    const asked = [
      'begin',
      'begin stop',
      'begin stopp',
      'begin stopping',
      'stop',
      'done',
      'verdict',
      'verdict -',
      'up',
    ];
    const { stdout } = await sh(
      `for asked in ${asked.map((each) => `'${each}'`).join(' ')}; do journal_has "$asked" && echo "$asked"; done; noted up; noted snapshot; noted snapshot-digest`,
    );
    expect(stdout).toBe('begin\nbegin stop\nbegin stopping\ndone\n12\n3\n');
  });
});
