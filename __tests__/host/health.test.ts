import { writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemPython } from '../../bench/hub/environments.ts';
import { run } from '../../bench/hub/run.ts';
import { type HubEnvironment, hubEnvironment, type RunningHub, startHub } from '../support/hub-environment.ts';
import { type Ended, hostProgram, runProgram, temporaryDirectory } from './support.ts';

const root = temporaryDirectory();
const token = 'abcdefghijklmnopqrstuvwxyz0123456789';

function health(stdin: string, ...args: string[]): Promise<Ended> {
  // A proxy for the outside must not get what is for this host, the token least of all.
  const env = { ...process.env, http_proxy: 'http://127.0.0.1:9/', https_proxy: 'http://127.0.0.1:9/' };
  return runProgram([systemPython, '-I', hostProgram('health.py'), ...args], { stdin, env });
}

/** The lines that health.py says when all is well. */
async function well(stdin: string, ...args: string[]): Promise<Record<string, unknown>[]> {
  const { status, stdout, stderr } = await health(stdin, ...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** The one sentence it says when not. */
async function unwell(stdin: string, ...args: string[]): Promise<string> {
  const { status, stderr } = await health(stdin, ...args);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^health\.py: [^\n]+\.\n$/);
  expect(stderr).not.toContain(token);
  return stderr;
}

describe('of a real hub', () => {
  const directory = join(root, 'hub');
  const version = ['--version', '4.1.6'];
  let environment: HubEnvironment;
  let hub: RunningHub;

  beforeAll(async () => {
    environment = await hubEnvironment('4.1.6');
    hub = await startHub(environment, directory);
    await well('\n', 'wait', hub.base, ...version, '--timeout', '60');
    const create = ['token', 'create', '--user', 'alice', join(directory, 'jupyterhub.sqlite')];
    const command = [environment.python, hostProgram('hubdb'), ...create];
    await runProgram(command, { stdin: `${token}\n`, env: environment.variables });
  });
  afterAll(() => hub?.stop());

  test('wait says when it was up, and that it stayed so', async () => {
    const before = Number((await run('cut', ['-d ', '-f1', '/proc/uptime'])).replace('.', ''));
    const [up, stable] = await well('\n', 'wait', hub.base, ...version, '--stable', '1');
    expect(up).toEqual({ event: 'up', uptime: expect.any(Number), version: '4.1.6' });
    expect(stable).toEqual({ event: 'stable', uptime: expect.any(Number), version: '4.1.6' });
    expect(up?.uptime).toBeGreaterThanOrEqual(before);
    expect(Number(stable?.uptime) - Number(up?.uptime)).toBeGreaterThanOrEqual(100);
  });

  test('check sees version, login page and token', async () => {
    const expected = { event: 'check', version: '4.1.6', login: { kind: 'form' } };
    expect(await well(`${token}\n`, 'check', hub.base, ...version)).toEqual([{ ...expected, user: 'alice' }]);
    expect(await well('\n', 'check', hub.base, ...version)).toEqual([{ ...expected, user: null }]);
    expect(await unwell(`${token}x\n`, 'check', hub.base, ...version)).toContain('hub/api/user) answered 403');
    expect(await unwell('\n', 'check', hub.base, '--version', '6.1.1')).toContain('as JupyterHub 4.1.6, not 6.1.1');
    const elsewhere = hub.base.replace('/prefix/', '/other/');
    expect(await unwell('\n', 'check', elsewhere, ...version)).toContain('answered 404 and no version');
  });

  test('spawn starts a server, reaches it and stops it again', async () => {
    const expected = { event: 'spawn', user: 'alice', started: true, reached: true };
    expect(await well(`${token}\n`, 'spawn', hub.base, 'alice', '--timeout', '60')).toEqual([expected]);
    const user = await fetch(new URL('hub/api/users/alice', hub.base), {
      headers: { Authorization: `token ${token}` },
    });
    expect(await user.json()).toMatchObject({ servers: {} });
    expect(await unwell(`${token}\n`, 'spawn', hub.base, 'bob')).toContain('no user bob, or the token may not see it');
    expect(await unwell('\n', 'spawn', hub.base, 'alice')).toContain('cannot be started without a token');
  });

  test('spawn leaves a server alone that runs already', async () => {
    const request = (method: string) =>
      fetch(new URL('hub/api/users/alice/server', hub.base), { method, headers: { Authorization: `token ${token}` } });
    expect((await request('POST')).status).toBe(201);
    const expected = { event: 'spawn', user: 'alice', started: false, reached: true };
    expect(await well(`${token}\n`, 'spawn', hub.base, 'alice')).toEqual([expected]);
    const server = await fetch(new URL('user/alice/', hub.base));
    expect(await server.text()).toMatch(/^\d+\n$/);
    expect((await request('DELETE')).status).toBe(204);
  });

  test('what it starts, spawns and stops is nothing to the durable digest', async () => {
    const database = join(directory, 'jupyterhub.sqlite');
    const durable = async () => {
      const digest = await run(systemPython, ['-I', hostProgram('hubdb'), 'digest', database]);
      const { tables } = JSON.parse(digest) as { tables: Record<string, { durable: string; exact: string }> };
      const of = (kind: 'durable' | 'exact') => Object.entries(tables).map(([name, table]) => [name, table[kind]]);
      return { durable: of('durable'), exact: of('exact') };
    };
    const before = await durable();
    await well(`${token}\n`, 'spawn', hub.base, 'alice', '--timeout', '60');
    await hub.stop();
    hub = await startHub(environment, directory);
    await well('\n', 'wait', hub.base, ...version, '--timeout', '60');
    const after = await durable();
    expect(after.durable).toEqual(before.durable);
    expect(after.exact).not.toEqual(before.exact);
  });
});

/** A server that answers like a hub but for what is given; `seen` are the requests it got. */
async function standIn(routes: Record<string, RequestListener>, tls?: { key: string; cert: string }) {
  const seen: IncomingMessage[] = [];
  const all: Record<string, RequestListener> = {
    '/hub/api/': (_, response) => response.end('{"version": "6.1.1"}'),
    '/hub/login': (_, response) => response.end('<form action="/hub/login?next=" method="post">'),
    '/hub/api/user': (_, response) => response.end('{"name": "alice"}'),
    ...routes,
  };
  const answer: RequestListener = (request, response) => {
    seen.push(request);
    const route = all[request.url ?? ''] ?? ((_, response) => response.writeHead(404).end());
    route(request, response);
  };
  const server: Server = tls ? createHttpsServer(tls, answer) : createHttpServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { base: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/`, port, seen, server };
}

const redirect =
  (to: string): RequestListener =>
  (_, response) =>
    response.writeHead(302, { Location: to }).end();
const version = ['--version', '6.1.1'];

describe('wait', () => {
  test('waits for the version it was told', async () => {
    let answers = 0;
    const hub = await standIn({
      '/hub/api/': (_, response) => {
        answers += 1;
        if (answers === 1) response.destroy();
        else if (answers === 2) response.writeHead(503).end();
        else response.end(`{"version": "${answers < 4 ? '4.1.6' : '6.1.1'}"}`);
      },
    });
    expect(await well('\n', 'wait', hub.base, ...version)).toMatchObject([{ event: 'up' }]);
    expect(answers).toBe(4);
  });

  test.each([
    ['nobody listens', undefined, 'Connection refused'],
    ['another version', '{"version": "4.1.6"}', 'answered as JupyterHub 4.1.6, not 6.1.1'],
    ['no version', 'hello', 'answered 200 and no version'],
    ['a version that is none', '{"version": {"a": 1}}', 'answered 200 and no version'],
    ['a list', '[]', 'answered 200 and no version'],
  ])('gives up in time and says why: %s', async (_, text, reason) => {
    const hub = await standIn({ '/hub/api/': (_, response) => response.end(text) });
    if (text === undefined) await new Promise((resolve) => hub.server.close(resolve));
    const sentence = await unwell('\n', 'wait', hub.base, ...version, '--timeout', '1');
    expect(sentence).toContain('did not come up within 1 seconds');
    expect(sentence).toContain(reason);
  });

  test('gives up on a server that says nothing', async () => {
    const silent = createTcpServer(() => {});
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    expect(await unwell('\n', 'wait', `http://127.0.0.1:${port}/`, ...version, '--timeout', '1')).toContain(
      'no answer',
    );
  });

  test('says so of a hub that comes up and goes down again', async () => {
    let answers = 0;
    const hub = await standIn({
      '/hub/api/': (_, response) => {
        answers += 1;
        if (answers > 1) response.writeHead(502).end();
        else response.end('{"version": "6.1.1"}');
      },
    });
    const { status, stdout, stderr } = await health('\n', 'wait', hub.base, ...version, '--stable', '2');
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({ event: 'up' });
    expect(stderr).toContain('came up, but did not stay so for 2 seconds');
  });
});

