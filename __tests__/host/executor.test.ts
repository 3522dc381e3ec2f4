import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemPython } from '../../bench/hub/environments.ts';
import { until } from '../../bench/hub/run.ts';
import { shellAssignments } from '../../src/ssh/quote.ts';
import { walkBack } from '../../src/transaction/walk-back.ts';
import { each, expected, expectedAfterKill, expectWhole, runWithKills } from './executor-model.ts';
import { type Behaviours, type Fault, isAlive, JobOnDisk, kill, killJobs, programsForJobs } from './job-on-disk.ts';
import { SHELLS } from './programs.ts';
import { inEnvironment, runProgram, temporaryDirectory } from './support.ts';

afterEach(killJobs);

const programsOf = { dash: programsForJobs('dash'), busybox: programsForJobs('busybox') };

const scratch = temporaryDirectory();

const STEPS = ['stage', 'stop', 'migrate', 'start', 'verify', 'confirm'];

function decide(job: JobOnDisk, word: string, reason: string) {
  return runProgram(job.programs.command('executor.sh', 'decide', job.directory, word, reason));
}

const begun = (job: JobOnDisk, step: string) =>
  until(`${step} did not begin`, 20, () => job.trace.includes(`do ${step}`));

describe.each(SHELLS)('with %s', (shell) => {
  const programs = programsOf[shell];
  const make = (steps = STEPS, options: Parameters<typeof JobOnDisk.make>[2] = {}) =>
    JobOnDisk.make(programs, steps, options);

  it('does all steps in order and commits', async () => {
    const job = await make();
    expect(await job.run()).toBe(0);
    expect(job.read('log')).toBe('');
    expect(job.events).toEqual([
      'open https://example.org/run/1',
      ...STEPS.flatMap((step) => [`begin ${step}`, `done ${step}`]),
      'decision timeout nobody said no',
      'verdict committed',
    ]);
    expect(job.trace).toEqual(expected(STEPS).trace);
    expectWhole(job);
    const before = [job.read('journal'), job.trace, job.read('log')];
    expect(await job.run()).toBe(0);
    expect([job.read('journal'), job.trace, job.read('log')]).toEqual(before);
  });

  it('goes back exactly the way it came, whichever step fails', async () => {
    await each(STEPS, async (failing) => {
      const job = await make(STEPS, { behaviours: { [`do_${failing}`]: 'echo why; return 3' } });
      await job.run();
      expect({ verdict: job.verdict, trace: job.trace }).toEqual(expected(STEPS, failing));
      expect(job.journal.find(({ event }) => event === 'fail')).toMatchObject({ step: failing, rest: 'exit status 3' });
      expect(job.read('log')).toBe('why\n');
      expectWhole(job);
    });
  });

  it('stops where a way back fails, and takes it up there when it is told to', async () => {
    const behaviours = {
      do_start: 'return 1',
      undo_stop: '[ "$HEALTH_TOKEN" != x ] && [ -e "$MODEL/mended" ]',
    };
    const job = await make(STEPS, { behaviours });
    await job.run();
    expect(job.verdict).toBe('rollback-failed');
    expect(job.trace.slice(4)).toEqual(['undo start', 'undo migrate', 'undo stop']);
    // Nothing goes on by itself, and what the way back needs stays.
    const before = [job.read('journal'), job.trace];
    await job.run();
    expect([job.read('journal'), job.trace]).toEqual(before);
    expect([existsSync(job.path('hub.env')), existsSync(job.path('secrets'))]).toEqual([true, false]);
    // What a failed run tells the admin to do, word by word.
    symlinkSync(programs.directory, job.path('programs'));
    const byHand = ['/bin/sh', '-c', walkBack(job.directory, 'none')];
    expect((await runProgram(byHand)).stdout).toMatch(/ verdict - rollback-failed\n$/);
    writeFileSync(join(job.model, 'mended'), '');
    expect(await runProgram(byHand)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/ verdict - rolled-back\n$/),
    });
    expect(job.verdict).toBe('rolled-back');
    expect(job.trace.slice(7)).toEqual(['undo stop', 'undo stop', 'undo stage']);
    expectWhole(job);
  });

  it('is wholly done or wholly undone wherever it is killed', async () => {
    const steps = ['stage', 'stop', 'verify'];
    const kills = (writes: number): Fault[] =>
      Array.from({ length: writes }, (_, index) => index + 1).flatMap((write) => [
        { write, when: 'before' as const, kill: write % 2 ? ('all' as const) : ('executor' as const) },
        { write, when: 'after' as const, kill: write % 2 ? ('session' as const) : ('all' as const) },
      ]);
    const slow = { do_stop: 'sleep 0.05' };
    await each(kills(15), async (fault) => {
      await runWithKills(await make(steps, { behaviours: slow }), [fault]);
    });
    await each(kills(21).slice(20), async (fault) => {
      await runWithKills(await make(steps, { behaviours: { do_verify: 'return 1' } }), [fault], 'verify');
    });
  }, 300_000);

  it('a step whose executor died before it was known of does nothing', async () => {
    const job = await make(['stage', 'stop'], {});
    // The writes: open, three notes, begin, session.
    await job.run({ write: 6, when: 'before', kill: 'executor', late: true });
    expect(job.events.at(-1)).toBe('begin stage');
    await job.run();
    expect(job.verdict).toBe('not-begun');
    writeFileSync(job.path('release'), '');
    await until('the step goes on', 20, () => job.processes().length === 0);
    expect(job.trace).toEqual(['undo stage']);
    expectWhole(job);
  });

  it('ends what a killed step had begun, also where nobody reaps its leader', async () => {
    const behaviours = { do_migrate: 'sleep 600 & printf "$!" >"$MODEL/left"; wait' };
    const job = await make(['stop', 'migrate'], { behaviours });
    // The executor's own parent takes its orphans, and does not reap them either.
    const adopt =
      'import ctypes, subprocess, sys, time; ctypes.CDLL(None).prctl(36, 1); subprocess.Popen(sys.argv[1:]); time.sleep(600)';
    const executor = job.programs.command('executor.sh', 'run', job.directory);
    const parent = spawn(systemPython, ['-I', '-c', adopt, ...executor], { stdio: 'ignore' });
    onTestFinished(() => void parent.kill('SIGKILL'));
    const left = join(job.model, 'left');
    await until('the step does not begin', 20, () => existsSync(left) && readFileSync(left, 'utf8') !== '');
    const leader = job.journal.findLast(({ event }) => event === 'session')?.rest.split(' ')[0];
    for (const pid of [job.read('executor').split(' ')[0], leader]) kill(Number(pid));
    await job.run();
    expect(job.verdict).toBe('rolled-back');
    expect(isAlive(Number(readFileSync(left, 'utf8')))).toBe(false);
  });

  it('a way back is walked by one executor at a time', async () => {
    const behaviours = { do_migrate: 'return 1', undo_migrate: 'sleep 1; printf x >>"$MODEL/ways"' };
    const job = await make(['stop', 'migrate'], { behaviours });
    job.start();
    await until('no way back', 20, () => job.trace.includes('undo migrate'));
    kill(job.pid);
    await job.ended();
    await job.run();
    expect(job.trace).toEqual(['do stop', 'do migrate', 'undo migrate', 'undo migrate', 'undo stop']);
    // What the first left behind was ended where it stood.
    expect(readFileSync(join(job.model, 'ways'), 'utf8')).toBe('x');
    expect(job.verdict).toBe('rolled-back');
    expectWhole(job);
  });

  it('makes one decision, whoever asks at once, and all read the same', async () => {
    const job = await make();
    const words = Array.from({ length: 20 }, (_, index) => [
      ['commit', 'abort', 'timeout'][index % 3] ?? '',
      `reason ${index}`,
    ]);
    const answers = await Promise.all(words.map(([word = '', reason = '']) => decide(job, word, reason)));
    const decision = job.read('decision');
    expect(words.map((word) => `${word.join(' ')}\n`)).toContain(decision);
    expect(new Set(answers.map(({ stdout }) => stdout))).toEqual(new Set([decision]));
    expect(job.journal.map(({ event, rest }) => [event, `${rest}\n`])).toEqual([['decision', decision]]);
    expect(readdirSync(job.directory).filter((name) => name.startsWith('decision.'))).toEqual([]);
  });

  it('an abort ends a step with all its processes and goes back; a stop and a start come to their end first', async () => {
    await each(['migrate', 'stop', 'start'], async (step) => {
      const behaviours = { [`do_${step}`]: step === 'migrate' ? 'sleep 60 & sleep 60' : 'sleep 0.6' };
      const job = await make(STEPS, { behaviours });
      job.start();
      await begun(job, step);
      expect((await decide(job, 'abort', 'cancelled')).stdout).toBe('abort cancelled\n');
      await job.ended();
      expect(job.verdict).toBe('rolled-back');
      expect(job.events.includes(`done ${step}`)).toBe(step !== 'migrate');
      expect(job.trace.at(-STEPS.indexOf(step) - 1)).toBe(`undo ${step}`);
      expect((await decide(job, 'commit', 'too late')).stdout).toBe('abort cancelled\n');
      expectWhole(job);
    });
  });

  it('waits for the word of the runner: go, commit, abort or nothing', async () => {
    const steps = ['hold', 'stop', 'verify', 'confirm'];
    await each(['commit', 'abort', ''], async (word) => {
      const parameters = { CONFIRM_TIMEOUT: word === '' ? '1' : '60', START_COMMAND: ':' };
      const job = await make(steps, { parameters, real: ['hold', 'confirm'] });
      job.start();
      await until('no hold', 20, () => job.events.includes('begin hold'));
      await delay(300);
      expect(job.events.at(-1)).toBe('begin hold');
      writeFileSync(job.path('go'), '');
      await until('no confirm', 20, () => job.events.includes('begin confirm'));
      if (word !== '') await decide(job, word, 'seen from outside');
      await job.ended();
      expect(job.verdict).toBe(word === 'abort' ? 'rolled-back' : 'committed');
      expect(job.effects).toEqual(word === 'abort' ? [] : ['stop.whole', 'verify.whole']);
      const said = word === '' ? 'timeout nobody said no' : `${word} seen from outside`;
      expect(job.journal.find(({ event }) => event === 'decision')?.rest).toBe(said);
    });
  });

  it('reads over a torn last line and closes it', async () => {
    await each([1, 4, 9, 14, 30], async (bytes) => {
      const job = await make(['stage', 'stop', 'migrate'], {
        behaviours: { do_migrate: 'kill -9 "$(cut -d" " -f1 "$JOB/executor")"; sleep 60' },
      });
      await job.run();
      job.tear(bytes);
      const torn = job.read('journal');
      const verdict = expectedAfterKill(job);
      await job.run();
      expect(job.verdict).toBe(verdict);
      expect(job.read('journal').startsWith(`${torn}\u0001\n`)).toBe(true);
      // The lines of the session and of the begin itself may be among what was lost.
      expect(job.verdict).toBe('rolled-back');
      expect(job.effects.filter((name) => name !== 'migrate.half')).toEqual([]);
    });
  });

  it('a decision is a line of its own after a torn one, which nobody reads', async () => {
    const job = await make();
    writeFileSync(job.path('journal'), '12 0 begin sta');
    await decide(job, 'abort', 'cancelled');
    expect(job.journal.map(({ event }) => event)).toEqual(['decision']);
  });

  it('a verdict that was torn is given again', async () => {
    const torn = ['verdict - committed', 'verdict - com', 'verdict -', 'verdict', 'ver'];
    await each(torn, async (end) => {
      const job = await make(['stage', 'stop']);
      await job.run();
      writeFileSync(job.path('journal'), job.read('journal').replace(/verdict - committed\n$/, end));
      expect(job.verdict).toBe(undefined);
      await job.run();
      expect(job.verdict).toBe('committed');
      expect(job.trace).toEqual(['do stage', 'do stop', 'tidy', 'tidy']);
      expectWhole(job);
    });
  });

  it('ends a step after its time with all it began, also what does not heed TERM', async () => {
    const behaviours = {
      do_migrate: `sh -c 'trap "" TERM; echo $$ >"$0"; while :; do sleep 1; done' "$MODEL/pid" & sleep 60`,
    };
    const job = await make(['stop', 'migrate', 'start'], { behaviours, parameters: { LIMIT_MIGRATE: '1' } });
    await job.run();
    expect(job.verdict).toBe('rolled-back');
    expect(job.journal.find(({ event }) => event === 'fail')).toMatchObject({
      step: 'migrate',
      rest: 'not done after 1 s',
    });
    expect(isAlive(Number(readFileSync(join(job.model, 'pid'), 'utf8')))).toBe(false);
    expectWhole(job);
  });

  it('goes back when the downtime was as long as it may be, but not once a hub answered', async () => {
    const slow = { do_migrate: 'sleep 2.5' };
    const parameters = { MAX_DOWNTIME: '1' };
    const late = await make(['stage', 'stop', 'migrate', 'verify'], { behaviours: slow, parameters });
    const early = await make(['stage', 'migrate', 'stop', 'verify'], { behaviours: slow, parameters });
    const up = await make(['stop', 'verify'], { behaviours: { do_verify: 'note up "$(now)"; sleep 2.5' }, parameters });
    await Promise.all([late.run(), early.run(), up.run()]);
    expect(late.journal.find(({ event }) => event === 'fail')).toMatchObject({
      step: 'migrate',
      rest: 'max-downtime of 1 s exceeded',
    });
    expectWhole(late);
    expect([late.verdict, early.verdict, up.verdict]).toEqual(['rolled-back', 'committed', 'committed']);
  });

  it('lets no second job at the same hub', async () => {
    const first = await make(['stage', 'stop'], {
      behaviours: { do_stage: 'until [ -e "$JOB/go" ]; do sleep 0.05; done' },
    });
    first.start();
    await begun(first, 'stage');
    const second = await make(['stage', 'stop'], { hub: first.hub });
    await second.run();
    expect(second.events).toEqual(['fail lock', 'verdict not-begun']);
    expect(existsSync(second.path('secrets'))).toBe(false);
    writeFileSync(first.path('go'), '');
    await first.ended();
    expect(first.verdict).toBe('committed');
    expect(first.trace).toEqual(['do stage', 'do stop', 'tidy']);
    const third = await make(['stage', 'stop'], { hub: first.hub });
    await third.run();
    expect(third.verdict).toBe('committed');
  });

  it('a second executor of the same job leaves it alone', async () => {
    const job = await make(['stage', 'stop'], {
      behaviours: { do_stage: 'until [ -e "$JOB/go" ]; do sleep 0.05; done' },
    });
    job.start();
    await begun(job, 'stage');
    const before = job.read('journal');
    const second = spawn('setsid', job.programs.command('executor.sh', 'run', job.directory), { stdio: 'ignore' });
    await delay(500);
    expect(job.read('journal')).toBe(before);
    expect(existsSync(job.path('secrets'))).toBe(true);
    writeFileSync(job.path('go'), '');
    await job.ended();
    await until('the second does not end', 20, () => second.exitCode !== null);
    expect(job.verdict).toBe('committed');
    expect(job.trace).toEqual(['do stage', 'do stop', 'tidy']);
    expectWhole(job);
  });

  it('the watchdog takes a killed job up again', async () => {
    const job = await make(['stage', 'stop', 'migrate'], { behaviours: { do_migrate: 'sleep 60' } });
    const [command = '', ...args] = job.programs.command('executor.sh', 'watch', job.directory);
    const watch = spawn(command, args, { detached: true, stdio: 'ignore' });
    await begun(job, 'migrate');
    kill(Number(job.read('executor').split(' ')[0]));
    await until('the watchdog does not end', 20, () => watch.exitCode !== null);
    expect(job.verdict).toBe('rolled-back');
    expectWhole(job);
  });

  it("the hub that the user's command starts outlives the job, holds nothing of it and is as they would start it", async () => {
    const hub = join(temporaryDirectory(), 'jupyterhub');
    writeFileSync(hub, '#!/bin/sh\numask >umask\nenv >env\nwhile :; do sleep 1; done\n', { mode: 0o755 });
    const behaviours = { do_start: 'service_start', undo_stop: 'service_start', undo_start: 'service_stop' };
    const parameters = {
      START_COMMAND: `nohup '${hub}' >/dev/null 2>&1 & echo $! >>pids`,
      STOP_COMMAND: 'kill "$(tail -n 1 pids)"',
      LIMIT_STOP: '5',
    };
    const job = await make(['stop', 'start', 'verify'], { behaviours, parameters });
    await job.run();
    expect(job.verdict).toBe('committed');
    const pids = () => readFileSync(join(job.hub, 'pids'), 'utf8').trim().split('\n').map(Number);
    const [pid = 0] = pids();
    try {
      expect(readlinkSync(`/proc/${pid}/cwd`)).toBe(job.hub);
      const files = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
      expect(files).not.toContain(job.hub);
      expect(files).not.toContain(job.directory);
      await until('the hub wrote nothing', 20, () => existsSync(join(job.hub, 'env')));
      expect(readFileSync(join(job.hub, 'umask'), 'utf8')).toBe('0022\n');
      expect(readFileSync(join(job.hub, 'env'), 'utf8')).not.toMatch(/^(LC_ALL|EXECUTOR)=/m);
      const again = await make(['stop', 'start'], { hub: job.hub });
      await again.run();
      expect(again.verdict).toBe('committed');
    } finally {
      for (const each of pids()) kill(each);
    }
  });

  it.each(['snapshot', 'migrate'])('does not %s behind a hub that somebody started meanwhile', async (step) => {
    const hub = join(temporaryDirectory(), 'jupyterhub');
    writeFileSync(hub, 'import time\ntime.sleep(600)\n');
    const start = `cd "$HUB_DIRECTORY"; setsid '${systemPython}' '${hub}' >/dev/null 2>&1 & echo $! >"$HUB_DIRECTORY/pid"`;
    const behaviours = {
      do_stop: `${start}; until [ -n "$(hub_pid)" ]; do sleep 0.05; done`,
      undo_stop: 'kill "$(cat "$HUB_DIRECTORY/pid")"',
    };
    const job = await make(['stop', step], { behaviours, real: [step] });
    writeFileSync(join(job.hub, 'jupyterhub.sqlite'), 'rows');
    await job.run();
    expect(job.events.filter((event) => event.startsWith('fail'))).toEqual([`fail ${step}`]);
    expect(job.read('log')).toContain('somebody started the hub');
    expect(job.verdict).toBe('rolled-back');
    expect(readdirSync(job.hub).sort()).toEqual(['jupyterhub.sqlite', 'model', 'pid']);
  });

  it('gives up a way back after its time, ends all it began, and takes it up there when it is told to', async () => {
    const behaviours = {
      do_start: 'return 1',
      undo_migrate: `[ -e "$MODEL/mended" ] ||
        { sh -c 'trap "" TERM; echo $$ >"$0"; while :; do sleep 1; done' "$MODEL/pid" & sleep 600; }`,
    };
    const job = await make(STEPS, { behaviours, parameters: { LIMIT_UNDO_MIGRATE: '1' } });
    await job.run();
    expect(job.verdict).toBe('rollback-failed');
    expect(job.events.at(-2)).toBe('undo-failed migrate');
    expect(job.read('log')).toMatch(/the way back of migrate was not done after 1 s\n$/);
    expect(isAlive(Number(readFileSync(join(job.model, 'pid'), 'utf8')))).toBe(false);
    symlinkSync(programs.directory, job.path('programs'));
    writeFileSync(join(job.model, 'mended'), '');
    await runProgram(['/bin/sh', '-c', walkBack(job.directory, 'none')]);
    expect(job.verdict).toBe('rolled-back');
    expectWhole(job);
  });

  describe("a user's command that never returns", () => {
    const hub = join(temporaryDirectory(), 'jupyterhub');
    writeFileSync(hub, 'import time\ntime.sleep(600)\n');
    const HUB = `'${systemPython}' '${hub}'`;
    const behaviours = {
      do_start: 'start_hub',
      do_verify: 'until [ -n "$(hub_pid)" ]; do sleep 0.1; done; return 1',
      undo_start: 'service_end',
      undo_stop: 'start_hub',
    };
    const play = async (steps: string[], commands: Record<string, string>) => {
      const parameters = { COMMAND_LIMIT: '3', LIMIT_STOP: '3', STOP_COMMAND: 'exit 1', ...commands };
      const job = await make(steps, { behaviours, parameters });
      await job.run();
      const pids = (name: string) => readFileSync(join(job.hub, name), 'utf8').trim().split('\n').map(Number);
      onTestFinished(() => {
        for (const pid of pids('started')) kill(pid);
      });
      return { job, living: (name: string) => pids(name).map(isAlive) };
    };

    it('stop-command: the new hub is ended nevertheless, before the old one is started', async () => {
      const { job, living } = await play(['stop', 'start', 'verify'], {
        START_COMMAND: `sh -c 'echo $$ >>started; exec "$@"' sh ${HUB} >/dev/null 2>&1 &`,
        STOP_COMMAND: 'echo $$ >>stopping; exec sleep 600',
      });
      expect(job.verdict).toBe('rolled-back');
      expect(job.read('log')).toMatch(/stop-command did not return within 3 s\n.*\n.* is ended by SIGTERM/);
      expect(living('started')).toEqual([false, true]);
      expect(living('stopping')).toEqual([false]);
    });

    it('start-command: a hub that runs in the foreground has been started', async () => {
      const start = { START_COMMAND: `echo $$ >>started; exec ${HUB}` };
      const { job, living } = await play(['stop', 'start'], start);
      expect(job.verdict).toBe('committed');
      expect(job.read('log')).toBe('start-command did not return within 3 s\n');
      expect(living('started')).toEqual([true]);
    });

    it('start-command: without a hub it is ended, and the way back has failed', async () => {
      const { job, living } = await play(['stop', 'start'], { START_COMMAND: 'echo $$ >>started; exec sleep 600' });
      expect(job.verdict).toBe('rollback-failed');
      expect(job.events.slice(-2)).toEqual(['undo-failed stop', 'verdict rollback-failed']);
      expect(living('started')).toEqual([false, false]);
    });
  });

  it('starts the hub again that a stop which was cut has told to end', async () => {
    const hub = join(temporaryDirectory(), 'jupyterhub');
    // It takes its time to end, and says that it was told to.
    const slow =
      'import signal, sys, time\nsignal.signal(signal.SIGTERM, lambda *_: (open("told", "w"), time.sleep(2), sys.exit()))\n';
    writeFileSync(hub, `${slow}open("up", "w")\nwhile True: time.sleep(0.1)\n`);
    const parameters = {
      START_COMMAND: `'${systemPython}' '${hub}' >/dev/null 2>&1 & echo $! >>pids`,
      STOP_COMMAND:
        '[ -e told ] || { kill "$(tail -n 1 pids)"; until [ -e told ]; do sleep 0.05; done; kill -9 "$EXECUTOR"; }; sleep 1',
      LIMIT_STOP: '20',
      LIMIT_START: '5',
      ...inEnvironment('/nowhere'),
      WAS_RUNNING: 'yes',
      NOTICE_HTML: '',
    };
    const job = await make(['stop'], { parameters, real: ['stop'] });
    const rest = 'server_pids() { :; }; wait_for_hub() { sleep 3; [ -n "$(hub_pid)" ]; }; export EXECUTOR\n';
    writeFileSync(job.path('steps.sh'), rest, { flag: 'a' });
    const pids = () => readFileSync(join(job.hub, 'pids'), 'utf8').trim().split('\n').map(Number);
    await runProgram([
      '/bin/sh',
      '-c',
      `cd '${job.hub}' && { ${parameters.START_COMMAND}; }; until [ -e up ]; do sleep 0.05; done`,
    ]);
    try {
      await job.run();
      await job.run();
      expect(job.verdict, job.read('log')).toBe('rolled-back');
      expect(pids()).toHaveLength(2);
    } finally {
      for (const each of pids()) kill(each);
    }
  });

  it('a hub that runs already is started', async () => {
    const hub = join(temporaryDirectory(), 'jupyterhub');
    writeFileSync(hub, 'import time\ntime.sleep(600)\n');
    const parameters = { START_COMMAND: 'echo it runs already >&2; exit 7', STOP_COMMAND: 'exit 1' };
    const job = await make(['stop', 'start'], { behaviours: { do_start: 'service_start' }, parameters });
    // Straight: env(1) would first be there itself, and python3 on PATH may be a script.
    const process = spawn(systemPython, [hub], { cwd: job.hub, stdio: 'ignore' });
    try {
      await job.run();
      expect(job.verdict).toBe('committed');
    } finally {
      process.kill('SIGKILL');
    }
  });
});

