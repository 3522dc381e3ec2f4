import { once } from 'node:events';
import type { Socket } from 'node:net';
import { Duplex, finished } from 'node:stream';
import { finished as finishedWriting } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client, ClientChannel } from 'ssh2';
import { UpgradeError } from '../errors.ts';

export interface RunOptions {
  stdin?: Uint8Array | string | NodeJS.ReadableStream;
  /** Takes the raw stdout instead of collecting it. Ended on success, destroyed with the error on failure. */
  stdout?: NodeJS.WritableStream;
  /** Each line of stderr, without its end. */
  onStderr?: (line: string) => void;
  timeoutMs?: number;
  signal?: AbortSignal;
}

/** The host, connected. */
export interface Host {
  /**
   * Runs one command and collects what it prints (stdout up to 16 MiB, the last 64 KiB of stderr). Success is exit
   * status 0 and nothing else. Throws CommandFailed, CommandTimedOut, ConnectionLost, the signal's reason, or the
   * error of a given stream. A command that is given up goes on running on the host, with its stdin ended early, until
   * it prints something that nobody reads any more.
   */
  run(command: string, options?: RunOptions): Promise<{ stdout: string; stderr: string }>;
  /** A TCP connection made from the host. Throws ForwardRefused; the stream dies with ConnectionLost. */
  forward(host: string, port: number): Promise<Duplex>;
  /** Type and fingerprint of the key the host presented, e.g. `ssh-ed25519 SHA256:…`. */
  readonly hostKey: string;
  close(): Promise<void>;
}

/** The command ended with another status than 0, or was killed. */
export class CommandFailed extends Error {
  /** Exit status; null when a signal ended the command. */
  readonly code: number | null;
  /** e.g. `SIGKILL`; null when the command exited. */
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;

  constructor(end: { code: number | null; signal: string | null; stdout: string; stderr: string }) {
    const how = end.code === null ? `was killed by ${end.signal}` : `ended with exit status ${end.code}`;
    const last = end.stderr.trimEnd().split('\n').at(-1);
    super(`The command on the host ${how}${last ? `: ${last}` : '.'}`);
    this.name = 'CommandFailed';
    this.code = end.code;
    this.signal = end.signal;
    this.stdout = end.stdout;
    this.stderr = end.stderr;
  }
}

/** The command did not end in its time. It may still be running on the host. */
export class CommandTimedOut extends Error {
  constructor(timeoutMs: number) {
    super(`The command on the host did not end within ${timeoutMs / 1000} s.`);
    this.name = 'CommandTimedOut';
  }
}

/** The connection died: what a command did, or still does, is unknown. */
export class ConnectionLost extends Error {
  constructor(cause?: unknown) {
    super('The SSH connection to the host was lost', { cause });
    this.name = 'ConnectionLost';
  }
}

/** The host did not make the TCP connection. */
export class ForwardRefused extends Error {
  /** True when sshd does not allow forwarding, false when the address does not answer. */
  readonly prohibited: boolean;

  constructor(address: string, prohibited: boolean) {
    super(prohibited ? 'The host does not allow TCP forwarding over SSH.' : `The host cannot connect to ${address}.`);
    this.name = 'ForwardRefused';
    this.prohibited = prohibited;
  }
}

/** sshd allows ten sessions (MaxSessions) and counts those that are still closing: four at once, and a few retries. */
const MAX_SESSIONS = 4;
const REOPEN_AFTER_MS = [100, 400, 1_600];
const MAX_STDOUT = 16 * 1024 * 1024;
const MAX_STDERR = 64 * 1024;
const MAX_LINE = 16 * 1024;
const CLOSE_GRACE_MS = 2_000;

/**
 * A host on an ssh2 client. ssh2 lets operations hang, or end "well", when their connection dies, and its errors
 * are uncaught without a listener: here every operation is raced with the one promise of the connection's loss.
 */
export class SshHost implements Host {
  readonly #hostKey: () => string;
  readonly #client: Client;
  readonly #socket: Socket;
  readonly #lost = Promise.withResolvers<never>();
  readonly #tunnels = new Set<Tunnel>();
  #sessions = 0;
  readonly #waiting: (() => void)[] = [];

