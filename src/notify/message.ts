import type { RunResult } from '../report/result.ts';
import { duration, oneLine } from '../report/text.ts';
import { verdictOf } from '../report/verdict.ts';

const LONGEST_MESSAGE = 1000;

/**
 * The message for users, one line, with how many servers of theirs end if any do: `{version}` and `{lead-time}` in
 * `notify-message` are filled in, all else is kept.
 */
export function userMessage(
  template: string,
  known: { version: string; leadTime: number; ending?: number | undefined },
): string {
  const leadTime = known.leadTime === 0 ? 'a moment' : duration(known.leadTime).replace('.0 s', ' s');
  // One pass: a value that looks like a placeholder stays a value.
  const filled = template.replaceAll(/\{(version|lead-time)\}/g, (_, name) =>
    name === 'version' ? known.version : leadTime,
  );
  const { ending = 0 } = known;
  const servers =
    ending === 1 ? ' The server that runs now ends with it.' : ` All ${ending} running servers end with it.`;
  return oneLine(ending === 0 ? filled : `${filled}${servers}`, LONGEST_MESSAGE);
}

/** How the run ended, for the chat that was told before. No text from the host is in it. */
export function verdictMessage(result: RunResult): string {
  const { icon, word, sentence } = verdictOf(result);
  const step = result.error === undefined ? '' : ` Step that failed: ${result.error.step}.`;
  return oneLine(`${icon} ${word}: ${sentence}${step} ${result.run.url}`, LONGEST_MESSAGE);
}

// Every character that HTML or any setting of Jinja's delimiters could read as its own, as a reference by name: one by
// number would bring a `#`, with which a line statement or comment of Jinja may begin.
const REFERENCES: Record<string, string> = {
  '&': 'amp',
  '<': 'lt',
  '>': 'gt',
  '"': 'quot',
  "'": 'apos',
  '{': 'lcub',
  '}': 'rcub',
  '%': 'percnt',
  '#': 'num',
  '[': 'lsqb',
  ']': 'rsqb',
  '(': 'lpar',
  ')': 'rpar',
  $: 'dollar',
  '@': 'commat',
  '=': 'equals',
  '*': 'ast',
  '|': 'vert',
  '\\': 'bsol',
  '`': 'grave',
  '/': 'sol',
};

/**
 * The message as one line of HTML to stand in a block of a Jinja template of the hub: one element, whose text is the
 * message whatever is in it. Its classes are those of the hub's own announcement, in every release.
 */
export function announcementHtml(message: string): string {
  const text = [...oneLine(message, LONGEST_MESSAGE)].map((character) => {
    const name = REFERENCES[character];
    return name === undefined ? character : `&${name};`;
  });
  return `<div class="container text-center announcement alert alert-warning" role="status">${text.join('')}</div>`;
}
