import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { RUNNER_GRACE } from '../../bench/runner/job/process.ts';
import { run } from './runner-support.ts';

const QUICK = { interrupt: 500, terminate: 500, streams: 200 };

/** An action that says it is ready, and what signals it gets; it ends on `ends`, if at all. */
function stubborn(ends: 'SIGINT' | 'SIGTERM' | 'never'): string {
  return `
    for (const signal of ['SIGINT', 'SIGTERM']) {
      process.on(signal, () => { console.log('got', signal); if (signal === '${ends}') process.exit(0); });
    }
    setInterval(() => {}, 1000);
    console.log('ready');
  `;
}

function isAlive(pid: number): boolean {
  const status = `/proc/${pid}/status`;
  return existsSync(status) && !/^State:\s+[ZX]/m.test(readFileSync(status, 'utf8')); // a zombie is only not yet buried
}

describe.concurrent('environment', () => {
  test('is what a runner gives, and nothing of this process', async () => {
    process.env.BENCH_CANARY = 'must not be inherited';
    const { stepOutputs } = await run({
      main: `
        import { setOutput } from './kit.mjs';
        setOutput('env', JSON.stringify({ ...process.env, cwd: process.cwd(), version: process.version }));
      `,
    });
    delete process.env.BENCH_CANARY;
    const env = JSON.parse(stepOutputs.env ?? '{}') as Record<string, string>;
    expect(env.version).toBe('v24.19.0');
    expect(env.cwd).toBe(env.GITHUB_WORKSPACE);
    expect(env).toMatchObject({
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_RUN_ID: '77',
      GITHUB_REPOSITORY: 'acme/hub',
      GITHUB_SERVER_URL: 'https://github.com',
      RUNNER_OS: 'Linux',
    });
    expect(env.GITHUB_API_URL).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(env.ACTIONS_RESULTS_URL).toBe(`${env.GITHUB_API_URL}/`);
    const strange = Object.keys(env).filter((name) => !/^(GITHUB|RUNNER|ACTIONS)_|^NODE_EXTRA_CA_CERTS$/.test(name));
    expect(strange.sort()).toEqual(['CI', 'HOME', 'PATH', 'cwd', 'version']);
    expect(env).not.toHaveProperty('GITHUB_TOKEN');
    expect(env).not.toHaveProperty('RUNNER_DEBUG');
  });

  test('inputs have their defaults, unknown ones a warning', async () => {
    const { stepOutputs, annotations } = await run(
      {
        manifest: `
inputs:
  port: {default: 22}
  flag: {default: true}
  with-token: {default: '\${{ github.token }}'}
  where: {default: '\${{ github.repository }}#\${{ github.run_id }}'}
  empty: {description: nothing}
  old: {deprecationMessage: use port}`,
        main: `
          import { getInput, setOutput } from './kit.mjs';
          for (const name of ['port', 'flag', 'where', 'empty', 'Old', 'typo']) setOutput(name, getInput(name));
          setOutput('has-token', getInput('with-token').startsWith('ghs_'));
        `,
      },
      { inputs: { PORT: '2222', old: 'x', typo: 'y' } },
    );
    expect(stepOutputs).toEqual({
      port: '2222',
      flag: 'true',
      where: 'acme/hub#77',
      empty: '',
      Old: 'x',
      typo: 'y',
      'has-token': 'true',
    });
    const messages = annotations.map(({ level, message }) => `${level}: ${message}`);
    expect(messages).toEqual([
      "warning: Input 'old' has been deprecated with message: use port",
      "warning: Unexpected input(s) 'typo', valid inputs are ['port', 'flag', 'with-token', 'where', 'empty', 'old']",
    ]);
  });

  test('refuses actions it cannot run as a runner would', async () => {
    const composite = 'runs: {using: composite, steps: []}';
    await expect(run({ manifest: composite, main: '' })).rejects.toThrow(/using/);
    await expect(run({ manifest: 'runs: {using: node24, main: gone.mjs}', main: '' })).rejects.toThrow(/gone.mjs/);
    await expect(run({ manifest: 'runs: {using: node24, main: main.mjs, pre: main.mjs}', main: '' })).rejects.toThrow(
      /pre/,
    );
  });
});

