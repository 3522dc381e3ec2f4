import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';

/**
 * Free loopback ports. They are taken from below the range the kernel gives to outgoing connections: a hub that is
 * stopped and started must find its port free again.
 */
export async function freePorts(count: number): Promise<number[]> {
  const range = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  const below = Math.max(20_000, Math.min(32_768, Number.parseInt(range, 10)));
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = 10_000 + Math.floor(Math.random() * (below - 10_000));
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
