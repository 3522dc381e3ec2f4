import { spawn } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { inOrder, representative } from '../../bench/faults/alike.ts';
import { allCells, cellName, cellOf, sample } from '../../bench/faults/cells.ts';
import { renderTable } from '../../bench/faults/table.ts';
import { until } from '../../bench/hub/run.ts';
import * as programs from '../../src/host/programs.ts';
import { copyPrograms } from '../host/programs.ts';
import { runProgram, temporaryDirectory } from '../host/support.ts';

const shipped = (Object.values(programs) as programs.Programs[]).flatMap((set) => Object.entries(set));

describe('what is shipped to a host', () => {
  it('has no word of faults, points or the bench', () => {
    expect(shipped.length).toBeGreaterThan(30);
    for (const [name, text] of shipped)
      expect(text, name).not.toMatch(/\bfaults?\b|breakpoint|\bbench\b|sabotage|hub.in.a.box/i);
  });

  it("uses its own PATH, whatever the environment says, so that nobody but root can put a program before the host's", async () => {
    const directory = temporaryDirectory();
    const { directory: copied } = copyPrograms(directory, 'dash');
    // As it ships, without the directory of the tests.
    const common = shipped.find(([name]) => name === 'common.sh')?.[1] ?? '';
    writeFileSync(join(copied, 'common.sh'), common);
    const evil = join(directory, 'evil');
    mkdirSync(evil);
    for (const tool of ['dd', 'tail', 'wc', 'tr'])
      writeFileSync(join(evil, tool), `#!/bin/sh\n: >'${evil}/used'\n`, { mode: 0o755 });
    for (const name of ['journal', 'log']) writeFileSync(join(directory, name), '');
    const script = 'PROGRAMS=$1 JOB=$2 STEP=stop; . "$1/common.sh"; . "$1/journal.sh"; journal begin stop';
    const variables = { PATH: `${evil}:/usr/bin:/bin`, FAULT: 'before begin stop:executor', ENV: join(evil, 'dd') };
    await runProgram(['/bin/dash', '-c', script, 'sh', copied, directory], { env: variables });
    expect(readFileSync(join(directory, 'journal'), 'utf8')).toMatch(/^\d+ 0 begin stop\n$/);
    expect(existsSync(join(evil, 'used'))).toBe(false);
  });
});

describe('a point', () => {
  /** Runs the bench's dd as the journal does. */
  function host() {
    const directory = temporaryDirectory();
    const [tools, job] = [join(directory, 'tools'), join(directory, 'job')];
    for (const path of [tools, job]) mkdirSync(path);
    copyFileSync(fileURLToPath(new URL('../../bench/faults/dd.sh', import.meta.url)), join(tools, 'dd'));
    chmodSync(join(tools, 'dd'), 0o755);
    writeFileSync(join(job, 'journal'), '');
    const write = (line: string) => {
      const args = [`of=${job}/journal`, 'bs=65536', 'oflag=append', 'conv=notrunc,fsync', 'status=none'];
      const child = spawn(join(tools, 'dd'), args, { stdio: ['pipe', 'ignore', 'inherit'] });
      child.stdin.end(`${line}\n`);
      return new Promise<number | null>((resolve) => child.once('close', resolve));
    };
    const file = (name: string) => join(tools, name);
    return { file, job, write, journal: () => readFileSync(join(job, 'journal'), 'utf8') };
  }

  it.each([
    ['before', 'write', '', '1 0 begin stop\n', 0],
    ['before', 'drop', '', '', 1],
    ['after', 'write', '1 0 begin stop\n', '1 0 begin stop\n', 0],
    ['after', 'drop', '1 0 begin stop\n', '1 0 begin stop\n', 1],
  ])('%s a line, %s: the host stops once, and at no other line', async (when, word, during, afterwards, code) => {
    const { file, job, write, journal } = host();
    writeFileSync(file('point'), `${when} begin stop\n`);
    expect(await write('0 0 begin stage')).toBe(0);
    const stopped = write('1 0 begin stop');
    await until('it does not stop', 20, () => existsSync(file('reached/job')));
    expect(readFileSync(file('reached/job'), 'utf8')).toBe(`${job}\n`);
    expect(journal()).toBe(`0 0 begin stage\n${during}`);
    writeFileSync(file('go'), `${word}\n`);
    expect(await stopped).toBe(code);
    expect(journal()).toBe(`0 0 begin stage\n${afterwards}`);
    rmSync(file('go'));
    expect(await write('2 0 begin stop')).toBe(0);
    expect(journal()).toBe(`0 0 begin stage\n${afterwards}2 0 begin stop\n`);
  });
});

