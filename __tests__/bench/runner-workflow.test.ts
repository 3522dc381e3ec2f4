// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are GitHub's own expressions
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type RunWorkflowOptions, runWorkflow, type WorkflowResult } from '../../bench/runner/run-workflow.ts';
import { startService, temporaryDirectory, writeAction } from './runner-support.ts';

async function writeWorkflow(text: string): Promise<string> {
  const file = join(await temporaryDirectory(), 'workflow.yml');
  await writeFile(file, text);
  return file;
}

async function run(text: string, options: Partial<RunWorkflowOptions> = {}): Promise<WorkflowResult> {
  return runWorkflow({
    file: await writeWorkflow(text),
    service: await startService(),
    work: await temporaryDirectory(),
    ...options,
  });
}

function results({ jobs }: WorkflowResult): Record<string, string> {
  return Object.fromEntries(Object.entries(jobs).map(([id, { result }]) => [id, result]));
}

/** Like this repository's action: its outcome says what happened, its exit status whether that is good. */
function upgradeAction(): Promise<string> {
  return writeAction({
    manifest: `
inputs: {outcome: {default: upgraded}, key: {required: true}}
outputs: {outcome: {description: how it ended}, host: {description: dropped}}`,
    main: `
      import { appendFileSync } from 'node:fs';
      import { getInput, saveState, setOutput } from './kit.mjs';
      setOutput('outcome', 'unknown');
      saveState('outcome', getInput('outcome'));
      console.log('key is', getInput('key'));
      if (getInput('outcome') === 'hangs') { console.log('ready'); setInterval(() => {}, 1000); }
      else {
        setOutput('outcome', getInput('outcome'));
        setOutput('host', 'key ' + getInput('key'));
        appendFileSync(process.env.GITHUB_STEP_SUMMARY, '# ' + getInput('outcome'));
        process.exitCode = getInput('outcome') === 'upgraded' ? 0 : 1;
      }
    `,
    post: `import { getState } from './kit.mjs'; console.log('post of', getState('outcome'), process.env.FROM_STEP);`,
  });
}

const UPGRADE = `
name: Upgrade
on:
  push: {tags: ['v[0-9]+.*']}
  workflow_dispatch:
    inputs:
      outcome: {type: choice, options: [upgraded, rolled-back, hangs], required: true}
      dry: {type: boolean, default: false}
permissions: {contents: read}
concurrency: {group: 'hub-\${{ github.ref_name }}', cancel-in-progress: false}
env: {FROM_WORKFLOW: 'run \${{ github.run_id }}'}
jobs:
  restore:
    needs: upgrade
    if: always() && (needs.upgrade.outputs.outcome == 'rolled-back' || needs.upgrade.result == 'cancelled' || needs.upgrade.outputs.outcome == '')
    runs-on: ubuntu-latest
    steps:
      - run: echo "restore after \${{ needs.upgrade.outputs.outcome || 'nothing' }}, \${{ needs.upgrade.result }}"
  upgrade:
    runs-on: ubuntu-latest
    environment: {name: production, url: 'https://\${{ steps.upgrade.outputs.outcome }}.example.org'}
    timeout-minutes: 30
    permissions: {contents: read, actions: read}
    outputs:
      outcome: \${{ steps.upgrade.outputs.outcome }}
      host: \${{ steps.upgrade.outputs.host }}
    steps:
      - uses: actions/checkout@v5
      - uses: acme/jupyterhub-upgrade@v1
        id: upgrade
        env: {FROM_STEP: 'step of \${{ env.FROM_WORKFLOW }}'}
        with:
          outcome: \${{ inputs.outcome }}
          key: \${{ secrets.KEY }}
      - if: failure() && steps.upgrade.outcome == 'failure'
        run: echo "failed with $OUTCOME"
        env: {OUTCOME: '\${{ steps.upgrade.outputs.outcome }}'}
  after:
    needs: [upgrade]
    runs-on: ubuntu-latest
    steps: [{run: 'true'}]
`;

