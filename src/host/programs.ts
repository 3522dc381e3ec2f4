import asHub from './as-hub.sh';
import backup from './backup.sh';
import begin from './begin.sh';
import bundle from './bundle.py';
import common from './common.sh';
import server from './databases/server.sh';
import sqlite from './databases/sqlite.sh';
import sqliteFiles from './databases/sqlite-files.sh';
import discover from './discover.sh';
import environment from './environment.py';
import environmentFunctions from './environment.sh';
import conda from './environments/conda.sh';
import detect from './environments/detect.sh';
import inCopy from './environments/in-copy.sh';
import pip from './environments/pip.sh';
import uv from './environments/uv.sh';
import executor from './executor.sh';
import files from './files.sh';
import follow from './follow.sh';
import generations from './generations.sh';
import heads from './heads.py';
import health from './health.py';
import hubdbMain from './hubdb/__main__.py';
import hubdbCommand from './hubdb/command.py';
import hubdbDatabase from './hubdb/database.py';
import hubdbDigests from './hubdb/digests.py';
import hubdbFacts from './hubdb/facts.py';
import hubdbInventory from './hubdb/inventory.py';
import hubdbLines from './hubdb/lines.py';
import hubdbLoss from './hubdb/loss.py';
import hubdbMaking from './hubdb/making.py';
import hubdbMyprograms from './hubdb/myprograms.py';
import hubdbMyrights from './hubdb/myrights.py';
import hubdbMyscratch from './hubdb/myscratch.py';
import hubdbMysql from './hubdb/mysql.py';
import hubdbPgprograms from './hubdb/pgprograms.py';
import hubdbPgrights from './hubdb/pgrights.py';
import hubdbPgscratch from './hubdb/pgscratch.py';
import hubdbPgsessions from './hubdb/pgsessions.py';
import hubdbPostgresql from './hubdb/postgresql.py';
import hubdbPrograms from './hubdb/programs.py';
import hubdbRevisions from './hubdb/revisions.py';
import hubdbScratch from './hubdb/scratch.py';
import hubdbServer from './hubdb/server.py';
import hubdbSqlite from './hubdb/sqlite.py';
import hubdbTokens from './hubdb/tokens.py';
import hubdbValues from './hubdb/values.py';
import introspect from './introspect.py';
import introspectTraits from './introspect_traits.py';
import journal from './journal.sh';
import launch from './launch.sh';
import neighbours from './neighbours.py';
import notice from './notice.sh';
import outside from './outside.py';
import packages from './packages.py';
import plainUrl from './plain-url.py';
import prove from './prove.sh';
import proxy from './proxy.sh';
import rehearsalAccess from './rehearsal/access.py';
import rehearsalIsolated from './rehearsal/isolated.sh';
import rehearsalLoad from './rehearsal/load.py';
import rehearsalMigrationConfig from './rehearsal/migration_config.py';
import rehearsal from './rehearsal/rehearsal.sh';
import rehearsalTrial from './rehearsal/trial.py';
import rehearsalTrialHub from './rehearsal/trial_hub.py';
import resolve from './resolve.sh';
import commands from './services/commands.sh';
import systemd from './services/systemd.sh';
import signal from './signal.sh';
import steps from './steps.sh';
import unit from './unit.sh';

/** A set of host programs: file name, with its folder, to text. */
export type Programs = Record<string, string>;

