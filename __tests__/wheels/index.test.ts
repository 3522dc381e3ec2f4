// Packages from the runner: a real uv and a real pip ask a small index for what fits a Python and a machine that are not
// theirs, and the real toolkit keeps it in the results service.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, globSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { cachedEnvironment } from '../../bench/hub/environments.ts';
import { run } from '../../bench/hub/run.ts';
import { cachedUv } from '../../bench/hub/uv.ts';
import { type PackageIndex, startPackageIndex } from '../../bench/package-index.ts';
import { startResultsService } from '../../bench/runner/results-service.ts';
import type { Resolution } from '../../src/hub/environments/resolution.ts';
import { createLog } from '../../src/report/log.ts';
import { readRunContext } from '../../src/run-context.ts';
import { newestOnRunner, resolveOnRunner } from '../../src/wheels/index.ts';
import { sha256 } from '../backup/samples.ts';
import { scratch } from '../backup/scratch.ts';
import { python, temporaryDirectory } from '../host/support.ts';
import { PACKAGES, sampleFacts, sampleInputs } from '../hub/samples.ts';

const WHEELS = `
import sys, zipfile
def wheel(name, version, requires=(), tag="py3-none-any"):
    info = "%s-%s.dist-info" % (name, version)
    metadata = ["Metadata-Version: 2.1", "Name: " + name, "Version: " + version]
    metadata += ["Requires-Dist: " + each for each in requires]
    with zipfile.ZipFile("%s/%s-%s-%s.whl" % (sys.argv[1], name, version, tag), "w") as archive:
        archive.writestr(info + "/METADATA", "\\n".join(metadata) + "\\n")
        archive.writestr(info + "/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\nTag: %s\\n" % tag)
        archive.writestr(info + "/RECORD", "")
hub = ["alembic>=1", "native", 'backport; python_version < "3.9"', 'not-there; python_version >= "3.9"',
       'nor-this; platform_machine == "x86_64"']
for version in ("2.0.0", "3.0.0", "4.0.0b1"):
    wheel("jupyterhub", version, hub)
wheel("alembic", "1.0.0")
wheel("alembic", "1.1.0")
wheel("backport", "1.0.0")
for tag in ("cp38-cp38-manylinux_2_17_aarch64", "cp38-cp38-musllinux_1_1_aarch64", "cp311-cp311-manylinux_2_17_x86_64"):
    wheel("native", "1.0.0", tag=tag)
wheel("native", "2.0.0", tag="cp311-cp311-manylinux_2_17_x86_64")
`;
const EXPECTED = [
  'backport-1.0.0-py3-none-any.whl',
  'jupyterhub-3.0.0-py3-none-any.whl',
  'native-1.0.0-cp38-cp38-manylinux_2_17_aarch64.whl',
];

const root = temporaryDirectory();
const wheels = join(root, 'wheels');
let tools: string;

beforeAll(async () => {
  mkdirSync(wheels);
  await python(WHEELS, wheels);
  tools = [dirname(await cachedUv()), join(await cachedEnvironment('4.1.6'), 'bin')].join(delimiter);
});

let index: PackageIndex;

beforeEach(async () => {
  index = await startPackageIndex(wheels);
  onTestFinished(() => index.close());
  vi.stubEnv('PATH', `${tools}:${process.env.PATH}`);
});

/** A job on a runner, and the results service that it may use. */
async function startJob() {
  const directory = scratch();
  const service = await startResultsService({ directory: join(directory, 'service') });
  onTestFinished(() => service.close());
  for (const name of ['workspace', 'temp']) mkdirSync(join(directory, name));
  const [workspace, temp] = [join(directory, 'workspace'), join(directory, 'temp')];
  vi.stubEnv('GITHUB_WORKSPACE', workspace);
  vi.stubEnv('RUNNER_TEMP', temp);
  vi.stubEnv('ACTIONS_RESULTS_URL', `${service.url}/`);
  vi.stubEnv('ACTIONS_RUNTIME_TOKEN', service.token(1, 'job'));
  vi.stubEnv('ACTIONS_CACHE_SERVICE_V2', 'True');
  vi.stubEnv('GITHUB_SERVER_URL', 'https://github.com');
  vi.spyOn(process, 'cwd').mockReturnValue(workspace);
  const printed: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  const context = readRunContext({
    ...{ PATH: process.env.PATH, HOME: directory, RUNNER_TEMP: temp, GITHUB_WORKSPACE: workspace },
    ...{ UV_DEFAULT_INDEX: index.url, 'INPUT_SSH-PRIVATE-KEY': 'a secret' },
  });
  const log = createLog({ write: (text) => printed.push(text) });
  return { directory, service, workspace, context, log, printed };
}