describe('check', () => {
  const loginOf = async (routes: Record<string, RequestListener>) => {
    const [answer] = await well('\n', 'check', (await standIn(routes)).base, ...version);
    return answer?.login;
  };
  const page = (text: string) => ({ '/hub/login': ((_, response) => response.end(text)) as RequestListener });

  test('knows the ways a login page lets users in', async () => {
    expect(await loginOf(page('<form action="/hub/login?next=" method="post">'))).toEqual({ kind: 'form' });
    expect(await loginOf(page('<FORM id="own"><input type="password" name="p">'))).toEqual({ kind: 'form' });
    expect(await loginOf(page(`<a class="btn" href='/hub/oauth_login?next='>Sign in</a>`))).toEqual({ kind: 'link' });
    const provider = redirect('https://login.example.org/authorize?state=x');
    expect(await loginOf({ '/hub/login': redirect('/hub/oauth_login'), '/hub/oauth_login': provider })).toEqual({
      ...{ kind: 'provider', to: 'login.example.org' },
    });
  });

  test('says of a login by header that it was not tried', async () => {
    const hub = await standIn({ '/hub/login': (_, response) => response.writeHead(401).end() });
    const { status, stdout, stderr } = await health('\n', 'check', hub.base, ...version);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ login: { kind: 'header' } });
    expect(stderr).toContain('was not tried');
  });

  test.each<[string, Record<string, RequestListener>, string]>([
    ['no login page', { '/hub/login': (_, response) => response.writeHead(500).end() }, 'hub/login answered 500'],
    ['another page', page('<html>Welcome'), 'neither a login form nor a login link'],
    ['redirects for ever', { '/hub/login': redirect('/hub/login') }, 'redirects more than 5 times'],
    ['a redirect to no web address', { '/hub/login': redirect('javascript:alert(1)') }, 'no web address'],
  ])('says what is wrong: %s', async (_, routes, reason) => {
    expect(await unwell('\n', 'check', (await standIn(routes)).base, ...version)).toContain(reason);
  });

  test('gives its token to nobody else', async () => {
    const other = await standIn({});
    const routes = {
      '/hub/login': redirect(`${other.base}hub/login`),
      '/hub/api/user': redirect(`${other.base}hub/api/user`),
    };
    const hub = await standIn(routes);
    expect(await unwell(`${token}\n`, 'check', hub.base, ...version)).toContain('hub/api/user) answered 302');
    expect(other.seen).toEqual([]);
    const carrying = hub.seen.filter((request) => request.headers.authorization !== undefined);
    expect(carrying.map((request) => request.url)).toEqual(['/hub/api/user']);
  });

  test('reaches a hub by TLS without verifying its certificate, and says so', async () => {
    const subject = ['-subj', '/CN=hub.example.org', '-keyout', join(root, 'key'), '-out', join(root, 'cert')];
    await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', ...subject]);
    const [key, cert] = await Promise.all(['key', 'cert'].map((name) => run('cat', [join(root, name)])));
    const hub = await standIn({}, { key: key ?? '', cert: cert ?? '' });
    const { status, stderr } = await health(`${token}\n`, 'check', hub.base, ...version);
    expect(status).toBe(0);
    expect(stderr).toContain('certificate is not verified');
  });

  test.each(['ftp://127.0.0.1/', 'http://', '127.0.0.1:8000', 'http://127.0.0.1/?x', 'http://127.0.0.1/#x'])(
    'refuses the address %s',
    async (base) => expect(await unwell('\n', 'check', base, ...version)).toContain('is no http address of a hub'),
  );

  test('refuses a token that could end its header', async () => {
    const hub = await standIn({});
    expect(await unwell('a\u0000b\n', 'check', hub.base, ...version)).toContain('printable ASCII');
    expect(await unwell('ä\n', 'check', hub.base, ...version)).toContain('printable ASCII');
    expect(hub.seen).toEqual([]);
  });

  test('lets no answer break its line', async () => {
    const hub = await standIn({
      '/hub/api/': (_, response) => response.end('{"version": "1\\n::error::x\\u001b[31m"}'),
    });
    expect(await unwell('\n', 'check', hub.base, ...version)).toContain('1?::error::x?[31m');
  });
});

