import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

/** A TCP proxy on loopback that does to its connections what networks do. */
export interface EvilProxy {
  readonly port: number;
  /** Bytes passed on to the target and back. */
  readonly passed: { up: number; down: number };
  /** Breaks every connection with RST. */
  reset(): void;
  /** Closes every connection with FIN. */
  finish(): void;
  /** Passes nothing on any more, and says nothing. */
  blackHole(): void;
  /** Passes on again; connections that lost something meanwhile are broken. */
  heal(): void;
  /** Reads nothing any more, so that its peers cannot write. */
  freeze(): void;
  /** Calls back once so many more bytes went either way. */
  after(bytes: number, call: () => void): void;
  /** Closes the next `count` connections before a byte went through. */
  turnAway(count: number): void;
  close(): Promise<void>;
}

/** Passes connections on to a port on loopback, each way later by `delayMs`. */
export async function startProxy(target: number, delayMs = 0): Promise<EvilProxy> {
  const pairs = new Set<{ client: Socket; server: Socket }>();
  const passed = { up: 0, down: 0 };
  let isHole = false;
  let turnedAway = 0;
  let watch = { at: Number.POSITIVE_INFINITY, call: () => {} };

  const reset = () => {
    for (const { client, server } of pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
  };
  const pass = (from: Socket, to: Socket, way: keyof typeof passed) => {
    const deliver = (action: () => void) => (delayMs > 0 ? setTimeout(action, delayMs) : action());
    from.on('data', (chunk) => {
      if (isHole) return;
      passed[way] += chunk.length;
      deliver(() => {
        if (!isHole && to.writable && !to.write(chunk)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      });
      if (passed.up + passed.down >= watch.at) {
        watch.at = Number.POSITIVE_INFINITY;
        watch.call();
      }
    });
    from.on('end', () => deliver(() => isHole || to.end()));
    from.on('error', () => {});
    from.on('close', () => deliver(() => isHole || to.destroy()));
  };
  const listener = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    if (turnedAway > 0) {
      turnedAway--;
      client.on('error', () => {});
      client.destroy();
      return;
    }
    const server = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const pair = { client, server };
    pairs.add(pair);
    client.on('close', () => pairs.delete(pair));
    pass(client, server, 'up');
    pass(server, client, 'down');
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');

  return {
    port: address.port,
    passed,
    reset,
    finish() {
      for (const { client, server } of pairs) {
        client.end();
        server.end();
      }
    },
    blackHole() {
      isHole = true;
    },
    heal() {
      if (!isHole) return;
      isHole = false;
      reset();
    },
    freeze() {
      for (const { client, server } of pairs) {
        client.pause();
        server.pause();
      }
    },
    after(bytes, call) {
      watch = { at: passed.up + passed.down + bytes, call };
    },
    turnAway(count) {
      turnedAway = count;
    },
    async close() {
      if (!listener.listening) return;
      listener.close();
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
      await once(listener, 'close');
    },
  };
}
