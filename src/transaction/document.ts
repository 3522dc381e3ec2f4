import type { Advice } from '../hub/advice/evaluate.ts';
import type { Command } from '../hub/command.ts';
import { type DiskUse, diskUse } from '../hub/disk.ts';
import type { Environment } from '../hub/environments/index.ts';
import type { Facts } from '../hub/facts.ts';
import type { Change } from '../hub/packages.ts';
import type { Part } from '../hub/part.ts';
import { schemaOf } from '../hub/releases.ts';
import type { Survival } from '../hub/survival.ts';
import type { Inputs } from '../inputs.ts';
import { commandsIn } from './commands.ts';
import { type Decisive, decisiveOf } from './decisive.ts';
import { type Downtime, guessDowntime } from './downtime.ts';
import { describeFacts } from './facts-for-people.ts';
import type { Step } from './job-steps.ts';
import type { Migration } from './migration.ts';

/** The plan of an upgrade as a person approves it and a machine compares it: pure data. */
export interface PlanDocument {
  /** What was found out, in an order for people. */
  facts: { name: string; value: string }[];
  /** What could not be found out, a sentence each. */
  notDetermined: string[];
  packages: Change[];
  /** Of the database's schema; `hops` are the releases by way of which it is migrated. */
  revision: { from: string | null; to: string | undefined; hops: string[] };
  /** In their order, with all that will run on the host. */
  steps: { name: string; title: string; commands: Command[] }[];
  downtime: Downtime;
  /** What it takes of each file system; bytes. */
  disk: DiskUse[];
  survival: Survival;
  told: string[];
  /** Inputs by which risks are accepted. */
  accepted: string[];
  blockers: string[];
  /** The directory of the jobs on the host. */
  jobs: string;
  /** What the digest covers. */
  decisive: Decisive;
}

export interface Draft {
  inputs: Inputs;
  facts: Facts;
  to: string;
  parts: Part[];
  /** For the host programs. */
  parameters: Record<string, string>;
  install: Environment['install'];
  migration: Migration;
  /** Every package that changes; undefined where that is not known before. */
  changes: Change[] | undefined;
  /** The hub's directory of the action on its host. */
  state: string;
  steps: Step[];
  survival: Survival;
  advice: Advice[];
  told: string[];
  blockers: string[];
}

export function writeDocument(draft: Draft): PlanDocument {
  const { inputs, facts, to, migration, survival, told, blockers } = draft;
  const { revision } = facts.database;
  const isFresh = inputs.database.strategy === 'fresh';
  // A release that is newer than this table may have any revision: its migration is planned.
  const migrates = !isFresh && schemaOf(to) !== revision;
  const steps = [{ name: 'begin', title: 'Start the job on the host' }, ...draft.steps].map(({ name, title }) => ({
    ...{ name, title },
    commands: commandsIn(name, draft, migrates),
  }));
  const packages = draft.changes ?? [{ name: 'jupyterhub', from: facts.version, to }];
  const accepted = acceptedBy(inputs);
  return {
    ...describeFacts(facts, draft.changes !== undefined),
    packages,
    revision: { from: revision, to: schemaOf(to), hops: migration.hops },
    steps,
    downtime: guessDowntime(facts, { install: draft.install, migrations: migrates ? 1 + migration.hops.length : 0 }),
    disk: diskUse(
      facts,
      draft.parts.flatMap(({ needs }) => needs),
    ),
    survival,
    told,
    accepted,
    blockers,
    jobs: `${draft.state}/jobs`,
    decisive: decisiveOf(draft, { steps, packages, accepted }),
  };
}

/** The inputs by which somebody took a risk upon them, as they are written. */
function acceptedBy({ acceptAdvice, backup, database }: Inputs): string[] {
  return [
    ...acceptAdvice.map((id) => `accept-advice: ${id}`),
    ...(database.acceptLoss ? ['accept-data-loss: true'] : []),
    ...(database.allowTokenLoss ? ['allow-token-loss: true'] : []),
    ...(backup.allowUnproven ? ['allow-unproven-backup: true'] : []),
  ];
}
