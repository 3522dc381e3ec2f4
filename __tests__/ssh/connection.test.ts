import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer as createHttpServer, get, type IncomingMessage } from 'node:http';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type EvilProxy, startProxy } from '../../bench/network.ts';
import { UpgradeError } from '../../src/errors.ts';
import {
  CommandFailed,
  CommandTimedOut,
  type Connection,
  ConnectionLost,
  connect,
  ForwardRefused,
  type Host,
} from '../../src/ssh/connection.ts';
import { checkPrivateKey } from '../../src/ssh/private-key.ts';
import { makeKey, type Sshd, startSshd } from '../support/sshd.ts';

let sshd: Sshd;
let directory: string;
beforeAll(async () => {
  sshd = await startSshd();
  directory = await mkdtemp(join(tmpdir(), 'connection-'));
});
afterAll(async () => {
  await sshd.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Undone after each test, the last first. */
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function connected(connection: Connection, keepalive?: { intervalMs: number; count: number }): Promise<Host> {
  const host = await connect(connection, keepalive);
  cleanups.push(() => host.close());
  return host;
}

async function proxied(target = sshd.port, delayMs = 0): Promise<EvilProxy> {
  const proxy = await startProxy(target, delayMs);
  cleanups.push(() => proxy.close());
  return proxy;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => server.close());
  const address = server.address();
  return address !== null && typeof address === 'object' ? address.port : 0;
}

async function failure(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  if (!(error instanceof Error)) throw new Error('it did not fail');
  return error;
}

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(65_536);
}

async function refusal(connection: Connection): Promise<UpgradeError> {
  const error = await failure(connect(connection));
  expect(error).toBeInstanceOf(UpgradeError);
  return error as UpgradeError;
}

describe('logging in', () => {
  it.each(['ed25519', 'rsa', 'ecdsa'] as const)('with a key of type %s', async (type) => {
    const file = join(directory, `login-${type}`);
    await sshd.authorize(await makeKey(file, type));
    const host = await connected(sshd.connection({ privateKey: await readFile(file, 'utf8') }));
    expect(await host.run('echo in')).toEqual({ stdout: 'in\n', stderr: '' });
  });

  it('with a key that was encrypted', async () => {
    const file = join(directory, 'login-locked');
    await sshd.authorize(await makeKey(file, 'rsa', '-N', 'secret', '-a', '1'));
    const checked = await checkPrivateKey(await readFile(file, 'utf8'), 'secret');
    if ('problem' in checked) throw new Error(checked.problem);
    const host = await connected(sshd.connection({ privateKey: checked.key }));
    expect(await host.run('echo in')).toEqual({ stdout: 'in\n', stderr: '' });
  });

  it.each(['ed25519', 'rsa', 'ecdsa'] as const)('known_hosts has only the key of type %s', async (type) => {
    const trust = { knownHosts: `[127.0.0.1]:${sshd.port} ${sshd.hostKeys[type]}` };
    const host = await connected(sshd.connection({ trust }));
    expect(host.hostKey).toBe(`${sshd.hostKeys[type].split(' ')[0]} ${sshd.fingerprint(type)}`);
  });

  it.each(['ed25519', 'rsa', 'ecdsa'] as const)('by the fingerprint of the key of type %s', async (type) => {
    const host = await connected(sshd.connection({ trust: { fingerprints: [sshd.fingerprint(type)] } }));
    expect(host.hostKey).toContain(sshd.fingerprint(type));
  });

  it('tries again when it is turned away', async () => {
    const proxy = await proxied();
    proxy.turnAway(2);
    const host = await connected(sshd.connection({ port: proxy.port }));
    expect((await host.run('echo in')).stdout).toBe('in\n');
  });
});

