import { z } from 'zod';
import { type Configuration, configurationSchema } from './advice/configuration.ts';
import type { Place } from './disk.ts';
import { type EnvironmentFacts, environmentFacts } from './environments/facts.ts';
import type { Known } from './known.ts';

// What discover.sh prints comes from a host that may be hostile: every field has a shape and a bound, and one that has
// another shape than expected ends the run before anything is touched.

const text = z.string().max(4096);
const id = z.coerce.number().int().nonnegative();

const introspectSchema = z.object({
  version: text,
  python: z.object({ version: text, executable: text, prefix: text }),
  code_revision: text,
  config_file: text,
  config_files: z.array(text).max(2000),
  cookie_secret_file: text.nullish(),
  bind_url: text,
  base_url: text,
  cleanup_servers: z.boolean(),
  cleanup_proxy: z.boolean(),
  /** Of each file that the configuration reads: a digest that only this hub can make. */
  config_digests: z.record(text, z.string().regex(/^[0-9a-f]{16}$/)),
  proxy: z.object({ should_start: z.boolean().nullish() }),
  database: z.object({
    dialect: z.string().regex(/^[a-z][a-z0-9_]{0,31}$/, 'is no dialect'),
    path: text.nullish(),
    url: text,
    host: text,
    has_query: z.boolean(),
    has_arguments: z.boolean(),
    arguments_usable: z.boolean(),
    on_command_line: z.boolean(),
  }),
  page_template: text.nullish(),
  configuration: configurationSchema,
});

const sentences = z.array(text).max(100);

const databaseFactsSchema = z.object({
  revision: text.nullable(),
  /** Of SQLite. */
  journal_mode: text.nullish(),
  /** Of the server; for people. */
  server: text.nullish(),
  size: z.number().nonnegative().nullish(),
  rows: z.record(text, z.number().int().nonnegative()),
  servers: z.array(z.object({ user: text, name: text, pid: z.number().int().positive().nullish() })).max(100_000),
  /** API tokens of users, less those of their servers: how many, and the first ones by name. */
  tokens: z.object({ count: z.number().int().nonnegative(), first: z.array(text).max(20) }),
  /** Named servers whose names JupyterHub 6.0 would not take. */
  unsafe_server_names: z.number().int().nonnegative(),
  /** User servers with an OAuth client. */
  server_clients: z.number().int().nonnegative(),
  /** Whether the hub knows the canary-user; null without one. */
  has_user: z.boolean().nullish(),
  half_migrated: sentences,
  problems: sentences,
  warnings: sentences,
  backup: z.object({ format: z.enum(['sqlite', 'pg_dump', 'mysqldump', 'lines']), tool: text.nullish() }),
  proof: z.enum(['scratch file', 'scratch database', 'server of its own', 'none']),
});

export type DatabaseFacts = z.infer<typeof databaseFactsSchema>;

/** Of a database that cannot be read, which a restore puts back. */
const NO_DATABASE: DatabaseFacts = {
  revision: null,
  rows: {},
  servers: [],
  tokens: { count: 0, first: [] },
  server_clients: 0,
  half_migrated: [],
  unsafe_server_names: 0,
  problems: [],
  warnings: [],
  backup: { format: 'sqlite' },
  proof: 'scratch file',
};

const lossSchema = z.object({
  lost: z.record(text, z.object({ count: z.number().int().nonnegative(), first: z.array(text).max(20) })),
});

const holder = z.object({ pid: z.number().int().nonnegative().nullable(), command: text });

const neighboursSchema = z.object({
  database: z.array(holder.extend({ pid: z.number().int().positive() })).max(1000),
  ports: z.array(holder.extend({ port: z.number().int().positive() })).max(10),
});

const sessionsSchema = z.array(z.object({ own: z.boolean(), from: text })).max(10_000);

/** What only the database knows, and a fresh one would not: how much of each kind, and the first ones by name. */
export type Loss = z.infer<typeof lossSchema>['lost'];