const PLATFORM = { ...PACKAGES.platform, python: '3.8.18', abi: 'cp38', machine: 'aarch64' };
const INSTALLED = [
  { name: 'jupyterhub', version: '2.0.0', editable: false, installer: 'pip', from: null },
  { name: 'alembic', version: '1.0.0', editable: false, installer: 'pip', from: null },
];

function factsOf(platform: Partial<typeof PLATFORM> = {}, installed = INSTALLED) {
  const packages = { installed, requirements: [], platform: { ...PLATFORM, ...platform } };
  return sampleFacts({ introspect: { version: '2.0.0' }, raw: { packages: JSON.stringify(packages) } });
}

async function resolve(
  job: Awaited<ReturnType<typeof startJob>>,
  given: Record<string, string> = {},
  facts = factsOf(),
) {
  const inputs = await sampleInputs({ 'packages-from': 'runner', 'target-version': '3.0.0', ...given });
  return resolveOnRunner(facts, inputs, inputs.targetVersion, job);
}

const namesOf = ({ wheels: found }: Resolution) => found?.map(({ name }) => name).sort();

describe('what is resolved and fetched', () => {
  it('is for the Python and the machine of the hub, and only what changes', async () => {
    const job = await startJob();
    const resolution = await resolve(job);
    expect(resolution.blockers).toEqual([]);
    expect(resolution.changes).toEqual([
      { name: 'backport', to: '1.0.0' },
      { name: 'jupyterhub', from: '2.0.0', to: '3.0.0' },
      { name: 'native', to: '1.0.0' },
    ]);
    expect(namesOf(resolution)).toEqual(EXPECTED);
    for (const { name, path, size } of resolution.wheels ?? []) {
      const there = readFileSync(join(wheels, name));
      expect([sha256(readFileSync(path)), size]).toEqual([sha256(there), there.length]);
    }
    expect(index.downloads.sort()).toEqual(EXPECTED);
  });

  it('is for musl on a host with musl', async () => {
    const resolution = await resolve(await startJob(), {}, factsOf({ libc: 'musl 1.2' }));
    expect(namesOf(resolution)).toContain('native-1.0.0-cp38-cp38-musllinux_1_1_aarch64.whl');
  });

  it('is another version where that is asked for, or the constraints say so', async () => {
    const job = await startJob();
    const upgraded = await resolve(job, { 'extra-packages': 'alembic' });
    expect(upgraded.changes).toContainEqual({ name: 'alembic', from: '1.0.0', to: '1.1.0' });
    const limited = await resolve(job, { 'extra-packages': 'alembic', constraints: 'alembic<1.1' });
    expect(limited.changes?.map(({ name }) => name)).toEqual(['backport', 'jupyterhub', 'native']);
    expect(await newestOnRunner(factsOf(), job)).toEqual(['3.0.0']);
  });

  it('is what a list with digests says, and no file that has another', async () => {
    const job = await startJob();
    const digestOf = (name = '') => sha256(readFileSync(join(wheels, name)));
    const list = (digest: string) =>
      EXPECTED.map((name) => {
        const [project, version] = name.split('-');
        return `${project}==${version} \\\n    --hash=sha256:${project === 'native' ? digest : digestOf(name)}`;
      }).join('\n');
    const given = (digest: string) => ({ 'require-hashes': 'true', constraints: list(digest) });
    expect(namesOf(await resolve(job, given(digestOf(EXPECTED[2]))))).toEqual(EXPECTED);
    expect((await resolve(job, given('0'.repeat(64)))).blockers.join()).toMatch(/DO NOT MATCH THE HASHES/);
  });
});

describe('an error of the plan', () => {
  it.each<[string, Record<string, string>, RegExp]>([
    ['a package without a wheel for the host', { 'extra-packages': 'native>=2' }, /native[\s\S]*wheels/],
    ['a release that is not there', { 'target-version': '3.5.0' }, /no version of jupyterhub==3\.5\.0/],
    ['a package that is not there', { 'extra-packages': 'nowhere' }, /nowhere was not found/],
    ['constraints that nothing meets', { constraints: 'alembic<1' }, /alembic<1/],
  ])('is %s, which it names', async (_, given, sentence) => {
    const { blockers, wheels: fetched } = await resolve(await startJob(), given);
    expect(blockers.join()).toMatch(sentence);
    expect([fetched, index.downloads]).toEqual([undefined, []]);
  });

  it('is a runner without uv, with the cure', async () => {
    const job = await startJob();
    vi.stubEnv('PATH', '/usr/bin:/bin');
    await expect(resolve(job)).rejects.toMatchObject({
      message: expect.stringMatching(/uv cannot be run there: Unable to locate executable file: uv/),
      trouble: {
        step: 'resolve',
        hub: 'The hub was not touched.',
        next: expect.stringContaining('astral-sh/setup-uv'),
      },
    });
  });

  it('hands no secret to the programs', async () => {
    const job = await startJob();
    const own = join(job.directory, 'bin');
    mkdirSync(own);
    writeFileSync(join(own, 'uv'), '#!/bin/sh\nenv >"$HOME/seen"\nexit 1\n', { mode: 0o755 });
    vi.stubEnv('PATH', `${own}:${process.env.PATH}`);
    vi.stubEnv('INPUT_SSH-PRIVATE-KEY', 'a secret');
    await resolve(job);
    const seen = readFileSync(join(job.directory, 'seen'), 'utf8');
    expect(seen).toContain('UV_DEFAULT_INDEX');
    expect(seen).not.toMatch(/a secret|ACTIONS_/);
  });
});

