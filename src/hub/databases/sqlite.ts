import { dirname } from 'node:path';
import type { Inputs } from '../../inputs.ts';
import { commandLine } from '../command.ts';
import type { Facts } from '../facts.ts';
import { copyNeeds, migrationBlockers } from './blockers.ts';
import { hubdb, hubdbCommands } from './commands.ts';
import type { Database } from './index.ts';

/** An SQLite file. Host side: src/host/databases/sqlite.sh. */
export function sqlite(facts: Facts, { database: { strategy } }: Inputs, hops: string[]): Database {
  const { database, service } = facts;
  const directory = dirname(database.path);
  const aside = `${directory}/.jupyterhub-upgrade-$JOB_ID`;
  const files = (...words: string[]) => ({
    as: service.user,
    run: commandLine('/bin/sh', '$PROGRAMS/databases/sqlite-files.sh', ...words),
  });
  const copies = hubdbCommands(facts, directory);
  const inventory = hubdb(facts, '$PROGRAMS', 'inventory', `${aside}/snapshot`, '$JOB/database/inventory');
  const elsewhere = database.onCommandLine
    ? [
        "The database is given on the hub's command line (--db or --JupyterHub.db_url), which `jupyterhub upgrade-db` does not " +
          'see: it would make another one. Write it into the configuration (c.JupyterHub.db_url).',
      ]
    : [];
  return {
    parameters: {
      DATABASE_DIALECT: 'sqlite',
      DATABASE_PATH: database.path,
      DATABASE_URL_HAS_QUERY: database.hasQuery ? 'yes' : 'no',
    },
    commands: {
      ...copies,
      snapshot: [files('set-aside', database.path, aside)],
      migrate: strategy === 'fresh' ? [files('empty', database.path)] : [],
      verify: [inventory, ...(copies.verify ?? [])],
    },
    guarantees: ['The database of before the upgrade is set aside whole after the stop; the way back is a rename.'],
    warnings: database.warnings,
    // In the rehearsal: one for the old release, one that is migrated, what is rewritten of it, and one that upgrade-db makes
    // at each release on the way. Later there are fewer.
    needs: copyNeeds(database, 4 + hops.length),
    blockers: [...elsewhere, ...database.problems, ...migrationBlockers(database)],
    backupBlockers: database.problems,
    // A damaged or half migrated file is what a restore is for.
    restoreBlockers: elsewhere,
    formats: ['sqlite'],
  };
}
