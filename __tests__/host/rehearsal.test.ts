import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HubEnvironment, hubEnvironment, seedDatabase } from '../support/hub-environment.ts';
import { type Ended, python, runProgram, temporaryDirectory } from './support.ts';

// The programs of the rehearsal, each by itself, with a real release. What a trial hub must not do, it must not do without the
// kernel's help either: here nothing isolates it.

const directory = temporaryDirectory();
const program = (name: string) => fileURLToPath(new URL(`../../src/host/rehearsal/${name}`, import.meta.url));
const TOKEN = 'f'.repeat(32);

let hub: HubEnvironment;
/** Whom a trial hub must leave alone: a user's server, and the live proxy. */
let server: ChildProcess;
let decoy: Server;
let asked = 0;

beforeAll(async () => {
  hub = await hubEnvironment('6.1.1');
  server = spawn('sleep', ['600'], { stdio: 'ignore' });
  decoy = createServer((_, response) => {
    asked += 1;
    response.end('{}');
  });
  decoy.listen(0, '127.0.0.1');
  await once(decoy, 'listening');
});

afterAll(() => {
  server?.kill('SIGKILL');
  decoy?.close();
});

let number = 0;

/** A directory with a hub's configuration, and the way to run a program in it as the hub runs. */
function site(config: string, modules: Record<string, string> = {}) {
  number += 1;
  const place = join(directory, `site ${number}`);
  mkdirSync(place);
  const path = join(place, 'jupyterhub_config.py');
  writeFileSync(path, config);
  for (const [name, text] of Object.entries(modules)) writeFileSync(join(place, `${name}.py`), text);
  const run = (name: string, args: string[], stdin = ''): Promise<Ended> =>
    runProgram([hub.python, program(name), ...args], {
      cwd: place,
      env: { ...hub.variables, PYTHONPATH: place, HOME: place, CONFIGPROXY_AUTH_TOKEN: 'proxy' },
      stdin,
    });
  return { place, config: path, run, at: (name: string) => join(place, name) };
}

describe('load.py', () => {
  const load = async (config: string, modules?: Record<string, string>) => {
    const made = site(config, modules);
    const { status, stdout, stderr } = await made.run('load.py', [made.config]);
    return status === 0 ? stdout.trim() : stderr.trim();
  };

  it.each([
    ['own', "c.JupyterHub.authenticator_class = 'dummy'"],
    ['own', ''],
    ['site_auth.Site', "c.JupyterHub.authenticator_class = 'site_auth.Site'"],
  ])('says %s', async (expected, config) => {
    expect(
      await load(config, { site_auth: 'from jupyterhub.auth import Authenticator as A\nclass Site(A): pass\n' }),
    ).toBe(expected);
  });

  it.each([
    [
      'a class that is not there',
      "c.JupyterHub.spawner_class = 'nowhere.Spawner'",
      /^nowhere\.Spawner, the spawner_class of .* No module named 'nowhere'\)\. Install/,
    ],
    [
      'a class whose module fails',
      "c.JupyterHub.authenticator_class = 'broken.Auth'",
      /^broken\.Auth, the authenticator_class .*ImportError: cannot import name 'Gone'/,
    ],
    [
      'a configuration that fails',
      'import nowhere',
      /No module named 'nowhere'\. Change it so that both releases load it\.$/,
    ],
    [
      'a service without its command',
      "c.JupyterHub.services = [{'name': 'cull', 'command': ['cull-them']}]",
      /^cull-them, the command of the service cull, is not there/,
    ],
    [
      'a service without its module',
      "import sys\nc.JupyterHub.services = [{'name': 'cull', 'command': [sys.executable, '-m', 'cull_them']}]",
      /^cull_them, the module that the service cull runs, is not there/,
    ],
  ])('refuses %s', async (_, config, sentence) => {
    expect(await load(config, { broken: 'from jupyterhub.auth import Gone\n' })).toMatch(sentence);
  });
});