describe('why there is no connection', () => {
  /** What sshd logged while `work` ran. */
  async function logged(work: () => Promise<unknown>): Promise<string> {
    const before = (await sshd.log()).length;
    await work();
    await delay(100);
    return (await sshd.log()).slice(before);
  }

  it('a host key that changed: both fingerprints, and no authentication', async () => {
    const other = await makeKey(join(directory, 'other'), 'ed25519');
    const trust = { knownHosts: `[127.0.0.1]:${sshd.port} ${other}` };
    let error: UpgradeError | undefined;
    const log = await logged(async () => {
      error = await refusal(sshd.connection({ trust }));
    });
    expect(error?.message).toContain(
      `it presented ssh-ed25519 ${sshd.fingerprint('ed25519')}, pinned is ssh-ed25519 SHA256:`,
    );
    expect(error?.message).toContain('(known-hosts line 1)');
    expect(error?.trouble).toMatchObject({ step: 'connect', hub: 'The hub was not touched.' });
    expect(log).toContain('KEX');
    expect(log).not.toContain('userauth');
  });

  it('a fingerprint that is of none of its keys: all of them, and no authentication', async () => {
    let error: UpgradeError | undefined;
    const log = await logged(async () => {
      error = await refusal(sshd.connection({ trust: { fingerprints: [`SHA256:${'A'.repeat(43)}`] } }));
    });
    for (const type of ['ed25519', 'rsa', 'ecdsa'] as const) expect(error?.message).toContain(sshd.fingerprint(type));
    expect(log).not.toContain('userauth');
  });

  it('the log of a login shows its authentication', async () => {
    const log = await logged(() => connected(sshd.connection()));
    expect(log).toContain('userauth-request');
  });

  it('a revoked host key', async () => {
    const line = `[127.0.0.1]:${sshd.port} ${sshd.hostKeys.ed25519}`;
    const error = await refusal(sshd.connection({ trust: { knownHosts: `${line}\n@revoked ${line}` } }));
    expect(error.message).toContain('is marked @revoked');
  });

  it('no entry in known_hosts', async () => {
    const error = await refusal(sshd.connection({ trust: { knownHosts: '' } }));
    expect(error.message).toBe(`known-hosts has no entry for [127.0.0.1]:${sshd.port}.`);
  });

  it('a key that may not log in', async () => {
    const file = join(directory, 'stranger');
    const publicKey = await makeKey(file, 'ed25519');
    const error = await refusal(sshd.connection({ privateKey: await readFile(file, 'utf8') }));
    expect(error.message).toMatch(/did not accept the key ssh-ed25519 SHA256:\S+ for the user/);
    expect(publicKey).toMatch(/^ssh-ed25519/);
  });

  it('a text that is no key', async () => {
    const error = await refusal(sshd.connection({ privateKey: 'nothing' }));
    expect(error.message).toMatch(/private key cannot be used/);
  });

  it('a port where nobody listens', async () => {
    const server = createServer();
    const port = await listening(server);
    server.close();
    expect((await refusal(sshd.connection({ port }))).message).toBe(`127.0.0.1 refuses connections on port ${port}.`);
  });

  it('an unknown name', async () => {
    const trust = { knownHosts: `[host.invalid]:${sshd.port} ${sshd.hostKeys.ed25519}` };
    const error = await refusal(sshd.connection({ host: 'host.invalid', trust }));
    expect(error.message).toMatch(/^The name host\.invalid (is unknown|could not be looked up)/);
  });

  it('a server that says nothing', async () => {
    const port = await listening(createServer());
    const error = await refusal(sshd.connection({ port, connectTimeout: 0.3 }));
    expect(error.message).toMatch(/sent no SSH banner within 0\.3 s/);
  });

  it('a server that is not one for SSH', async () => {
    const port = await listening(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
    const error = await refusal(sshd.connection({ port }));
    expect(error.message).toMatch(
      /closed the connection before the key exchange was done\. It said: HTTP\/1\.1 400 Bad Request$/,
    );
  });

  it('a connection that dies in the key exchange', async () => {
    const proxy = await proxied();
    proxy.after(1, () => proxy.blackHole());
    const error = await refusal(sshd.connection({ port: proxy.port, connectTimeout: 0.5 }));
    expect(error.message).toMatch(/did not finish the key exchange within 0\.5 s|sent no SSH banner/);
  });

  describe('by the configuration of sshd', () => {
    const cases: [string, string[], RegExp][] = [
      [
        'no key exchange in common',
        ['KexAlgorithms sntrup761x25519-sha512@openssh.com'],
        /have no key exchange algorithm in common/,
      ],
      [
        'no keys accepted',
        ['PubkeyAuthentication no', 'HostbasedAuthentication yes'],
        /does not let \S+ log in with a key: it offers only hostbased/,
      ],
      [
        'a second factor',
        ['AuthenticationMethods publickey,keyboard-interactive', 'KbdInteractiveAuthentication yes'],
        /accepted the key of \S+, but also asks for keyboard-interactive/,
      ],
      ['a user who may not log in', ['DenyUsers *'], /did not accept the key/],
    ];
    it.each(cases)('%s', async (_what, config, message) => {
      const strange = await startSshd(config);
      cleanups.push(() => strange.stop());
      expect((await refusal(strange.connection())).message).toMatch(message);
    });
  });
});

describe('running commands', () => {
  let host: Host;
  beforeAll(async () => {
    host = await connect(sshd.connection());
  });
  afterAll(() => host.close());

  it('success is exit status 0', async () => {
    expect(await host.run('echo out; echo err >&2')).toEqual({ stdout: 'out\n', stderr: 'err\n' });
  });

  it('another status fails', async () => {
    const error = await failure(host.run('echo out; echo first >&2; echo last >&2; exit 7'));
    expect(error).toBeInstanceOf(CommandFailed);
    expect(error).toMatchObject({ code: 7, signal: null, stdout: 'out\n', stderr: 'first\nlast\n' });
    expect(error.message).toBe('The command on the host ended with exit status 7: last');
  });

  it('a status that comes after the end of stdout counts', async () => {
    expect(await failure(host.run('exec >&- 2>&-; sleep 0.3; exit 3'))).toMatchObject({ code: 3 });
  });

  it('a killed command fails', async () => {
    expect(await failure(host.run('kill -9 $$'))).toMatchObject({ code: null, signal: 'SIGKILL' });
  });

  it('stdin is empty, a text, bytes or a stream', async () => {
    expect((await host.run('cat')).stdout).toBe('');
    expect((await host.run('cat', { stdin: 'tëxt' })).stdout).toBe('tëxt');
    expect((await host.run('cat', { stdin: Buffer.from('bytes') })).stdout).toBe('bytes');
    expect((await host.run('cat', { stdin: Readable.from([Buffer.from('a '), Buffer.from('stream')]) })).stdout).toBe(
      'a stream',
    );
  });

  it('a command need not read its stdin', async () => {
    const stdin = Readable.from(endless());
    expect((await host.run('head -c 10 >/dev/null; echo enough', { stdin })).stdout).toBe('enough\n');
    stdin.destroy();
  });

  it('lines of stderr come one by one, whole characters only', async () => {
    const lines: string[] = [];
    const command = `printf 'a\\r\\n\\n\\303' >&2; sleep 0.2; printf '\\244b\\nrest' >&2`;
    const { stderr } = await host.run(command, { onStderr: (line) => lines.push(line) });
    expect(lines).toEqual(['a', '', 'äb', 'rest']);
    expect(stderr).toBe('a\r\n\näb\nrest');
  });

  it('of much stderr the end is kept', async () => {
    const { stderr } = await host.run('yes | head -c 3000000 >&2; echo end >&2');
    expect(stderr).toHaveLength(64 * 1024);
    expect(stderr.endsWith('end\n')).toBe(true);
  });

  it('too much stdout is not collected', async () => {
    expect((await failure(host.run('yes'))).message).toBe('The command on the host printed more than 16 MiB.');
  });

  it('of many at once four run', async () => {
    const file = join(directory, 'running');
    const command = `echo 1 >>'${file}'; sleep 0.3; echo -1 >>'${file}'; echo done`;
    const results = await Promise.all(Array.from({ length: 10 }, () => host.run(command)));
    expect(results.every(({ stdout }) => stdout === 'done\n')).toBe(true);
    let running = 0;
    const counts = (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => (running += Number(line)));
    expect(Math.max(...counts)).toBe(4);
  });

  it('all that a command has to say may come at once', async () => {
    let isBusy = true;
    // Meanwhile the answers pile up, and are read in one go.
    const block = () => {
      for (const end = performance.now() + 40; performance.now() < end; );
      if (isBusy) setImmediate(block);
    };
    setImmediate(block);
    for (let times = 0; times < 5; times++) expect((await host.run('echo x; exit 0')).stdout).toBe('x\n');
    isBusy = false;
  });

  it('a limit in time', async () => {
    const error = await failure(host.run('sleep 5', { timeoutMs: 500 }));
    expect(error).toBeInstanceOf(CommandTimedOut);
    expect(error.message).toBe('The command on the host did not end within 0.5 s.');
  });

  it('a signal', async () => {
    const controller = new AbortController();
    const reason = new Error('cancelled');
    setTimeout(() => controller.abort(reason), 100);
    expect(await failure(host.run('sleep 5', { signal: controller.signal }))).toBe(reason);
    expect(await failure(host.run('sleep 5', { signal: controller.signal }))).toBe(reason);
  });

  it('an error in the stdin stream', async () => {
    const reason = new Error('cannot read');
    const stdin = new PassThrough();
    stdin.write('begin');
    setTimeout(() => stdin.destroy(reason), 100);
    expect(await failure(host.run('cat', { stdin }))).toBe(reason);
  });

  it('a stdin stream that had failed before', async () => {
    const reason = new Error('cannot read');
    const stdin = new PassThrough();
    stdin.on('error', () => {});
    stdin.destroy(reason);
    await delay(10);
    expect(await failure(host.run('cat', { stdin }))).toBe(reason);
  });

  it('an error in the stdout stream', async () => {
    const reason = new Error('disk full');
    const stdout = new Writable({ write: (_chunk, _encoding, done) => done(reason) });
    expect(await failure(host.run('yes', { stdout }))).toBe(reason);
  });

  it('an error in the listener of stderr', async () => {
    const reason = new Error('listener');
    const onStderr = () => {
      throw reason;
    };
    expect(await failure(host.run('echo x >&2; sleep 5', { onStderr }))).toBe(reason);
    expect((await host.run('echo alive')).stdout).toBe('alive\n');
  });

  it('a stdout stream is ended by success and destroyed by failure', async () => {
    const good = new PassThrough();
    await Promise.all([
      host.run('echo good', { stdout: good }).then(({ stdout }) => expect(stdout).toBe('')),
      text(good).then((found) => expect(found).toBe('good\n')),
    ]);
    const late = new Writable({ write: (_chunk, _encoding, done) => done(), final: (done) => setTimeout(done, 100) });
    await host.run('echo late', { stdout: late });
    expect(late.writableFinished).toBe(true);
    const bad = new PassThrough();
    const [ran, read] = await Promise.all([
      failure(host.run('echo half; exit 1', { stdout: bad })),
      failure(text(bad)),
    ]);
    expect(ran).toBeInstanceOf(CommandFailed);
    expect(read).toBe(ran);
  });

  it('a host that allows no session', async () => {
    const strange = await startSshd(['MaxSessions 0']);
    cleanups.push(() => strange.stop());
    const closed = await connected(strange.connection());
    const error = await failure(closed.run('true'));
    expect(error).toBeInstanceOf(UpgradeError);
    expect(error.message).toBe('The host refuses to open a session for a command.');
  });

  it('a host that allows one session at a time', async () => {
    const strange = await startSshd(['MaxSessions 1']);
    cleanups.push(() => strange.stop());
    const narrow = await connected(strange.connection());
    for (let times = 0; times < 5; times++) expect((await narrow.run('echo x')).stdout).toBe('x\n');
  });
});

describe('large streams', () => {
  const MiB = 1024 * 1024;
  const SIZE = 128 * MiB;
  /** Every chunk is another one, and none is kept. */
  function* numbers(): Generator<Buffer> {
    for (let at = 0; at < SIZE; at += MiB) {
      const chunk = Buffer.alloc(MiB, `${at} `);
      chunk.writeUInt32BE(at);
      yield chunk;
    }
  }
  const digest = createHash('sha256');
  for (const chunk of numbers()) digest.update(chunk);
  const expected = digest.digest('hex');

  /** The most memory outside the heap that was in use while `work` ran, over what was before. */
  async function memory(work: Promise<unknown>): Promise<number> {
    const before = process.memoryUsage().external;
    let peak = before;
    const timer = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage().external);
    }, 5);
    await work.finally(() => clearInterval(timer));
    return peak - before;
  }

  it('go up and come down as they are, and are not kept', async () => {
    const host = await connected(sshd.connection());
    const file = join(directory, 'large');
    const up = host.run(`cat >'${file}'; sha256sum <'${file}'`, { stdin: Readable.from(numbers()) });
    expect(await memory(up)).toBeLessThan(96 * MiB);
    expect((await up).stdout).toContain(expected);

    const hash = createHash('sha256');
    expect(await memory(host.run(`cat '${file}'`, { stdout: hash }))).toBeLessThan(96 * MiB);
    expect(hash.read().toString('hex')).toBe(expected);

    // Somebody who reads slowly holds the host up.
    let taken = 0;
    const slow = new Writable({
      write(chunk: Buffer, _encoding, done) {
        taken += chunk.length;
        setTimeout(done, 20);
      },
    });
    const reading = host.run(`cat '${file}'`, { stdout: slow, timeoutMs: 1_000 });
    expect(await memory(reading.catch(() => {}))).toBeLessThan(32 * MiB);
    expect(taken).toBeLessThan(SIZE);
    await rm(file);
  });
});

