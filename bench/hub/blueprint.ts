import type { ServerDialect } from '../databases/index.ts';
import type { OtherHost } from '../databases/other-host.ts';
import type { ServerOptions } from '../databases/server.ts';
import { freePorts } from './ports.ts';
import { shellQuote } from './run.ts';

/** What a hub in a box can be asked to be. */
export interface HubOptions {
  /** JupyterHub's release, 1.3.0 or newer; default 4.1.6. */
  release?: string;
  /** A release whose dependencies its environment has, too, so that staging that one takes a third of the time; default none. */
  alsoFor?: string;
  /** Users in the database before the hub's first start; default 20, at least 10. */
  users?: number;
  /** `external` (default): users' servers survive a stop of the hub; `managed`: they end with it, as the proxy does. */
  proxy?: 'external' | 'managed';
  /** Default `wal`. The hub keeps its newest rows in the WAL while it runs with SQLAlchemy 2, that is from 3.1.0 on. */
  journalMode?: 'wal' | 'delete';
  /** Whether programs in its directory `tools` stand before the host's own; the light flavour needs root for it. Default false. */
  ownTools?: boolean;
  /** Default `sqlite`; else a server of its own, the password with every printable character in it. */
  database?: 'sqlite' | ServerDialect;
  /** Where that server runs; default loopback. */
  databaseServer?: ServerOptions;
  /** Whether the hub's role may create databases there; default true. */
  createDatabases?: boolean;
  /** Whether the paths have a space in them; default true. */
  space?: boolean;
  /** Address on which the light flavour's sshd listens; default 127.0.0.1. */
  sshAddress?: string;
  /** Where all of the light flavour runs; its files are on this machine, which is the default. */
  host?: Pick<OtherHost, 'address' | 'inside'>;
  /** Variables for the hub besides its own secrets, as an admin would keep them in its environment file. */
  environment?: Record<string, string>;
  /** More lines for jupyterhub_config.py. */
  extraConfig?: string;
}

/** All that is decided about a hub before anything of it is there. */
export interface Blueprint extends Required<HubOptions> {
  ports: { ssh: number; public: number; hub: number; proxyApi: number };
  /** The public address: the proxy's. */
  url: string;
  /** Token of the service `bench`, in its configuration. */
  apiToken: string;
  /** An OAuth client's secret, in its configuration. */
  clientSecret: string;
  /** CONFIGPROXY_AUTH_TOKEN and JUPYTERHUB_CRYPT_KEY, in its environment file. */
  proxyToken: string;
  cryptKey: string;
  /** A part of the password for a database server. */
  databaseSecret: string;
}

export async function draw(options: HubOptions): Promise<Blueprint> {
  const host = options.host ?? { address: '127.0.0.1', inside: [] };
  const [ssh = 0, publicPort = 0, hub = 0, proxyApi = 0] = await freePorts(4);
  return {
    ...{
      release: '4.1.6',
      alsoFor: '',
      users: 20,
      proxy: 'external',
      journalMode: 'wal',
      space: true,
      ownTools: false,
    },
    ...{ database: 'sqlite', databaseServer: {}, createDatabases: true },
    ...{ host, sshAddress: host.address, environment: {}, extraConfig: '', ...options },
    ports: { ssh, public: publicPort, hub, proxyApi },
    url: `http://${host.address}:${publicPort}`,
    apiToken: `api-${randomHex()}`,
    clientSecret: `client-secret-${randomHex()}`,
    proxyToken: `proxy-${randomHex()}`,
    cryptKey: randomHex() + randomHex(),
    databaseSecret: `database-${randomHex()}`,
  };
}

/** The environment file's variables: what the hub needs and must not be seen, and what the options add. */
export function hubEnvironment({ proxyToken, cryptKey, environment }: Blueprint): Record<string, string> {
  return { CONFIGPROXY_AUTH_TOKEN: proxyToken, JUPYTERHUB_CRYPT_KEY: cryptKey, ...environment };
}

/** Variables as both sh and systemd read them from a file. */
export function environmentFile(variables: Record<string, string>): string {
  return Object.entries(variables)
    .map(([name, value]) => `${name}=${shellQuote(value)}\n`)
    .join('');
}

/** Arguments for a configurable-http-proxy that runs by itself, those that the hub would give to one it manages. */
export function proxyArguments({ host, ports }: Blueprint): string[] {
  const hub = `http://127.0.0.1:${ports.hub}`;
  return [
    // Another host is asked from there and from here.
    ...['--ip', host.inside.length > 0 ? '0.0.0.0' : '127.0.0.1', '--port', String(ports.public)],
    ...['--api-ip', '127.0.0.1', '--api-port', String(ports.proxyApi)],
    ...['--default-target', hub, '--error-target', `${hub}/hub/error`],
  ];
}

/** 32 hexadecimal digits that are found nowhere else. */
function randomHex(): string {
  return Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString('hex');
}
