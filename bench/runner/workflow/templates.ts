import {
  type Allowed,
  type Expression,
  ExpressionError,
  evaluate,
  isTruthy,
  parseExpression,
  type Scope,
  toText,
  usesStatus,
  type Value,
} from './expressions.ts';

/** A string with `${{ expressions }}` in it: text and expressions in turn. */
export type Template = readonly (string | Expression)[];

/** An `if`: parsed, with the implied `success() &&` in place. */
export type Condition = Expression;

const SUCCESS: Expression = { kind: 'call', name: 'success', args: [] };

/** Parses a string of a workflow. Throws ExpressionError. */
export function parseTemplate(source: string, allowed: Allowed): Template {
  const parts: (string | Expression)[] = [];
  let rest = source;
  for (;;) {
    const start = rest.indexOf('${{');
    if (start < 0) return rest ? [...parts, rest] : parts;
    if (start > 0) parts.push(rest.slice(0, start));
    // The end is the first `}}` outside of a quoted text.
    const [whole, expression] = /^\$\{\{((?:'[^']*'|[^'])*?)\}\}/.exec(rest.slice(start)) ?? [];
    if (whole === undefined || expression === undefined) throw new ExpressionError('no closing }}', rest.slice(start));
    parts.push(parseExpression(expression.trim(), allowed));
    rest = rest.slice(start + whole.length);
  }
}

/** The text of a template. */
export function render(template: Template, scope: Scope): string {
  return template.map((part) => (typeof part === 'string' ? part : toText(evaluate(part, scope)))).join('');
}

/** Like `render`, but a template that is one expression keeps the type of its value. */
export function renderValue(template: Template, scope: Scope): Value {
  const [only, ...others] = template;
  if (only === undefined || typeof only === 'string' || others.length > 0) return render(template, scope);
  return evaluate(only, scope);
}

/** Parses the `if` of a job or a step. Without a status function it means `success() && (…)`. */
export function parseCondition(source: string, allowed: Allowed): Condition {
  const condition = parseBareCondition(source.trim() || 'success()', allowed);
  return usesStatus(condition) ? condition : { kind: 'binary', operator: '&&', left: SUCCESS, right: condition };
}

/** Parses a condition without anything implied, as `post-if` is. */
export function parseBareCondition(source: string, allowed: Allowed): Condition {
  const text = source.trim();
  if (!text.includes('${{')) return parseExpression(text, { ...allowed, status: true });
  const [only, ...others] = parseTemplate(text, { ...allowed, status: true });
  if (only === undefined || typeof only === 'string' || others.length > 0) {
    // GitHub takes this as a text, which is always true: never what was meant.
    throw new ExpressionError('text beside an expression makes a condition always true', source);
  }
  return only;
}

export function holds(condition: Condition, scope: Scope): boolean {
  return isTruthy(evaluate(condition, scope));
}
