import { execFile } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { until } from '../../bench/hub/run.ts';
import { type ResultsService, startResultsService } from '../../bench/runner/results-service.ts';
import { sha256 } from './samples.ts';
import { scratch } from './scratch.ts';

const RUN = { serverUrl: 'https://github.com', repository: 'acme/hub', runId: '77' };
const LATER_RUN = { ...RUN, runId: '78' };
const CONTENT = Buffer.alloc(9 * 1024 * 1024, 'age-encryption.org/v1\n'); // two blocks of the upload

const state = mkdtempSync(join(tmpdir(), 'jupyterhub-upgrade-test-'));
let service: ResultsService;
let artifacts: typeof import('../../src/backup/artifacts.ts');

beforeAll(async () => {
  service = await startResultsService({ directory: state, repository: RUN.repository });
  vi.stubEnv('GITHUB_API_URL', service.url); // the toolkit reads it when it is loaded
  artifacts = await import('../../src/backup/artifacts.ts');
});

afterAll(async () => {
  await service.close();
  rmSync(state, { recursive: true, force: true });
});

/** What the runner gives a job of run 77 or 78, and to JavaScript actions alone. */
function enterRun(run: typeof RUN, { token, url } = service): void {
  vi.stubEnv('ACTIONS_RUNTIME_TOKEN', token(Number(run.runId), 'job'));
  vi.stubEnv('ACTIONS_RESULTS_URL', `${url}/`);
  vi.stubEnv('GITHUB_SERVER_URL', run.serverUrl);
}

/** A service for one test, which has faults that another test must not meet. */
async function ownService(): Promise<ResultsService> {
  const own = await startResultsService({ directory: scratch() });
  onTestFinished(() => own.close());
  enterRun(RUN, own);
  return own;
}

beforeEach(() => {
  enterRun(RUN);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true); // the toolkit tells its progress
});

afterEach(() => void vi.restoreAllMocks());

let count = 0;

/** A sealed file with a name of its own. */
function sealedFile(content = CONTENT) {
  count += 1;
  const path = join(scratch(), `jupyterhub-backup-hub-${count}.tar.age`);
  writeFileSync(path, content);
  return { path, size: content.length, sha256: sha256(content) };
}

const sumOf = (file = '') => sha256(readFileSync(file));

const artifactError = (message: RegExp) => ({ name: 'ArtifactError', message: expect.stringMatching(message) });

test('A backup is stored as it is, and comes back in the same run', async () => {
  const sealed = sealedFile();
  const artifact = await artifacts.uploadBackup(sealed, RUN, { retentionDays: 7 });
  expect(artifact).toEqual({
    id: expect.any(Number),
    name: `jupyterhub-backup-hub-${count}.tar.age`,
    digest: `sha256:${sealed.sha256}`,
    size: sealed.size,
    url: `https://github.com/acme/hub/actions/runs/77/artifacts/${artifact.id}`,
  });
  const stored = service.artifacts().find(({ id }) => id === artifact.id);
  expect(sumOf(stored?.file)).toBe(sealed.sha256);
  const days = (Date.parse(stored?.expiresAt ?? '') - Date.now()) / 86_400_000;
  expect(days).toBeGreaterThan(6);
  expect(days).toBeLessThan(8);

  const directory = scratch();
  const download = await artifacts.downloadBackup({ artifactId: artifact.id }, RUN, directory);
  expect(download.artifact).toEqual(artifact);
  expect(sumOf(download.file)).toBe(sha256(CONTENT));
  expect(statSync(dirname(download.file)).mode & 0o777).toBe(0o700);
  expect(dirname(dirname(download.file))).toBe(directory);
});

