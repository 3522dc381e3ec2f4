import { randomUUID } from 'node:crypto';

// The runner's two channels, in the few lines this action needs. @actions/core does the same but takes as long to load as
// two bare starts of node (it brings an HTTP client for OIDC), too long for a run that only says which input is wrong.
// What the runner accepts: actions/runner, src/Runner.Common/ActionCommand.cs and src/Runner.Worker/FileCommandManager.cs.

export type WorkflowCommand = 'add-mask' | 'debug' | 'notice' | 'warning' | 'error' | 'group' | 'endgroup';

/**
 * One workflow command as the one line the runner reads, without its newline: `::error title=Inputs::text`.
 * Whatever `message` and the properties hold, it stays one line and one command.
 */
export function workflowCommand(
  command: WorkflowCommand,
  message = '',
  properties: Readonly<Record<string, string>> = {},
): string {
  const list = Object.entries(properties)
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}=${escapeProperty(value)}`)
    .join(',');
  return `::${command}${list === '' ? '' : ` ${list}`}::${escapeData(message)}`;
}

/** Has the runner print `***` for `secret` and for each of its lines from now on. Blank text is no secret. */
export function addMask(secret: string): void {
  if (secret.trim() !== '') process.stdout.write(`${workflowCommand('add-mask', secret)}\n`);
}

/**
 * The text to append to a file of the runner (`GITHUB_OUTPUT`, `GITHUB_STATE`) so that it reads `name` = `value`.
 * The delimiter is random, so no value can end itself and begin another.
 */
export function fileCommand(name: string, value: string): string {
  const delimiter = `end-${randomUUID()}`;
  return `${name}<<${delimiter}\n${value}\n${delimiter}\n`;
}

// `%` first: an escape that is already in the text must come out as it went in.
function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
