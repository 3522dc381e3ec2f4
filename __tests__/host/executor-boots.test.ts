import { spawn } from 'node:child_process';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { until } from '../../bench/hub/run.ts';
import { expectWhole } from './executor-model.ts';
import { isAlive, JobOnDisk, kill, killJobs, programsForJobs } from './job-on-disk.ts';
import { SHELLS } from './programs.ts';

afterEach(killJobs);

const programsOf = { dash: programsForJobs('dash'), busybox: programsForJobs('busybox') };
const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
const otherBoot = '00000000-0000-4000-8000-000000000000';

/** Processes of a session whose leader has ended; their number is all that a journal knows of it. */
async function orphans(): Promise<{ session: number; pid: number }> {
  const leader = spawn('dash', ['-c', 'sleep 600 & echo $!'], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] });
  const pid = await new Promise<number>((resolve) => leader.stdout?.once('data', (text) => resolve(Number(text))));
  await until('the leader lives on', 20, () => leader.exitCode !== null);
  return { session: leader.pid ?? 0, pid };
}

describe.each(SHELLS)('with %s', (shell) => {
  const make = (steps: string[], options: Parameters<typeof JobOnDisk.make>[2] = {}) =>
    JobOnDisk.make(programsOf[shell], steps, options);

  it('a session of this boot is ended, one of another boot is somebody else', async () => {
    const [ours, others] = await Promise.all([orphans(), orphans()]);
    try {
      const job = await make(['stop', 'migrate']);
      const lines = [
        ...['1 0 open - https://example.org/run/1', '2 0 begin stop'],
        `3 0 session stop ${ours.session} 7@${boot}`,
        `4 0 session stop ${others.session} 7@${otherBoot}`,
      ];
      writeFileSync(job.path('journal'), `${lines.join('\n')}\n`);
      await job.run();
      expect(job.verdict).toBe('rolled-back');
      expect([isAlive(ours.pid), isAlive(others.pid)]).toEqual([false, true]);
    } finally {
      for (const { pid } of [ours, others]) kill(pid);
    }
  });

  it("the journal's times go on after a reboot, as long as the host was off", async () => {
    const job = await make(['stop', 'migrate']);
    // Of a host that was up for a year, and then off for a minute.
    const year = 3_153_600_000;
    writeFileSync(job.path('journal'), `${year} 0 open - https://example.org/run/1\n${year + 100} 0 begin stop\n`);
    writeFileSync(job.path('clock'), `${otherBoot} 0\n`);
    const minuteAgo = Date.now() / 1000 - 60;
    utimesSync(job.path('journal'), minuteAgo, minuteAgo);
    await job.run();
    const times = job.journal.map(({ time }) => time);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    // Seconds are what a file's time is counted in, and this machine may be busy.
    expect((times[2] ?? 0) - year - 100).toBeGreaterThanOrEqual(5_900);
    expect((times[2] ?? 0) - year - 100).toBeLessThan(60_000);
    expect(job.verdict).toBe('rolled-back');
  });

  it.each(['do', 'undo'])('told to end in the middle of a %s, it ends at once and decides nothing', async (verb) => {
    const slow = { [`${verb}_migrate`]: 'sleep 60', ...(verb === 'undo' ? { do_migrate: 'return 1' } : {}) };
    const job = await make(['stop', 'migrate'], { behaviours: { ...slow } });
    job.start();
    await until('it did not begin', 20, () => job.trace.includes(`${verb} migrate`));
    kill(job.pid, 'SIGTERM');
    expect(await job.ended()).toBe(143);
    expect(job.events.at(-1)).toBe(`${verb === 'do' ? 'begin' : 'undo'} migrate`);
    expect(job.events.filter((event) => event.startsWith('decision '))).toHaveLength(verb === 'do' ? 0 : 1);
    if (verb === 'undo') {
      // As a manager of services does, in the group of the executor.
      for (const pid of job.processes()) kill(pid);
      writeFileSync(job.path('steps.sh'), readFileSync(job.path('steps.sh'), 'utf8').replace('sleep 60', ':'));
    }
    await job.run();
    expect(job.verdict).toBe('rolled-back');
    expectWhole(job);
  });
});

const faketime = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';

// A stand-in for a clock that is set: the executor and its steps see the time that a file says.
it.skipIf(!existsSync(faketime))('a clock that jumps by years neither ends a step nor moves a decision', async () => {
  for (const [first, second] of [
    ['2020-01-01 00:00:00', '2045-01-01 00:00:00'],
    ['2045-01-01 00:00:00', '2020-01-01 00:00:00'],
  ]) {
    const behaviours = { do_migrate: 'until [ -e "$JOB/jumped" ]; do sleep 0.05; done; sleep 1' };
    const parameters = { LIMIT_MIGRATE: '60', CONFIRM_TIMEOUT: '1', START_COMMAND: ':' };
    const job = await JobOnDisk.make(programsOf.dash, ['stop', 'migrate', 'verify', 'confirm'], {
      ...{ behaviours, parameters, real: ['confirm'] },
    });
    const clock = job.path('clock-of-the-test');
    writeFileSync(clock, `@${first}\n`);
    const environment = {
      ...{ LD_PRELOAD: faketime, FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: '1' },
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
    };
    job.start(undefined, environment);
    await until('it did not begin', 20, () => job.trace.includes('do migrate'));
    writeFileSync(clock, `@${second}\n`);
    writeFileSync(job.path('jumped'), '');
    await job.ended();
    expect([job.verdict, job.read('decision')]).toEqual(['committed', 'timeout nobody said no\n']);
    const times = job.journal.map(({ time }) => time);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeLessThan(6_000);
  }
});