/** Everything that discovery found out about the hub and its host. Sizes in bytes. */
export interface Facts {
  /** The SSH user after `become`. */
  uid: number;
  user: string;
  os: string;
  hasSystemd: boolean;
  missingTools: string[];
  service: {
    manager: 'systemd' | 'commands';
    /** systemd's properties of the unit; empty without systemd. */
    properties: Record<string, string>;
    /** Main process of the running hub. */
    pid?: number;
    uid: number;
    gid: number;
    user: string;
    directory: string;
  };
  /**
   * Why the hub's own code could not load its configuration. Only a hub that is to be restored may be so; what could not
   * be found out of it then is what the backup says, and `version` and `python` are empty where the environment is broken.
   */
  broken?: string;
  version: string;
  python: string;
  /** Seconds that it took to load the hub's code and configuration. */
  loadSeconds: number;
  /** Alembic head of the installed code. */
  codeRevision: string;
  configFile: string;
  configFiles: string[];
  /** What is in them, by the path: a digest that only this hub can make, as they may hold passwords. */
  configDigests: Record<string, string>;
  /** What of it the advice rests on. */
  configuration: Configuration;
  cookieSecretFile?: string;
  bindUrl: string;
  baseUrl: string;
  cleanupServers: boolean;
  /** Whether a hub that starts its proxy itself ends it, too. */
  cleanupProxy: boolean;
  /** Whether the hub starts its proxy itself, so that a restart interrupts users' connections. */
  startsProxy: boolean;
  database: Omit<DatabaseFacts, 'size'> & {
    dialect: string;
    /** Of an SQLite file; empty for all others. */
    path: string;
    /** For all others: the URL less its password and query. */
    url: string;
    /** Where the server is; empty for what needs no network. */
    host: string;
    size: number;
    hasQuery: boolean;
    hasArguments: boolean;
    argumentsUsable: boolean;
    onCommandLine: boolean;
    /** Of a server: others that are connected; `own` are those of the hub's role. */
    sessions: z.infer<typeof sessionsSchema>;
    loss?: Loss;
  };
  environment: EnvironmentFacts;
  privateMount: 'root' | 'user' | 'none';
  template?: { path: string; uid: number; gid: number; hasBlock: boolean };
  /** Pids of users' servers whose interpreter is the hub's environment. */
  serversFromEnvironment: number[];
  /** Seconds by which the clock of the host is ahead of the runner's, or behind; undefined when it was not asked. */
  clockAhead: number | undefined;
  /** Who else has the file of the database open, and who holds the ports that the configuration says. */
  neighbours: z.infer<typeof neighboursSchema>;
  /** Other JupyterHubs on the host. */
  otherHubs: { pid: number; directory: string }[];
  /** Where an upgrade writes. */
  places: Place[];
  /** Versions that the package manager can install; only looked up for `latest`. */
  versions: string[];
  stateRoot: string;
}

/** What the host answered cannot be used. `problems` are sentences for the admin, with what to do. */
export class DiscoveryProblem extends Error {
  readonly problems: string[];

  constructor(problems: string[]) {
    super(problems.join(' '));
    this.name = 'DiscoveryProblem';
    this.problems = problems;
  }
}

/** The raw facts of discover.sh: one `<name> <base64>` a line. Later lines of a name do not replace earlier ones. */
export function readFacts(output: string): Map<string, string> {
  const facts = new Map<string, string>();
  for (const line of output.split('\n')) {
    const match = /^([a-z][a-z-]*) ([A-Za-z0-9+/=]*)$/.exec(line);
    if (match?.[1] !== undefined && match[2] !== undefined && !facts.has(match[1])) {
      facts.set(match[1], Buffer.from(match[2], 'base64').toString('utf8'));
    }
  }
  return facts;
}

/**
 * The facts of a hub, from the output of discover.sh.
 * Throws DiscoveryProblem with every problem found: no hub, several hubs, a configuration that cannot be loaded, a
 * database or environment that this release cannot handle. A hub that is to be restored may be down, may have lost its
 * database, and may not load its configuration any more: it is `known` from its backup.
 */
