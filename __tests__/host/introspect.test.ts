import { link, mkdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type HubEnvironment, hubEnvironment, type Release } from '../support/hub-environment.ts';
import { hostProgram, photograph, runProgram, temporaryDirectory } from './support.ts';

const root = temporaryDirectory();
const environments = new Map<Release, HubEnvironment>();
const releases: Release[] = ['4.1.6', '6.1.1'];
const heads: Record<Release, string> = { '4.1.6': '0eee8c825d24', '6.1.1': 'f460b0348206' };

beforeAll(async () => {
  for (const release of releases) environments.set(release, await hubEnvironment(release));
});

interface Introspection {
  [name: string]: unknown;
  config_files: string[];
  database: Record<string, unknown>;
}

let number = 0;

/** A hub's directory with these files in it. */
async function hubDirectory(files: Record<string, string>): Promise<string> {
  const directory = join(root, String(++number));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(directory, name, '..'), { recursive: true });
    await writeFile(join(directory, name), text);
  }
  return directory;
}

async function run(release: Release, directory: string, args: string[] = [], variables: NodeJS.ProcessEnv = {}) {
  const environment = environments.get(release);
  if (environment === undefined) throw new Error(release);
  const { PYTHONDONTWRITEBYTECODE: _, ...rest } = environment.variables; // the program sees to that itself
  const env = { ...rest, HOME: directory, ...variables };
  return runProgram([environment.python, hostProgram('introspect.py'), ...args], { cwd: directory, env });
}

async function introspect(...args: Parameters<typeof run>): Promise<Introspection> {
  const { status, stdout, stderr } = await run(...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout) as Introspection;
}

const rich = {
  'jupyterhub_config.py': `import os, sys, json
from pathlib import Path
sys.path.insert(0, os.path.join(os.getcwd(), 'local modules'))
import helper
print('canary on stdout')
print('canary on stderr', file=sys.stderr)
load_subconfig('conf.d/servers.py')
secret = open('secret').read()
Path('options.json').read_text()
open('written', 'r+').close()
open('/etc/hostname').read()
c.JupyterHub.bind_url = 'http://127.0.0.1:9999/pre/'
c.JupyterHub.services = [{'name': 'culler', 'api_token': 'canary' * 8}]
c.JupyterHub.authenticator_class = 'helper.Authenticator'
c.JupyterHub.spawner_class = 'simple'
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.auth_token = 'canary'
c.JupyterHub.db_url = 'sqlite:///state dir/hub#1.sqlite'
`,
  'jupyterhub_config.json': '{"JupyterHub": {"pid_file": "hub.pid", "cookie_secret_file": "secrets/cookie"}}',
  'conf.d/servers.py': 'c.JupyterHub.cleanup_servers = False',
  'local modules/helper.py': `import other
from jupyterhub.auth import DummyAuthenticator
class Authenticator(DummyAuthenticator): pass`,
  'local modules/other.py': `DATA = open('local modules/data.txt').read()`,
  'local modules/data.txt': 'data',
  secret: 'canary',
  written: 'not only read',
  'options.json': '{}',
};

