// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are GitHub's own expressions
import { describe, expect, test } from 'vitest';
import { evaluate, parseExpression, type Scope } from '../../bench/runner/workflow/expressions.ts';
import { holds, parseCondition, parseTemplate, render, renderValue } from '../../bench/runner/workflow/templates.ts';

const ALLOWED = { contexts: ['needs', 'env', 'inputs'], status: true };
const SCOPE: Scope = {
  contexts: {
    needs: { upgrade: { result: 'failure', outputs: { outcome: 'rolled-back', 'failed-step': 'migrate' } } },
    env: new Map([['Name', 'value']]),
    inputs: { dry: false, count: 3, list: ['a', 'B'] },
  },
  status: { success: false, failure: true, always: true, cancelled: false },
};

function value(source: string) {
  return evaluate(parseExpression(source, ALLOWED), SCOPE);
}

describe('expressions', () => {
  test.each([
    ["'it''s'", "it's"],
    ['-1.5e1', -15],
    ['0xff', 255],
    ['null', null],
    ['true', true],
    ['needs.upgrade.outputs.outcome', 'rolled-back'],
    ["needs['upgrade'].outputs.failed-step", 'migrate'],
    ['NEEDS.Upgrade.OUTPUTS.Outcome', 'rolled-back'],
    ['needs.other.outputs.outcome', null],
    ['env.Name', 'value'],
    ['env.NAME', null],
    ['inputs.list[1]', 'B'],
    ["'Upgraded' == 'upgraded'", true],
    ["'1' == 1", true],
    ["'' == 0", true],
    ["null == ''", true],
    ['true == 1', true],
    ["'x' == 1", false],
    ["'x' != 1", true],
    ['needs == needs', true],
    ['inputs.count > 2 && inputs.count <= 3', true],
    ["'a' < 'B'", true],
    ["'' || 'default'", 'default'],
    ["inputs.dry && 'yes' || 'no'", 'no'],
    ['!inputs.dry', true],
    ['!(true && false) == true', true],
    ["true || false && 'never'", true],
    ["contains('Rolled-Back', 'back')", true],
    ["contains(inputs.list, 'b')", true],
    ["contains(inputs.list, 'c')", false],
    ["startsWith('refs/tags/v1', 'REFS/')", true],
    ["format('{1}{{{0}}}', 'a', 2)", '2{a}'],
    ['failure() && !cancelled()', true],
  ] as const)('%s', (source, expected) => {
    expect(value(source)).toEqual(expected);
  });

  test.each([
    ['secrets.KEY', "'secrets' is not available here"],
    ['toJSON(needs)', "unknown function 'toJSON'"],
    ['needs.*.result', 'unexpected *'],
    ['"double"', 'unexpected "'],
    ["'open", "unexpected '"],
    ['needs.', 'unexpected the end'],
    ['1 +', 'unexpected +'],
    ['1abc', 'unexpected 1'],
    ['(true', 'unexpected the end'],
    ['true true', 'unexpected true'],
    ['needs = env', 'unexpected ='],
    ["contains('a')", "'contains' with 1 arguments"],
    ["success('upgrade')", "'success' with 1 arguments"],
    ["'a'.length", 'unexpected .'],
  ])('%s is an error', (source, problem) => {
    expect(() => value(source)).toThrow(problem);
  });

  test('format needs all its arguments', () => {
    expect(() => value("format('{1}', 'a')")).toThrow('format string');
    expect(() => value("format('{')")).toThrow('format string');
  });

  test('status functions are for conditions', () => {
    expect(() => parseExpression('always()', { ...ALLOWED, status: false })).toThrow(
      "'always()' is only for conditions",
    );
  });
});

describe('templates', () => {
  test('mix text and expressions', () => {
    const template = parseTemplate("a ${{ inputs.count }} b ${{ '}}' }}${{ null }}.", ALLOWED);
    expect(render(template, SCOPE)).toBe('a 3 b }}.');
    expect(renderValue(parseTemplate('${{ inputs.dry }}', ALLOWED), SCOPE)).toBe(false);
    expect(() => parseTemplate('a ${{ inputs.count', ALLOWED)).toThrow('no closing }}');
  });

  test('a condition asks for success, unless it asks for something else', () => {
    const met = (source: string) => holds(parseCondition(source, ALLOWED), SCOPE);
    expect(met('')).toBe(false);
    expect(met("needs.upgrade.outputs.outcome == 'rolled-back'")).toBe(false);
    expect(met("failure() && needs.upgrade.outputs.outcome == 'rolled-back'")).toBe(true);
    expect(met("${{ always() && needs.upgrade.result == 'failure' }}")).toBe(true);
    expect(() => met("${{ always() }} && needs.upgrade.result == 'failure'")).toThrow('always true');
  });
});