export function parseFacts(raw: Map<string, string>, unit: string, known?: Known): Facts {
  const get = (name: string) => raw.get(name) ?? '';
  const problems: string[] = [];

  const missingTools = get('missing-tools').split(' ').filter(Boolean);
  if (missingTools.length > 0) {
    problems.push(`The host lacks ${missingTools.join(', ')}: install them (on Debian: util-linux, coreutils, tar).`);
  }
  const manager = get('service-manager');
  const properties = readProperties(get('unit-properties'));
  if (manager === 'none') {
    problems.push(
      `No systemd unit ${unit} is loaded on the host. Give its name as \`service\`, or \`service-manager: commands\` with ` +
        '`stop-command` and `start-command`.',
    );
  } else if (manager === 'commands' && !raw.has('hub-uid')) {
    const found = get('hubs').split('\n').filter(Boolean);
    problems.push(
      found.length === 0 && known
        ? `No running JupyterHub was found, and the user ${known.user}, as whom that of the backup ran, is not on the host.`
        : found.length === 0
          ? 'No running JupyterHub was found on the host. Start it, or give `config-path` if its process shows no sign of it.'
          : `Several JupyterHubs run on the host (pid and directory: ${found.join('; ')}). Say which one with \`config-path\`.`,
    );
  }
  const isForeign = raw.has('hub-uid') && get('uid') !== '0' && get('uid') !== get('hub-uid');
  if (isForeign) {
    problems.push(
      `The hub runs as ${get('hub-user') || get('hub-uid')}, and ${get('user')} may not act as that user: let ${get('user')} run ` +
        'sudo without a password (become: sudo), or log in as root or as the user of the hub.',
    );
  } else if (problems.length === 0 && !raw.has('introspect')) {
    problems.push(
      'The Python that runs the hub was not found from its command line. Give `environment-path`, the directory whose ' +
        '`bin/python` runs JupyterHub.',
    );
  }
  const broken = raw.has('introspect-failed')
    ? `The hub's configuration could not be loaded with its own interpreter: ${get('introspect-failed').trim()}`
    : undefined;
  if (broken !== undefined && !known) problems.push(broken);
  if (problems.length > 0) throw new DiscoveryProblem(problems);

  if (broken !== undefined && known?.database === '') {
    throw new DiscoveryProblem([
      broken,
      'Without it nobody can reach the database, which is on a server. Take the configuration from the backup first, by hand ' +
        '(its RESTORE.txt says how).',
    ]);
  }
  const hub =
    broken !== undefined && known
      ? remembered(known, get('code').trim(), get('python').trim())
      : parseJson('introspect', get('introspect'), introspectSchema);
  const isSqlite = hub.database.dialect === 'sqlite';
  if (get('database-facts') === '' && !(known && isSqlite)) {
    throw new DiscoveryProblem([
      `The database ${isSqlite ? get('database-path') : hub.database.url} could not be read: ${get('database-log').trim() || 'no such file'}`,
    ]);
  }
  const database =
    get('database-facts') === '' ? NO_DATABASE : parseJson('the database', get('database-facts'), databaseFactsSchema);
  if (get('environment-path') === '') {
    throw new DiscoveryProblem([
      `There is no environment ${known?.environment ?? ''} on the host. Make one with \`python3 -m venv\` first.`,
    ]);
  }
  const [templateUid = '', templateGid = ''] = get('template-owner').split(' ');
  return {
    uid: id.parse(get('uid')),
    user: get('user'),
    os: get('os'),
    hasSystemd: raw.has('has-systemd'),
    missingTools,
    service: {
      manager: manager === 'systemd' ? 'systemd' : 'commands',
      properties,
      ...(raw.has('pid') ? { pid: id.parse(get('pid')) } : {}),
      uid: id.parse(get('hub-uid')),
      gid: id.parse(get('hub-gid')),
      user: get('hub-user') || get('hub-uid'),
      directory: get('directory'),
    },
    ...(broken === undefined ? {} : { broken }),
    version: hub.version,
    python: hub.python.version,
    loadSeconds: Number(get('load-centiseconds')) / 100,
    codeRevision: hub.code_revision,
    configFile: hub.config_file,
    configFiles: hub.config_files,
    configDigests: hub.config_digests,
    configuration: hub.configuration,
    ...(hub.cookie_secret_file ? { cookieSecretFile: hub.cookie_secret_file } : {}),
    bindUrl: hub.bind_url,
    baseUrl: hub.base_url,
    cleanupServers: hub.cleanup_servers,
    cleanupProxy: hub.cleanup_proxy,
    startsProxy: hub.proxy.should_start !== false,
    database: {
      ...database,
      dialect: hub.database.dialect,
      path: get('database-path'),
      url: isSqlite ? '' : hub.database.url,
      host: hub.database.host,
      size: database.size ?? 0,
      hasQuery: hub.database.has_query,
      hasArguments: hub.database.has_arguments,
      argumentsUsable: hub.database.arguments_usable,
      onCommandLine: hub.database.on_command_line,
      sessions:
        get('database-sessions') === '' ? [] : parseJson('the database', get('database-sessions'), sessionsSchema),
      ...(get('database-loss') === ''
        ? {}
        : { loss: parseJson('the database', get('database-loss'), lossSchema).lost }),
    },
    environment: readEnvironment(raw),
    privateMount: z.enum(['root', 'user', 'none']).catch('none').parse(get('private-mount')),
    ...(raw.has('template-path')
      ? {
          template: {
            path: get('template-path'),
            uid: id.parse(templateUid),
            gid: id.parse(templateGid),
            hasBlock: raw.has('template-block'),
          },
        }
      : {}),
    serversFromEnvironment: get('servers-from-environment').split(' ').filter(Boolean).map(Number),
    clockAhead: raw.has('clock-ahead') ? Number(get('clock-ahead')) : undefined,
    neighbours:
      get('neighbours') === ''
        ? { database: [], ports: [] }
        : parseJson('its processes', get('neighbours'), neighboursSchema),
    otherHubs: readOtherHubs(get('other-hubs')),
    places: readPlaces(get('places')),
    versions: get('versions').split(/,\s*/).filter(Boolean),
    stateRoot: get('state-root'),
  };
}