test('A backup comes back in a later run with a token, and not without', async () => {
  const artifact = await artifacts.uploadBackup(sealedFile(), RUN);
  enterRun(LATER_RUN);
  const wanted = { artifactId: artifact.id, runId: 77 };

  const githubToken = service.apiToken;
  const download = await artifacts.downloadBackup({ ...wanted, githubToken }, LATER_RUN, scratch());
  expect(download.artifact).toEqual(artifact);
  expect(sumOf(download.file)).toBe(sha256(CONTENT));

  const without = artifacts.downloadBackup(wanted, LATER_RUN, scratch());
  await expect(without).rejects.toMatchObject(artifactError(/only be read with github-token/));
  const bad = artifacts.downloadBackup({ ...wanted, githubToken: 'bad' }, LATER_RUN, scratch());
  await expect(bad).rejects.toMatchObject(artifactError(/refused the token/));
  const other = artifacts.downloadBackup({ artifactId: artifact.id }, LATER_RUN, scratch());
  await expect(other).rejects.toMatchObject(artifactError(/Run 78 has no artifact with the id/));
});

test('A service that fails for a moment is tried again', async () => {
  service.fault({ match: 'CreateArtifact', status: 503 });
  service.fault({ match: 'PUT /blobs/', status: 503 });
  const artifact = await artifacts.uploadBackup(sealedFile(), RUN);
  expect(sumOf(service.artifacts().find(({ id }) => id === artifact.id)?.file)).toBe(sha256(CONTENT));
});

test('An upload that is not finalized is no backup', async () => {
  service.fault({ match: 'FinalizeArtifact', status: 400 });
  const upload = artifacts.uploadBackup(sealedFile(), RUN);
  await expect(upload).rejects.toMatchObject(
    artifactError(/not possible to upload the backup\. The artifact service failed\..*FinalizeArtifact.*\(400\)/),
  );
});

test('An artifact that is listed with other content is no backup', async () => {
  const upload = artifacts.uploadBackup({ ...sealedFile(), sha256: sha256('what was sealed') }, RUN);
  await expect(upload).rejects.toMatchObject(artifactError(/did not store what was uploaded/));
});

test('A listing that fails is no backup', async () => {
  service.fault({ match: 'ListArtifacts', status: 400 });
  await expect(artifacts.uploadBackup(sealedFile(), RUN)).rejects.toMatchObject(artifactError(/ListArtifacts/));
});

test('A second artifact of the same name is refused with what to do', async () => {
  const sealed = sealedFile();
  await artifacts.uploadBackup(sealed, RUN);
  await expect(artifacts.uploadBackup(sealed, RUN)).rejects.toMatchObject(artifactError(/artifact-name/));
});

test('An upload that nobody answers ends at its limit', async () => {
  const { fault } = await ownService();
  fault({ match: 'PUT /blobs/', times: 9, stall: 0 });
  const listeners = process.listenerCount('uncaughtException');
  const upload = artifacts.uploadBackup(sealedFile(), RUN, { limitMs: 1000 });
  await expect(upload).rejects.toMatchObject(artifactError(/longer than 1 s to upload the backup/));
  expect(process.listenerCount('uncaughtException')).toBe(listeners);
});