describe.concurrent('file commands', () => {
  test('state and exported variables reach post; outputs of post go nowhere', async () => {
    const result = await run({
      main: `
        import * as core from '@actions/core';
        core.saveState('phase', 'two\\nlines');
        core.exportVariable('FROM_MAIN', 'exported');
        core.addPath('/opt/first'); core.addPath('/opt/second');
        core.setOutput('outcome', 'unknown');
        core.setOutput('outcome', 'upgraded');
        core.setOutput('empty', '');
      `,
      post: `
        import * as core from '@actions/core';
        console.log('phase', JSON.stringify(core.getState('phase')), process.env.FROM_MAIN, process.env.PATH.split(':').slice(0, 2).join());
        core.setOutput('outcome', 'from post');
      `,
    });
    expect(result.conclusion).toBe('success');
    expect(result.rawLog).toContain('phase "two\\nlines" exported /opt/second,/opt/first');
    expect(result.stepOutputs).toEqual({ outcome: 'upgraded', empty: '' });
    expect(result.outputs).toEqual({ outcome: 'upgraded' });
    expect(result.env.FROM_MAIN).toBe('exported');
    expect(await readdir(join(result.temp, '_runner_file_commands'))).toEqual([]);
  });

  test('what stands before a broken line counts, and the step fails', async () => {
    const { conclusion, stepOutputs, annotations } = await run({
      main: `
        import { appendFileSync } from 'node:fs';
        appendFileSync(process.env.GITHUB_OUTPUT, 'a=1\\nb<<E\\nx\\ny\\nE\\nno separator\\nc=3\\n');
      `,
    });
    expect(conclusion).toBe('failure');
    expect(stepOutputs).toEqual({ a: '1', b: 'x\ny' });
    expect(annotations.map(({ message }) => message)).toContain("Invalid format 'no separator'");
  });

  test('a delimiter that does not come back fails the step', async () => {
    const { conclusion, annotations } = await run({
      main: `import { appendFileSync } from 'node:fs'; appendFileSync(process.env.GITHUB_STATE, 'a<<E\\nx\\n');`,
    });
    expect(conclusion).toBe('failure');
    expect(annotations.map(({ message }) => message)).toContain("Invalid value. Matching delimiter not found 'E'");
  });

  test('a summary is masked, and one over 1 MiB is left out', async () => {
    const result = await run({
      main: `
        import { appendFileSync } from 'node:fs';
        import { setSecret } from './kit.mjs';
        setSecret('hunter2');
        appendFileSync(process.env.GITHUB_STEP_SUMMARY, 'password hunter2, done');
      `,
      post: `
        import { appendFileSync } from 'node:fs';
        appendFileSync(process.env.GITHUB_STEP_SUMMARY, 'x'.repeat(1024 * 1024 + 1));
      `,
    });
    expect(result.summaries.map(({ text }) => text)).toEqual(['password ***, done']);
    expect(result.conclusion).toBe('success');
    expect(result.annotations.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/upload aborted.*1024k/),
    );
  });
});

describe.concurrent('masks', () => {
  test('cover the value, its lines and its encodings in the log, not in the raw log', async () => {
    const key = '-----BEGIN KEY-----\nline-one-of-it\nline-two-of-it\n-----END KEY-----';
    const { log, rawLog } = await run(
      {
        main: `
          import { setSecret } from '@actions/core';
          const key = ${JSON.stringify(key)};
          console.log('before', key.split('\\n')[1]);
          setSecret(key);
          for (const line of key.split('\\n')) console.log('after', line);
          console.log('base64', Buffer.from('line-one-of-it').toString('base64'));
          console.error('on stderr line-two-of-it');
          console.log('token', 'p4ss word', encodeURIComponent('p4ss word'));
        `,
      },
      { secrets: ['p4ss word'] },
    );
    expect(log).toContain('before line-one-of-it');
    expect(log.filter((line) => line === 'after ***')).toHaveLength(4);
    expect(log).toContain('base64 ***');
    expect(log).toContain('on stderr ***');
    expect(log).toContain('token *** ***');
    expect(rawLog).toContain('after line-one-of-it');
    expect(rawLog).toContain('token p4ss word p4ss%20word');
    expect(rawLog.join('\n')).not.toContain('add-mask');
  });

  test('an output with something masked in it does not leave the job', async () => {
    const { outputs, stepOutputs, annotations } = await run({
      main: `
        import { setSecret, setOutput } from './kit.mjs';
        setOutput('host', 'hub.example.org'); setOutput('version', '6.1.1');
        setSecret('example');
      `,
    });
    expect(outputs).toEqual({ version: '6.1.1' });
    expect(stepOutputs.host).toBe('hub.example.org');
    expect(annotations.map(({ message }) => message)).toEqual(["Skip output 'host' since it may contain secret."]);
  });
});

