import type { Environment } from '../hub/environments/index.ts';
import type { Facts } from '../hub/facts.ts';
import { duration } from '../report/text.ts';

/** For how long users will be without the hub, and where that is from. */
export interface Downtime {
  seconds: number;
  basis: string;
}

/** What a step takes: seconds, or times the loading of the hub's code, as seen on idle and on busy machines. */
const STOP_LOADS = 1;
const EXCHANGE_S = 0.3;
const MIGRATE_LOADS = 4;
const START_LOADS = 4;
/** What pip takes to install a release and what it needs from files. */
const INSTALL_S = 30;
/** Bytes of a database that are copied, or rewritten by a migration, in a second. */
const FILE_BYTES_PER_S = 200e6;
const SERVER_BYTES_PER_S = 20e6;

/** A guess from what loading the hub's code took just now and from the size of the database. */
export function guessDowntime(
  { database, loadSeconds }: Facts,
  { install, migrations }: { install: Environment['install']; migrations: number },
): Downtime {
  const copy = database.size / (database.path === '' ? SERVER_BYTES_PER_S : FILE_BYTES_PER_S);
  const environment = install === 'in-place' ? INSTALL_S : EXCHANGE_S;
  const migrate = migrations * (MIGRATE_LOADS * loadSeconds + database.size / SERVER_BYTES_PER_S);
  const seconds = STOP_LOADS * loadSeconds + copy + environment + migrate + START_LOADS * loadSeconds;
  return {
    seconds,
    basis:
      `a guess, not a rehearsal: loading the hub took ${duration(loadSeconds)} on this host just now` +
      `${migrations === 0 ? ', and the database needs no migration' : ''}`,
  };
}