  /** `hostKey` tells the presented key once it is known. */
  constructor(client: Client, socket: Socket, hostKey: () => string) {
    this.#client = client;
    this.#socket = socket;
    this.#hostKey = hostKey;
    this.#lost.promise.catch(() => {});
    client.on('error', (error) => this.#lose(error));
    // After the other side's FIN ssh2 stops its keepalive, and unsent data would keep the socket for ever.
    client.on('end', () => this.#lose());
    client.on('close', () => this.#lose());
  }

  get hostKey(): string {
    return this.#hostKey();
  }

  /** The result of `work`, or ConnectionLost. */
  until<T>(work: Promise<T>): Promise<T> {
    return Promise.race([this.#lost.promise, work]);
  }

  async run(command: string, options: RunOptions = {}): Promise<{ stdout: string; stderr: string }> {
    const { stdin, stdout, timeoutMs, signal } = options;
    const giveUp = Promise.withResolvers<never>();
    giveUp.promise.catch(() => {});
    const failed = (error?: Error | null) => {
      if (error) giveUp.reject(error);
    };
    // Watched from the start: a stream may fail while the channel is still being opened.
    if (isStream(stdin)) finished(stdin, { writable: false }, failed);
    if (stdout) finished(stdout, { readable: false }, failed);
    const timer = timeoutMs && setTimeout(() => giveUp.reject(new CommandTimedOut(timeoutMs)), timeoutMs);
    const aborted = () => giveUp.reject(signal?.reason);
    signal?.addEventListener('abort', aborted);
    if (signal?.aborted) aborted();

    const until = <T>(work: Promise<T>) => Promise.race([giveUp.promise, this.until(work)]);
    const slot = this.#takeSlot();
    let opening: Promise<Conversation> | undefined;
    try {
      await until(slot);
      opening = this.#openSession(command, (channel) => new Conversation(channel, options, failed));
      const conversation = await until(opening);
      return await until(conversation.result);
    } catch (error) {
      opening?.then(
        (conversation) => conversation.abandon(),
        () => {},
      );
      for (const stream of [stdin, stdout]) if (isStream(stream)) destroy(stream, error);
      throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      void slot.then(() => this.#releaseSlot());
    }
  }

  async forward(host: string, port: number): Promise<Duplex> {
    try {
      const start = (done: Opened) => this.#client.forwardOut('127.0.0.1', 0, host, port, done);
      return await this.until(this.#open(start, (channel) => this.#tunnel(channel)));
    } catch (error) {
      if (!isOpenFailure(error)) throw error;
      throw new ForwardRefused(`${host} port ${port}`, error.reason === 1);
    }
  }

  async close(): Promise<void> {
    if (this.#socket.closed) return;
    const closed = once(this.#socket, 'close').catch(() => {});
    this.#client.end();
    // ssh2's own destroy() does nothing after end().
    const timer = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS);
    await closed;
    clearTimeout(timer);
  }

  #lose(cause?: Error): void {
    const error = new ConnectionLost(cause);
    this.#lost.reject(error);
    for (const tunnel of this.#tunnels) tunnel.destroy(error);
    this.#socket.destroy();
  }

  #tunnel(channel: ClientChannel): Tunnel {
    const tunnel = new Tunnel(channel);
    this.#tunnels.add(tunnel);
    return tunnel.on('close', () => this.#tunnels.delete(tunnel));
  }

  async #openSession<T>(command: string, use: (channel: ClientChannel) => T): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        return await this.#open((done) => this.#client.exec(command, done), use);
      } catch (error) {
        if (!isOpenFailure(error)) throw error;
        const wait = REOPEN_AFTER_MS[tries];
        if (wait === undefined) throw sessionsRefused(error);
        await delay(wait);
      }
    }
  }

  /** `use` gets the channel at once: all that is ever heard on it may be in the same packet. */
  #open<T>(start: (done: Opened) => void, use: (channel: ClientChannel) => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const failed = (error: Error) => reject(LOST.has(error.message) ? new ConnectionLost(error) : error);
      try {
        start((error, channel) => (error ? failed(error) : resolve(use(channel))));
      } catch (error) {
        failed(error as Error);
      }
    });
  }

  #takeSlot(): Promise<void> {
    if (this.#sessions === MAX_SESSIONS) return new Promise((resolve) => this.#waiting.push(resolve));
    this.#sessions++;
    return Promise.resolve();
  }

  #releaseSlot(): void {
    const next = this.#waiting.shift();
    if (next) next();
    else this.#sessions--;
  }
}

type Opened = (error: Error | undefined, channel: ClientChannel) => void;

/** What ssh2 says to whom it may no longer serve. */
const LOST = new Set(['Not connected', 'No response from server']);

function isOpenFailure(error: unknown): error is Error & { reason: number } {
  return error instanceof Error && 'reason' in error;
}

function sessionsRefused(cause: Error): UpgradeError {
  return new UpgradeError(
    'The host refuses to open a session for a command.',
    {
      step: 'connect',
      hub: 'The command was not run.',
      next: 'See MaxSessions in sshd_config on the host (10 by default), and whether this user may run commands at all.',
    },
    { cause },
  );
}

/** A command that runs. `failed` is called when it has to be given up. */
class Conversation {
  readonly result: Promise<{ stdout: string; stderr: string }>;
  readonly #channel: ClientChannel;

