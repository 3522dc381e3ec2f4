import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Exchange } from './exchange.ts';
import type { BlobGrant } from './tokens.ts';

const CHUNK = 1024 * 1024;

/** What is known of a committed blob. `sha256` is hex. */
export interface BlobFacts {
  readonly size: number;
  readonly sha256: string;
  readonly type: string;
}

/** Block blobs in a directory. Bytes go from socket to file and back; no blob is ever held in memory. */
export class BlobStore {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  static async open(directory: string): Promise<BlobStore> {
    await mkdir(directory, { recursive: true });
    return new BlobStore(directory);
  }

  file(blob: string): string {
    return join(this.#directory, blob);
  }

  async facts(blob: string): Promise<BlobFacts | undefined> {
    const facts = `${this.file(blob)}.json`;
    return existsSync(facts) ? (JSON.parse(await readFile(facts, 'utf8')) as BlobFacts) : undefined;
  }

  async putBlock(blob: string, id: string, source: Readable): Promise<void> {
    const partial = `${this.file(blob)}.${randomUUID()}`; // a block that is cut off or sent twice never mixes
    try {
      await pipeline(source, createWriteStream(partial));
      await rename(partial, this.#block(blob, id));
    } finally {
      await rm(partial, { force: true });
    }
  }

  /** Makes the blob from its blocks in the order given. False when one of them never arrived. */
  async commit(blob: string, ids: readonly string[], type: string): Promise<boolean> {
    const blocks = ids.map((id) => this.#block(blob, id));
    if (!blocks.every(existsSync)) return false;
    const hash = createHash('sha256');
    let size = 0;
    const output = await open(this.file(blob), 'w');
    try {
      for (const block of blocks) {
        for await (const chunk of createReadStream(block, { highWaterMark: CHUNK }) as AsyncIterable<Buffer>) {
          hash.update(chunk);
          size += chunk.length;
          await output.writeFile(chunk);
        }
        await rm(block);
      }
    } finally {
      await output.close();
    }
    const facts: BlobFacts = { size, sha256: hash.digest('hex'), type };
    await writeFile(`${this.file(blob)}.json`, JSON.stringify(facts));
    return true;
  }

  async remove(blob: string): Promise<void> {
    await rm(this.file(blob), { force: true });
    await rm(`${this.file(blob)}.json`, { force: true });
  }

  #block(blob: string, id: string): string {
    return `${this.file(blob)}.block-${Buffer.from(id).toString('hex')}`;
  }
}

/** Answers a request on a blob URL the way Azure does: blocks and block lists, whole puts, ranges. */
export async function serveBlob(exchange: Exchange, store: BlobStore, grant: BlobGrant): Promise<void> {
  const { method } = exchange.request;
  if (method === 'PUT' && grant.permission === 'w') return receive(exchange, store, grant.blob);
  if ((method === 'GET' || method === 'HEAD') && grant.permission === 'r') return send(exchange, store, grant);
  return blobError(exchange, 403, 'AuthorizationPermissionMismatch');
}

/** An error in Azure's own form. */
export async function blobError(exchange: Exchange, status: number, code: string): Promise<void> {
  const xml = `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code></Error>`;
  await exchange.body(status, { 'content-type': 'application/xml', 'x-ms-error-code': code }, xml);
}

async function receive(exchange: Exchange, store: BlobStore, blob: string): Promise<void> {
  const { request, url } = exchange;
  const type = String(request.headers['x-ms-blob-content-type'] ?? 'application/octet-stream');
  const comp = url.searchParams.get('comp');
  if (comp === 'block') {
    await store.putBlock(blob, url.searchParams.get('blockid') ?? '', request);
  } else if (comp === 'blocklist') {
    const ids = [...(await exchange.text()).matchAll(/<(?:Latest|Uncommitted)>([^<]+)</g)].map(([, id]) => id ?? '');
    if (!(await store.commit(blob, ids, type))) return blobError(exchange, 400, 'InvalidBlockList');
  } else if (comp === null) {
    await store.putBlock(blob, 'whole', request);
    await store.commit(blob, ['whole'], type);
  } else {
    return blobError(exchange, 400, 'InvalidQueryParameterValue');
  }
  exchange.empty(201, { ...azureHeaders(), 'x-ms-request-server-encrypted': 'true' });
}

async function send(exchange: Exchange, store: BlobStore, grant: BlobGrant): Promise<void> {
  const facts = await store.facts(grant.blob);
  if (!facts) return blobError(exchange, 404, 'BlobNotFound');
  const { headers, method } = exchange.request;
  const range = /^bytes=(\d+)-(\d*)$/.exec(String(headers['x-ms-range'] ?? headers.range ?? ''));
  const start = Number(range?.[1] ?? 0);
  const end = Math.min(Number(range?.[2] || facts.size - 1), facts.size - 1);
  if (range && start > end) return blobError(exchange, 416, 'InvalidRange');
  const answer = {
    ...azureHeaders(),
    'accept-ranges': 'bytes',
    'content-length': end - start + 1,
    'content-type': facts.type,
    'x-ms-blob-type': 'BlockBlob',
    ...(grant.disposition ? { 'content-disposition': grant.disposition } : {}),
    ...(range ? { 'content-range': `bytes ${start}-${end}/${facts.size}` } : {}),
  };
  const status = range ? 206 : 200;
  if (method === 'HEAD' || facts.size === 0) return exchange.empty(status, answer);
  await exchange.stream(status, answer, createReadStream(store.file(grant.blob), { start, end, highWaterMark: CHUNK }));
}

function azureHeaders(): Record<string, string> {
  return { etag: '"0x1"', 'last-modified': new Date().toUTCString(), 'x-ms-request-id': randomUUID() };
}