describe('from outside', () => {
  const signal = (job: JobOnDisk, word: string) => {
    writeFileSync(
      join(job.programs.directory, 'parameters'),
      shellAssignments({ JOB: job.directory, SIGNAL: word, REASON: 'why' }),
    );
    return runProgram(job.programs.command('signal.sh', job.programs.directory));
  };
  const make = async (steps: string[], options: Parameters<typeof JobOnDisk.make>[2] = {}) => {
    const job = await JobOnDisk.make(programsForJobs('dash'), steps, options);
    symlinkSync(job.programs.directory, job.path('programs'));
    return job;
  };

  it('a cancellation is heeded until the host has verified the hub', async () => {
    for (const [event, decision] of [
      ['begin verify', 'abort why\n'],
      ['done verify', ''],
    ]) {
      const job = await make(STEPS);
      writeFileSync(job.path('journal'), `1 0 ${event}\n`);
      expect(await signal(job, 'cancel')).toEqual({ status: 0, stdout: decision, stderr: '' });
    }
    const job = await make(STEPS);
    expect((await signal(job, 'commit')).stdout).toBe('commit why\n');
    expect((await signal(job, 'abort')).stdout).toBe('commit why\n');
    expect((await signal(job, 'go')).stdout).toBe('commit why\n');
    expect(existsSync(job.path('go'))).toBe(true);
  });

  // With systemd it would be a unit of this machine's.
  it.skipIf(process.getuid?.() === 0 && existsSync('/run/systemd/system'))(
    'a way back that failed is taken up where it stopped',
    async () => {
      const behaviours = { do_stop: 'return 1', undo_stop: '[ -e "$MODEL/mended" ]' };
      const job = await make(['stage', 'stop'], { behaviours });
      await job.run();
      expect(job.verdict).toBe('rollback-failed');
      writeFileSync(join(job.model, 'mended'), '');
      expect(await signal(job, 'walk-back')).toMatchObject({ status: 0, stderr: '' });
      await until('no verdict', 20, () => job.verdict);
      expect(job.verdict).toBe('rolled-back');
      expectWhole(job);
    },
  );

  it.skipIf(process.getuid?.() === 0 && existsSync('/run/systemd/system'))(
    'launched by many at once, one executor works; launched again, it is taken up',
    async () => {
      const job = await make(['stage', 'stop'], { behaviours: { do_stop: 'sleep 60' } });
      const launch = () => runProgram(job.programs.command('launch.sh', job.directory));
      const launched = await Promise.all([launch(), launch(), launch()]);
      expect(launched).toEqual(launched.map(() => ({ status: 0, stdout: '', stderr: '' })));
      await begun(job, 'stop');
      await launch();
      expect(job.trace).toEqual(['do stage', 'do stop']);
      for (const pid of job.processes()) kill(pid);
      expect(await signal(job, 'launch')).toMatchObject({ status: 0, stderr: '' });
      await until('no verdict', 20, () => job.verdict);
      expect(job.verdict).toBe('rolled-back');
      await until('something is left', 20, () => job.processes().length === 0);
      expectWhole(job);
      expect((await launch()).status).toBe(0);
      expect(job.processes()).toEqual([]);
    },
  );
});

