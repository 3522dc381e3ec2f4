// What is known before a hub is stopped, on a disk of its own: the plan changes nothing there, and a hub that an upgrade
// would break on is refused, each time with its process untouched and a sentence that names the cure.
import { watch } from 'node:fs';
import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judge } from '../../bench/check/judge.ts';
import { recordState } from '../../bench/check/state.ts';
import { fileOf } from '../../bench/hub/database.ts';
import { run } from '../../bench/hub/run.ts';
import type { RunActionResult } from '../../bench/runner/run-action.ts';
import type { PlanDocument } from '../../src/transaction/document.ts';
import { situations } from './broken-situations.ts';
import { type Scene, startScene } from './light.ts';

const limit = 300_000;
const TARGET = '5.2.1';

describe.skipIf(process.getuid?.() !== 0)('before a hub is stopped', () => {
  let scene: Scene;
  let disk: string;
  let image: string;

  beforeAll(async () => {
    image = await mkdtemp(join(tmpdir(), 'light-plan-'));
    disk = join(image, 'disk');
    await mkdir(disk);
    await run('truncate', ['--size', '3G', join(image, 'image')]);
    await run('mkfs.ext4', ['-q', '-N', '60000', join(image, 'image')]);
    await run('mount', ['-o', 'loop,usrquota', join(image, 'image'), disk]);
    const before = process.env.TMPDIR;
    process.env.TMPDIR = disk;
    scene = await startScene({ users: 20, releases: [TARGET, '6.0.1', '6.1.1'] }).finally(() => {
      if (before === undefined) delete process.env.TMPDIR;
      else process.env.TMPDIR = before;
    });
  });

  afterAll(async () => {
    await scene?.close();
    await run('umount', ['--lazy', disk]);
    await rm(image, { recursive: true, force: true });
  });

  const plan = (inputs: Record<string, string> = {}) =>
    scene.run({ mode: 'plan', 'target-version': TARGET, ...inputs });
  const documentOf = ({ outputs }: RunActionResult) =>
    (JSON.parse(outputs.result ?? '') as { plan: { digest: string; document: PlanDocument } }).plan.document;

  /** Upgrades, which must be refused before anything is touched, and gives the sentences that say why. */
  async function refused(inputs: Record<string, string>, step = 'plan'): Promise<string> {
    const pid = await scene.hub.pid();
    const result = await scene.run({ 'target-version': TARGET, ...inputs });
    expect(result).toMatchObject({
      conclusion: 'failure',
      outputs: { outcome: 'failed-before-change', 'failed-step': step },
    });
    expect(await scene.hub.pid()).toBe(pid);
    expect(await scene.jobs()).toEqual([]);
    return result.annotations[0]?.message ?? '';
  }

  test('the plan leaves the disk of the hub as an idle hub leaves it', { timeout: limit }, async () => {
    // Nothing but somebody who looks at its pages, as the plan does, too.
    const idle = await changesWhile(disk, async () => {
      for (const page of ['hub/api/', 'hub/login']) await fetch(`${scene.hub.url}/${page}`);
      await new Promise((resolve) => setTimeout(resolve, 15_000));
    });
    const before = await recordState(scene.hub.subject);
    const planned = await changesWhile(disk, async () => {
      expect(await plan()).toMatchObject({ conclusion: 'success', outputs: { outcome: 'planned' } });
    });
    // The hub writes to its log of the database when it likes: there the rows count. The other is the scratch of SQLite, which
    // every reader touches. And the sshd has a log.
    const own = [
      ...['-wal', '-shm'].map((suffix) => fileOf(scene.hub) + suffix),
      join(scene.hub.directory, 'sshd.log'),
    ];
    const isOfTheHub = (path: string) => path.startsWith(`${scene.hub.directory}/`) && !own.includes(path);
    expect(planned.filter(isOfTheHub).filter((path) => !idle.includes(path))).toEqual([]);
    expect(judge(before, await recordState(scene.hub.subject), TARGET)).toMatchObject({ notOld: [], leftovers: [] });
  });

  test('its digest is the same while only what changes by the minute does, and approves an upgrade', {
    timeout: limit,
  }, async () => {
    const { hub } = scene;
    const first = await plan();
    await hub.api('POST', '/users/newcomer');
    await writeFile(join(disk, 'something'), 'x'.repeat(1_000_000));
    const second = await plan();
    expect(second.outputs['plan-digest']).toBe(first.outputs['plan-digest']);
    expect((JSON.parse(second.outputs.result ?? '') as { warnings: string[] }).warnings.join()).toContain('has quotas');
    expect(documentOf(second).facts).not.toEqual(documentOf(first).facts);
    // Nothing decisive but the configuration is another.
    const config = await readFile(hub.configPath, 'utf8');
    await appendFile(hub.configPath, '\nc.JupyterHub.active_server_limit = 100\n');
    const why = await refused({ 'approved-plan': first.outputs['plan-digest'] ?? '' }).finally(() =>
      writeFile(hub.configPath, config),
    );
    expect(why).toMatch(/the configuration changed: \S.*jupyterhub_config\.py was [0-9a-f]{16} and is [0-9a-f]{16}\./);
    expect(why).toContain('Look at the new plan, and approve it');
    expect(why).not.toContain('the database changed');

    const other = await refused({ 'approved-plan': first.outputs['plan-digest'] ?? '', 'target-version': '6.0.1' });
    expect(other).toContain(`the release changed: target was ${TARGET} and is 6.0.1.`);
  });

  test.each(situations)(
    '$name is refused with the cure',
    { timeout: limit },
    async ({ cure, breaks, inputs, step }) => {
      const undo = await breaks?.({ scene, disk });
      try {
        expect(await refused(inputs ?? {}, step)).toMatch(cure);
      } finally {
        await undo?.();
      }
    },
  );

  test('what is planned is what is run, and servers that go on are looked at', { timeout: 2 * limit }, async () => {
    // The rehearsal has tests of its own.
    const quick = { rehearse: 'false' };
    const planned = await plan(quick);
    const traced = traceNextJob(join(scene.state, 'jobs'));
    const result = await scene.run({
      'target-version': TARGET,
      ...quick,
      'approved-plan': planned.outputs['plan-digest'] ?? '',
    });
    expect(result).toMatchObject({ outputs: { outcome: 'upgraded' } });
    const job = await traced;
    // What the start says, it says in a file of its own.
    const trace = (await Promise.all(['log', 'start.log'].map((name) => readFile(join(job, name), 'utf8')))).join('\n');
    const names = { JOB: job, JOB_ID: job.slice(job.lastIndexOf('/') + 1), PROGRAMS: join(job, 'programs') };
    const commands = documentOf(planned).steps.filter(({ name }) => name !== 'begin' && name !== 'hold');
    const missing = [];
    for (const { as, mount, run: line } of commands.flatMap((step) => step.commands)) {
      const words = (await run('/bin/sh', ['-c', `printf '%s ' ${line}`], { env: names })).trimEnd();
      // In a mount of its own the interpreter is named by the program that makes the mount.
      const seen = mount === undefined ? words : words.slice(words.indexOf(' -m '));
      if (!trace.includes(seen)) missing.push(`${as}: ${seen}`);
    }
    expect(missing).toEqual([]);

    const { servers, warnings } = JSON.parse(result.outputs.result ?? '') as {
      servers: object[];
      warnings: string[];
    };
    const { user, pid } = scene.hub.server;
    expect(servers).toEqual([{ user, name: '', pid, survived: true, reached: true }]);
    expect(warnings.join('\n')).not.toContain('these ended');
  });
});