describe('a connection that dies', () => {
  const deaths = ['reset', 'finish', 'blackHole'] as const;
  const keepalive = { intervalMs: 200, count: 2 };

  it.each(deaths)('%s while a command is silent', async (death) => {
    const proxy = await proxied();
    const host = await connected(sshd.connection({ port: proxy.port }), keepalive);
    const pidFile = join(directory, `silent-${death}`);
    const running = failure(host.run(`echo $$ >'${pidFile}'; exec sleep 60`));
    await delay(300);
    proxy[death]();
    expect(await running).toBeInstanceOf(ConnectionLost);
    expect(await failure(host.run('true'))).toBeInstanceOf(ConnectionLost);
    expect(await failure(host.forward('127.0.0.1', sshd.port))).toBeInstanceOf(ConnectionLost);
    process.kill(Number(await readFile(pidFile, 'utf8')));
  });

  it.each(deaths)('%s while a stream comes down: its end does not look good', async (death) => {
    const proxy = await proxied();
    const host = await connected(sshd.connection({ port: proxy.port }), keepalive);
    const stdout = new PassThrough();
    proxy.after(4_000_000, () => proxy[death]());
    const [ran, read] = await Promise.all([
      failure(host.run('yes', { stdout })),
      failure(once(stdout.resume(), 'end')),
    ]);
    expect(ran).toBeInstanceOf(ConnectionLost);
    expect(read).toBe(ran);
  });

  it.each(deaths)('%s while nobody takes what comes down', async (death) => {
    const proxy = await proxied();
    const host = await connected(sshd.connection({ port: proxy.port }), keepalive);
    const stuck = new Writable({ write: () => {} });
    const running = failure(host.run('yes', { stdout: stuck }));
    await delay(500);
    proxy[death]();
    expect(await running).toBeInstanceOf(ConnectionLost);
  });

  it.each(deaths)('%s while a stream goes up', async (death) => {
    const proxy = await proxied();
    const host = await connected(sshd.connection({ port: proxy.port }), keepalive);
    proxy.after(4_000_000, () => proxy[death]());
    const stdin = Readable.from(endless());
    expect(await failure(host.run('cat >/dev/null', { stdin }))).toBeInstanceOf(ConnectionLost);
    expect(stdin.destroyed).toBe(true);
  });

  it('half closed while nothing can be sent any more', async () => {
    const port = await listening(createServer());
    const proxy = await proxied();
    const host = await connected(sshd.connection({ port: proxy.port }));
    const tunnels = await Promise.all(Array.from({ length: 12 }, () => host.forward('127.0.0.1', port)));
    const ends = tunnels.map((tunnel) => failure(once(tunnel, 'end')));
    proxy.freeze();
    // More than the buffers of two TCP connections hold.
    for (const tunnel of tunnels) tunnel.write(Buffer.alloc(2_000_000));
    await delay(300);
    proxy.finish();
    for (const error of await Promise.all(ends)) expect(error).toBeInstanceOf(ConnectionLost);
  });

  it.each(deaths)('%s while commands wait for their turn', async (death) => {
    const proxy = await proxied();
    const host = await connected(sshd.connection({ port: proxy.port }), keepalive);
    const running = Array.from({ length: 8 }, () => failure(host.run('sleep 3')));
    await delay(300);
    proxy[death]();
    for (const error of await Promise.all(running)) expect(error).toBeInstanceOf(ConnectionLost);
  });

  it('is not one that is closed: sshd hears of it', async () => {
    const host = await connect(sshd.connection());
    const before = (await sshd.log()).length;
    await host.close();
    await delay(200);
    expect((await sshd.log()).slice(before)).toContain('Received disconnect');
  });

  it('can be closed, and closed again', async () => {
    const proxy = await proxied();
    const host = await connect(sshd.connection({ port: proxy.port }));
    proxy.blackHole();
    await host.close();
    await host.close();
    expect(await failure(host.run('true'))).toBeInstanceOf(ConnectionLost);
  });
});

