/** What an admin needs when something failed: the step, the cause, the state of the hub now, and what to do next. */
export interface Trouble {
  /** The step that failed, in the words of the log groups, e.g. `connect`, `backup`, `migrate`. */
  readonly step: string;
  /** State of the hub now, one sentence. */
  readonly hub: string;
  /** What to do next, one or more sentences. */
  readonly next: string;
}

/** An error a person can act on. `message` is the cause in one or more plain sentences, without secrets. */
export class UpgradeError extends Error {
  readonly trouble: Trouble;

  constructor(message: string, trouble: Trouble, options?: ErrorOptions) {
    super(message, options);
    this.name = 'UpgradeError';
    this.trouble = trouble;
  }
}

/** The text of anything thrown, its causes appended. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const cause = error.cause === undefined ? '' : `: ${messageOf(error.cause)}`;
  return `${error.message}${cause}`;
}
