import type { Facts } from '../facts.ts';
import { copyBlockers, migrationBlockers } from './blockers.ts';
import type { Database } from './index.ts';

/** An SQLite file. Host side: src/host/databases/sqlite.sh. */
export function sqlite(facts: Facts): Database {
  const { database } = facts;
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
    guarantees: ['The database of before the upgrade is set aside whole after the stop; the way back is a rename.'],
    warnings: database.warnings,
    blockers: [
      ...elsewhere,
      ...database.problems,
      ...migrationBlockers(database),
      ...copyBlockers(database, database.path),
    ],
    backupBlockers: database.problems,
    // A damaged or half migrated file is what a restore is for.
    restoreBlockers: elsewhere,
    formats: ['sqlite'],
  };
}
