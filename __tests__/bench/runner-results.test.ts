import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { type ResultsService, startResultsService } from '../../bench/runner/results-service.ts';
import { run, startService, temporaryDirectory } from './runner-support.ts';

/** Calls a Twirp method as a job of run 77 would; ids of the token's own run and job are put in. */
async function twirp(
  service: ResultsService,
  method: string,
  request: object = {},
  token = service.token(77, 'job'),
): Promise<
  Record<string, unknown> & { signed_upload_url?: string; signed_url?: string; signed_download_url?: string }
> {
  const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { scp: string };
  const [, run, job] =
    claims.scp
      .split(' ')
      .find((scope) => scope.startsWith('Actions.Results:'))
      ?.split(':') ?? [];
  const answer = await fetch(`${service.url}/twirp/github.actions.results.api.v1.${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: JSON.stringify({ workflow_run_backend_id: run, workflow_job_run_backend_id: job, ...request }),
  });
  return { status: answer.status, ...((await answer.json()) as object) };
}

function sha256(data: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

/** Stores an artifact in two blocks, sent in the wrong order, and returns its id. */
async function upload(service: ResultsService, name: string, [first, second]: [string, string], token?: string) {
  const created = await twirp(
    service,
    'ArtifactService/CreateArtifact',
    { name, version: 7, mime_type: 'text/plain' },
    token,
  );
  const url = created.signed_upload_url;
  await fetch(`${url}&comp=block&blockid=Mg==`, { method: 'PUT', body: second });
  await fetch(`${url}&comp=block&blockid=MQ==`, { method: 'PUT', body: first });
  const list = '<BlockList><Latest>MQ==</Latest><Latest>Mg==</Latest></BlockList>';
  const headers = { 'x-ms-blob-content-type': 'text/plain' };
  expect((await fetch(`${url}&comp=blocklist`, { method: 'PUT', body: list, headers })).status).toBe(201);
  const body = first + second;
  const request = { name, size: String(body.length), hash: sha256(body) };
  return twirp(service, 'ArtifactService/FinalizeArtifact', request, token);
}

async function downloadUrl(service: ResultsService, name: string): Promise<string> {
  return (await twirp(service, 'ArtifactService/GetSignedArtifactURL', { name })).signed_url ?? '';
}

function rest(service: ResultsService, path: string, token = service.apiToken, method = 'GET'): Promise<Response> {
  const headers = { authorization: `token ${token}` };
  return fetch(`${service.url}/repos/${path}`, { method, headers, redirect: 'manual' });
}

describe.concurrent("GitHub's own client", () => {
  test('uploads raw, lists and downloads; a later run finds it through the API', async () => {
    const directory = await temporaryDirectory();
    const first = await startService(directory);
    const content = randomBytes(9 * 1024 * 1024); // two blocks
    const uploaded = await run(
      {
        main: `
          import { copyFileSync, readFileSync } from 'node:fs';
          import { DefaultArtifactClient } from '@actions/artifact';
          import { setOutput } from './kit.mjs';
          const file = process.env.RUNNER_TEMP + '/backup.tar.age';
          copyFileSync(process.env.INPUT_CONTENT, file);
          const client = new DefaultArtifactClient();
          const { id, size, digest } = await client.uploadArtifact('ignored', [file], process.env.RUNNER_TEMP, { skipArchive: true, retentionDays: 3 });
          const { artifacts } = await client.listArtifacts();
          const path = process.env.RUNNER_TEMP + '/download';
          const { digestMismatch } = await client.downloadArtifact(id, { path, expectedHash: artifacts[0].digest });
          const same = readFileSync(path + '/backup.tar.age').equals(readFileSync(file));
          setOutput('result', JSON.stringify({ id, size, digest, listed: artifacts, digestMismatch, same }));
        `,
      },
      { service: first, inputs: { content: await writeContent(content) } },
    );
    const digest = sha256(content);
    const result = JSON.parse(uploaded.outputs.result ?? '{}');
    expect(result).toMatchObject({ size: content.length, digest: digest.slice(7), digestMismatch: false, same: true });
    expect(result.listed).toMatchObject([{ id: result.id, name: 'backup.tar.age', size: content.length, digest }]);
    const [stored] = first.artifacts();
    expect(stored).toMatchObject({ id: result.id, runId: 77, name: 'backup.tar.age', digest });
    expect(Date.parse(stored?.expiresAt ?? '') - Date.now()).toBeGreaterThan(2.9 * 24 * 3600_000);
    expect((await readFile(stored?.file ?? '')).equals(content)).toBe(true);

    await first.close();
    const second = await startService(directory);
    const later = await run(
      {
        manifest: 'inputs: {token: {required: true}, id: {required: true}}',
        main: `
          import { readFileSync } from 'node:fs';
          import { createHash } from 'node:crypto';
          import { DefaultArtifactClient } from '@actions/artifact';
          import { getInput, setOutput } from './kit.mjs';
          const client = new DefaultArtifactClient();
          const [repositoryOwner, repositoryName] = process.env.GITHUB_REPOSITORY.split('/');
          const findBy = { token: getInput('token'), workflowRunId: 77, repositoryOwner, repositoryName };
          const own = (await client.listArtifacts()).artifacts.length;
          const { artifact } = await client.getArtifact('backup.tar.age', { findBy });
          const path = process.env.RUNNER_TEMP + '/download';
          const { digestMismatch } = await client.downloadArtifact(Number(getInput('id')), { path, findBy, expectedHash: artifact.digest });
          const sha256 = createHash('sha256').update(readFileSync(path + '/backup.tar.age')).digest('hex');
          setOutput('result', JSON.stringify({ own, artifact, digestMismatch, sha256 }));
        `,
      },
      { service: second, run: { runId: 78 }, inputs: { token: second.apiToken, id: String(result.id) } },
    );
    expect(JSON.parse(later.outputs.result ?? '{}')).toMatchObject({
      own: 0,
      artifact: { id: result.id, digest },
      digestMismatch: false,
      sha256: digest.slice(7),
    });
  });

  test('recovers from 503 and from a cut upload, and gives up on a name that is taken', async () => {
    const service = await startService();
    service.fault({ match: '/CreateArtifact', status: 503 });
    service.fault({ match: 'comp=block&', reset: true });
    const { outputs, annotations } = await run(
      {
        main: `
          import { writeFileSync } from 'node:fs';
          import { DefaultArtifactClient } from '@actions/artifact';
          import { setOutput } from './kit.mjs';
          const file = process.env.RUNNER_TEMP + '/backup.tar';
          writeFileSync(file, 'content');
          const client = new DefaultArtifactClient();
          const upload = () => client.uploadArtifact('x', [file], process.env.RUNNER_TEMP, { skipArchive: true });
          setOutput('digest', (await upload()).digest);
          setOutput('second', await upload().catch((error) => error.message));
        `,
      },
      { service },
    );
    expect(annotations).toEqual([]);
    expect(outputs.digest).toBe(sha256('content').slice(7));
    expect(outputs.second).toContain('non-retryable error: Failed request: (409) Conflict');
    const answers = (part: string) => service.log.filter(({ path }) => path.endsWith(part)).map(({ status }) => status);
    expect(answers('/CreateArtifact')).toEqual([503, 200, 409]);
    expect(service.log.filter(({ comp }) => comp === 'block').map(({ status }) => status)).toEqual([0, 201]);
    expect(service.log.find(({ path }) => path.endsWith('/FinalizeArtifact'))?.body).toMatchObject({
      name: 'backup.tar',
    });
  });
});

describe.concurrent('artifacts', () => {
  test('are put together in the order of the block list', async () => {
    const service = await startService();
    expect(await upload(service, 'a.txt', ['first ', 'second'])).toMatchObject({ status: 200, ok: true });
    const answer = await fetch(await downloadUrl(service, 'a.txt'));
    expect(answer.headers.get('content-type')).toBe('text/plain');
    expect(answer.headers.get('content-disposition')).toContain('filename="a.txt"');
    expect(await answer.text()).toBe('first second');
    const part = await fetch(await downloadUrl(service, 'a.txt'), { headers: { range: 'bytes=6-8' } });
    expect([part.status, await part.text()]).toEqual([206, 'sec']);
  });

  test('are not finished with a wrong size or hash, nor seen before', async () => {
    const service = await startService();
    const { signed_upload_url } = await twirp(service, 'ArtifactService/CreateArtifact', { name: 'a', version: 7 });
    await fetch(signed_upload_url ?? '', { method: 'PUT', body: 'abc' });
    const finalize = (request: object) => twirp(service, 'ArtifactService/FinalizeArtifact', { name: 'a', ...request });
    expect(await finalize({ size: '4', hash: sha256('abc') })).toMatchObject({
      status: 400,
      msg: 'size mismatch: 3 stored',
    });
    expect(await finalize({ size: '3', hash: sha256('abd') })).toMatchObject({ status: 400, msg: 'sha256 mismatch' });
    expect(await twirp(service, 'ArtifactService/ListArtifacts')).toMatchObject({ artifacts: [] });
    expect(await finalize({ size: '3', hash: sha256('abc') })).toMatchObject({ status: 200 });
    expect(await twirp(service, 'ArtifactService/ListArtifacts')).toMatchObject({
      artifacts: [{ name: 'a', size: '3' }],
    });
    const lost = '<BlockList><Latest>MQ==</Latest></BlockList>';
    const { signed_upload_url: url } = await twirp(service, 'ArtifactService/CreateArtifact', {
      name: 'b',
      version: 7,
    });
    expect((await fetch(`${url}&comp=blocklist`, { method: 'PUT', body: lost })).status).toBe(400);
  });

  test('belong to their run', async () => {
    const service = await startService();
    await upload(service, 'a.txt', ['a', 'b']);
    const other = service.token(78, 'job');
    expect(await twirp(service, 'ArtifactService/ListArtifacts', {}, other)).toMatchObject({ artifacts: [] });
    expect(await upload(service, 'a.txt', ['c', 'd'], other)).toMatchObject({ status: 200 });
    const foreign = { name: 'a.txt', workflow_run_backend_id: 'x' };
    expect(await twirp(service, 'ArtifactService/CreateArtifact', { ...foreign, version: 7 })).toMatchObject({
      status: 403,
    });
    expect(await twirp(service, 'ArtifactService/ListArtifacts', {}, `${other}x`)).toMatchObject({ status: 401 });
    expect(await twirp(service, 'ArtifactService/Nothing')).toMatchObject({ status: 404, code: 'bad_route' });
    expect(await twirp(service, 'ArtifactService/CreateArtifact', { version: 7 })).toMatchObject({ status: 400 });
    expect(await twirp(service, 'ArtifactService/DeleteArtifact', { name: 'a.txt' })).toMatchObject({ ok: true });
    expect(service.artifacts().map(({ runId }) => runId)).toEqual([78]);
  });

  test('are read through signed URLs only, and only for what they were signed for', async () => {
    const service = await startService();
    await upload(service, 'a.txt', ['a', 'b']);
    const url = await downloadUrl(service, 'a.txt');
    expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(403);
    expect((await fetch(url.replace('sp=r', 'sp=w'), { method: 'PUT', body: 'x' })).status).toBe(403);
    expect((await fetch(url.replace(/se=\d+/, `se=${Date.now() + 1e9}`))).status).toBe(403);
    expect((await fetch(url.split('?')[0] ?? '')).headers.get('x-ms-error-code')).toBe('AuthenticationFailed');
  });

  test('are found by the API of their repository, with its token', async () => {
    const service = await startService();
    const { artifact_id: id } = await upload(service, 'a.txt', ['a', 'b']);
    const list = await (await rest(service, 'acme/hub/actions/runs/77/artifacts?name=a.txt')).json();
    expect(list).toMatchObject({
      total_count: 1,
      artifacts: [{ id: Number(id), digest: sha256('ab'), size_in_bytes: 2 }],
    });
    expect(await (await rest(service, 'acme/hub/actions/runs/78/artifacts')).json()).toMatchObject({ total_count: 0 });
    expect((await rest(service, 'acme/hub/actions/runs/77/artifacts', 'wrong')).status).toBe(401);
    expect((await rest(service, 'hub/acme/actions/runs/77/artifacts')).status).toBe(404);
    const zip = await rest(service, `acme/hub/actions/artifacts/${id}/zip`);
    expect(zip.status).toBe(302);
    expect(await (await fetch(zip.headers.get('location') ?? '')).text()).toBe('ab');
    expect((await rest(service, `acme/hub/actions/artifacts/${id}`, service.apiToken, 'DELETE')).status).toBe(204);
    expect((await rest(service, `acme/hub/actions/artifacts/${id}/zip`)).status).toBe(404);
  });
});

test('a cache entry is reserved once, and found by key or prefix', async () => {
  const service = await startService();
  const version = 'v1';
  const { signed_upload_url: url } = await twirp(service, 'CacheService/CreateCacheEntry', {
    key: 'wheels-1',
    version,
  });
  expect(await twirp(service, 'CacheService/CreateCacheEntry', { key: 'wheels-1', version })).toMatchObject({
    ok: false,
  });
  expect(await twirp(service, 'CacheService/GetCacheEntryDownloadURL', { key: 'wheels-1', version })).toMatchObject({
    ok: false,
  });
  await fetch(url ?? '', { method: 'PUT', body: 'wheels' });
  const finalize = (size_bytes: string) =>
    twirp(service, 'CacheService/FinalizeCacheEntryUpload', { key: 'wheels-1', version, size_bytes });
  expect(await finalize('7')).toMatchObject({ ok: false });
  expect(await finalize('6')).toMatchObject({ ok: true });
  const request = { key: 'wheels-2', restore_keys: ['wheels-'], version };
  const hit = await twirp(service, 'CacheService/GetCacheEntryDownloadURL', request);
  expect(hit).toMatchObject({ ok: true, matched_key: 'wheels-1' });
  expect(await (await fetch(hit.signed_download_url ?? '')).text()).toBe('wheels');
  const otherVersion = { ...request, version: 'v2' };
  expect(await twirp(service, 'CacheService/GetCacheEntryDownloadURL', otherVersion)).toMatchObject({ ok: false });
});

describe.concurrent('faults', () => {
  test('damage the next matching answers, then no more', async () => {
    const service = await startService();
    await upload(service, 'a.txt', ['0123456789', 'abcdef']);
    const url = await downloadUrl(service, 'a.txt');
    service.fault({ match: 'GET /blobs/', truncate: 5 });
    await expect(fetch(url).then((answer) => answer.text())).rejects.toThrow('terminated');
    service.fault({ match: 'GET /blobs/', corrupt: true });
    expect(await (await fetch(url)).text()).toMatch(/^[^0]+123456789abcdef$/);
    service.fault({ match: 'GET /blobs/', reset: true });
    await expect(fetch(url)).rejects.toThrow('fetch failed');
    service.fault({ match: 'GET /blobs/', status: 500, times: 2 });
    expect([(await fetch(url)).status, (await fetch(url)).status, (await fetch(url)).status]).toEqual([500, 500, 200]);
    service.fault({ match: 'GET /blobs/', delay: 300 });
    await expect(fetch(url, { signal: AbortSignal.timeout(100) })).rejects.toThrow('timeout');
  });

  test('stall after the bytes that were to come', async () => {
    const service = await startService();
    await upload(service, 'a.txt', ['0123456789', 'abcdef']);
    service.fault({ match: 'GET /blobs/', stall: 5 });
    const abort = new AbortController();
    const answer = await fetch(await downloadUrl(service, 'a.txt'), { signal: abort.signal });
    const reader = answer.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('01234');
    const silence = new Promise((resolve) => setTimeout(resolve, 300, 'silence'));
    expect(await Promise.race([reader?.read(), silence])).toBe('silence');
    abort.abort();
    service.fault({ match: '/CreateArtifact', stall: 0 });
    const create = fetch(`${service.url}/twirp/x/CreateArtifact`, { method: 'POST', signal: AbortSignal.timeout(300) });
    await expect(create).rejects.toThrow('timeout');
  });

  test('come over HTTP too, and only in a known form', async () => {
    const service = await startService();
    const post = (fault: object) => fetch(`${service.url}/__fault`, { method: 'POST', body: JSON.stringify(fault) });
    expect((await post({ match: '/repos/', status: 503 })).status).toBe(200);
    expect((await rest(service, 'acme/hub/actions/runs/1/artifacts')).status).toBe(503);
    expect((await post({ match: '/repos/', explode: true })).status).toBe(400);
    expect((await post({ match: '/repos/', status: 503, reset: true })).status).toBe(400);
    const log = (await (await fetch(`${service.url}/__log`)).json()) as object[];
    expect(log).toMatchObject([{ method: 'GET', path: '/repos/acme/hub/actions/runs/1/artifacts', status: 503 }]);
  });
});

test('stands alone', async () => {
  const program = fileURLToPath(new URL('../../bench/runner/results-service.ts', import.meta.url));
  const directory = await temporaryDirectory();
  const child = spawn(process.execPath, [program, directory, '--run', '5'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const { url, token, apiToken, pid } = JSON.parse(line);
  expect(pid).toBe(child.pid);
  const service = { url, apiToken } as ResultsService;
  expect(await twirp(service, 'ArtifactService/ListArtifacts', {}, token)).toMatchObject({ status: 200 });
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
  const again = await startResultsService({ directory });
  expect(again.apiToken).toBe(apiToken);
  await again.close();
});

async function writeContent(content: Uint8Array): Promise<string> {
  const file = `${await temporaryDirectory()}/content`;
  await writeFile(file, content);
  return file;
}
