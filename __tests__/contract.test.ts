// action.yml, the code and README.md say the same.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readManifest, withTables } from '../script/readme-tables.ts';
import { INPUT_DEFAULTS, type InputName, RESTORE_INPUTS, SECRET_INPUTS } from '../src/inputs/definitions.ts';
import { readInputs } from '../src/inputs.ts';
import { isSuccess, OUTCOMES } from '../src/outcome.ts';
import { OUTPUT_NAMES } from '../src/report/outputs.ts';
import { RESTORE, UPGRADE, variables } from './inputs/environments.ts';

const ROOT = join(import.meta.dirname, '..');
const { inputs, outputs } = await readManifest();

describe('action.yml', () => {
  it('has the inputs the code reads, in the same order, with the same defaults', () => {
    const declared = Object.entries(inputs).map(([name, input]) => [name, input.default ?? '']);
    expect(declared).toEqual(Object.entries(INPUT_DEFAULTS));
  });

  it('has the outputs the code sets', () => {
    expect(Object.keys(outputs)).toEqual([...OUTPUT_NAMES]);
  });

  it('names in kebab-case, and describes in sentences, everything', () => {
    for (const [name, { description }] of Object.entries({ ...inputs, ...outputs })) {
      expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(description.trim(), name).toMatch(/^[`A-Z][^\n]{20,}\.$/);
    }
  });

  it('has texts for defaults: YAML would make numbers and truth values of some', () => {
    for (const [name, input] of Object.entries(inputs)) {
      if (input.default !== undefined) expect(typeof input.default, name).toBe('string');
    }
  });

  it('says which inputs come from a secret and which are for a restore', () => {
    for (const name of SECRET_INPUTS) {
      if (name !== 'github-token') expect(inputs[name]?.description, name).toMatch(/from a secret/);
    }
    for (const name of RESTORE_INPUTS) expect(inputs[name]?.description, name).toMatch(/Mode `restore`/);
  });

  it('requires exactly what every mode refuses to do without', async () => {
    const missing = await readInputs(
      variables({ ...RESTORE, host: '', username: '', 'ssh-private-key': '' }),
      () => {},
    ).catch((error: { problems: { input: string; problem: string }[] }) =>
      error.problems.filter((p) => p.problem.startsWith('is empty')),
    );
    const required = Object.keys(inputs).filter((name) => inputs[name]?.required);
    expect(Array.isArray(missing) && missing.map(({ input }) => input)).toEqual(required);
  });

  it('gives the code what it would take by itself', async () => {
    const defaults = Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, input.default ?? '']));
    const withDefaults = await readInputs(variables({ ...defaults, ...UPGRADE }), () => {});
    expect(withDefaults).toEqual(await readInputs(variables(UPGRADE), () => {}));
  });

  it('states the limits that the code keeps', async () => {
    const limits: [InputName, number, number][] = [
      ['connect-timeout', 1, 600],
      ['retention-days', 1, 90],
      ['notify-lead-time', 0, 86_400],
      ['max-downtime', 1, 86_400],
      ['confirm-timeout', 1, 3600],
      ['keep-host-backups', 1, 20],
    ];
    for (const [name, least, most] of limits) {
      expect(inputs[name]?.description).toContain(`${least} to ${most}`);
      const read = (value: number) => readInputs(variables({ ...UPGRADE, [name]: String(value) }), () => {});
      await read(least);
      await read(most);
      await expect(read(most + 1)).rejects.toThrow(`from ${least} to ${most};`);
    }
  });
});

describe('README.md', () => {
  it('has the tables that "node script/readme-tables.ts" writes', async () => {
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    expect(withTables(readme, { inputs, outputs })).toBe(readme);
  });

  it('shows a workflow that gives what is required, and nothing that does not exist', async () => {
    const [, yaml = ''] = /^```yaml\n(.*?)^```/ms.exec(await readFile(join(ROOT, 'README.md'), 'utf8')) ?? [];
    const [step] = parse(yaml).jobs.upgrade.steps;
    expect(step.uses).toMatch(/\/jupyterhub-upgrade@[0-9a-f]{40}$/);
    const required = Object.keys(inputs).filter((name) => inputs[name]?.required);
    expect(Object.keys(step.with)).toEqual(expect.arrayContaining([...required, 'target-version']));
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(step.with)));
  });

  it('has every outcome, and says which are green', async () => {
    const readme = await readFile(join(ROOT, 'README.md'), 'utf8');
    const rows = [...readme.matchAll(/^\| `([a-z-]+)` \| (green|red) \|/gm)].map(([, outcome, job]) => [outcome, job]);
    const expected = OUTCOMES.map((outcome) => [outcome, isSuccess(outcome) ? 'green' : 'red']);
    expect(rows.sort()).toEqual(expected.sort());
  });
});

describe('the tables', () => {
  const manifest = {
    inputs: {
      host: { description: 'The host\n', required: true },
      mode: { description: 'a | b', required: false, default: 'a' },
      note: { description: 'Note.', required: false },
    },
    outputs: { outcome: { description: 'How it ended.' } },
  };

  it('replace what stands between their markers', () => {
    const readme = 'A\n<!-- inputs -->\nold\n<!-- /inputs -->\nB\n<!-- outputs -->\n<!-- /outputs -->\nC\n';
    const written = withTables(readme, manifest);
    expect(written).toBe(`A
<!-- inputs -->
| input | default | meaning |
| --- | --- | --- |
| \`host\` | *needed* | The host |
| \`mode\` | \`a\` | a \\| b |
| \`note\` |  | Note. |
<!-- /inputs -->
B
<!-- outputs -->
| output | meaning |
| --- | --- |
| \`outcome\` | How it ended. |
<!-- /outputs -->
C
`);
    expect(withTables(written, manifest)).toBe(written);
  });

  it('need their markers', () => {
    expect(() => withTables('no markers', manifest)).toThrow('<!-- inputs -->');
    expect(() => withTables('<!-- /inputs --><!-- inputs -->', manifest)).toThrow('in this order');
  });
});