it.skipIf(spawnSync('strace', ['true']).status !== 0)(
  'has a begin on disk before the first effect of its step, a decision before it counts',
  async () => {
    const job = await JobOnDisk.make(programsOf.dash, ['stop', 'verify']);
    const output = join(job.directory, 'strace');
    const trace = ['strace', '-f', '-s', '300', '-e', 'trace=openat,write,fsync,linkat', '-o', output];
    await runProgram([...trace, ...job.programs.command('executor.sh', 'run', job.directory)]);
    expect(job.verdict).toBe('committed');
    const calls = readFileSync(output, 'utf8').split('\n');
    const find = (pattern: RegExp) => {
      const index = calls.findIndex((call) => pattern.test(call));
      expect([pattern, index >= 0]).toEqual([pattern, true]);
      return index;
    };
    /** Where the write of that text was known to be on disk. */
    const synced = (text: string) => {
      // Written several times, into pipes too; one of the writers, dd, calls fsync.
      const written = new RegExp(`^(\\d+) +write\\(1, "[0-9 ]*${text}\\\\n"`);
      const pids = calls.flatMap((call) => written.exec(call)?.[1] ?? []);
      return find(new RegExp(`^(${pids.join('|')}) .*fsync.*= 0$`));
    };
    for (const step of ['stop', 'verify']) {
      const effect = find(new RegExp(`openat\\(.*/model/${step}\\.half", O_WRONLY`));
      expect(synced(`begin ${step}`)).toBeLessThan(effect);
      expect(synced(`done ${step}`)).toBeGreaterThan(effect);
    }
    expect(synced('timeout nobody said no')).toBeLessThan(find(/linkat\(.*\/decision"/));
  },
);

/** Makes a file system of that size there; this machine may not allow it. */
const TMPFS = ['mount', '-t', 'tmpfs', '-o', 'size=400k', 'tmpfs'];
const canMount = process.getuid?.() === 0 && spawnSync('unshare', ['--mount', ...TMPFS, '/mnt']).status === 0;

describe.skipIf(!canMount)('on a full disk', () => {
  const small = join(scratch, 'small');
  beforeAll(() => {
    mkdirSync(small);
    const [command = '', ...args] = [...TMPFS, small];
    expect(spawnSync(command, args).status).toBe(0);
  });
  afterAll(() => spawnSync('umount', ['-l', small]));

  // As much as can be, to the last byte of the file system and then of the journal's last page.
  const FILL = 'for size in 65536 4096 1; do dd if=/dev/zero bs=$size 2>/dev/null >>"$JOB/../filler"; done';
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell's
  const WRITE = 'for size in 400 100 1; do while append_line "$(printf "%${size}s" x)"; do :; done; done';
  const DIE = 'kill -9 "$(cut -d" " -f1 "$JOB/executor")"; sleep 60';

  describe.each(SHELLS)('with %s', (shell) => {
    const run = async (owner: number, behaviours: Behaviours, lives = 1) => {
      const options = { behaviours, parent: small, parameters: { OWNER: 'x'.repeat(owner) } };
      const job = await JobOnDisk.make(programsOf[shell], ['stage', 'stop', 'migrate'], options);
      try {
        for (let life = 0; life < lives; life += 1) await job.run();
        return { verdict: job.verdict, trace: job.trace, effects: job.effects, events: job.events };
      } finally {
        for (const name of readdirSync(small)) rmSync(join(small, name), { recursive: true, force: true });
      }
    };

    it('writes on in the place that the ballast kept, wherever the last page ends', async () => {
      for (const owner of [3750, 3780, 3810, 3840]) {
        const { verdict, events } = await run(owner, { do_stage: `[ -s "$JOB/ballast" ] || return 1; ${FILL}; :` });
        expect(verdict).toBe('committed');
        const lines = ['stage', 'stop', 'migrate'].flatMap((step) => [`begin ${step}`, `done ${step}`]);
        expect(events.slice(1)).toEqual([...lines, 'decision timeout nobody said no', 'verdict committed']);
      }
    });

    it.each([
      ['a step failed', `${WRITE}; return 1`, 1],
      ['the executor died', `${WRITE}; ${DIE}`, 2],
      // The journal's last page has room, a decision has none.
      ['the executor died, of which the journal is told', DIE, 2],
    ])('goes all the way back when nothing can be written any more and %s', async (_, end, lives) => {
      const full = `rm "$JOB/ballast"; ${FILL}; ${end}`;
      const { verdict, trace, effects, events } = await run(1, { do_migrate: full }, lives);
      const isTold = end === DIE;
      expect(events.filter((event) => event.startsWith('undo '))).toHaveLength(isTold ? 3 : 0);
      expect(events.filter((event) => event.startsWith('decision '))).toEqual([]);
      expect(trace).toEqual(expected(['stage', 'stop', 'migrate'], 'migrate').trace);
      expect(effects).toEqual([]);
      // The secrets' own place is enough for it.
      expect(verdict).toBe('rolled-back');
    });
  });
});