describe.each(releases)('on JupyterHub %s', (release) => {
  test('tells what the hub makes of its configuration, without a trace or a secret', async () => {
    const directory = await hubDirectory(rich);
    const before = await photograph(directory);
    const { status, stdout, stderr } = await run(release, directory, ['--JupyterHub.base_url=/other/']);
    expect(await photograph(directory)).toEqual(before);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).not.toContain('canary');
    const found = JSON.parse(stdout) as Introspection;
    const inside = (name: string) => join(directory, name);
    const templates = join(environments.get(release)?.path ?? '', 'share/jupyterhub/templates');
    expect(found).toMatchObject({
      ...{ version: release, code_revision: heads[release], upgrade_db: false, ssl: false, internal_ssl: false },
      ...{ config_file: inside('jupyterhub_config.py'), config_file_exists: true, config_files_complete: true },
      ...{
        cookie_secret_file: inside('secrets/cookie'),
        cookie_secret_file_exists: false,
        cookie_secret_source: 'file',
      },
      ...{ pid_file: inside('hub.pid'), cleanup_servers: false, cleanup_proxy: true, services: ['culler'] },
      ...{ authenticator: 'helper.Authenticator', spawner: 'jupyterhub.spawner.SimpleLocalProcessSpawner' },
      proxy: { class: 'jupyterhub.proxy.ConfigurableHTTPProxy', should_start: false },
      ...{ hub_bind_url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:8081\/.*\/hub\/$/) },
      ...{ page_template: join(templates, 'page.html'), page_template_has_announcement: true },
      ...{ data_files_path: join(templates, '..'), template_paths: [templates] },
      python: { prefix: environments.get(release)?.path, executable: environments.get(release)?.python },
      database: { dialect: 'sqlite', path: inside('state dir/hub#1.sqlite'), has_password: false, has_query: false },
    });
    expect(found.config_files).toEqual(
      [
        ...['conf.d/servers.py', 'jupyterhub_config.json', 'jupyterhub_config.py', 'local modules/data.txt'],
        ...['local modules/helper.py', 'local modules/other.py', 'options.json', 'secret'],
      ].map(inside),
    );
  });

  test('hides the password of a database, and its query', async () => {
    const url = 'postgresql+psycopg2://hub:can%40ary@db.example.org:5433/hub?sslpassword=canary';
    const directory = await hubDirectory({ 'jupyterhub_config.py': `c.JupyterHub.db_url = '${url}'` });
    const { stdout } = await run(release, directory);
    expect(stdout).not.toMatch(/canary|can@ary|can%40ary/);
    expect((JSON.parse(stdout) as Introspection).database).toEqual({
      ...{ dialect: 'postgresql', driver: 'psycopg2', path: null, has_arguments: false, arguments_usable: true },
      ...{ has_password: true, has_query: true, url: 'postgresql+psycopg2://hub:***@db.example.org:5433/hub' },
      ...{ host: 'db.example.org', on_command_line: false },
    });
  });

  test('writes how the hub reaches its database into a file for its owner alone', async () => {
    const url = 'postgresql+psycopg2://hub:can%40ary@db.example.org:5433/hub?sslpassword=canary';
    const config = `c.JupyterHub.db_url = '${url}'; c.JupyterHub.db_kwargs = {'connect_args': {'connect_timeout': 3}}
import os; os.chdir('/')`;
    const directory = await hubDirectory({
      'jupyterhub_config.py': config,
      'plain.py': '',
      'db.json': 'longer '.repeat(99),
    });
    const told = async (...args: string[]) => {
      const { status, stdout } = await run(release, directory, ['--database-file', 'db.json', ...args]);
      expect(status).toBe(0);
      expect(stdout).not.toMatch(/canary|can@ary|can%40ary/);
      expect((await stat(join(directory, 'db.json'))).mode & 0o777).toBe(0o600);
      return JSON.parse(await readFile(join(directory, 'db.json'), 'utf8'));
    };
    expect(await told()).toMatchObject({ url, kwargs: { connect_args: { connect_timeout: 3 } } });
    expect(await told('-f', 'plain.py')).toMatchObject({ url: 'sqlite:///jupyterhub.sqlite', kwargs: {} });
    const bare = { url: 'sqlite:///some where.sqlite', kwargs: {} };
    expect(await told('-f', 'plain.py', '--db=some where.sqlite')).toMatchObject(bare);
  });

  test('writes over no link', async () => {
    const directory = await hubDirectory({
      'jupyterhub_config.py': '',
      precious: 'precious',
    });
    await symlink('precious', join(directory, 'link'));
    await link(join(directory, 'precious'), join(directory, 'second name'));
    for (const name of ['link', 'second name']) {
      const { status, stdout } = await run(release, directory, ['--database-file', name]);
      expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
      expect(await readFile(join(directory, 'precious'), 'utf8')).toBe('precious');
    }
  });

  test('takes command line and environment as the hub does', async () => {
    const directory = await hubDirectory({
      'etc/hub.py': `c.JupyterHub.ssl_cert = '/cert'; c.JupyterHub.ssl_key = '/key'; c.JupyterHub.port = 8443
c.ConfigurableHTTPProxy.should_start = True`,
    });
    const args = ['-f', 'etc/hub.py', '--ConfigurableHTTPProxy.should_start=False', '--upgrade-db', '--no-ssl'];
    const found = await introspect(release, directory, args, { JPY_COOKIE_SECRET: 'ab'.repeat(32) });
    expect(found).toMatchObject({
      ...{ config_file: join(directory, 'etc/hub.py'), config_files: [join(directory, 'etc/hub.py')], ssl: true },
      ...{ upgrade_db: true, cookie_secret_source: 'environment', proxy: { should_start: false } },
      bind_url: expect.stringMatching(/^https:\/\/:8443/),
    });
  });
});