describe('spawn', () => {
  /** A hub whose server of alice goes through these models, one per request. */
  const hubWith = (models: (object | undefined)[], more: Record<string, RequestListener> = {}) => {
    const queue = [...models];
    const asked: string[] = [];
    const routes: Record<string, RequestListener> = {
      '/hub/api/users/alice': (_, response) => {
        const model = queue.length > 1 ? queue.shift() : queue[0];
        response.end(JSON.stringify({ name: 'alice', servers: model === undefined ? {} : { '': model } }));
      },
      '/hub/api/users/alice/server': (request, response) => {
        asked.push(request.method ?? '');
        response.writeHead(request.method === 'POST' ? 202 : 204).end();
      },
      ...more,
    };
    return { routes, asked };
  };
  const pending = { ready: false, pending: 'spawn', url: '/user/alice/' };
  const ready = { ready: true, pending: null, url: '/user/alice/' };
  const spawn = async (routes: Record<string, RequestListener>, timeout = '10') =>
    [`${token}\n`, 'spawn', (await standIn(routes)).base, 'alice', '--timeout', timeout] as const;

  test('waits for a server that starts slowly', async () => {
    const { routes, asked } = hubWith([undefined, pending, pending, ready, undefined], {
      '/user/alice/': redirect('/user/alice/lab'),
    });
    expect(await well(...(await spawn(routes)))).toMatchObject([{ started: true, reached: true }]);
    expect(asked).toEqual(['POST', 'DELETE']);
  });

  test('takes the way to the login of a server for the server', async () => {
    const toLogin = { '/user/alice/': redirect('/hub/api/oauth2/authorize?client_id=jupyterhub-user-alice') };
    const { routes } = hubWith([undefined, ready, undefined], toLogin);
    expect(await well(...(await spawn(routes)))).toMatchObject([{ reached: true }]);
  });

  test.each<[string, (object | undefined)[], Record<string, RequestListener>, string]>([
    ['that fails', [undefined, pending, undefined], {}, 'did not start'],
    ['that is never ready', [undefined, pending, pending, pending, undefined], {}, 'did not become ready in time'],
    ['without a route', [undefined, ready, undefined], {}, 'the proxy does not lead to it (answered 404)'],
    [
      'whose route leads back to the hub',
      [undefined, ready, undefined],
      { '/user/alice/': redirect('/hub/user/alice/') },
      'the proxy does not lead to it (answered 302)',
    ],
  ])('says so of a server %s, and stops it', async (_, models, more, reason) => {
    const { routes, asked } = hubWith(models, more);
    expect(await unwell(...(await spawn(routes, '1')))).toContain(reason);
    expect(asked).toEqual(['POST', 'DELETE']);
  });

  test('takes a name that is not ASCII, also where Python 3.6 is given it in the locale of C', async () => {
    const name = '/hub/api/users/zo%C3%AB';
    const server = { ...ready, url: '/user/zo%C3%AB/' };
    const { base } = await standIn({
      [name]: (_, response) => response.end(JSON.stringify({ servers: { '': server } })),
      [server.url]: redirect('/user/zo%C3%AB/lab'),
    });
    // As host programs run; a newer Python that is told not to know better does as 3.6.
    const command = [systemPython, '-I', '-X', 'utf8=0', hostProgram('health.py'), 'spawn', base, 'zoë'];
    const { stdout, stderr } = await runProgram(command, { stdin: `${token}\n`, env: { ...process.env, LC_ALL: 'C' } });
    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual({ event: 'spawn', user: 'zoë', started: false, reached: true });
  });

  test('says what the hub has against starting it', async () => {
    const { routes } = hubWith([undefined], {
      '/hub/api/users/alice/server': (request, response) =>
        response.writeHead(request.method === 'POST' ? 429 : 400).end('{"message": "Too many users"}'),
    });
    expect(await unwell(...(await spawn(routes)))).toContain(
      'could not be started: the hub answered 429 Too many users',
    );
  });
});