describe('the matrix', () => {
  const cells = allCells();

  it('has every step, before and after, and names for all of its cells', () => {
    expect(new Set(cells.map(cellName)).size).toBe(cells.length);
    for (const cell of cells) expect(cellOf(cellName(cell))).toEqual(cell);
    for (const step of ['stage', 'stop', 'migrate', 'confirm']) {
      for (const point of ['before begin', 'after begin', 'before done', 'after done', 'before undo', 'after undone']) {
        expect(cells.some((cell) => cell.point === `${point} ${step}` && cell.fault === 'executor')).toBe(true);
      }
    }
    expect(() => cellOf('light sqlite before lunch:executor')).toThrow('there is no cell');
  });

  it('draws the same cells for the same seed, each once', () => {
    const drawn = sample(cells, 12, 5).map(cellName);
    expect(new Set(drawn).size).toBe(12);
    expect(sample(cells, 12, 5).map(cellName)).toEqual(drawn);
    expect(sample(cells, 12, 6).map(cellName)).not.toEqual(drawn);
  });

  it('plays one cell for all that are alike, which is of the same fault on the same kind of host', () => {
    for (const cell of cells) {
      const other = representative(cell);
      expect(representative(other), cellName(cell)).toEqual(other);
      expect([other.flavour, other.fault], cellName(cell)).toEqual([cell.flavour, cell.fault]);
    }
    const of = (name: string) => cellName(representative(cellOf(name)));
    expect(of('light sqlite before begin switch:executor')).toBe('light sqlite after done snapshot:executor');
    expect(of('machine postgresql after session hold:power')).toBe('machine sqlite after begin hold:power');
    expect(of('light postgresql after undone verify:reset')).toBe('light postgresql after undo switch:reset');
    // The line makes the difference: the host has verified the new hub.
    for (const when of ['before', 'after']) {
      for (const fault of ['executor', 'everything', 'cancel']) {
        const name = `light sqlite ${when} done verify:${fault}`;
        expect(of(name)).toBe(name);
      }
    }
    expect(inOrder(cells).length).toBe(new Set(cells.map(representative).map(cellName)).size);
  });

  it('becomes a table that says what was played, how it ended and what did not hold', () => {
    const result = (cell: string, problems: string[] = []) => ({
      ...{ cell, problems, commit: 'abc1234', command: 'script/faults', seconds: 40 },
      ...{
        answer: problems.length > 0 ? ('MIXED' as const) : ('old' as const),
        outcome: 'rolled-back',
        verdict: 'rolled-back',
      },
    });
    const [first = '', second = ''] = ['light sqlite after begin stop:executor', 'light sqlite -:no stop'];
    const table = renderTable([result(first, ['broken']), result(first), result(second, ['a row is lost'])]);
    // Killed before it stops the hub, it finds what it finds after it announced the stop.
    const alike = cells.filter((cell) => [first, second].includes(cellName(representative(cell)))).length - 2;
    const unknown = cells.length - 2 - alike;
    expect(table).toContain(
      `**2 cells were played, which stand for ${alike} more, so that nothing is known of ${unknown}. 1 did not hold.**`,
    );
    expect(table).toContain('`abc1234`');
    expect(table).toContain('- `light sqlite -:no stop`: a row is lost');
    expect(table).toMatch(/^\| after begin stop \| old \|/m);
    expect(table).toContain('| no stop | **MIXED!** |');
  });
});