/** The files below a directory that were changed, made or given other rights while something was done. */
async function changesWhile(directory: string, work: () => Promise<void>): Promise<string[]> {
  const mark = await mkdtemp(join(tmpdir(), 'mark-'));
  try {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await writeFile(join(mark, 'mark'), '');
    await work();
    const stdout = await run('find', [directory, '-newercm', join(mark, 'mark'), '-print']);
    return stdout.split('\n').filter(Boolean);
  } finally {
    await rm(mark, { recursive: true });
  }
}

/** Has the shell say each command of the next job's steps, in its log; resolves to the job's directory. */
async function traceNextJob(jobs: string): Promise<string> {
  await mkdir(jobs, { recursive: true });
  for await (const name of namesIn(jobs)) {
    // While it is being made it has another name.
    if (!/^\d+-\d+-\w+$/.test(name)) continue;
    await appendFile(join(jobs, name, 'programs/steps.sh'), '\nset -x\n');
    return join(jobs, name);
  }
  throw new Error('no job was begun');
}

async function* namesIn(directory: string): AsyncGenerator<string> {
  const names: string[] = [];
  let wake = () => {};
  const watcher = watch(directory, (_, name) => {
    if (name !== null) names.push(name);
    wake();
  });
  try {
    for (;;) {
      const name = names.shift();
      if (name !== undefined) yield name;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    watcher.close();
  }
}
