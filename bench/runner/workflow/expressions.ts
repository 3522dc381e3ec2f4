/** A value of the expression language. A Map is an object whose keys are case sensitive, which only `env` is. */
export type Value = null | boolean | number | string | readonly Value[] | ValueObject | ReadonlyMap<string, string>;
export interface ValueObject {
  readonly [name: string]: Value;
}

/** What an expression may use where it stands. */
export interface Allowed {
  readonly contexts: readonly string[];
  /** `success()`, `failure()`, `always()`, `cancelled()`: only in conditions. */
  readonly status: boolean;
}

/** What an expression finds when it is evaluated; `status` answers the status functions. */
export interface Scope {
  readonly contexts: Readonly<Record<string, Value>>;
  readonly status?: Readonly<Record<StatusFunction, boolean>>;
}

export type StatusFunction = 'success' | 'failure' | 'always' | 'cancelled';

type BinaryOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | '&&' | '||';

export type Expression =
  | { readonly kind: 'literal'; readonly value: Value }
  | { readonly kind: 'context'; readonly name: string }
  | { readonly kind: 'index'; readonly object: Expression; readonly key: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | { readonly kind: 'not'; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    };

/** An expression this interpreter does not understand, or GitHub would not allow where it stands. */
export class ExpressionError extends Error {
  constructor(problem: string, source: string) {
    super(`${problem} in expression: ${source}`);
    this.name = 'ExpressionError';
  }
}

const STATUS_FUNCTIONS: readonly string[] = ['success', 'failure', 'always', 'cancelled'];

const ARGUMENTS: Record<string, { min: number; max: number }> = {
  contains: { min: 2, max: 2 },
  startswith: { min: 2, max: 2 },
  format: { min: 1, max: 255 },
  ...Object.fromEntries(STATUS_FUNCTIONS.map((name) => [name, { min: 0, max: 0 }])),
};

/** From loose to tight; all of them group to the left. */
const PRECEDENCE: readonly (readonly BinaryOperator[])[] = [['||'], ['&&'], ['==', '!='], ['<', '<=', '>', '>=']];

const TOKEN = new RegExp(
  [
    /(?<space>\s+)/,
    /(?<text>'(?:[^']|'')*')/,
    /(?<number>[-+]?(?:0x[0-9a-fA-F]+|0o[0-7]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.]))/,
    /(?<word>[A-Za-z_][\w-]*)/,
    /(?<symbol>==|!=|<=|>=|&&|\|\||[!<>()[\],.])/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'y',
);

interface Token {
  readonly kind: 'text' | 'number' | 'word' | 'symbol' | 'end';
  readonly text: string;
}

/** Parses what stands between `${{` and `}}`. Throws ExpressionError for anything unknown or not allowed. */
export function parseExpression(source: string, allowed: Allowed): Expression {
  return new Parser(source, allowed).parse();
}

/** True when the expression asks for the status of the job, so that no `success()` is implied. */
export function usesStatus(expression: Expression): boolean {
  switch (expression.kind) {
    case 'call':
      return STATUS_FUNCTIONS.includes(expression.name) || expression.args.some(usesStatus);
    case 'index':
      return usesStatus(expression.object) || usesStatus(expression.key);
    case 'not':
      return usesStatus(expression.operand);
    case 'binary':
      return usesStatus(expression.left) || usesStatus(expression.right);
    default:
      return false;
  }
}

export function evaluate(expression: Expression, scope: Scope): Value {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'context':
      return scope.contexts[expression.name] ?? null;
    case 'index':
      return property(evaluate(expression.object, scope), evaluate(expression.key, scope));
    case 'not':
      return !isTruthy(evaluate(expression.operand, scope));
    case 'binary':
      return operate(expression.operator, expression.left, expression.right, scope);
    case 'call':
      return call(expression.name, expression.args, scope);
  }
}

export function isTruthy(value: Value): boolean {
  return !(value === null || value === false || value === 0 || value === '' || Number.isNaN(value));
}

/** How a value stands in a string: null is empty, collections are only named. */
export function toText(value: Value): string {
  if (value === null) return '';
  if (typeof value !== 'object') return String(value);
  return Array.isArray(value) ? 'Array' : 'Object';
}

class Parser {
  readonly #source: string;
  readonly #allowed: Allowed;
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(source: string, allowed: Allowed) {
    this.#source = source;
    this.#allowed = allowed;
    this.#tokens = tokenize(source);
  }