  constructor(channel: ClientChannel, options: RunOptions, failed: (error: Error) => void) {
    this.#channel = channel;
    this.result = converse(channel, options, failed);
    this.result.catch(() => {});
  }

  /** Closes the channel and throws away what still comes: the close is seen after the end. */
  abandon(): void {
    this.#channel.close();
    this.#channel.unpipe();
    this.#channel.resume();
  }
}

async function converse(
  channel: ClientChannel,
  { stdin, stdout, onStderr }: RunOptions,
  failed: (error: Error) => void,
): Promise<{ stdout: string; stderr: string }> {
  let end: { code: number | null; signal: string | null } | undefined;
  channel.on('exit', (code: number | null, signal?: string) => {
    end = { code, signal: signal ?? null };
  });
  // Writing to a command that has ended is no error: its exit status tells how it ended.
  channel.on('error', () => {});

  const collected: Buffer[] = [];
  let size = 0;
  if (stdout) channel.pipe(stdout, { end: false });
  else {
    channel.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_STDOUT) collected.push(chunk);
      else failed(new Error(`The command on the host printed more than ${MAX_STDOUT / 1024 / 1024} MiB.`));
    });
  }
  const lines = new StderrLines((line) => {
    try {
      onStderr?.(line);
    } catch (error) {
      // ssh2 would take it for a protocol error.
      failed(error as Error);
    }
  });
  channel.stderr.on('data', (chunk: Buffer) => lines.write(chunk));
  const ends = Promise.all([once(channel, 'close'), once(channel.stderr, 'end')]);

  if (isStream(stdin)) stdin.pipe(channel);
  else channel.end(stdin);

  await ends;
  const stderr = lines.end();
  if (end === undefined) throw new ConnectionLost(new Error('The command ended without an exit status.'));
  if (end.code !== 0) throw new CommandFailed({ ...end, stdout: Buffer.concat(collected).toString(), stderr });
  if (stdout) {
    stdout.end();
    await finishedWriting(stdout, { readable: false });
  }
  return { stdout: Buffer.concat(collected).toString(), stderr };
}

function isStream<T extends NodeJS.ReadableStream | NodeJS.WritableStream>(
  value: T | Uint8Array | string | undefined,
): value is T {
  return typeof value === 'object' && 'on' in value;
}

function destroy(stream: NodeJS.ReadableStream | NodeJS.WritableStream, error: unknown): void {
  stream.on('error', () => {});
  (stream as Partial<Duplex>).destroy?.(error as Error);
}

/** Cuts stderr into lines and keeps its end. */
class StderrLines {
  readonly #onLine: (line: string) => void;
  readonly #decoder = new StringDecoder();
  #rest = '';
  #tail = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  write(chunk: Buffer): void {
    this.#take(this.#decoder.write(chunk));
  }

  /** The last part of all that was written. */
  end(): string {
    this.#take(this.#decoder.end());
    if (this.#rest !== '') this.#onLine(this.#rest);
    return this.#tail;
  }

  #take(text: string): void {
    this.#tail = (this.#tail + text).slice(-MAX_STDERR);
    const lines = (this.#rest + text).split(/\r?\n/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#onLine(line);
    if (this.#rest.length > MAX_LINE) {
      this.#onLine(this.#rest);
      this.#rest = '';
    }
  }
}

/** A forwarded connection as a stream that also ends when ssh2's channel would hang or seem to have ended well. */
class Tunnel extends Duplex {
  readonly #channel: ClientChannel;

  constructor(channel: ClientChannel) {
    super();
    this.#channel = channel;
    channel.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) channel.pause();
    });
    channel.on('end', () => this.push(null));
    channel.on('error', (error: Error) => this.destroy(error));
    channel.on('close', () => (this.readableEnded ? this.destroy() : this.once('end', () => this.destroy())));
  }

  override _read(): void {
    this.#channel.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#channel.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#channel.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#channel.close();
    this.#channel.resume();
    done(error);
  }
}
