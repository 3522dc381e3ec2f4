import type { Configuration } from './advice/configuration.ts';
import type { DatabaseFacts, Loss, Neighbours, Sessions } from './answers.ts';
import type { Place } from './disk.ts';
import type { EnvironmentFacts } from './environments/facts.ts';
import type { ProxyPackage } from './proxy-package.ts';

/** Everything that discovery found out about the hub and its host. Sizes in bytes. */
export interface Facts {
  /** The SSH user after `become`. */
  uid: number;
  user: string;
  os: string;
  hasSystemd: boolean;
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
    /** The directory of database-tools-path, where the hub's user can look into it. */
    tools: string;
    size: number;
    hasQuery: boolean;
    hasArguments: boolean;
    argumentsUsable: boolean;
    onCommandLine: boolean;
    /** Of a server: others that are connected; `own` are those of the hub's role. */
    sessions: Sessions;
    loss?: Loss;
  };
  environment: EnvironmentFacts;
  /** Only looked for with `upgrade-proxy`. */
  proxy?: ProxyPackage;
  privateMount: 'root' | 'user' | 'none';
  template?: { path: string; uid: number; gid: number; hasBlock: boolean };
  /** Pids of users' servers whose interpreter is the hub's environment. */
  serversFromEnvironment: number[];
  /** Seconds by which the clock of the host is ahead of the runner's, or behind; undefined when it was not asked. */
  clockAhead: number | undefined;
  /** Who else has the file of the database open, and who holds the ports that the configuration says. */
  neighbours: Neighbours;
  /** Other JupyterHubs on the host. */
  otherHubs: { pid: number; directory: string }[];
  /** Where an upgrade writes. */
  places: Place[];
  /** Versions that the package manager can install; only looked up for `latest`. */
  versions: string[];
  stateRoot: string;
}

/** The name of a user of the host that something in the facts belongs to. */
export function nameOf({ uid, user, service }: Pick<Facts, 'uid' | 'user' | 'service'>, owner: number): string {
  if (owner === 0) return 'root';
  if (owner === service.uid) return service.user;
  return owner === uid ? user : `uid ${owner}`;
}