/** What is done to a database from outside the hub: one program of several modules, run as a directory. */
const HUBDB: Programs = {
  'hubdb/__main__.py': hubdbMain,
  'hubdb/command.py': hubdbCommand,
  'hubdb/database.py': hubdbDatabase,
  'hubdb/digests.py': hubdbDigests,
  'hubdb/facts.py': hubdbFacts,
  'hubdb/inventory.py': hubdbInventory,
  'hubdb/lines.py': hubdbLines,
  'hubdb/making.py': hubdbMaking,
  'hubdb/loss.py': hubdbLoss,
  'hubdb/myprograms.py': hubdbMyprograms,
  'hubdb/myrights.py': hubdbMyrights,
  'hubdb/myscratch.py': hubdbMyscratch,
  'hubdb/mysql.py': hubdbMysql,
  'hubdb/pgprograms.py': hubdbPgprograms,
  'hubdb/pgrights.py': hubdbPgrights,
  'hubdb/pgscratch.py': hubdbPgscratch,
  'hubdb/pgsessions.py': hubdbPgsessions,
  'hubdb/postgresql.py': hubdbPostgresql,
  'hubdb/programs.py': hubdbPrograms,
  'hubdb/revisions.py': hubdbRevisions,
  'hubdb/scratch.py': hubdbScratch,
  'hubdb/server.py': hubdbServer,
  'hubdb/sqlite.py': hubdbSqlite,
  'hubdb/tokens.py': hubdbTokens,
  'hubdb/values.py': hubdbValues,
};

/** What it takes to reach the database as the hub does. */
const REACH: Programs = {
  'common.sh': common,
  'as-hub.sh': asHub,
  'introspect.py': introspect,
  'introspect_traits.py': introspectTraits,
  ...HUBDB,
};

/** What is installed in the hub's environment, and changing that. */
const ENVIRONMENT: Programs = {
  'environment.sh': environmentFunctions,
  'environment.py': environment,
  'packages.py': packages,
  'outside.py': outside,
  'environments/pip.sh': pip,
  'environments/uv.sh': uv,
  'environments/conda.sh': conda,
};

/** Looks at the hub without touching it: discover.sh. */
export const DISCOVERY: Programs = {
  ...REACH,
  ...ENVIRONMENT,
  'discover.sh': discover,
  'neighbours.py': neighbours,
  'environments/detect.sh': detect,
};

/** Asks the package manager what an upgrade would change: resolve.sh. */
export const RESOLUTION: Programs = { 'common.sh': common, ...ENVIRONMENT, 'resolve.sh': resolve };

/** Copies the live hub into one tar: backup.sh. */
export const BACKUP: Programs = { ...REACH, ...ENVIRONMENT, 'backup.sh': backup, 'bundle.py': bundle };

/** Restores a backup's database into scratch: prove.sh. */
export const PROOF: Programs = { ...REACH, 'prove.sh': prove };

/** Starts the executor of a job: begin.sh, and everything the job will need. */
export const JOB: Programs = {
  ...REACH,
  'journal.sh': journal,
  'begin.sh': begin,
  'launch.sh': launch,
  'executor.sh': executor,
  'steps.sh': steps,
  'generations.sh': generations,
  'unit.sh': unit,
  'proxy.sh': proxy,
  'notice.sh': notice,
  'files.sh': files,
  'heads.py': heads,
  'plain-url.py': plainUrl,
  'health.py': health,
  ...ENVIRONMENT,
  'services/systemd.sh': systemd,
  'services/commands.sh': commands,
  'environments/in-copy.sh': inCopy,
  'databases/sqlite.sh': sqlite,
  'databases/sqlite-files.sh': sqliteFiles,
  'databases/server.sh': server,
  'rehearsal/rehearsal.sh': rehearsal,
  'rehearsal/access.py': rehearsalAccess,
  'rehearsal/isolated.sh': rehearsalIsolated,
  'rehearsal/load.py': rehearsalLoad,
  'rehearsal/migration_config.py': rehearsalMigrationConfig,
  'rehearsal/trial.py': rehearsalTrial,
  'rehearsal/trial_hub.py': rehearsalTrialHub,
};

/** Follows a job: follow.sh. */
export const FOLLOW: Programs = { 'common.sh': common, 'journal.sh': journal, 'follow.sh': follow };

/** Tells a job something: signal.sh. */
export const SIGNAL: Programs = { 'common.sh': common, 'journal.sh': journal, 'signal.sh': signal };
