import { oneLine } from '../report/text.ts';
import { environmentName, INPUT_DEFAULTS, INPUT_NAMES, type InputName, SECRET_INPUTS } from './definitions.ts';
import { type Checked, type Grammar, lineTrouble } from './grammar.ts';
import { nearest } from './nearest.ts';

/** One thing wrong with the inputs, with what to write instead. `input` is as in action.yml (or as given, if unknown). */
export interface InputProblem {
  readonly input: string;
  readonly problem: string;
}

/** Everything that is wrong with the inputs. Its text holds no secret. */
export class InputError extends Error {
  readonly problems: readonly InputProblem[];

  constructor(problems: readonly InputProblem[]) {
    const count = problems.length === 1 ? 'One input needs' : `${problems.length} things in the inputs need`;
    const list = problems.map(({ input, problem }) => `- ${input}: ${problem}`).join('\n');
    super(`${count} your attention. Nothing was connected to and nothing was changed.\n${list}`);
    this.name = 'InputError';
    this.problems = problems;
  }
}

/** Never repeated in a problem. Commands may hold passwords, though they should not. */
const UNQUOTED: readonly string[] = [
  ...SECRET_INPUTS,
  'stop-command',
  'start-command',
  'notify-command',
  'known-hosts',
];

/** A private key or identity, wherever it was pasted. */
const PRIVATE = /PRIVATE KEY-----|AGE-SECRET-KEY-/i;

/**
 * The inputs as the runner hands them over. Reading collects problems instead of stopping at the first one: a value that was
 * refused reads as `undefined` whatever its type says, so nothing may leave before `finish` was called.
 */
export class Form {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #mask: (secret: string) => void;
  readonly #secrets: string[] = [];
  readonly #problems: InputProblem[] = [];

  /** Masks every secret before anything else happens. */
  constructor(environment: NodeJS.ProcessEnv, mask: (secret: string) => void) {
    this.#environment = environment;
    this.#mask = mask;
    const secret = new Set(SECRET_INPUTS.map(environmentName));
    for (const [name, text = ''] of Object.entries(environment)) {
      if (!name.startsWith('INPUT_') || text.trim() === '') continue;
      if (!secret.has(name) && !PRIVATE.test(text)) continue;
      mask(text);
      this.#secrets.push(
        ...text
          .split(/[\r\n]+/)
          .map((line) => line.trim())
          .filter((line) => line !== ''),
      );
    }
  }

  /** The text as given; an input left empty has its default. */
  text(name: InputName): string {
    const text = this.#environment[environmentName(name)] ?? '';
    return text.trim() === '' ? INPUT_DEFAULTS[name] : text;
  }

  /** Whether the input says something else than its default. */
  given(name: InputName): boolean {
    return this.text(name).trim() !== INPUT_DEFAULTS[name];
  }

  /** One line. Empty is a problem. */
  required<T>(name: InputName, grammar: Grammar<T>, missing: string): T {
    if (this.text(name) === '') return this.refuse(name, `is empty; ${missing}`);
    return this.#read(name, this.text(name).trim(), grammar);
  }

  /** One line with a default. */
  value<T>(name: InputName, grammar: Grammar<T>): T {
    return this.#read(name, this.text(name).trim(), grammar);
  }

  /** One line, or undefined. */
  optional<T>(name: InputName, grammar: Grammar<T>): T | undefined {
    return this.text(name) === '' ? undefined : this.value(name, grammar);
  }

  /** One line of which nothing but a newline at its end may be dropped, or undefined. */
  secret<T>(name: InputName, grammar: Grammar<T>): T | undefined {
    const text = this.text(name).replace(/\r?\n$/, '');
    return text === '' ? undefined : this.#check(name, text, grammar);
  }

  /** Items between `separator`s, each one line; no item twice, comments (`# …`) left out. */
  list<T>(name: InputName, separator: RegExp, grammar: Grammar<T>): T[] {
    const items = this.text(name)
      .split(separator)
      .map((item) => item.trim())
      .filter((item) => item !== '' && !item.startsWith('#'));
    return [...new Set(items.map((item) => this.#read(name, item, grammar)))];
  }

  /** Several lines, taken as a whole. */
  block<T>(name: InputName, grammar: Grammar<T>): T {
    const text = this.text(name);
    if (text.includes('\0')) return this.refuse(name, 'contains a NUL character; remove it');
    return this.take(name, text, grammar(text));
  }

  /** What a check made of `text`. A secret that was repaired is masked in its new spelling too. */
  take<T>(name: InputName, text: string, checked: Checked<T>): T {
    if ('problem' in checked) return this.refuse(name, `${this.#quote(name, text)}${checked.problem}`);
    const { value } = checked;
    const isSecret = (SECRET_INPUTS as readonly string[]).includes(name);
    if (isSecret && typeof value === 'string' && value !== text) this.#mask(value);
    return value;
  }

  /** Whether none of these inputs was refused so far. */
  sound(...names: InputName[]): boolean {
    return !this.#problems.some(({ input }) => names.includes(input as InputName));
  }

  /** Notes a problem. The problem is said of the input: `is empty; …`. */
  refuse<T>(name: InputName, problem: string): T {
    this.#problems.push({ input: name, problem });
    // The one lie to the type system, see the class: no value is used while there are problems.
    return undefined as T;
  }

  /** Throws when there was any problem, the unknown inputs among them. */
  finish(): void {
    const place = (problem: InputProblem) => INPUT_NAMES.indexOf(problem.input as InputName);
    const problems = [...this.#unknown(), ...this.#problems].sort((one, other) => place(one) - place(other));
    if (problems.length === 0) return;
    throw new InputError(problems.map(({ input, problem }) => ({ input, problem: this.#hide(problem) })));
  }

  /**
   * As the runner would print it: a secret may stand in any input, even in one that was not refused itself. Less than
   * four characters are no secret, and are in every sentence.
   */
  #hide(text: string): string {
    const secrets = this.#secrets.filter((secret) => secret.length >= 4);
    return secrets.reduce((shown, secret) => shown.replaceAll(secret, '***'), text);
  }

  #read<T>(name: InputName, text: string, grammar: Grammar<T>): T {
    if (text.startsWith('-')) return this.take(name, text, { problem: 'begins with "-"; write it without' });
    return this.#check(name, text, grammar);
  }

  #check<T>(name: InputName, text: string, grammar: Grammar<T>): T {
    const trouble = lineTrouble(text);
    return this.take(name, text, trouble === undefined ? grammar(text) : { problem: trouble });
  }

  /** `"text" ` for a problem, or nothing where the text is or may hold a secret, or is no line to be read. */
  #quote(name: string, text: string): string {
    const hidden =
      UNQUOTED.includes(name) ||
      PRIVATE.test(text) ||
      text.includes('://') ||
      text.length > 80 ||
      lineTrouble(text) !== undefined;
    return hidden ? '' : `"${text}" `;
  }

  #unknown(): InputProblem[] {
    const known = new Set(INPUT_NAMES.map(environmentName));
    return Object.keys(this.#environment)
      .filter((name) => name.startsWith('INPUT_') && !known.has(name))
      .map((name) => {
        const input = this.#hide(oneLine(name.slice('INPUT_'.length).toLowerCase(), 80));
        const meant = nearest(input.replaceAll('_', '-'), INPUT_NAMES);
        const hint = meant === undefined ? 'remove it' : `${meant} may be meant`;
        return { input, problem: `is not an input of this action; ${hint}` };
      });
  }
}
