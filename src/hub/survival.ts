import type { Inputs } from '../inputs.ts';
import type { Facts } from './facts.ts';
import { dropsTokens } from './releases.ts';
import type { Service } from './services/index.ts';

/** What becomes of something when the hub is stopped, and why. */
export interface Fate {
  fate: 'goes on' | 'ends' | 'not known';
  /** One clause, for people. */
  reason: string;
}

/** What users keep while the hub is away. */
export interface Survival {
  /** The way of the users to their servers. */
  proxy: Fate;
  servers: Fate;
}

/** Spawners whose servers are no processes of the hub's service. */
const OUTSIDE = [
  'BatchSpawnerBase',
  'DockerSpawner',
  'KubeSpawner',
  'MarathonSpawner',
  'NomadSpawner',
  'SSHSpawner',
  'SystemdSpawner',
  'YarnSpawner',
];

/** What becomes of the proxy and the users' servers in an upgrade of this hub. */
export function survivalOf(facts: Facts, inputs: Inputs, to: string, service: Service): Survival {
  return { proxy: proxyFate(facts, service), servers: serversFate(facts, inputs, to, service) };
}

function proxyFate({ startsProxy, cleanupProxy }: Facts, { endsProcesses }: Service): Fate {
  if (!startsProxy) return { fate: 'goes on', reason: 'the proxy is a service of its own' };
  if (cleanupProxy) return { fate: 'ends', reason: 'the hub starts its proxy and ends it (cleanup_proxy)' };
  return endsProcesses ?? { fate: 'goes on', reason: 'the hub leaves its proxy running (cleanup_proxy is off)' };
}

function serversFate(facts: Facts, inputs: Inputs, to: string, { endsProcesses }: Service): Fate {
  if (inputs.database.strategy === 'fresh') {
    return { fate: 'ends', reason: 'a hub with a fresh database does not know them' };
  }
  if (facts.cleanupServers) return { fate: 'ends', reason: 'the hub ends them when it stops (cleanup_servers)' };
  if (dropsTokens(facts.version, to)) {
    return { fate: 'ends', reason: 'their tokens are dropped with those of 1.x, and each has to be started anew' };
  }
  const classes = spawnerOf(facts);
  const outside = classes.find((name) => OUTSIDE.includes(name));
  if (outside !== undefined) return { fate: 'goes on', reason: `${outside} runs them outside of the hub's service` };
  if (!classes.includes('LocalProcessSpawner')) {
    return { fate: 'not known', reason: `where ${classes[0] ?? 'the spawner'} runs them is not known` };
  }
  return (
    endsProcesses ?? { fate: 'goes on', reason: 'a stop of the service ends the hub alone, and the hub leaves them' }
  );
}

/** Names of the spawner's class and those that it derives from, nearest first. */
export function spawnerOf({ configuration }: Facts): string[] {
  return configuration.components.find(({ classes }) => classes.includes('Spawner'))?.classes ?? [];
}