describe("GitHub's cache", () => {
  it('has it for the second hub, which downloads nothing', async () => {
    const job = await startJob();
    await resolve(job);
    index.withhold();
    index.downloads.length = 0;
    const second = await resolve(job);
    expect([second.blockers, namesOf(second), index.downloads]).toEqual([[], EXPECTED, []]);
    expect(readdirSync(job.workspace)).toEqual([]);
    // Another set of packages is another entry.
    expect((await resolve(job, { 'extra-packages': 'alembic' })).blockers.join()).toMatch(/pip on the runner|no wheel/);
  });

  it.each(['reset', 'refused', 'cut'] as const)('makes no difference where it is out of order: %s', async (kind) => {
    const job = await startJob();
    if (kind === 'cut') await resolve(job);
    if (kind === 'refused') await job.service.close();
    if (kind === 'reset') job.service.fault({ match: 'CacheService', times: 100, reset: true });
    if (kind === 'cut') job.service.fault({ match: 'GET /blobs', times: 100, truncate: 200 });
    index.downloads.length = 0;
    const resolution = await resolve(job);
    expect([resolution.blockers, namesOf(resolution)]).toEqual([[], EXPECTED]);
    expect(index.downloads.sort()).toEqual(EXPECTED);
    expect(readdirSync(job.workspace)).toEqual([]);
  });

  it.each(['another wheel', 'no archive at all', 'a link'] as const)(
    'is not believed: an entry with %s is thrown away, and unpacks nowhere else',
    async (kind) => {
      const job = await startJob();
      await resolve(job);
      await poison(job.directory, kind);
      index.downloads.length = 0;
      const resolution = await resolve(job);
      expect([resolution.blockers, namesOf(resolution)]).toEqual([[], EXPECTED]);
      expect(index.downloads.sort()).toEqual(EXPECTED);
      for (const { name, path } of resolution.wheels ?? []) {
        expect(sha256(readFileSync(path))).toBe(sha256(readFileSync(join(wheels, name))));
      }
      if (kind !== 'a link') expect(job.printed.join('')).toMatch(/thrown away/);
      expect(existsSync(join(job.directory, 'escaped'))).toBe(false);
      expect(readdirSync(job.workspace)).toEqual([]);
    },
  );
});

/** Puts another archive into the place of the one entry of the cache, with a member that leaves the workspace. */
async function poison(directory: string, kind: 'another wheel' | 'no archive at all' | 'a link'): Promise<void> {
  const own = join(directory, 'own');
  const workspace = join(own, 'workspace');
  mkdirSync(workspace, { recursive: true });
  writeFileSync(join(own, 'escaped'), 'here\n');
  const file = join(workspace, '.jupyterhub-upgrade-wheels.tar');
  const members = ['.jupyterhub-upgrade-wheels.tar', '../escaped', 'planted'];
  writeFileSync(join(workspace, 'planted'), 'here\n');
  if (kind === 'no archive at all') writeFileSync(file, 'nothing of the kind'.repeat(100));
  if (kind === 'a link') await run('ln', ['-s', '/etc/passwd', file]);
  if (kind === 'another wheel') {
    for (const name of EXPECTED) cpSync(join(wheels, name), join(own, name));
    writeFileSync(join(own, EXPECTED[1] ?? ''), 'import os\n');
    await run('tar', ['-cf', file, '-C', own, ...EXPECTED]);
  }
  const [blob = ''] = globSync(join(directory, 'service/blobs/cache-*')).filter((path) => !path.endsWith('.json'));
  rmSync(blob);
  await run('tar', ['--zstd', '-P', '-cf', blob, '-C', workspace, ...members]);
  const facts = JSON.parse(readFileSync(`${blob}.json`, 'utf8'));
  writeFileSync(`${blob}.json`, JSON.stringify({ ...facts, size: readFileSync(blob).length }));
  expect(execFileSync('tar', ['--zstd', '-P', '-tf', blob]).toString()).toContain('../escaped');
}

afterAll(() => vi.restoreAllMocks());