async function upgrade(outcome: string, options: Partial<RunWorkflowOptions> = {}): Promise<WorkflowResult> {
  return run(UPGRADE, {
    run: { event: 'workflow_dispatch', runId: 12, ref: 'refs/tags/v1.2.0' },
    inputs: { outcome },
    secrets: { KEY: 'key-line-1\nkey-line-2\n' },
    actions: { 'acme/jupyterhub-upgrade': await upgradeAction(), 'actions/checkout': 'skip' },
    ...options,
  });
}

describe.concurrent('jobs', () => {
  test('all goes well', async () => {
    const result = await upgrade('upgraded');
    expect(results(result)).toEqual({ upgrade: 'success', restore: 'skipped', after: 'success' });
    expect(result.conclusion).toBe('success');
    expect(result.concurrency).toEqual({ group: 'hub-v1.2.0', cancelInProgress: false });
    const job = result.jobs.upgrade;
    expect(job?.outputs).toEqual({ outcome: 'upgraded' }); // `host` has the masked key in it
    expect(job?.summaries).toMatchObject([{ text: '# upgraded' }]);
    expect(job?.settings).toMatchObject({
      runsOn: ['ubuntu-latest'],
      environment: { name: 'production', url: 'https://upgraded.example.org' },
      permissions: { contents: 'read', actions: 'read' },
      timeoutMinutes: 30,
    });
    expect(job?.rawLog).toEqual(['key is key-line-1', 'key-line-2', '', 'post of upgraded step of run 12']);
    expect(job?.log).toEqual(expect.arrayContaining(['key is ***', '***', '##[group]Run acme/jupyterhub-upgrade@v1']));
    expect(job?.steps.map(({ name, outcome }) => [name, outcome])).toEqual([
      ['Run actions/checkout@v5', 'success'],
      ['Run acme/jupyterhub-upgrade@v1', 'success'],
      ['Run echo "failed with $OUTCOME"', 'skipped'],
      ['Post Run acme/jupyterhub-upgrade@v1', 'success'],
    ]);
  });

  test('a failure skips what needs success, and the restore job sees the outcome', async () => {
    const result = await upgrade('rolled-back');
    expect(results(result)).toEqual({ upgrade: 'failure', restore: 'success', after: 'skipped' });
    expect(result.conclusion).toBe('failure');
    expect(result.jobs.upgrade?.rawLog).toEqual(
      expect.arrayContaining(['failed with rolled-back', 'post of rolled-back step of run 12']),
    );
    expect(result.jobs.restore?.rawLog).toEqual(['restore after rolled-back, failure']);
  });

  test('a cancelled run still runs posts and jobs that ask for it', async () => {
    const result = await upgrade('hangs', { cancel: { line: (line, job) => job === 'upgrade' && line === 'ready' } });
    expect(results(result)).toEqual({ upgrade: 'cancelled', restore: 'success', after: 'skipped' });
    expect(result.conclusion).toBe('cancelled');
    expect(result.jobs.upgrade?.rawLog.at(-1)).toBe('post of hangs step of run 12');
    expect(result.jobs.restore?.rawLog).toEqual(['restore after unknown, cancelled']);
  });

  test('a lost runner is a failure without outputs, and the next job has another runner', async () => {
    const result = await upgrade('hangs', { lose: { line: (line) => line === 'ready' } });
    expect(results(result)).toEqual({ upgrade: 'failure', restore: 'success', after: 'skipped' });
    expect(result.jobs.upgrade).toMatchObject({ result: 'failure', lost: true });
    expect(result.jobs.upgrade?.rawLog).toEqual(['key is key-line-1', 'key-line-2', '', 'ready']);
    expect(result.jobs.restore?.rawLog).toEqual(['restore after nothing, failure']);
  });

  test('outputs of earlier steps are lost with the runner too', async () => {
    const text = `
on: push
jobs:
  job:
    runs-on: x
    outputs: {x: '\${{ steps.first.outputs.x }}'}
    steps: [{id: first, run: echo x=1 >> "$GITHUB_OUTPUT"}, {run: echo ready; exec sleep 30}]
`;
    const result = await run(text, { lose: { line: (line) => line === 'ready' } });
    expect(result.jobs.job).toMatchObject({ result: 'failure', steps: [{ outputs: { x: '1' } }, {}] });
    expect(result.jobs.job?.outputs).toEqual({});
  });

  test('success() looks at all ancestors', async () => {
    const result = await run(`
on: push
jobs:
  a: {runs-on: x, if: 'false', steps: [{run: 'true'}]}
  b: {runs-on: x, needs: a, if: always(), steps: [{run: 'true'}]}
  c: {runs-on: x, needs: b, steps: [{run: 'true'}]}
`);
    expect(results(result)).toEqual({ a: 'skipped', b: 'success', c: 'skipped' });
  });
});