describe('forwarded connections', () => {
  async function web(): Promise<number> {
    const server = createHttpServer((request, response) => {
      if (request.url === '/endless') response.write('x');
      else response.end(`you asked for ${request.url}`);
    });
    cleanups.push(() => server.closeAllConnections());
    return listening(server);
  }

  async function request(host: Host, port: number, path: string): Promise<IncomingMessage> {
    const socket = await host.forward('127.0.0.1', port);
    const asked = get({ path, createConnection: () => socket });
    const [response] = await once(asked, 'response');
    return response;
  }

  it('carry HTTP', async () => {
    const port = await web();
    const host = await connected(sshd.connection());
    for (let times = 0; times < 12; times++)
      expect(await text(await request(host, port, '/a'))).toBe('you asked for /a');
  });

  it('carry much, both ways', async () => {
    const port = await listening(createServer((socket) => socket.pipe(socket)));
    const host = await connected(sshd.connection());
    const echo = await host.forward('127.0.0.1', port);
    const sent = Buffer.alloc(8_000_000, 'abc');
    echo.end(sent);
    const received: Buffer[] = [];
    for await (const chunk of echo) received.push(chunk);
    expect(Buffer.concat(received).equals(sent)).toBe(true);
  });

  it('keep what nobody has read yet when the other side closes', async () => {
    const port = await listening(createServer((socket) => socket.end(Buffer.alloc(20_000))));
    const host = await connected(sshd.connection());
    const socket = await host.forward('127.0.0.1', port);
    socket.end();
    await delay(300);
    expect(await buffer(socket)).toHaveLength(20_000);
  });

  it('tell an address that does not answer from a host that forbids them', async () => {
    const server = createServer();
    const port = await listening(server);
    server.close();
    const host = await connected(sshd.connection());
    const refused = await failure(host.forward('127.0.0.1', port));
    expect(refused).toBeInstanceOf(ForwardRefused);
    expect(refused).toMatchObject({ prohibited: false, message: `The host cannot connect to 127.0.0.1 port ${port}.` });

    const strict = await startSshd(['AllowTcpForwarding no']);
    cleanups.push(() => strict.stop());
    const forbidding = await connected(strict.connection());
    expect(await failure(forbidding.forward('127.0.0.1', port))).toMatchObject({ prohibited: true });
  });

  it('die with the connection', async () => {
    const port = await web();
    for (const death of ['reset', 'finish', 'blackHole'] as const) {
      const proxy = await proxied();
      const host = await connected(sshd.connection({ port: proxy.port }), { intervalMs: 200, count: 2 });
      const socket = await host.forward('127.0.0.1', port);
      socket.write('GET /endless HTTP/1.1\r\nHost: a\r\n\r\n');
      await once(socket, 'data');
      proxy[death]();
      expect(await failure(once(socket.resume(), 'end'))).toBeInstanceOf(ConnectionLost);
    }
  });
});
