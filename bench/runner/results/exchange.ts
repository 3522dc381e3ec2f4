import { once } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Fault } from './faults.ts';

const JSON_LIMIT = 1024 * 1024; // bytes; no request of this API is larger

/** One request and its answer. Every body leaves through `stream`, so that a fault can damage any of them. */
export class Exchange {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly #response: ServerResponse;
  readonly #fault: Fault | undefined;

  constructor(request: IncomingMessage, response: ServerResponse, url: URL, fault: Fault | undefined) {
    this.request = request;
    this.url = url;
    this.#response = response;
    this.#fault = fault;
  }

  /** The token of the Authorization header, whatever its scheme is called. */
  get credentials(): string {
    return /^(?:bearer|token) (.*)$/i.exec(this.request.headers.authorization ?? '')?.[1] ?? '';
  }

  async text(): Promise<string> {
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of this.request as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > JSON_LIMIT) throw new Error(`request body over ${JSON_LIMIT} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString();
  }

  async json(status: number, value: unknown): Promise<void> {
    await this.body(status, { 'content-type': 'application/json' }, JSON.stringify(value));
  }

  async body(status: number, headers: OutgoingHttpHeaders, text: string): Promise<void> {
    const bytes = Buffer.from(text);
    await this.stream(status, { ...headers, 'content-length': bytes.length }, Readable.from([bytes]));
  }

  empty(status: number, headers: OutgoingHttpHeaders = {}): void {
    this.request.resume(); // an unread upload would block the connection
    this.#response.writeHead(status, headers).end();
  }

  /** Sends `source`; resolves also when the client or a fault ends the connection early. */
  async stream(status: number, headers: OutgoingHttpHeaders, source: Readable): Promise<void> {
    this.request.resume();
    this.#response.writeHead(status, headers);
    try {
      await pipeline(source, (chunks: AsyncIterable<Buffer>) => this.#damaged(chunks), this.#response);
    } catch {
      this.#response.destroy();
    }
  }

  async *#damaged(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const { truncate, stall, corrupt } = this.#fault ?? {};
    const limit = truncate ?? stall ?? Number.POSITIVE_INFINITY;
    let sent = 0;
    for await (const chunk of chunks) {
      const first = chunk[0];
      if (corrupt && sent === 0 && first !== undefined) chunk[0] = first ^ 0xff;
      const part = chunk.subarray(0, limit - sent);
      sent += part.length;
      yield part;
      if (sent < limit) continue;
      if (stall !== undefined) await once(this.#response, 'close');
      await new Promise((resolve) => this.#response.write('', resolve)); // the bytes before the cut do arrive
      throw new Error('cut');
    }
  }
}