  parse(): Expression {
    const expression = this.#binary(0);
    if (this.#peek().kind !== 'end') throw this.#unexpected();
    return expression;
  }

  #binary(level: number): Expression {
    const operators = PRECEDENCE[level];
    if (!operators) return this.#unary();
    let left = this.#binary(level + 1);
    for (;;) {
      const operator = operators.find((candidate) => this.#accept(candidate));
      if (!operator) return left;
      left = { kind: 'binary', operator, left, right: this.#binary(level + 1) };
    }
  }

  #unary(): Expression {
    if (this.#accept('!')) return { kind: 'not', operand: this.#unary() };
    let expression = this.#primary();
    while (expression.kind !== 'literal') {
      if (this.#accept('.')) {
        expression = { kind: 'index', object: expression, key: { kind: 'literal', value: this.#take('word') } };
      } else if (this.#accept('[')) {
        expression = { kind: 'index', object: expression, key: this.#binary(0) };
        this.#expect(']');
      } else {
        break;
      }
    }
    return expression;
  }

  #primary(): Expression {
    if (this.#accept('(')) {
      const expression = this.#binary(0);
      this.#expect(')');
      return expression;
    }
    const { kind, text } = this.#peek();
    if (kind === 'text') {
      return { kind: 'literal', value: this.#take('text').slice(1, -1).replaceAll("''", "'") };
    }
    if (kind === 'number') return { kind: 'literal', value: Number(this.#take('number')) };
    if (kind !== 'word') throw this.#unexpected();
    this.#take('word');
    if (text === 'true' || text === 'false') return { kind: 'literal', value: text === 'true' };
    if (text === 'null') return { kind: 'literal', value: null };
    return this.#accept('(') ? this.#call(text) : this.#context(text);
  }

  #context(text: string): Expression {
    const name = text.toLowerCase();
    if (!this.#allowed.contexts.includes(name)) {
      throw new ExpressionError(
        `'${text}' is not available here (allowed: ${this.#allowed.contexts.join(', ')})`,
        this.#source,
      );
    }
    return { kind: 'context', name };
  }

  #call(text: string): Expression {
    const name = text.toLowerCase();
    const limits = ARGUMENTS[name];
    if (!limits) throw new ExpressionError(`unknown function '${text}'`, this.#source);
    if (STATUS_FUNCTIONS.includes(name) && !this.#allowed.status) {
      throw new ExpressionError(`'${text}()' is only for conditions`, this.#source);
    }
    const args: Expression[] = [];
    while (!this.#accept(')')) {
      if (args.length > 0) this.#expect(',');
      args.push(this.#binary(0));
    }
    if (args.length < limits.min || args.length > limits.max) {
      throw new ExpressionError(`'${text}' with ${args.length} arguments`, this.#source);
    }
    return { kind: 'call', name, args };
  }

  #peek(): Token {
    return this.#tokens[this.#position] ?? { kind: 'end', text: 'the end' };
  }

  #accept(symbol: string): boolean {
    const { kind, text } = this.#peek();
    if (kind !== 'symbol' || text !== symbol) return false;
    this.#position += 1;
    return true;
  }

  #expect(symbol: string): void {
    if (!this.#accept(symbol)) throw this.#unexpected();
  }

  #take(kind: Token['kind']): string {
    const token = this.#peek();
    if (token.kind !== kind) throw this.#unexpected();
    this.#position += 1;
    return token.text;
  }

  #unexpected(): ExpressionError {
    return new ExpressionError(`unexpected ${this.#peek().text}`, this.#source);
  }
}

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < source.length) {
    const start = TOKEN.lastIndex;
    const groups = TOKEN.exec(source)?.groups;
    if (!groups) throw new ExpressionError(`unexpected ${source[start]}`, source);
    const [kind, text] = Object.entries(groups).find(([, match]) => match !== undefined) ?? [];
    if (kind !== 'space') tokens.push({ kind: kind as Token['kind'], text: text ?? '' });
  }
  return tokens;
}

function property(object: Value, key: Value): Value {
  if (object instanceof Map) return (object as ReadonlyMap<string, string>).get(toText(key)) ?? null;
  if (Array.isArray(object)) return (object as readonly Value[])[toNumber(key)] ?? null;
  if (object === null || typeof object !== 'object') return null;
  const wanted = toText(key).toUpperCase();
  const name = Object.keys(object).find((candidate) => candidate.toUpperCase() === wanted);
  return name === undefined ? null : ((object as ValueObject)[name] ?? null);
}

function operate(operator: BinaryOperator, left: Expression, right: Expression, scope: Scope): Value {
  const value = evaluate(left, scope);
  if (operator === '&&') return isTruthy(value) ? evaluate(right, scope) : value;
  if (operator === '||') return isTruthy(value) ? value : evaluate(right, scope);
  const other = evaluate(right, scope);
  switch (operator) {
    case '==':
      return isEqual(value, other);
    case '!=':
      return !isEqual(value, other);
    case '<':
      return isLess(value, other);
    case '<=':
      return isLess(value, other) || isEqual(value, other);
    case '>':
      return isLess(other, value);
    case '>=':
      return isLess(other, value) || isEqual(value, other);
  }
}

function isEqual(left: Value, right: Value): boolean {
  const [a, b] = comparable(left, right);
  return a === b;
}

function isLess(left: Value, right: Value): boolean {
  const [a, b] = comparable(left, right);
  return typeof a !== 'object' && typeof b !== 'object' && a < b;
}

/** Brings two values to one type: text is compared without case, different types as numbers, collections by identity. */
function comparable(left: Value, right: Value): [Value, Value] {
  if (typeof left === 'string' && typeof right === 'string') return [left.toUpperCase(), right.toUpperCase()];
  if (typeof left === typeof right && left !== null && right !== null) return [left, right];
  return [toNumber(left), toNumber(right)];
}

function toNumber(value: Value): number {
  return value !== null && typeof value === 'object' ? Number.NaN : Number(value);
}

function call(name: string, args: readonly Expression[], scope: Scope): Value {
  if (STATUS_FUNCTIONS.includes(name)) return scope.status?.[name as StatusFunction] ?? false;
  const [first = null, ...rest] = args.map((argument) => evaluate(argument, scope));
  if (name === 'format') return format(toText(first), rest);
  const [second = null] = rest;
  if (Array.isArray(first)) {
    return name === 'contains' && first.some((item: Value) => isEqual(item, second));
  }
  const [text, part] = [toText(first).toUpperCase(), toText(second).toUpperCase()];
  return name === 'contains' ? text.includes(part) : text.startsWith(part);
}

function format(pattern: string, args: readonly Value[]): string {
  return pattern.replace(/\{\{|\}\}|\{(\d+)\}|[{}]/g, (match, index: string | undefined) => {
    if (match === '{{' || match === '}}') return match.slice(1);
    const argument = index === undefined ? undefined : args[Number(index)];
    if (argument === undefined) throw new ExpressionError('format string does not fit its arguments', pattern);
    return toText(argument);
  });
}
