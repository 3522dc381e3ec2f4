import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { type Connection, ConnectionLost, connect, type Host } from '../ssh/connection.ts';
import { type Phase, runPhase } from '../ssh/phase.ts';

/** How long a lost connection is tried again, in milliseconds. The host goes on meanwhile. */
const PATIENCE_MS = 10 * 60_000;
const BACK_OFF_MS = [200, 500, 1_000, 2_000, 5_000];

/** The way to the host: one SSH connection, made again when it is lost. */
export class Link {
  readonly #connection: Connection;
  #host: Promise<Host> | undefined;
  become: 'sudo' | 'none' = 'none';

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The connection, made when there is none. Throws UpgradeError with a sentence for the cause. */
  host(): Promise<Host> {
    this.#host ??= connect(this.#connection);
    return this.#host;
  }

  /** Runs a phase once. Only for what may not be repeated by itself: a lost connection is the caller's to judge. */
  async run(phase: Omit<Phase, 'become'>): Promise<string> {
    return runPhase(await this.host(), { ...phase, become: this.become });
  }

  /** Does `work` until it was not a lost connection that ended it. Only for what may be done again. */
  async again<T>(work: () => Promise<T>, onLost: (error: Error) => void = () => {}): Promise<T> {
    const end = performance.now() + PATIENCE_MS;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await work();
      } catch (error) {
        // Once it was connected, a host that cannot be reached for a while is a lost connection too.
        const isLost = error instanceof ConnectionLost || (attempt > 0 && isUnreachable(error));
        if (!isLost || performance.now() > end) throw error;
        onLost(error as Error);
        await this.drop();
        await delay(BACK_OFF_MS[Math.min(attempt, BACK_OFF_MS.length - 1)]);
      }
    }
  }

  /** A connection to an address as the host reaches it. That to the host is made again if it was lost. */
  forward(host: string, port: number): Promise<Duplex> {
    return this.again(async () => (await this.host()).forward(host, port));
  }

  async drop(): Promise<void> {
    const host = this.#host;
    this.#host = undefined;
    await host?.then((open) => open.close()).catch(() => {});
  }
}

function isUnreachable(error: unknown): boolean {
  return error instanceof Error && error.name === 'UpgradeError';
}
