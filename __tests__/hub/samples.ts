import { parseFacts } from '../../src/hub/discovery.ts';
import type { Facts } from '../../src/hub/facts.ts';
import { type Inputs, readInputs } from '../../src/inputs.ts';
import { UPGRADE, variables } from '../inputs/environments.ts';

const MIB = 1024 * 1024;

/** What introspect.py says of a hub on PostgreSQL. */
export const INTROSPECT = {
  version: '4.1.6',
  python: { version: '3.11.2', executable: '/opt/hub/bin/python', prefix: '/opt/hub' },
  code_revision: '0eee8c825d24',
  config_file: '/etc/hub/jupyterhub_config.py',
  config_files: ['/etc/hub/jupyterhub_config.py'],
  cookie_secret_file: '/srv/hub/jupyterhub_cookie_secret',
  bind_url: 'http://:8000',
  base_url: '/',
  cleanup_servers: false,
  cleanup_proxy: true,
  config_digests: { '/etc/hub/jupyterhub_config.py': '0123456789abcdef' } as Record<string, string>,
  proxy: { should_start: false },
  page_template: null,
  configuration: { components: [], sections: {}, counts: {}, packages: {} },
  database: {
    dialect: 'postgresql',
    path: null as string | null,
    url: 'postgresql+psycopg2://hub:***@localhost:5432/hub',
    host: 'localhost',
    has_query: false,
    has_arguments: false,
    arguments_usable: true,
    on_command_line: false,
  },
};

/** What `hubdb facts` says of its database. */
export const DATABASE = {
  dialect: 'postgresql',
  server: 'PostgreSQL 15.18',
  name: 'hub',
  revision: '0eee8c825d24' as string | null,
  size: 10 * MIB,
  rows: { users: 3, api_tokens: 2, groups: 1 },
  admins: 1,
  servers: [] as { user: string; name: string; pid: number | null }[],
  server_clients: 0,
  tokens: { count: 0, first: [] as string[] },
  unsafe_server_names: 0,
  has_user: null as boolean | null,
  half_migrated: [] as string[],
  problems: [] as string[],
  warnings: [] as string[],
  backup: { format: 'pg_dump', tool: 'pg_dump (PostgreSQL) 15.18' as string | null },
  proof: 'scratch database',
};

/** Where an upgrade writes, each with a disk of its own and 1 GiB free there, but for what is given. */
export function places(less: Partial<Record<string, string>> = {}): string {
  const all = {
    environment: '1 1048576 100000 yes no /opt',
    database: '2 1048576 100000 yes no /srv/hub',
    state: '3 1048576 100000 yes no /var/lib',
    phases: '4 1048576 - yes no /var/tmp',
    units: '5 1048576 - yes no /etc/systemd/system',
    ...less,
  };
  return Object.entries(all)
    .map(([name, line]) => `${name} ${line}`)
    .join('\n');
}

/** What packages.py says is installed beside it. */
export const PACKAGES = {
  installed: [
    { name: 'jupyterhub', version: '4.1.6', editable: false, installer: 'pip', from: null as string | null },
    { name: 'oauthenticator', version: '16.0.0', editable: false, installer: 'pip', from: null },
    { name: 'sqlalchemy', version: '1.4.46', editable: false, installer: 'pip', from: null },
  ],
  requirements: [
    { by: 'oauthenticator', name: 'jupyterhub', specifier: '<6,>=2.2' },
    { by: 'jupyterhub', name: 'sqlalchemy', specifier: '>=1.1' },
  ],
  platform: {
    ...{ implementation: 'cpython', python: '3.11.2', abi: 'cp311' },
    ...{ machine: 'x86_64', bits: 64, libc: 'glibc 2.36' as string | null },
  },
};

export interface Said {
  introspect?: Partial<typeof INTROSPECT>;
  /** Of introspect's database. */
  place?: Partial<typeof INTROSPECT.database>;
  database?: Partial<typeof DATABASE>;
  loss?: unknown;
  /** Raw facts of discover.sh. */
  raw?: Record<string, string>;
}

/** What discover.sh prints, read: of a hub on PostgreSQL, changed by what is given. */
export function raw({
  introspect = {},
  place = {},
  database = {},
  loss,
  raw: more = {},
}: Said = {}): Map<string, string> {
  const place_ = { ...INTROSPECT.database, ...place };
  return new Map(
    Object.entries({
      uid: '0',
      user: 'root',
      'has-systemd': 'yes',
      'load-centiseconds': '120',
      os: 'Debian GNU/Linux 12',
      'missing-tools': '',
      'service-manager': 'systemd',
      'unit-properties': 'ActiveState=active\nSubState=running\nKillMode=process',
      pid: '1234',
      'hub-uid': '1000',
      'hub-gid': '1000',
      'hub-user': 'jupyterhub',
      directory: '/srv/hub',
      introspect: JSON.stringify({ ...INTROSPECT, ...introspect, database: place_ }),
      ...(place_.path === null ? {} : { 'database-path': place_.path }),
      'database-facts': JSON.stringify({ ...DATABASE, ...database }),
      ...(loss === undefined ? {} : { 'database-loss': JSON.stringify({ lost: loss }) }),
      'template-path': '/opt/hub/share/jupyterhub/templates/page.html',
      'template-owner': '1000 1000',
      'template-block': 'yes',
      'environment-path': '/opt/hub',
      'environment-owner': '1000 1000',
      'environment-parent-owner': '0 0 755',
      'environment-kib': '1024',
      'environment-files': '5000',
      places: places(),
      'environment-kind': 'venv',
      'environment-place': 'environment',
      'environment-python': '/opt/hub/bin/python',
      'environment-bin': '/opt/hub/bin',
      'package-manager': 'pip',
      'package-tool': '/opt/hub/bin/python -m pip',
      'package-tool-version': 'pip 23.0 from /opt/hub',
      packages: JSON.stringify(PACKAGES),
      requirements: 'jupyterhub==4.1.6',
      'private-mount': 'root',
      'state-root': '/var/lib/jupyterhub-upgrade',
      ...more,
    }),
  );
}

export function sampleFacts(said: Said = {}): Facts {
  return parseFacts(raw(said), 'jupyterhub.service');
}

/** The same hub on an SQLite file. */
export function sqliteFacts({ place = {}, database = {}, ...said }: Said = {}): Facts {
  return sampleFacts({
    ...said,
    place: {
      dialect: 'sqlite',
      path: '/srv/hub/jupyterhub.sqlite',
      url: 'sqlite:///jupyterhub.sqlite',
      host: '',
      ...place,
    },
    database: { dialect: 'sqlite', backup: { format: 'sqlite', tool: null }, proof: 'scratch file', ...database },
  });
}

export function sampleInputs(inputs: Record<string, string> = {}): Promise<Inputs> {
  return readInputs(variables({ ...UPGRADE, ...inputs }), () => {});
}