describe.concurrent('commands', () => {
  test('annotations, groups and debug lines', async () => {
    const main = `
      import * as core from '@actions/core';
      core.error('broken, 100%\\nreally', { title: 'a:b,c' });
      for (let i = 0; i < 12; i += 1) core.notice('n' + i);
      core.debug('hidden');
      core.startGroup('first'); core.info('inside'); core.endGroup();
    `;
    const quiet = await run({ main });
    expect(quiet.annotations[0]).toMatchObject({
      level: 'error',
      message: 'broken, 100%\nreally',
      properties: { title: 'a:b,c' },
    });
    expect(quiet.annotations.filter(({ level }) => level === 'notice')).toHaveLength(10);
    expect(quiet.log.filter((line) => line.startsWith('##[notice]'))).toHaveLength(12);
    expect(quiet.log.slice(-3)).toEqual(['##[group]first', 'inside', '##[endgroup]']);
    const loud = await run({ main: `${main}; console.log(process.env.RUNNER_DEBUG)` }, { debug: true });
    expect(loud.log.slice(-5)).toEqual(['##[debug]hidden', '##[group]first', 'inside', '##[endgroup]', '1']);
  });

  test('the old form works anywhere in a line, a lone carriage return ends a line, and stop-commands stops all', async () => {
    const { annotations, log, stepOutputs, conclusion } = await run({
      main: String.raw`
        console.log('remote says ##[error]injected');
        process.stdout.write('progress 10%\r::warning::also injected\n');
        console.log('::stop-commands::token-of-mine');
        console.log('::error::not this ##[error]nor this');
        console.log('::token-of-mine::');
        console.log('::set-output name=late::yes');
        console.log('not ::error::at the start');
      `,
    });
    expect(annotations.map(({ level, message }) => [level, message])).toEqual([
      ['error', 'injected'],
      ['warning', 'also injected'],
    ]);
    expect(log).toContain('::error::not this ##[error]nor this');
    expect(log).toContain('not ::error::at the start');
    expect(stepOutputs).toEqual({ late: 'yes' });
    expect(conclusion).toBe('success');
  });

  test('disabled commands fail the step', async () => {
    const { conclusion, annotations } = await run({ main: `console.log('::set-env name=X::y')` });
    expect(conclusion).toBe('failure');
    expect(annotations[1]?.message).toContain('`set-env` command is disabled');
  });
});

describe.concurrent('post', () => {
  test('runs after a failure, and its own failure fails the job', async () => {
    const failed = await run({ main: 'process.exit(3)', post: `console.log('post ran')` });
    expect(failed.main).toMatchObject({ exitCode: 3, conclusion: 'failure' });
    expect(failed.rawLog).toEqual(['post ran']);
    expect(failed.conclusion).toBe('failure');
    const late = await run({ main: '', post: 'process.exit(1)' });
    expect(late.main.conclusion).toBe('success');
    expect(late.conclusion).toBe('failure');
  });

  test('post-if decides', async () => {
    const runs = (condition: string) => `runs: {using: node24, main: main.mjs, post: post.mjs, post-if: ${condition}}`;
    const manifest = runs('failure()');
    expect((await run({ manifest, main: '', post: '' })).post).toBeUndefined();
    expect((await run({ manifest, main: 'process.exit(1)', post: '' })).post?.conclusion).toBe('success');
    await expect(run({ manifest: runs('sometimes()'), main: '', post: '' })).rejects.toThrow(/unknown function/);
  });
});

