/**
 * A stand-in for what a runner's ACTIONS_RESULTS_URL and GITHUB_API_URL point at: artifacts v4 and cache v2 (Twirp and
 * block blobs) and the REST endpoints by which a later run finds an artifact. Loopback only. Stand-alone:
 *
 *     node bench/runner/results-service.ts DIRECTORY [--port N] [--run N] [--job NAME]
 *
 * prints one line of JSON (url, token for that run and job, apiToken, pid) and serves until SIGINT or SIGTERM.
 */
import { mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { BlobStore, blobError, serveBlob } from './results/blobs.ts';
import { Exchange } from './results/exchange.ts';
import { type Fault, Faults } from './results/faults.ts';
import { type Backend, Records } from './results/records.ts';
import { serveRest } from './results/rest.ts';
import { mintToken, signGrant, verifyGrant } from './results/tokens.ts';
import { serveTwirp } from './results/twirp.ts';

const BLOB_URL_LIFETIME = 3600_000; // ms

export type { Fault };

/** One request as it was answered. `body` is that of a Twirp call; `status` is 0 while there is no answer. */
export interface RequestRecord {
  readonly method: string;
  readonly path: string;
  readonly comp: string | null;
  readonly userAgent: string | undefined;
  body?: unknown;
  status: number;
  ms: number;
}

/** A finished artifact. `file` holds its bytes; `digest` is `sha256:<hex>`; dates are ISO 8601. */
export interface StoredArtifact {
  readonly id: number;
  readonly runId: number;
  readonly name: string;
  readonly size: number;
  readonly digest: string;
  readonly createdAt: string;
  readonly expiresAt: string | undefined;
  readonly file: string;
}

export interface ResultsService {
  /** `http://127.0.0.1:<port>`: both ACTIONS_RESULTS_URL and GITHUB_API_URL. */
  readonly url: string;
  /** `owner/name` whose REST endpoints are served. */
  readonly repository: string;
  /** What GITHUB_TOKEN is: the REST endpoints take nothing else. */
  readonly apiToken: string;
  readonly log: readonly RequestRecord[];
  /** ACTIONS_RUNTIME_TOKEN for one job of one run. */
  token(runId: number, jobId: string): string;
  fault(fault: Fault): void;
  artifacts(): StoredArtifact[];
  close(): Promise<void>;
}

/** Starts the service on a free port (or `port`); what an earlier service left in `directory` is there again. */
export async function startResultsService(options: {
  directory: string;
  repository?: string;
  port?: number;
}): Promise<ResultsService> {
  const { directory, repository = 'acme/hub', port = 0 } = options;
  mkdirSync(directory, { recursive: true });
  const records = new Records(directory);
  const blobs = await BlobStore.open(join(directory, 'blobs'));
  const faults = new Faults();
  const log: RequestRecord[] = [];

  const server = createServer((request, response) => {
    void answer(request, response).catch((error: unknown) => {
      if (response.headersSent) return response.destroy();
      response.writeHead(500, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ code: 'internal', msg: String(error) }));
    });
  });
  server.requestTimeout = 0; // a large upload over a slow link is no error
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  const backend: Backend = {
    records,
    blobs,
    blobUrl(grant) {
      const query = signGrant(records.secret, { ...grant, expires: Date.now() + BLOB_URL_LIFETIME });
      return `${url}/blobs/${grant.blob}?${query}`;
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = new URL(request.url ?? '/', url);
    const line = `${request.method} ${target.pathname}${target.search}`;
    const record = startRecord(request, response, target);
    const control = target.pathname.startsWith('/__');
    if (!control) log.push(record);
    const fault = control ? undefined : faults.take(line);
    if (fault?.delay !== undefined) await delay(fault.delay);
    if (fault?.reset) return void request.socket.destroy();
    if (fault?.stall !== undefined && request.method !== 'GET') return;
    const exchange = new Exchange(request, response, target, fault);
    if (fault?.status) return exchange.json(fault.status, { code: 'unavailable', msg: 'injected fault' });
    await route(exchange, record);
  }

  async function route(exchange: Exchange, record: RequestRecord): Promise<void> {
    const { pathname, searchParams } = exchange.url;
    const line = `${exchange.request.method} ${pathname}`;
    if (line === 'GET /__log') return exchange.json(200, log);
    if (line === 'POST /__fault') {
      const problem = faults.add(JSON.parse(await exchange.text()));
      return exchange.json(problem ? 400 : 200, { problem });
    }
    if (line.startsWith('POST /twirp/')) {
      const body = await exchange.text();
      record.body = JSON.parse(body);
      return serveTwirp(exchange, backend, body);
    }
    if (pathname.startsWith('/repos/')) return serveRest(exchange, backend, repository);
    const blob = /^\/blobs\/([a-z]+-\d+)$/.exec(pathname)?.[1];
    if (!blob) return exchange.json(404, { message: 'Not Found' });
    const grant = verifyGrant(records.secret, blob, searchParams);
    return grant ? serveBlob(exchange, blobs, grant) : blobError(exchange, 403, 'AuthenticationFailed');
  }

  return {
    url,
    repository,
    apiToken: records.apiToken,
    log,
    token: (runId, jobId) => mintToken(records.secret, runId, jobId),
    fault(fault) {
      const problem = faults.add(fault);
      if (problem) throw new Error(problem);
    },
    artifacts: () => storedArtifacts(records, blobs),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function startRecord(request: IncomingMessage, response: ServerResponse, target: URL): RequestRecord {
  const record: RequestRecord = {
    method: request.method ?? '',
    path: target.pathname,
    comp: target.searchParams.get('comp'),
    userAgent: request.headers['user-agent'],
    status: 0,
    ms: 0,
  };
  const started = performance.now();
  response.on('close', () => {
    record.status = response.headersSent ? response.statusCode : 0;
    record.ms = Math.round(performance.now() - started);
  });
  return record;
}

function storedArtifacts(records: Records, blobs: BlobStore): StoredArtifact[] {
  return records.artifacts.flatMap(({ id, runId, name, stored, createdAt, expiresAt, blob }) => {
    if (!stored) return [];
    const { size, sha256 } = stored;
    return { id, runId, name, size, digest: `sha256:${sha256}`, createdAt, expiresAt, file: blobs.file(blob) };
  });
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      port: { type: 'string', default: '0' },
      run: { type: 'string', default: '1' },
      job: { type: 'string', default: 'job' },
    },
  });
  const [directory, ...rest] = positionals;
  if (!directory || rest.length > 0)
    throw new Error('usage: results-service.ts DIRECTORY [--port N] [--run N] [--job NAME]');
  const service = await startResultsService({ directory, port: Number(values.port) });
  const token = service.token(Number(values.run), values.job);
  console.log(JSON.stringify({ url: service.url, token, apiToken: service.apiToken, pid: process.pid }));
  const stop = () => void service.close();
  process.once('SIGINT', stop).once('SIGTERM', stop);
}

if (import.meta.main) await main();
