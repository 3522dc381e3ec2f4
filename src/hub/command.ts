/** A command that the host will run, for people to read and for machines to compare. */
export interface Command {
  /** The user that it runs as. */
  as: string;
  /**
   * The command line, as a POSIX shell takes it. `$JOB_ID` is made anew for each run, `$JOB` is the directory of its job
   * on the host, `$PROGRAMS` the programs in it, `$PHASE` the directory of one that works for the runner.
   */
  run: string;
  /** Only this process sees that directory (`of`) in the place of another (`at`). */
  mount?: { of: string; at: string };
}

/** A command line of these words, each in double quotes where it needs them. The names above are left to be filled in. */
export function commandLine(...words: string[]): string {
  return words.map(word).join(' ');
}

function word(text: string): string {
  const escaped = text.replaceAll(/[\\"`]|\$(?!(JOB_ID|JOB|PROGRAMS|PHASE)\b)/g, '\\$&');
  return /^[\w@%+=:,./$-]+$/.test(text) && escaped === text ? text : `"${escaped}"`;
}
