import type { Inputs } from '../../inputs.ts';
import type { Facts } from '../facts.ts';
import { copyNeeds, migrationBlockers } from './blockers.ts';
import { hubdbCommands, ofJob } from './commands.ts';
import type { Database } from './index.ts';

/** Seconds for which a database that cannot be reached is waited for before the way back is given up. */
const PATIENCE = 1800;

/**
 * A database of any other dialect that SQLAlchemy supports, and what all those have in common that are not a file.
 * `wayBack`: how this dialect comes back, a sentence. Host side: src/host/databases/server.sh.
 */
export function sqlalchemy(
  facts: Facts,
  inputs: Inputs,
  wayBack = "The way back drops the hub's tables and loads the copy of before, row by row; it begins again if it is cut.",
): Database {
  const { database } = facts;
  const copies = hubdbCommands(facts, `${facts.stateRoot}/copies-${facts.service.uid}`);
  const unusable = [
    ...(database.onCommandLine
      ? [
          "The database is given on the hub's command line (--db, --JupyterHub.db_url or --JupyterHub.db_kwargs), which " +
            '`jupyterhub upgrade-db` does not see. Write it into the configuration (c.JupyterHub.db_url).',
        ]
      : []),
    ...(database.argumentsUsable
      ? []
      : [
          'c.JupyterHub.db_kwargs holds objects that cannot be handed to another program. Write what the connection needs ' +
            'into db_url, or as plain texts and numbers.',
        ]),
    ...(inputs.database.toolsPath !== undefined && database.tools === ''
      ? [
          `database-tools-path names ${inputs.database.toolsPath}, which is no directory that ${facts.service.user} can look into ` +
            'on the host. Write the one that holds the programs, such as /usr/lib/postgresql/17/bin.',
        ]
      : []),
    ...database.problems,
  ];
  const proof = provenBy(facts, inputs);
  // What is set aside, what a new hub wrote, and the backup.
  const needs = copyNeeds(database, 3, scratchOf(database));
  return {
    parameters: {
      DATABASE_DIALECT: 'server',
      DATABASE_PATH: '',
      DATABASE_PATIENCE: String(PATIENCE),
      DATABASE_TOOLS: database.tools,
    },
    commands: {
      ...copies,
      snapshot: [
        ofJob(facts, 'backup', '$JOB/database/snapshot'),
        ofJob(facts, 'inventory', '$JOB/database/inventory'),
      ],
      migrate: inputs.database.strategy === 'fresh' ? [ofJob(facts, 'empty')] : [],
    },
    guarantees: [
      `${copierOf(database.backup)} copies the hub's tables in one consistent read: before the stop for the backup, and again ` +
        'after it for the way back. Tables of others are left alone.',
      wayBack,
      ...proof.guarantees,
    ],
    warnings: [...serverWarnings(facts), ...unrehearsed(facts, inputs), ...proof.warnings, ...database.warnings],
    needs,
    blockers: [...unusable, ...migrationBlockers(database), ...proof.blockers],
    backupBlockers: [...unusable, ...proof.blockers],
    restoreBlockers: unusable,
    formats: database.backup.format === 'lines' ? ['lines'] : [database.backup.format, 'lines'],
  };
}

function copierOf({ format, tool }: Facts['database']['backup']): string {
  return format === 'lines' ? `The hub's own ${tool ?? 'SQLAlchemy'}` : (tool ?? format);
}

const WHERE = {
  'scratch file': 'a scratch file on the host',
  'scratch database': 'a scratch database on the same server',
  'server of its own': "a server of its own, started on the host for that moment by the server's own programs",
};

/** Where a backup is restored to prove it, and what it means when it cannot be. */
function provenBy({ database }: Facts, inputs: Inputs): Pick<Database, 'guarantees' | 'warnings' | 'blockers'> {
  const proof: ReturnType<typeof provenBy> = { guarantees: [], warnings: [], blockers: [] };
  if (database.proof !== 'none') {
    proof.guarantees.push(`The backup is proven by restoring it into ${WHERE[database.proof]}.`);
  } else if (inputs.backup.allowUnproven) {
    proof.warnings.push('The backup is not proven by restoring it (allow-unproven-backup).');
  } else {
    proof.blockers.push(
      "The backup cannot be proven by restoring it: the hub's role may not create a scratch database, and the programs of " +
        'a server of the same kind are not on the host. Let the role create databases, install the programs, or set ' +
        'allow-unproven-backup: true.',
    );
  }
  return proof;
}

/** What of a rehearsal cannot be had with this database. */
function unrehearsed({ database }: Facts, { database: { strategy }, rehearse }: Inputs): string[] {
  if (rehearse === 'never' || strategy === 'fresh') return [];
  if (database.backup.format !== 'lines' && database.proof !== 'none') return [];
  const why =
    database.backup.format === 'lines'
      ? 'a copy in lines cannot be migrated'
      : 'there is neither a scratch database nor a server of the same kind for a copy';
  return [`The migration, and the start of a trial hub, are not rehearsed: ${why}.`];
}

/** What a backup is restored into takes of the host, in bytes; in a server of one's own a copy is migrated, too. */
function scratchOf({ proof, size }: Facts['database']): number {
  if (proof === 'server of its own') return 2 * size + EMPTY_SERVER;
  return proof === 'scratch file' ? size : 0;
}

/** Bytes of a server's data before anything is in it. */
const EMPTY_SERVER = 256 * 1024 * 1024;

function serverWarnings({ database, service }: Facts): string[] {
  const warnings = [
    'Nothing keeps another hub or program from writing to this database meanwhile: if another one uses these tables, stop it ' +
      'yourself.',
  ];
  if (!isLocal(database.host)) {
    warnings.push(
      `The database is on another host (${database.host}). If it cannot be reached when the hub is down, the hub stays down ` +
        `and the way back is tried again for ${PATIENCE / 60} minutes.`,
    );
  }
  if (database.hasArguments) {
    warnings.push(
      'c.JupyterHub.db_kwargs is set, but `jupyterhub upgrade-db` hands only db_url to the migration: what the connection ' +
        `cannot do without (TLS, for example) has to stand there, or in the environment of ${service.user}'s hub.`,
    );
  }
  return warnings;
}

function isLocal(host: string): boolean {
  return host === '' || host.startsWith('/') || host === 'localhost' || host === '::1' || /^127\./.test(host);
}