test('servers: whether the proxy leads to each, told by the answer that the server itself gives', async () => {
  const own =
    (name: string): RequestListener =>
    (_, response) =>
      response.end(`{"server": "${name}"}`);
  const ada = await standIn({ '/user/ada/api': own('ada') });
  const bob = await standIn({ '/user/bob/big/api': own('bob') });
  const gone = await standIn({});
  await new Promise((resolve) => gone.server.close(resolve));
  // The proxy leads to ada; where bob's route is lost, the hub answers.
  const proxy = await standIn({ '/user/ada/api': own('ada'), '/user/bob/big/api': redirect('/hub/user/bob/big/') });
  const route = (user: string, name: string, port: number, path: string, proto = 'http') => ({
    ...{ user, name, proto, ip: '127.0.0.1', port, path },
  });
  const routes = [
    route('ada', '', ada.port, '/user/ada/'),
    route('bob', 'big', bob.port, '/user/bob/big/'),
    route('cleo', '', gone.port, '/user/cleo/'),
    route('dora', '', ada.port, '/user/ada/', 'https'),
  ];
  const file = join(root, 'servers');
  await writeFile(file, JSON.stringify({ routes }));
  expect(await well('\n', 'servers', proxy.base, file)).toEqual([
    {
      reached: [['ada', '']],
      missed: [
        ['bob', 'big'],
        ['cleo', ''],
      ],
    },
  ]);
});

test('servers: one that answers a byte at a time is not waited for', async () => {
  const dripping: RequestListener = (_, response) => {
    const drops = setInterval(() => response.write(' '), 100);
    response.once('close', () => clearInterval(drops));
  };
  const ada = await standIn({ '/user/ada/api': dripping });
  const bob = await standIn({ '/user/bob/api': (_, response) => response.end('{}') });
  const proxy = await standIn({ '/user/bob/api': (_, response) => response.end('{}') });
  const route = (user: string, port: number) => ({
    ...{ user, name: '', proto: 'http', ip: '127.0.0.1', port, path: `/user/${user}/` },
  });
  const file = join(root, 'servers');
  await writeFile(file, JSON.stringify({ routes: [route('ada', ada.port), route('bob', bob.port)] }));
  expect(await well('\n', 'servers', proxy.base, file, '--timeout', '1')).toEqual([
    { reached: [['bob', '']], missed: [] },
  ]);
});
