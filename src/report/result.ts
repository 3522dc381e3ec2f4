import type { Advice } from '../hub/advice/evaluate.ts';
import type { Outcome } from '../outcome.ts';
import type { RehearsalReport } from '../rehearsal/report.ts';
import type { PlanDocument } from '../transaction/document.ts';

/** What one run did, whatever its end: the source of the outputs, the job summary, and the messages after it. */
export interface RunResult {
  /** Version of this shape: the `result` output is read by other people's workflows. */
  version: 1;
  outcome: Outcome;
  mode: 'upgrade' | 'plan' | 'backup' | 'restore';
  /** Set exactly when something failed; `step` is the `failed-step` output. */
  error?: ErrorReport;
  host: string;
  /** The systemd unit, or how the service is run otherwise. */
  service: string;
  /** The workflow run: a restore finds the artifact by its id. */
  run: { id: string; url: string };
  /** JupyterHub's versions: before the run, now, and the one asked for. Absent when not known. */
  versions: { previous?: string; current?: string; target?: string };
  /** Alembic revisions of the database: before the run and now. */
  revisions: { previous?: string; current?: string };
  plan?: PlanReport;
  /** What the rehearsal found, when there was one. */
  rehearsal?: RehearsalReport;
  backup?: BackupReport;
  /** From the stop to the moment the hub answered again, in seconds; `startedAt` counts from the start of the run. */
  downtime?: { startedAt: number; seconds: number };
  /** In the order they began. */
  steps: StepReport[];
  /** Rows of each table. */
  rows: { before?: Record<string, number>; after?: Record<string, number> };
  /** User servers that were running before the run. */
  servers: ServerReport[];
  /** Who was told before the stop, e.g. `announcement on the hub`. */
  notified: string[];
  /** Checks that were not made, each with its reason. */
  notTried: string[];
  /** What this host makes possible, e.g. that a reboot in the middle is survived. */
  guarantees: string[];
  warnings: string[];
  /** What the releases on the way changed for this hub, gravest first. */
  advice: Advice[];
}

export interface PlanReport {
  digest: string;
  /** Of an upgrade. */
  document?: PlanDocument;
}

export interface ErrorReport {
  step: string;
  cause: string;
  /** State of the hub now, one sentence. */
  hub: string;
  next: string;
}

export interface BackupReport {
  artifactId: number;
  /** The artifact's name, which is its one file's name too. */
  name: string;
  /** `sha256:` and hexadecimal digits, of the sealed file. */
  digest: string;
  /** Of the sealed file, in bytes. */
  size: number;
  url: string;
  sealedFor: 'recipients' | 'passphrase' | 'nobody';
  /** It was opened again and its database restored into scratch that equals the original. */
  proven: boolean;
  /** Where it was restored for that, e.g. `a scratch file`. */
  provenIn?: string;
  /** What is inside, sizes in bytes. */
  files: { file: string; size: number }[];
}

export interface StepReport {
  /** The step's word, e.g. `migrate`. */
  name: string;
  /** The step for people, e.g. `Migrate the database`. */
  title: string;
  side: 'runner' | 'host';
  /** Seconds since the start of the run. */
  startedAt: number;
  seconds: number;
  outcome: 'done' | 'failed' | 'undone' | 'undo-failed' | 'skipped';
  note?: string;
}

export interface ServerReport {
  user: string;
  /** Empty for a user's default server. */
  name: string;
  pid?: number;
  /** It still ran, with its pid, at the end. Absent when nobody looked. */
  survived?: boolean;
  /** The proxy leads to it at the end. Absent when nobody looked. */
  reached?: boolean;
}
