import type { Job, Step } from './job.ts';
import type { Level } from './log.ts';

/** A workflow command as it stood in a line of output. */
export interface Command {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly data: string;
}

const DISABLED = ['set-env', 'add-path'];
const UNSUPPORTED = ['add-matcher', 'remove-matcher'];
const KNOWN = new Set([
  ...['add-mask', 'debug', 'error', 'warning', 'notice', 'group', 'endgroup', 'echo', 'stop-commands'],
  ...['set-output', 'save-state', ...DISABLED, ...UNSUPPORTED],
]);

/**
 * The command in a line, or nothing. Two forms exist and the runner takes both: `::name a=b,c=d::data` at the start of
 * a line (after white space), and the older `##[name a=b;c=d]data` *anywhere* in it.
 */
export function parseCommand(line: string, isKnown: (name: string) => boolean): Command | undefined {
  const current = /^\s*::(.*?)::(.*)$/s.exec(line);
  if (current) {
    const command = toCommand(current[1] ?? '', current[2] ?? '', ',', CURRENT_ESCAPES);
    if (isKnown(command.name)) return command;
  }
  const old = /##\[(.*?)\](.*)$/s.exec(line);
  const command = old && toCommand(old[1] ?? '', old[2] ?? '', ';', OLD_ESCAPES);
  return command && isKnown(command.name) ? command : undefined;
}

/** Carries out the commands one step prints. */
export class CommandProcessor {
  readonly #job: Job;
  readonly #step: Step;
  #stopToken: string | undefined;
  #echo = false;

  constructor(job: Job, step: Step) {
    this.#job = job;
    this.#step = step;
  }

  /** Takes one line of a step's output: it is either a command, or goes to the log. */
  take(line: string): void {
    const { log } = this.#job;
    const command = parseCommand(line, (name) => KNOWN.has(name) || name === this.#stopToken);
    const stopped = this.#stopToken !== undefined;
    if (stopped || command?.name !== 'add-mask') log.raw.push(line);
    if (command && !stopped) {
      this.#execute(command, line);
    } else {
      log.write(line);
      if (stopped && command?.name === this.#stopToken) this.#stopToken = undefined;
    }
  }

  #execute(command: Command, line: string): void {
    const shown = command.name === 'add-mask' ? '::add-mask::***' : line;
    if (this.#echo && command.name !== 'debug') this.#job.log.write(shown);
    try {
      this.#carryOut(command, line);
    } catch (error) {
      this.#issue('error', `Unable to process command '${shown}' successfully.`);
      this.#issue('error', (error as Error).message);
      this.#step.failed = true;
    }
  }

  #carryOut({ name, properties, data }: Command, line: string): void {
    const { log } = this.#job;
    switch (name) {
      case 'add-mask':
        this.#addMask(data);
        break;
      case 'debug':
        log.debug(data);
        break;
      case 'error':
      case 'warning':
      case 'notice':
        this.#issue(name, data, properties);
        break;
      case 'group':
        log.write(`##[group]${data}`);
        break;
      case 'endgroup':
        log.write('##[endgroup]');
        break;
      case 'echo':
        this.#echo = onOff(data);
        break;
      case 'stop-commands':
        this.#stop(data, line);
        break;
      case 'set-output':
        this.#step.outputs.set(requireName(name, properties), data);
        break;
      case 'save-state':
        this.#step.state.set(requireName(name, properties), data);
        break;
      default:
        throw new Error(
          DISABLED.includes(name)
            ? `The \`${name}\` command is disabled. Please upgrade to using Environment Files.`
            : `This runner has no problem matchers (\`${name}\`).`,
        );
    }
  }

  #addMask(value: string): void {
    if (value.trim()) this.#job.masker.addMask(value);
    else this.#issue('warning', "Can't add secret mask for empty string in ##[add-mask] command.");
  }

  #stop(token: string, line: string): void {
    if (token === '' || KNOWN.has(token.toLowerCase()) || token.toLowerCase() === 'pause-logging') {
      throw new Error(
        "You cannot use a endToken that is an empty string, the string 'pause-logging', or another workflow command.",
      );
    }
    this.#stopToken = token.toLowerCase();
    if (token.length > 6) this.#job.masker.addValue(token);
    this.#job.log.write(line);
  }

  #issue(level: Level, message: string, properties?: Record<string, string>): void {
    this.#job.log.issue(this.#step.name, level, message, properties);
  }
}

type Escapes = readonly (readonly [escaped: string, character: string])[];

// In the runner's order: the percent sign last, else `%250A` would become a line feed.
const CURRENT_ESCAPES = {
  data: [
    ['%0D', '\r'],
    ['%0A', '\n'],
    ['%25', '%'],
  ],
  property: [
    ['%0D', '\r'],
    ['%0A', '\n'],
    ['%3A', ':'],
    ['%2C', ','],
    ['%25', '%'],
  ],
} as const;
const OLD: Escapes = [
  ['%3B', ';'],
  ['%0D', '\r'],
  ['%0A', '\n'],
  ['%5D', ']'],
  ['%25', '%'],
];
const OLD_ESCAPES = { data: OLD, property: OLD };

function toCommand(
  head: string,
  data: string,
  separator: string,
  escapes: { data: Escapes; property: Escapes },
): Command {
  const [, name = '', settings = ''] = /^([^ ]*) ?(.*)$/s.exec(head) ?? [];
  const properties: Record<string, string> = {};
  for (const pair of settings.trim().split(separator)) {
    const equals = pair.indexOf('=');
    if (equals > 0 && equals < pair.length - 1) {
      properties[pair.slice(0, equals)] = decode(pair.slice(equals + 1), escapes.property);
    }
  }
  return { name: name.toLowerCase(), properties, data: decode(data, escapes.data) };
}

function decode(text: string, escapes: Escapes): string {
  return escapes.reduce((result, [escaped, character]) => result.replaceAll(escaped, character), text);
}

function requireName(command: string, properties: Readonly<Record<string, string>>): string {
  if (!properties.name) throw new Error(`Required field 'name' is missing in ##[${command}] command.`);
  return properties.name;
}

function onOff(value: string): boolean {
  const word = value.trim().toLowerCase();
  if (word !== 'on' && word !== 'off') {
    throw new Error(`Invalid echo command value. Possible values can be: 'on', 'off'. Current value is: '${value}'.`);
  }
  return word === 'on';
}
