import { expect, it } from 'vitest';
import type { Facts } from '../../src/hub/facts.ts';
import { readInputs } from '../../src/inputs.ts';
import { planRestore } from '../../src/transaction/plan-restore.ts';
import { sampleManifest } from '../backup/samples.ts';
import { sampleFacts, sqliteFacts } from '../hub/samples.ts';
import { RESTORE, variables } from '../inputs/environments.ts';

it('looks for the canary-user in the backup of a file before anybody notices', async () => {
  const steps = async (facts: Facts, given: Record<string, string> = {}) => {
    const inputs = await readInputs(variables({ ...RESTORE, ...given }), () => {});
    return planRestore(inputs, facts, sampleManifest(), '').steps.map(({ name }) => name);
  };
  const canary = { 'canary-user': 'alice', 'health-token': 'abc123' };
  expect((await steps(sqliteFacts(), canary)).slice(0, 2)).toEqual(['stage', 'inspect']);
  // Nobody is looked for; and what a dump holds shows when it is loaded.
  expect(await steps(sqliteFacts())).not.toContain('inspect');
  expect(await steps(sampleFacts(), canary)).not.toContain('inspect');
});

it('leaves packages outside of any environment to a person, and says so where they are others', async () => {
  const inputs = await readInputs(variables(RESTORE), () => {});
  const path = '/usr/local/lib/python3.11/dist-packages';
  const facts = sqliteFacts({
    raw: { 'environment-kind': 'none', 'environment-place': 'system', 'environment-path': path },
  });
  const blockers = (requirements: string) =>
    planRestore(inputs, facts, sampleManifest(), requirements).blockers.filter((sentence) =>
      sentence.includes('by hand'),
    );
  expect(blockers('jupyterhub==4.1.5')).toEqual([
    `The packages in ${path} are not those of the backup, and outside of an environment they are not exchanged for a restore: ` +
      'install what it had by hand first, as RESTORE.txt in the backup says.',
  ]);
  expect(blockers('jupyterhub==4.1.6')).toEqual([]);
});