test.each<[string, (path: string) => void]>([
  ['is gone', (path) => rmSync(path)],
  ['was cut', (path) => truncateSync(path, 100)],
])('A file that %s is not even begun with', async (_, spoil) => {
  const sealed = sealedFile();
  spoil(sealed.path);
  const requests = service.log.length;
  await expect(artifacts.uploadBackup(sealed, RUN)).rejects.toMatchObject(artifactError(/on the runner can't be read/));
  expect(service.log.length).toBe(requests);
});

test('A file that becomes unreadable under the toolkit ends in a sentence, not in a crash', async () => {
  const sealed = sealedFile();
  service.fault({ match: 'CreateArtifact', delay: 1500 });
  const program = `
    import { uploadBackup } from ${JSON.stringify(new URL('../../src/backup/artifacts.ts', import.meta.url).href)};
    const error = await uploadBackup(${JSON.stringify(sealed)}, ${JSON.stringify(RUN)}).catch((error) => error);
    console.log('caught', error.name, error.message);
    process.exit(0);`;
  const asked = service.log.length;
  const ended = promisify(execFile)(process.execPath, ['--input-type=module', '-e', program]);
  // The service has been asked, and takes its time to answer.
  await until('nothing was uploaded', 50, async () =>
    service.log.slice(asked).some(({ path }) => path.includes('CreateArtifact')),
  );
  rmSync(sealed.path);
  mkdirSync(sealed.path);
  const { stdout } = await ended;
  expect(stdout).toMatch(/^caught ArtifactError .*file read/m);
});

test.each<[string, Record<string, string>, RegExp]>([
  ['in a shell step', { ACTIONS_RUNTIME_TOKEN: '' }, /not reachable from this step: run this as a JavaScript action/],
  ['without a results service', { ACTIONS_RESULTS_URL: '' }, /not reachable from this step/],
  ['on an old GitHub Enterprise Server', { GITHUB_SERVER_URL: 'https://git.example.org' }, /Enterprise Server/],
  ['with a service that is down', { ACTIONS_RESULTS_URL: 'http://127.0.0.1:1/' }, /could not be reached/],
])('%s, uploads and downloads say what is wrong', async (_, environment, message) => {
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
  await expect(artifacts.uploadBackup(sealedFile(), RUN)).rejects.toMatchObject(artifactError(message));
  const download = artifacts.downloadBackup({ artifactId: 1 }, RUN, scratch());
  await expect(download).rejects.toMatchObject(artifactError(message));
});

test('A forged token is refused by name', async () => {
  vi.stubEnv('ACTIONS_RUNTIME_TOKEN', `${service.token(77, 'job').replace(/\.[^.]*$/, '')}.forged`);
  await expect(artifacts.uploadBackup(sealedFile(), RUN)).rejects.toMatchObject(artifactError(/refused the token/));
});

test('A full quota is said with what to do', async () => {
  const full = createServer((request, response) => {
    request.resume();
    response.writeHead(403, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ code: 'resource_exhausted', msg: 'insufficient usage to create artifact' }));
  });
  await new Promise<void>((resolve) => full.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void full.close());
  vi.stubEnv('ACTIONS_RESULTS_URL', `http://127.0.0.1:${(full.address() as AddressInfo).port}/`);
  await expect(artifacts.uploadBackup(sealedFile(), RUN)).rejects.toMatchObject(
    artifactError(/storage .* is full: .*retention-days/),
  );
});

test('A download with another byte is refused', async () => {
  const { id } = await artifacts.uploadBackup(sealedFile(), RUN);
  service.fault({ match: 'GET /blobs/', corrupt: true });
  const download = artifacts.downloadBackup({ artifactId: id }, RUN, scratch());
  await expect(download).rejects.toMatchObject(artifactError(/is damaged: the download has 9437184 bytes and sha256:/));
});

test.each(['truncate', 'stall'] as const)(
  'A download that is cut again and again ends at its limit (%s)',
  async (kind) => {
    const own = await ownService();
    const { id } = await artifacts.uploadBackup(sealedFile(), RUN);
    own.fault({ match: 'GET /blobs/', times: 5, [kind]: 1_000_000 });
    const directory = scratch();
    const download = artifacts.downloadBackup({ artifactId: id }, RUN, directory, { limitMs: 2000 });
    await expect(download).rejects.toMatchObject(artifactError(/longer than 2 s to download the backup/));
  },
);

test('A blob that lost its end in the store is refused', async () => {
  const { id } = await artifacts.uploadBackup(sealedFile(), RUN);
  const file = service.artifacts().find((artifact) => artifact.id === id)?.file ?? '';
  truncateSync(file, 1_000_000);
  const facts = JSON.parse(readFileSync(`${file}.json`, 'utf8'));
  writeFileSync(`${file}.json`, JSON.stringify({ ...facts, size: 1_000_000 }));
  const download = artifacts.downloadBackup({ artifactId: id }, RUN, scratch());
  await expect(download).rejects.toMatchObject(
    artifactError(/download has 1000000 bytes .* listing says 9437184 bytes/),
  );
});

test('Whatever name the service gives the file, it lands in its own directory', async () => {
  const { id } = await artifacts.uploadBackup(sealedFile(), RUN);
  const directory = scratch();
  const { file } = await artifacts.downloadBackup({ artifactId: id }, RUN, directory);
  expect(readdirSync(directory)).toEqual([dirname(file).slice(directory.length + 1)]);
});