describe.concurrent('steps', () => {
  test('scripts stop at the first failure, pass outputs, environment and PATH, and may be excused', async () => {
    const result = await run(
      `
on: push
env: {WHERE: workflow, KEPT: 'yes'}
jobs:
  job:
    runs-on: x
    env: {WHERE: job}
    outputs: {text: '\${{ steps.write.outputs.text }}', all: '\${{ steps.excused.outcome }} \${{ steps.excused.conclusion }}'}
    steps:
      - id: write
        run: |
          echo 'text=from \${{ vars.PLACE }}' >> "$GITHUB_OUTPUT"
          echo 'ADDED=later' >> "$GITHUB_ENV"
          echo "$RUNNER_TEMP/bin" >> "$GITHUB_PATH"
          mkdir -p "$RUNNER_TEMP/bin" sub
          printf '#!/bin/sh\\necho tool ran in $(basename "$PWD")\\n' > "$RUNNER_TEMP/bin/tool"
          chmod +x "$RUNNER_TEMP/bin/tool"
      - {run: 'tool; echo "$WHERE $KEPT $ADDED"', env: {WHERE: step}, working-directory: sub, shell: bash}
      - id: excused
        run: |
          echo before
          false
          echo after
        continue-on-error: true
      - {run: 'echo status \${{ job.status }}', if: "steps.excused.outcome == 'failure'"}
      - {run: 'exit 7'}
      - {run: 'echo never'}
      - {run: 'echo cleaned', if: '\${{ !cancelled() }}'}
`,
      { vars: { PLACE: 'vars' } },
    );
    const job = result.jobs.job;
    expect(job?.rawLog).toEqual(['tool ran in sub', 'step yes later', 'before', 'status success', 'cleaned']);
    expect(job?.outputs).toEqual({ text: 'from vars', all: 'failure success' });
    expect(job?.result).toBe('failure');
    expect(job?.annotations.map(({ message }) => message)).toEqual([
      'Process completed with exit code 1.',
      'Process completed with exit code 7.',
    ]);
  });

  test('posts run in reverse order; a step with always() is not interrupted', async () => {
    const action = (name: string) =>
      writeAction({ main: `console.log('main ${name}')`, post: `console.log('post ${name}')` });
    const result = await run(
      `
on: push
jobs:
  job:
    runs-on: x
    steps:
      - uses: acme/one@v1
      - {run: 'trap "echo interrupted" INT; echo ready; sleep 0.5; echo done', if: always()}
      - uses: acme/two@v1
      - {uses: acme/two@0123456789, if: always()}
`,
      {
        actions: { 'acme/one': await action('one'), 'acme/two': await action('two') },
        cancel: { line: (line) => line === 'ready' },
      },
    );
    expect(result.jobs.job?.rawLog).toEqual(['main one', 'ready', 'done', 'main two', 'post two', 'post one']);
    expect(results(result)).toEqual({ job: 'cancelled' });
  });
});