/** The name of a user of the host that something in the facts belongs to. */
export function nameOf({ uid, user, service }: Pick<Facts, 'uid' | 'user' | 'service'>, owner: number): string {
  if (owner === 0) return 'root';
  if (owner === service.uid) return service.user;
  return owner === uid ? user : `uid ${owner}`;
}

/** What a hub that cannot load its configuration would say of itself, as far as its backup knows. */
function remembered(known: Known, version: string, python: string): z.infer<typeof introspectSchema> {
  return {
    version,
    python: { version: python, executable: '', prefix: known.environment },
    code_revision: '',
    config_file: known.config,
    config_files: [],
    bind_url: known.address,
    base_url: new URL(known.address).pathname,
    cleanup_servers: false,
    cleanup_proxy: true,
    config_digests: {},
    proxy: {},
    database: {
      ...{ dialect: 'sqlite', path: known.database, url: '', host: '' },
      ...{ has_query: false, has_arguments: false, arguments_usable: true, on_command_line: false },
    },
    configuration: { components: [], sections: {}, counts: {}, packages: {} },
  };
}

function readEnvironment(raw: Map<string, string>): EnvironmentFacts {
  try {
    return environmentFacts(raw);
  } catch (error) {
    const problem = error instanceof z.ZodError ? error.issues[0]?.message : String(error);
    throw new DiscoveryProblem([`What the host said about the environment has another form than expected: ${problem}`]);
  }
}

function parseJson<T>(what: string, json: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new DiscoveryProblem([`What the host said about ${what} is not JSON.`]);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DiscoveryProblem([
    `What the host said about ${what} has another form than expected: ${issue?.path.join('.')}: ${issue?.message}`,
  ]);
}

/** Lines `<pid> <directory>`. */
function readOtherHubs(text: string): { pid: number; directory: string }[] {
  return text.split('\n').flatMap((line) => {
    const [, pid, directory = ''] = /^(\d+) (.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [{ pid: Number(pid), directory }];
  });
}

/** Lines `<name> <device> <free KiB> <free inodes> <writable> <quota> <path>`; `-` for inodes that are not counted. */
function readPlaces(text: string): Place[] {
  const line = /^(environment|database|state|phases|units) (\d+) (\d+) (\d+|-) (yes|no) (yes|no) (\/.*)$/;
  return text.split('\n').flatMap((each) => {
    const [, name, device = '', free, files, writable, quota, path = ''] = line.exec(each) ?? [];
    if (name === undefined) return [];
    const freeFiles = files === '-' ? undefined : Number(files);
    return [
      {
        ...{ name: name as Place['name'], device, path, free: Number(free) * 1024, freeFiles },
        ...{ writable: writable === 'yes', quota: quota === 'yes' },
      },
    ];
  });
}

/** The output of `systemctl show`; a property that stands there several times (EnvironmentFiles) has a line each. */
function readProperties(text: string): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name, value] = /^(\w+)=(.*)$/.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    properties[name] = properties[name] === undefined ? value : `${properties[name]}\n${value}`;
  }
  return properties;
}