describe.concurrent('cancellation', () => {
  test("takes GitHub's times", () => {
    expect(RUNNER_GRACE).toMatchObject({ interrupt: 7500, terminate: 2500 });
  });

  test.each([
    ['SIGINT', ['got SIGINT'], ['SIGINT']],
    ['SIGTERM', ['got SIGINT', 'got SIGTERM'], ['SIGINT', 'SIGTERM']],
    ['never', ['got SIGINT', 'got SIGTERM'], ['SIGINT', 'SIGTERM', 'SIGKILL']],
  ] as const)('main that ends on %s', async (ends, heard, sent) => {
    const result = await run(
      {
        main: `import { saveState, setOutput } from './kit.mjs'; setOutput('outcome', 'unknown'); saveState('phase', 'stopped'); ${stubborn(ends)}`,
        post: `import { getState } from './kit.mjs'; console.log('post after', getState('phase'))`,
      },
      { grace: QUICK, cancel: { line: (line) => line === 'ready' } },
    );
    expect(result.conclusion).toBe('cancelled');
    expect(result.main.conclusion).toBe('cancelled');
    expect(result.outputs).toEqual({ outcome: 'unknown' }); // written before it was cancelled
    expect(result.main.sent.map(({ signal }) => signal)).toEqual(sent);
    expect(result.rawLog).toEqual(['ready', ...heard, 'post after stopped']);
    expect(result.annotations.map(({ message }) => message)).toEqual(['The operation was canceled.']);
  });

  test('signals go to the process alone, the kill to its tree, and what escaped the tree dies with the job', async () => {
    const child = `
      process.on('SIGINT', () => console.log('child got SIGINT'));
      process.on('SIGTERM', () => console.log('child got SIGTERM'));
      setInterval(() => {}, 1000); console.log('ready ' + process.pid);
    `;
    const result = await run(
      {
        main: `
          import { spawn } from 'node:child_process';
          spawn('setsid', ['--fork', 'sleep', '300'], { stdio: 'ignore' });
          const child = spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit', detached: true });
          process.on('SIGINT', () => {}); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);
        `,
      },
      { grace: QUICK, cancel: { line: (line) => line.startsWith('ready') } },
    );
    expect(result.rawLog).toHaveLength(1);
    expect(isAlive(Number(result.rawLog[0]?.split(' ')[1]))).toBe(false);
    const orphan = /^Terminate orphan process: pid \((\d+)\)$/.exec(result.log.at(-1) ?? '')?.[1];
    await vi.waitFor(() => expect(isAlive(Number(orphan))).toBe(false));
  });

  test('just before the process starts', async () => {
    const atTheHeader = { line: (line: string) => line.startsWith('##[group]Run') };
    const cancelled = await run({ main: stubborn('never') }, { cancel: atTheHeader });
    expect(cancelled.main).toMatchObject({ conclusion: 'cancelled', signal: 'SIGINT' });
    const lost = await run({ main: stubborn('never') }, { lose: atTheHeader });
    expect(lost.main).toMatchObject({ lost: true, signal: 'SIGKILL' });
  });

  test('after so many ms', async () => {
    const result = await run({ main: 'setInterval(() => {}, 1000)' }, { cancel: { afterMs: 200 } });
    expect(result.main).toMatchObject({ conclusion: 'cancelled', signal: 'SIGINT' });
  });

  test('does not interrupt post, until the time of the job is over', async () => {
    const main = `process.on('SIGINT', () => process.exit(1)); setInterval(() => {}, 1000); console.log('ready')`;
    const cancel = { line: (line: string) => line === 'ready' };
    const patient = await run(
      {
        main,
        post: `process.on('SIGINT', () => console.log('interrupted')); setTimeout(() => console.log('done'), 500)`,
      },
      { cancel, grace: { ...QUICK, job: 20_000 } },
    );
    expect(patient.rawLog).toEqual(['ready', 'done']);
    expect(patient.lost).toBe(false);
    const over = await run({ main, post: stubborn('never') }, { cancel, grace: { ...QUICK, job: 1000 } });
    expect(over.post).toMatchObject({ signal: 'SIGKILL', lost: true });
    expect(over.conclusion).toBe('cancelled');
  });

  test('a lost runner leaves no post, no state and no outputs', async () => {
    const result = await run(
      {
        main: `import { setOutput, saveState } from './kit.mjs'; setOutput('outcome', 'unknown'); saveState('a', 'b'); ${stubborn('never')}`,
        post: `console.log('post ran')`,
      },
      { lose: { line: (line) => line === 'ready' } },
    );
    expect(result).toMatchObject({ lost: true, post: undefined });
    expect([result.outputs, result.stepOutputs, result.state]).toEqual([{}, {}, {}]);
    expect(result.main).toMatchObject({ signal: 'SIGKILL', conclusion: 'failure' });
    expect(result.main.sent.map(({ signal }) => signal)).toEqual(['SIGKILL']);
    expect(result.rawLog).toEqual(['ready']);
  });

  test('a timeout interrupts like a cancellation, but is a failure', async () => {
    const result = await run({ main: stubborn('SIGINT') }, { timeoutMs: 600, grace: QUICK });
    expect(result.conclusion).toBe('failure');
    expect(result.main.sent.map(({ signal }) => signal)).toEqual(['SIGINT']);
    expect(result.annotations.at(-1)?.message).toMatch(/has timed out after 0.01 minutes/);
  });

  test('the signals of other processes are not ours', async () => {
    const bystander = spawn('sleep', ['300'], { stdio: 'ignore' });
    await run({ main: stubborn('never') }, { grace: QUICK, cancel: { line: (line) => line === 'ready' } });
    expect(bystander.exitCode ?? bystander.signalCode).toBeNull();
    bystander.kill();
  });
});