describe.concurrent('what is not understood is an error, before anything runs', () => {
  const job = (body: string) => `{on: push, jobs: {job: {runs-on: x, ${body}}}}`;
  test.each([
    ['an unknown key', job("steps: [{run: 'true', retries: 3}]"), 'retries'],
    ['a matrix', job("strategy: {matrix: {a: [1]}}, steps: [{run: 'true'}]"), 'strategy'],
    ['a reusable workflow', '{on: push, jobs: {job: {uses: a/b/c.yml@v1}}}', 'runs-on'],
    ['secrets in an if', job("steps: [{run: 'true', if: \"secrets.KEY != ''\"}]"), "'secrets' is not available here"],
    [
      'steps in the if of a job',
      job("if: steps.a.outcome == 'x', steps: [{run: 'true'}]"),
      "'steps' is not available here",
    ],
    ['an unknown function', job("steps: [{run: 'echo ${{ hashFiles() }}'}]"), "unknown function 'hashFiles'"],
    ['an unknown job', job("needs: other, steps: [{run: 'true'}]"), 'job needs other'],
    ['an id used twice', job('steps: [{run: a, id: x}, {run: b, id: x}]'), "the id 'x'"],
    ['an action that is not there', job('steps: [{uses: acme/other@v1}]'), 'no directory is known'],
    ['an action without a ref', job('steps: [{uses: acme/other}]'), 'a ref is required'],
    ['another shell', job('steps: [{run: a, shell: pwsh}]'), 'shell'],
    ['a step that is both', job('steps: [{run: a, uses: acme/other@v1}]'), 'either uses or run'],
    ['inputs for a script', job('steps: [{run: a, with: {b: c}}]'), 'with is for uses'],
    ['another event', "{on: release, jobs: {job: {runs-on: x, steps: [{run: 'true'}]}}}", 'does not run on push'],
    ['an event filter', "{on: {push: {paths: [a]}}, jobs: {job: {runs-on: x, steps: [{run: 'true'}]}}}", 'paths'],
    [
      'another branch',
      "{on: {push: {branches: [dev]}}, jobs: {job: {runs-on: x, steps: [{run: 'true'}]}}}",
      'refs/heads/main',
    ],
  ])('%s', async (_name, workflow, problem) => {
    await expect(run(workflow)).rejects.toThrow(problem);
  });

  test('inputs of workflow_dispatch', async () => {
    await expect(upgrade('sideways')).rejects.toThrow("input 'outcome' is none of");
    await expect(upgrade('upgraded', { inputs: {} })).rejects.toThrow("input 'outcome' is required");
    await expect(upgrade('upgraded', { inputs: { outcome: 'upgraded', other: 'x' } })).rejects.toThrow(
      "no input 'other'",
    );
    await expect(upgrade('upgraded', { inputs: { outcome: 'upgraded', dry: '1' } })).rejects.toThrow('is no boolean');
    const tag = { event: 'push', ref: 'refs/tags/latest' };
    await expect(upgrade('upgraded', { inputs: {}, run: tag })).rejects.toThrow('does not run on refs/tags/latest');
  });
});

test('runs from the command line, and SIGINT cancels', async () => {
  const file = await writeWorkflow(`
on: push
jobs:
  job:
    runs-on: x
    steps:
      - {run: 'echo "secret is $SECRET"; exec sleep 30', env: {SECRET: '\${{ secrets.S }}'}}
      - {run: 'echo always', if: always()}
`);
  const directory = await temporaryDirectory();
  const at = (name: string) => join(directory, name);
  await writeFile(at('secret'), 'hunter2');
  const program = fileURLToPath(new URL('../../bench/runner/run-workflow.ts', import.meta.url));
  const options = [
    '--state',
    at('state'),
    '--work',
    at('work'),
    '--result',
    at('result'),
    '--secret',
    `S=${at('secret')}`,
  ];
  const child = spawn(process.execPath, [program, file, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    if (!output.includes('job | secret is') && String(chunk).includes('job | secret is')) child.kill('SIGINT');
    output += chunk;
  }
  const [code] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
  expect(code).toBe(1);
  expect(output).toContain('job | secret is ***\n');
  expect(output).toContain('job | always\n');
  expect(output).toContain('job job: cancelled\n');
  expect(JSON.parse(await readFile(at('result'), 'utf8'))).toMatchObject({ conclusion: 'cancelled' });
});
