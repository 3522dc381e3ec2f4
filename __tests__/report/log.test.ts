import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createLog, type Log, type LogOptions } from '../../src/report/log.ts';
import { hostile } from './hostile.ts';
import { commandsIn } from './runner.ts';

/** A log on a clock that stands still unless it is moved. */
function logOf(options: Partial<LogOptions> = {}): {
  log: Log;
  lines: () => string[];
  bytes: () => Uint8Array;
  tick: (s: number) => void;
} {
  const written: string[] = [];
  let clock = 1000;
  const log = createLog({ write: (text) => written.push(text), now: () => clock, ...options });
  return {
    log,
    bytes: () => Buffer.from(written.join('')),
    lines: () => written.join('').split('\n').slice(0, -1),
    tick: (seconds) => {
      clock += seconds;
    },
  };
}

describe('log', () => {
  it('shows steps as numbered groups with their durations', async () => {
    const { log, lines, tick } = logOf();
    const value = await log.step('connect', 'Connect to the host', async () => {
      tick(0.64);
      return 42;
    });
    await log.step('discover', 'Look at the hub', async () => {
      log.info('JupyterHub 4.1.6\nin /srv/hub');
      log.remote('    reading the unit');
      tick(75);
    });
    expect(value).toBe(42);
    expect(lines()).toEqual([
      ...['::group::1 Connect to the host', 'done in 0.6 s', '::endgroup::'],
      ...[
        '::group::2 Look at the hub',
        'JupyterHub 4.1.6',
        'in /srv/hub',
        '│     reading the unit',
        'done in 1 min 15 s',
      ],
      '::endgroup::',
    ]);
    expect(log.steps).toEqual([
      {
        name: 'connect',
        title: 'Connect to the host',
        side: 'runner',
        startedAt: 0,
        seconds: expect.closeTo(0.64),
        outcome: 'done',
      },
      {
        name: 'discover',
        title: 'Look at the hub',
        side: 'runner',
        startedAt: expect.closeTo(0.64),
        seconds: expect.closeTo(75),
        outcome: 'done',
      },
    ]);
  });

  it('tells a failure outside of the group, with the last lines from the host', async () => {
    const { log, lines, tick } = logOf();
    const failing = log.step('migrate', 'Migrate the database', async () => {
      for (let line = 1; line <= 30; line += 1) log.remote(`line ${line}`);
      tick(3.2);
      throw new Error('upgrade-db ended with status 1', { cause: new Error('no such column') });
    });
    await expect(failing).rejects.toThrow('upgrade-db ended with status 1');
    const after = lines().slice(lines().indexOf('::endgroup::') + 1);
    expect(after[0]).toBe('1 Migrate the database: failed after 3.2 s: upgrade-db ended with status 1: no such column');
    expect(after.slice(1)).toEqual([
      'The last lines from the host:',
      ...Array.from({ length: 20 }, (_, index) => `│ line ${index + 11}`),
    ]);
    expect(log.steps[0]).toMatchObject({ outcome: 'failed', note: 'upgrade-db ended with status 1: no such column' });
  });

  it('follows steps of the host, which may overlap with those of the runner', async () => {
    const { log, lines, tick } = logOf();
    const hold = log.begin('hold', 'Wait for the backup', 'host');
    tick(1);
    await log.step('backup', 'Back up', async () => tick(5));
    hold.end('done', { seconds: 6.5 });
    hold.end('failed');
    const undo = log.begin('snapshot', 'Put the database back', 'host');
    undo.end('undone', { seconds: 0.3, note: 'from the snapshot' });
    expect(lines()).toEqual([
      ...['::group::1 Wait for the backup', '::endgroup::', '::group::2 Back up', 'done in 5.0 s', '::endgroup::'],
      '1 Wait for the backup: done in 6.5 s',
      ...['::group::3 Put the database back', 'from the snapshot', 'undone in 0.3 s', '::endgroup::'],
    ]);
    expect(log.steps.map(({ name, side, seconds }) => [name, side, seconds])).toEqual([
      ['hold', 'host', 6.5],
      ['backup', 'runner', 5],
      ['snapshot', 'host', 0.3],
    ]);
  });

  it('says that a quiet step is still at work, and says nothing after it', async () => {
    const { log, lines, tick } = logOf({ quietSeconds: 0.01 });
    await log.step('stage', 'Stage', async () => {
      tick(90);
      while (!lines().includes('still at work after 1 min 30 s')) await pause(5);
    });
    const then = lines().length;
    await pause(50);
    expect(lines()).toHaveLength(then);
  });

  it('numbers the steps of both sides in the order in which they begin', () => {
    const { log, lines } = logOf();
    log.begin('one', 'One', 'runner').end('done');
    log.begin('two', 'Two', 'host').end('skipped');
    log.begin('three', 'Three', 'runner').end('done');
    expect(lines().filter((line) => line.startsWith('::group'))).toEqual([
      '::group::1 One',
      '::group::2 Two',
      '::group::3 Three',
    ]);
    expect(lines()).toContain('skipped');
  });

  it('annotates ten times a type, of 4,096 characters at most, and prints the rest as lines', () => {
    const { log, lines } = logOf();
    for (let number = 1; number <= 12; number += 1) log.warning('Look', `warning ${number}`);
    log.error('Rolled back: a, b', 'x'.repeat(10_000));
    log.notice('Note', 'one\ntwo');
    expect(lines().filter((line) => line.startsWith('::warning title=Look::'))).toHaveLength(10);
    expect(lines().filter((line) => line.startsWith('warning: Look: warning 1'))).toEqual([
      ...['warning: Look: warning 11', 'warning: Look: warning 12'],
    ]);
    const error = lines().find((line) => line.startsWith('::error'));
    expect(error).toMatch(/^::error title=Rolled back%3A a%2C b::x+…$/);
    expect(error?.split('::').at(-1)?.length).toBeLessThanOrEqual(4096);
    expect(lines().at(-1)).toBe('::notice title=Note::one%0Atwo');
  });

  it('prints one bounded line for a line of any length, and lines for a progress bar', () => {
    const { log, lines } = logOf();
    log.remote('x'.repeat(5_000_000));
    log.remote('10 %\r50 %\r\n100 %\n\n');
    expect(lines()[0]?.length).toBeLessThan(2100);
    expect(lines().slice(1)).toEqual(['│ 10 %', '│ 50 %', '│ 100 %']);
  });

  it('starts no workflow command but its own, whatever the host, an input or an error says', async () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((raw) => Buffer.from(raw).toString('utf8'));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(hostile, bytes), { minLength: 5, maxLength: 5 }), async (values) => {
        const { log, bytes: output } = logOf();
        const [one = '', two = '', three = '', four = '', five = ''] = values;
        log.remote(one);
        await log
          .step(one, two, async () => {
            log.remote(three);
            log.info(four);
            throw new Error(five);
          })
          .catch(() => {});
        log.begin(one, three, 'host').end('undone', { note: four });
        log.warning(one, two);
        expect(commandsIn(output()).map(({ name }) => name)).toEqual([
          'group',
          'endgroup',
          'group',
          'endgroup',
          'warning',
        ]);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    '::error::x',
    ' \u00a0::error::x',
    '\u001b[0m::error::x',
    'a\r::error::x',
    '\u200b::error::x',
    ':\u00ad:error::x',
    ':\u0488:error::x',
    'text ##[error]x',
    '#\u0000#[error]x',
    '###[group]x',
    '#\u0301#[group]x',
  ])('makes %j harmless', (line) => {
    for (const method of ['remote', 'info'] as const) {
      const { log, bytes } = logOf();
      log[method](line);
      expect(commandsIn(bytes())).toEqual([]);
      expect(bytes().toString()).toContain('x');
    }
  });
});