describe('a trial hub', { timeout: 300_000 }, () => {
  /** A configuration that would do everything a trial hub must not. */
  const harmful = () => `
import os
c.JupyterHub.bind_url = 'http://127.0.0.1:${port()}/prefix/'
c.JupyterHub.hub_bind_url = 'http://127.0.0.1:${port()}'
c.ConfigurableHTTPProxy.api_url = 'http://127.0.0.1:${port()}'
c.ConfigurableHTTPProxy.should_start = False
c.JupyterHub.pid_file = os.path.abspath('touched.pid')
c.JupyterHub.cookie_secret_file = os.path.abspath('touched.secret')
c.JupyterHub.extra_log_file = os.path.abspath('touched.log')
c.JupyterHub.db_url = 'sqlite:///' + os.path.abspath('touched.sqlite')
c.JupyterHub.reset_db = True
c.JupyterHub.cleanup_servers = True
c.JupyterHub.services = [
    {'name': 'culler', 'command': ['touch', os.path.abspath('touched.service')]},
    {'name': 'outside', 'url': 'http://127.0.0.1:${port()}/', 'api_token': 'a' * 32},
]
c.JupyterHub.load_roles = [{'name': 'cull', 'services': ['culler'], 'scopes': ['list:users']}]
c.JupyterHub.spawner_class = 'simple'
c.Spawner.nonsense = 1
c.JupyterHub.authenticator_class = 'pam'
c.LocalAuthenticator.create_system_users = True
c.LocalAuthenticator.add_user_cmd = ['touch', os.path.abspath('touched.account')]
c.Authenticator.allowed_users = {'user00'}
c.Authenticator.allow_existing_users = False
`;
  const port = () => (decoy.address() as AddressInfo).port;

  async function database(place: string): Promise<string> {
    const path = join(place, 'copy.sqlite');
    await seedDatabase(hub, path);
    await python(
      'import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute("UPDATE servers SET port = ?", sys.argv[3:]); ' +
        'c.execute("UPDATE spawners SET state = ? WHERE server_id IS NOT NULL", sys.argv[2:3]); c.commit()',
      path,
      `{"pid": ${server.pid}}`,
      String(port()),
    );
    return path;
  }

  const trial = (made: ReturnType<typeof site>, copy: string, before = '') =>
    made.run('trial.py', [made.config, copy, made.at('out.json'), before, '6.1.1', '60'], `${TOKEN}\n`);

  it('answers, takes a token, stays up, ends, and reaches nobody', async () => {
    const made = site(harmful());
    const copy = await database(made.place);
    const { status } = await runProgram(
      [hub.python, fileURLToPath(new URL('../../src/host/hubdb', import.meta.url)), 'token', 'create', copy],
      { env: hub.variables, stdin: `${TOKEN}\n` },
    );
    expect(status).toBe(0);
    asked = 0;
    const ended = await trial(made, copy);
    expect([ended.status, ended.stderr]).toEqual([0, '']);
    expect(JSON.parse(ended.stdout)).toEqual({ start: expect.any(Number), stop: expect.any(Number) });
    expect(asked).toBe(0);
    expect(server.exitCode ?? server.signalCode).toBeNull();
    const touched = ['pid', 'secret', 'log', 'sqlite', 'service', 'account'].filter((name) =>
      existsSync(made.at(`touched.${name}`)),
    );
    expect(touched).toEqual([]);
    const out = JSON.parse(readFileSync(made.at('out.json'), 'utf8')) as {
      users: Record<string, boolean>;
    };
    expect(out).toMatchObject({ strangers: false, ignored: ['c.Spawner.nonsense'], base_url: '/prefix/' });
    expect(Object.entries(out.users).filter(([, may]) => may)).toEqual([['user00', true]]);
    expect(Object.keys(out.users)).toContain('zoë@example.org');
  });

  it('that takes no token of before, or does not come up, says why', async () => {
    const made = site("c.JupyterHub.authenticator_class = 'dummy'\n");
    const refused = await trial(made, await database(made.place));
    expect([refused.status, refused.stderr]).toEqual([1, expect.stringMatching(/token/)]);
    const broken = site("c.JupyterHub.authenticator_class = 'site_auth.Site'\n", {
      site_auth: `
from jupyterhub.auth import DummyAuthenticator
class Site(DummyAuthenticator):
    def get_handlers(self, app):
        raise RuntimeError('these handlers are of another release')
`,
    });
    const ended = await trial(broken, await database(broken.place));
    expect([ended.status, ended.stderr]).toEqual([
      1,
      'it ended by itself with status 1: RuntimeError: these handlers are of another release\n',
    ]);
  });

  it('that needs another machine is no verdict', async () => {
    const made = site("c.JupyterHub.authenticator_class = 'site_auth.Site'\n", {
      site_auth: `
import socket
from jupyterhub.auth import DummyAuthenticator
class Site(DummyAuthenticator):
    def get_handlers(self, app):
        socket.create_connection(('192.0.2.1', 443), timeout=0.2)
`,
    });
    const ended = await trial(made, await database(made.place));
    expect([ended.status, ended.stderr]).toEqual([5, expect.stringMatching(/it had tried to reach 192\.0\.2\.1/)]);
  });
});