// What does not differ between the two is tried on the one that starts faster.
describe('on any release', () => {
  const release = '4.1.6';

  test.each([
    ['sqlite:///jupyterhub.sqlite', 'jupyterhub.sqlite'],
    ['jupyterhub.sqlite', 'jupyterhub.sqlite'],
    ['sqlite+pysqlite:////srv/x.sqlite?timeout=30', '/srv/x.sqlite'],
    ['sqlite:///file:dir/x.sqlite?uri=true', 'dir/x.sqlite'],
    ['sqlite:///:memory:', null],
    ['sqlite://', null],
    // No shell is there to know it as anybody's home.
    ['sqlite:///~/x.sqlite', '~/x.sqlite'],
  ])('finds the file of %s', async (url, path) => {
    const directory = await hubDirectory({ 'jupyterhub_config.py': `c.JupyterHub.db_url = '${url}'` });
    const { database } = await introspect(release, directory);
    expect(database.path).toBe(path === null ? null : path.startsWith('/') ? path : join(directory, path));
    expect(database.has_query).toBe(url.includes('?'));
  });

  test.each([
    ['', true],
    ['c.ConfigurableHTTPProxy.should_start = False', false],
    ['c.Proxy.should_start = False', false],
    // A section within that of the hub goes before one of its own, and a class before what it derives from.
    ['c.JupyterHub.ConfigurableHTTPProxy.should_start = False; c.ConfigurableHTTPProxy.should_start = True', false],
    ['c.Proxy.should_start = False; c.ConfigurableHTTPProxy.should_start = True', true],
  ])('knows who starts the proxy: %s', async (text, shouldStart) => {
    const directory = await hubDirectory({ 'jupyterhub_config.py': text });
    expect((await introspect(release, directory)).proxy).toMatchObject({ should_start: shouldStart });
  });

  describe('writes what it takes to reach the database', () => {
    const read = async (config: string, args: string[] = [], variables: NodeJS.ProcessEnv = {}) => {
      const directory = await hubDirectory({ 'jupyterhub_config.py': config });
      const file = join(directory, 'database.json');
      const found = await introspect(release, directory, ['--database-file', file, ...args], variables);
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      return { found, content: JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown> };
    };

    test('the password and what a connection needs, and tells none of it', async () => {
      const { found, content } = await read(
        `import os
os.environ['PGPASSWORD'] = 'canary'
c.JupyterHub.db_url = 'postgresql://hub:can%40ary@/hub?host=/run/pg'
c.JupyterHub.db_kwargs = {'pool_pre_ping': True, 'connect_args': {'sslmode': 'canary'}}`,
        [],
        { HOME: '/root' },
      );
      expect(content).toMatchObject({
        url: 'postgresql://hub:can%40ary@/hub?host=/run/pg',
        kwargs: { connect_args: { sslmode: 'canary' } },
        environment: { PGPASSWORD: 'canary' },
      });
      expect(JSON.stringify(found)).not.toMatch(/can(%40)?ary/);
      expect(found.database).toMatchObject({ has_arguments: true, arguments_usable: true, host: '/run/pg' });
    });

    test.each([
      ["{'creator': print}", false],
      ["{'connect_args': {'ssl': object()}}", false],
      ["{'connect_args': {'tuple': (1, 2)}}", false],
      ["{'poolclass': object}", true],
      ['{}', true],
    ])('arguments that are objects are none that can be handed on: %s', async (value, usable) => {
      const { found, content } = await read(`c.JupyterHub.db_kwargs = ${value}`);
      expect(found.database.arguments_usable).toBe(usable);
      expect(content.kwargs).toEqual({});
    });

    test.each([['--db=sqlite:///x'], ['--JupyterHub.db_url=sqlite:///x']])(
      'upgrade-db does not see what the command line says: %s',
      async (argument) => {
        const { found, content } = await read("c.JupyterHub.db_url = 'sqlite:///y'", [argument]);
        expect(found.database.on_command_line).toBe(true);
        expect(content.url).toBe('sqlite:///x');
      },
    );

    test.each([
      [
        "c.Authenticator.allowed_users = {'bob', 'ada'}; c.Authenticator.admin_users = {'eve'}",
        false,
        ['ada', 'bob', 'eve'],
      ],
      ["c.Authenticator.admin_users.add('eve')", true, ['eve']],
      ['', true, []],
    ])('whom the configuration lets in: %s', async (config, everybody, users) => {
      const { found, content } = await read(`${config}\nc.JupyterHub.load_groups = {'physics': []}`);
      const admins = users.filter((user) => user === 'eve');
      expect(content.logins).toEqual({ everybody, users, admins, groups: ['physics'] });
      expect(JSON.stringify(found)).not.toContain('eve');
    });

    test('the tables of the hub, and those that its authenticator adds to them, as nativeauthenticator does', async () => {
      const authenticator = `import sqlalchemy as sa
from jupyterhub.auth import DummyAuthenticator
from jupyterhub.orm import Base
class UserInfo(Base):
    __tablename__ = 'users_info'
    id = sa.Column(sa.Integer, primary_key=True)
class Native(DummyAuthenticator):
    pass`;
      const directory = await hubDirectory({
        'jupyterhub_config.py': "c.JupyterHub.authenticator_class = 'native.Native'",
        'native.py': authenticator,
      });
      await introspect(release, directory, ['--database-file', 'db.json']);
      const { tables } = JSON.parse(await readFile(join(directory, 'db.json'), 'utf8')) as { tables: string[] };
      expect(tables).toEqual(expect.arrayContaining(['groups', 'users', 'users_info']));
    });
  });

  test('knows a hub without a configuration', async () => {
    const directory = await hubDirectory({ 'unrelated.txt': '' });
    expect(await introspect(release, directory)).toMatchObject({
      ...{ config_file: join(directory, 'jupyterhub_config.py'), config_file_exists: false, config_files: [] },
      database: { path: join(directory, 'jupyterhub.sqlite') },
    });
  });

  test.each([
    ['{% block announcement %}{% endblock %}', 'templates/page.html', true],
    ['{% extends "templates/page.html" %}{%- block announcement %}mine{% endblock %}', 'templates/page.html', true],
    ['{% extends "templates/page.html" %}', undefined, true],
    ['<html>all our own</html>', 'templates/page.html', false],
  ])('finds the page template that users see: %s', async (text, own, hasAnnouncement) => {
    const config = "c.JupyterHub.template_paths = ['empty', 'templates']";
    const directory = await hubDirectory({ 'jupyterhub_config.py': config, 'templates/page.html': text });
    const found = await introspect(release, directory);
    const shipped = join(environments.get(release)?.path ?? '', 'share/jupyterhub/templates/page.html');
    expect(found.page_template).toBe(own === undefined ? shipped : join(directory, own));
    expect(found.page_template_has_announcement).toBe(hasAnnouncement);
  });

  test('counts the configuration itself even where packages lie', async () => {
    const config = 'lib/site-packages/hub/config.py';
    const directory = await hubDirectory({ [config]: `open('settings.yaml')`, 'settings.yaml': '' });
    const variables = { PYTHONPATH: join(directory, 'lib/site-packages') };
    const found = await introspect(release, directory, ['-f', config], variables);
    expect(found.config_files).toEqual([join(directory, config), join(directory, 'settings.yaml')]);
  });

  test.each([
    ['x = (', /SyntaxError \(.*jupyterhub_config\.py, line 1\): /],
    ['\nimport no_such_module', /ModuleNotFoundError \(.*config\.py, line 2\): No module named 'no_such_module'/],
    ["import os; os.environ['NOT_SET']", /KeyError \(.*jupyterhub_config\.py, line 1\): 'NOT_SET'/],
    ["raise ValueError('canary')", /ValueError \(.*jupyterhub_config\.py, line 1\); its text is withheld/],
    ["c.JupyterHub.hub_port = 'canary'", /The trait hub_port does not take the value/],
    ["import sys; sys.exit('canary')", /ended the process/],
    ["c.JupyterHub.db_url = 'no canary://x y'", /The hub's db_url is no database URL/],
  ])('says in one line why %j cannot be loaded', async (text, reason) => {
    const directory = await hubDirectory({ 'jupyterhub_config.py': text });
    const { status, stdout, stderr } = await run(release, directory);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^introspect\.py: [^\n]+\.\n$/);
    expect(stderr).toMatch(reason);
    expect(stderr).not.toContain('canary');
  });

  test.each([
    [['-f', 'nowhere.py'], /There is no configuration file .*nowhere\.py/],
    [['upgrade-db'], /begin with the subcommand upgrade-db/],
    [['--help'], /ended the process/],
  ])('says in one line why the arguments %j cannot be used', async (args, reason) => {
    const directory = await hubDirectory({ 'jupyterhub_config.py': '' });
    const { status, stdout, stderr } = await run(release, directory, args);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(reason);
  });
});
