import asHub from './as-hub.sh';
import backup from './backup.sh';
import begin from './begin.sh';
import bundle from './bundle.py';
import common from './common.sh';
import sqlite from './databases/sqlite.sh';
import sqliteFiles from './databases/sqlite-files.sh';
import discover from './discover.sh';
import environment from './environment.py';
import inStage from './environments/in-stage.sh';
import pip from './environments/pip.sh';
import executor from './executor.sh';
import files from './files.sh';
import follow from './follow.sh';
import generations from './generations.sh';
import heads from './heads.py';
import health from './health.py';
import hubdb from './hubdb.py';
import introspect from './introspect.py';
import journal from './journal.sh';
import launch from './launch.sh';
import notice from './notice.sh';
import prove from './prove.sh';
import commands from './services/commands.sh';
import systemd from './services/systemd.sh';
import signal from './signal.sh';
import steps from './steps.sh';
import unit from './unit.sh';

/** A set of host programs: file name, with its folder, to text. */
export type Programs = Record<string, string>;

/** Looks at the hub without touching it: discover.sh. */
export const DISCOVERY: Programs = {
  'common.sh': common,
  'as-hub.sh': asHub,
  'discover.sh': discover,
  'introspect.py': introspect,
  'hubdb.py': hubdb,
};

/** Copies the live hub into one tar: backup.sh. */
export const BACKUP: Programs = { 'common.sh': common, 'backup.sh': backup, 'bundle.py': bundle, 'hubdb.py': hubdb };

/** Restores a backup's database into a scratch file: prove.sh. */
export const PROOF: Programs = { 'common.sh': common, 'prove.sh': prove, 'hubdb.py': hubdb };

/** Starts the executor of a job: begin.sh, and everything the job will need. */
export const JOB: Programs = {
  'common.sh': common,
  'journal.sh': journal,
  'begin.sh': begin,
  'launch.sh': launch,
  'executor.sh': executor,
  'steps.sh': steps,
  'generations.sh': generations,
  'unit.sh': unit,
  'as-hub.sh': asHub,
  'notice.sh': notice,
  'files.sh': files,
  'heads.py': heads,
  'health.py': health,
  'hubdb.py': hubdb,
  'environment.py': environment,
  'services/systemd.sh': systemd,
  'services/commands.sh': commands,
  'environments/pip.sh': pip,
  'environments/in-stage.sh': inStage,
  'databases/sqlite.sh': sqlite,
  'databases/sqlite-files.sh': sqliteFiles,
};

/** Follows a job: follow.sh. */
export const FOLLOW: Programs = { 'common.sh': common, 'journal.sh': journal, 'follow.sh': follow };

/** Tells a job something: signal.sh. */
export const SIGNAL: Programs = { 'common.sh': common, 'journal.sh': journal, 'signal.sh': signal };
