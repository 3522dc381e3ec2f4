import type { EnvironmentFacts } from './environments/facts.ts';

/** What a backup says of its hub: it stands in for what a hub that is down or broken cannot tell. */
export interface Known {
  /** The page of the workflow run that made the backup: the owner of its job on the host. */
  run: string;
  user: string;
  /** The hub's working directory. */
  directory: string;
  environment: string;
  /** What runs the hub. */
  python: string;
  /** What made the environment and installs into it. */
  manager: EnvironmentFacts['manager'];
  /** Path of the configuration file. */
  config: string;
  /** Path of the database file; empty for a database on a server. */
  database: string;
  /** The hub's public address as its own host reaches it. */
  address: string;
}

/** For discover.sh; empty without a backup. */
export function knownParameters(known?: Known): Record<string, string> {
  return {
    KNOWN_RUN: known?.run ?? '',
    KNOWN_USER: known?.user ?? '',
    KNOWN_DIRECTORY: known?.directory ?? '',
    KNOWN_ENVIRONMENT: known?.environment ?? '',
    KNOWN_PYTHON: known?.python ?? '',
    KNOWN_MANAGER: known?.manager ?? '',
    KNOWN_CONFIG: known?.config ?? '',
    KNOWN_DATABASE: known?.database ?? '',
  };
}
