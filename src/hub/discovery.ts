import { z } from 'zod';
import {
  type DatabaseFacts,
  DiscoveryProblem,
  databaseFactsSchema,
  id,
  introspectSchema,
  lossSchema,
  neighboursSchema,
  parseJson,
  readOtherHubs,
  readPlaces,
  readProperties,
  sessionsSchema,
} from './answers.ts';
import { type EnvironmentFacts, environmentFacts } from './environments/facts.ts';
import type { Facts } from './facts.ts';
import type { Known } from './known.ts';
import { proxyFacts } from './proxy-package.ts';

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

/** Of raw facts, one by its name; what could not be found out is empty. */
function getter(raw: Map<string, string>): (name: string) => string {
  return (name) => raw.get(name) ?? '';
}

/**
 * The facts of a hub, from the output of discover.sh.
 * Throws DiscoveryProblem with every problem found: no hub, several hubs, a configuration that cannot be loaded, a
 * database or environment that this release cannot handle. A hub that is to be restored may be down, may have lost its
 * database, and may not load its configuration any more: it is `known` from its backup.
 */
export function parseFacts(raw: Map<string, string>, unit: string, known?: Known): Facts {
  const get = getter(raw);
  const problems = whyNotFound(raw, unit, known);
  const broken = raw.has('introspect-failed')
    ? `The hub's configuration could not be loaded with its own interpreter: ${get('introspect-failed').trim()}`
    : undefined;
  if (broken !== undefined && !known)
    problems.push(`${broken} Mend that first: the hub needs it at its next start, too.`);
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
    service: {
      manager: get('service-manager') === 'systemd' ? 'systemd' : 'commands',
      properties: readProperties(get('unit-properties')),
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
      tools: get('database-tools'),
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
    ...(raw.has('proxy-package') ? { proxy: proxyFacts(raw) } : {}),
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

/** Why no hub was found, or none that can be looked at: sentences. */
function whyNotFound(raw: Map<string, string>, unit: string, known?: Known): string[] {
  const get = getter(raw);
  const problems: string[] = [];
  const missingTools = get('missing-tools').split(' ').filter(Boolean);
  if (missingTools.length > 0) {
    problems.push(`The host lacks ${missingTools.join(', ')}: install them (on Debian: util-linux, coreutils, tar).`);
  }
  const manager = get('service-manager');
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
  return problems;
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
