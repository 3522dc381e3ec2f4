import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts } from '../../bench/hub/ports.ts';
import { run as runProgram } from '../../bench/hub/run.ts';
import type { RunActionResult } from '../../bench/runner/run-action.ts';
import { type Scene, startScene } from './light.ts';

const limit = 600_000;
const canary = (kind: string) => `canary-${kind}-${randomBytes(9).toString('hex')}`;
const passphrases = { key: canary('key-passphrase'), backup: canary('backup-passphrase') };
const environment = { AWS_SECRET_ACCESS_KEY: canary('environment'), LDAP_PASSWORD: `${canary('it')}'s; $(id) "x"` };
const webhook = canary('webhook');
let scene: Scene;
/** The SSH key as the input has it: encrypted. */
let key: string;
/** Texts that are found nowhere but where they belong. */
let canaries: string[];

beforeAll(async () => {
  scene = await startScene({ environment, releases: ['6.1.1'] });
  const file = join(scene.work, 'encrypted');
  await writeFile(file, scene.hub.ssh.privateKey, { mode: 0o600 });
  await runProgram('ssh-keygen', ['-q', '-p', '-f', file, '-P', '', '-N', passphrases.key]);
  key = await readFile(file, 'utf8');
  canaries = [
    ...Object.values(passphrases),
    ...Object.values(environment).map((value) => value.split("'")[0] ?? ''),
    ...[webhook, ...scene.hub.secrets],
    ...[key, scene.hub.ssh.privateKey].flatMap(bodyOf),
  ];
});

afterAll(() => scene?.close());

/** Lines of a key's base64 body, less the first one, which is the same in every key. */
function bodyOf(text: string): string[] {
  const lines = text.split('\n').filter((line) => line.length > 10 && !line.startsWith('-----'));
  return lines.slice(1);
}

test('an upgrade with debug log leaves no secret anywhere', { timeout: limit }, async () => {
  const { hub, work } = scene;
  const [nobody] = await freePorts(1);
  const stamp = join(work, 'stamp');
  await writeFile(stamp, '');
  const watch = watchCommandLines();
  const run = await scene.run(
    {
      'target-version': '6.1.1',
      'ssh-private-key': key,
      'ssh-passphrase': passphrases.key,
      'age-recipients': '',
      'backup-passphrase': passphrases.backup,
      'health-token': hub.seeded.tokens.user00002 ?? '',
      'canary-user': 'user00002',
      'notify-webhook-url': `http://127.0.0.1:${nobody}/hooks/${webhook}`,
      'notify-required': 'false',
    },
    { debug: true },
  );
  const seen = watch.stop();
  expect(run.outputs.outcome, run.rawLog.slice(-40).join('\n')).toBe('upgraded');
  expect(seen.samples).toBeGreaterThan(100);
  expect(seen.lines.filter((line) => line.includes('executor.sh')).length).toBeGreaterThan(0);
  expect(holding(seen.lines)).toEqual([]);
  expectNoSecrets(run);

  const [artifact] = scene.service.artifacts();
  expect(holding([await readFile(artifact?.file ?? '', 'latin1')])).toEqual([]);
  expect(await filesWithSecrets(stamp)).toEqual([]);
  expect(await filesWithSecrets(undefined, run.temp, join(work, 'results'), scene.state)).toEqual([]);

  // That search finds what is there.
  await appendFile(join(run.temp, 'planted'), `x${canaries.at(-1)}x`);
  expect(await filesWithSecrets(undefined, run.temp)).toEqual([join(run.temp, 'planted')]);
  const [job = ''] = await scene.jobs();
  expect((await stat(scene.state)).mode & 0o077).toBe(0o011);
  expect((await stat(join(job, 'log'))).mode & 0o077).toBe(0);
});

test('a configuration that cannot be loaded is reported without its text', { timeout: limit }, async () => {
  const { hub } = scene;
  const services = join(hub.directory, 'etc/conf.d/services.py');
  const text = await readFile(services, 'utf8');
  const secret = canary('config-line');
  canaries.push(secret);
  for (const broken of [`c.Spawner.environment = {'PASSWORD': '${secret}' + 1}\n`, `password = '${secret}' 'x\n`]) {
    await writeFile(services, text + broken);
    const run = await scene.run({ mode: 'plan' }, { debug: true });
    await writeFile(services, text);
    expect(run).toMatchObject({
      conclusion: 'failure',
      outputs: { outcome: 'failed-before-change', 'failed-step': 'discover' },
    });
    expect(run.rawLog.join('\n')).toMatch(/services\.py/);
    expectNoSecrets(run);
  }
});

/** Nothing secret in the log before it is masked, nor in whatever the action hands on; nor did the runner have to mask it. */
function expectNoSecrets(run: RunActionResult): void {
  expect(holding([...run.rawLog])).toEqual([]);
  const summaries = run.summaries.map(({ text }) => text);
  expect(holding([...summaries, JSON.stringify([run.stepOutputs, run.state, run.env, run.annotations])])).toEqual([]);
  expect(summaries.join('\n')).not.toContain('***');
}

/** Those of the texts that hold a canary. */
function holding(texts: string[]): string[] {
  return texts.filter((text) => canaries.some((one) => text.includes(one)));
}

/**
 * Files that hold a canary: below these directories, or all temporary ones that are newer than `stamp`; the hub's own and
 * the test's left out.
 */
async function filesWithSecrets(stamp: string | undefined, ...directories: string[]): Promise<string[]> {
  const { hub, work } = scene;
  const patterns = join(work, 'canaries');
  await writeFile(patterns, `${canaries.join('\n')}\n`);
  const where = stamp
    ? [
        '/tmp',
        '/var/tmp',
        '-xdev',
        '(',
        '-path',
        hub.directory,
        '-o',
        '-path',
        work,
        ')',
        '-prune',
        '-o',
        '-newer',
        stamp,
      ]
    : directories;
  const script = 'find "$@" -type f -size -100M -print0 2>/dev/null | xargs -0r grep -lsaF -f "$0" || true';
  return (await runProgram('sh', ['-c', script, patterns, ...where])).split('\n').filter(Boolean);
}

/** Reads the command line of every process of this machine, twenty times a second: as `ps` shows them to everybody. */
function watchCommandLines() {
  const lines = new Set<string>();
  let samples = 0;
  const sample = () => {
    samples += 1;
    for (const name of readdirSync('/proc')) {
      if (!/^\d+$/.test(name)) continue;
      try {
        lines.add(readFileSync(`/proc/${name}/cmdline`, 'utf8'));
      } catch {
        // it has ended
      }
    }
  };
  const timer = setInterval(sample, 50);
  return {
    stop() {
      clearInterval(timer);
      return { samples, lines: [...lines] };
    },
  };
}
