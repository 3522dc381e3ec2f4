import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached } from '../hub/cache.ts';
import { findCommand } from '../hub/requirements.ts';
import { run } from '../hub/run.ts';

/** A network link with a round-trip time: real packets that arrive late. */
export interface Link {
  /** Address of this machine at the far end. */
  address: string;
  /** What a command line begins with to run at the near end, whose loopback is its own. */
  near: string[];
  /** Takes the link down; nothing of it is left. */
  close(): Promise<void>;
}

/** What this machine lacks for such a link: a sentence each, with what to do. */
export async function missingForLink(): Promise<string[]> {
  const missing: string[] = [];
  if (process.getuid?.() !== 0) missing.push('root: only it makes network devices (use sudo)');
  if ((await findCommand('cc')) === undefined) missing.push('cc: apt-get install gcc libc6-dev');
  if ((await findCommand('nsenter')) === undefined) missing.push('nsenter: apt-get install util-linux');
  await access('/dev/net/tun').catch(() => missing.push('/dev/net/tun: modprobe tun'));
  return missing;
}

/** Sets up a link. For root. */
export async function startLink(roundTripMs: number): Promise<Link> {
  const [near, far] = addresses();
  const child = spawn(await compile(), [String(roundTripMs), near, far], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const ended = once(child, 'close');
  const [ready] = await Promise.race([once(child.stdout, 'data'), ended.then(() => [undefined])]);
  if (ready === undefined) throw new Error(`the delayed link could not be made: ${said.trim()}`);
  return {
    address: far,
    near: ['nsenter', `--net=/proc/${child.pid}/ns/net`],
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

/** Two addresses of the range that is set apart for such measurements (RFC 2544), this process's own. */
function addresses(): [near: string, far: string] {
  const own = `${Math.floor(process.pid / 254) % 256}.${1 + (process.pid % 254)}`;
  return [`198.18.${own}`, `198.19.${own}`];
}

/** The path of tun-delay, compiled once for each version of its source. */
async function compile(): Promise<string> {
  const source = fileURLToPath(new URL('tun-delay.c', import.meta.url));
  const version = createHash('sha256')
    .update(await readFile(source))
    .digest('hex')
    .slice(0, 12);
  const directory = await cached(`tun-delay/${version}`, async (place) => {
    await run('cc', ['-O2', '-Wall', '-Wextra', '-o', join(place, 'tun-delay'), source]);
  });
  return join(directory, 'tun-delay');
}
