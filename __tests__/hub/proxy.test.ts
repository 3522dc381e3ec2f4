import { describe, expect, it } from 'vitest';
import { planUpgrade } from '../../src/transaction/plan.ts';
import { INTROSPECT, type Said, sampleInputs, sqliteFacts } from './samples.ts';

const GLOBAL = '/usr/lib/node_modules/configurable-http-proxy';
const RAW = {
  'proxy-package': GLOBAL,
  'proxy-owner': '0 0',
  'proxy-parent-owner': '0 0',
  'proxy-of-conda': '',
  'proxy-npm': '/usr/bin/npm',
  'proxy-node': 'v20.11.0\n',
};
/** In the hub's environment, of its owner. */
const INSIDE = {
  ...RAW,
  'proxy-package': '/opt/hub/lib/node_modules/configurable-http-proxy',
  'proxy-owner': '1000 1000',
  'proxy-parent-owner': '1000 1000',
};

async function planned(
  raw: Record<string, string>,
  { version = '4.5.0', ...introspect }: Said['introspect'] & { version?: string } = {},
) {
  const configuration = { ...INTROSPECT.configuration, packages: { 'configurable-http-proxy': version } };
  const facts = sqliteFacts({ raw, introspect: { proxy: { should_start: true }, configuration, ...introspect } });
  return planUpgrade(await sampleInputs({ 'upgrade-proxy': 'true', 'accept-advice': 'allow-config' }), facts);
}

describe('upgrade-proxy', () => {
  it('installs what was tried for its Node beside the one that runs, and exchanges it', async () => {
    const plan = await planned(RAW);
    expect(plan.blockers).toEqual([]);
    expect(plan.parameters).toMatchObject({
      ...{ PROXY_PACKAGE: GLOBAL, PROXY_VERSION: '5.3.0', PROXY_NPM: '/usr/bin/npm', PROXY_UID: '0', PROXY_GID: '0' },
    });
    expect(plan.guarantees.join('\n')).toContain(
      'configurable-http-proxy 4.5.0 → 5.3.0: it is installed beside the one',
    );
    const commands = (step: string) =>
      plan.document?.steps
        .find(({ name }) => name === step)
        ?.commands.map(({ run }) => run)
        .join('\n');
    expect(commands('stage')).toMatch(
      /npm install --global .* --prefix \/usr\/lib\/node_modules\/\.jupyterhub-upgrade-\$JOB_ID configurable-http-proxy@5\.3\.0/,
    );
    expect(commands('switch')).toMatch(/exchange \/usr\/lib\/node_modules\/configurable-http-proxy /);
    expect((await planned({ ...RAW, 'proxy-node': 'v18.19.0' })).parameters.PROXY_VERSION).toBe('4.6.2');
  });

  it('installs into the copy of the environment what lies in it', async () => {
    const plan = await planned(INSIDE);
    expect(plan.document?.steps.flatMap(({ commands }) => commands)).toContainEqual(
      expect.objectContaining({
        run: expect.stringContaining('--prefix /opt/hub configurable-http-proxy@5.3.0'),
        mount: { of: '/opt/hub.jupyterhub-upgrade-$JOB_ID', at: '/opt/hub' },
      }),
    );
  });

  it('leaves one that is new enough, and is nothing that is not asked for', async () => {
    const plan = await planned(RAW, { version: '4.6.3' });
    expect(plan.guarantees.join('\n')).toContain('4.6.3, which the hub starts, is new enough');
    expect([plan.blockers, plan.parameters.PROXY_PACKAGE]).toEqual([[], undefined]);
    const other = planUpgrade(await sampleInputs(), sqliteFacts({ raw: RAW }));
    expect(other.parameters.PROXY_PACKAGE).toBeUndefined();
  });

  it.each<[string, Record<string, string>, Parameters<typeof planned>[1], RegExp]>([
    ['a service of its own', RAW, { proxy: { should_start: false } }, /Upgrade it apart from the hub/],
    ['one that outlives its hub', RAW, { cleanup_proxy: false }, /Upgrade it apart from the hub/],
    ['none that is found', {}, {}, /no configurable-http-proxy that was installed by npm was found/],
    ['one of conda', { ...RAW, 'proxy-of-conda': '/opt/hub/conda-meta/x.json' }, {}, /Write it into extra-packages/],
    [
      'somebody else’s',
      { ...RAW, 'proxy-owner': '1001 1001' },
      {},
      /must belong to root, or both to the user of the hub/,
    ],
    [
      'in a directory of others',
      { ...RAW, 'proxy-parent-owner': '1001 1001' },
      {},
      /they belong to uid 0 and uid 1001/,
    ],
    [
      'one of the hub’s user in an environment of root’s',
      { ...INSIDE, 'environment-owner': '0 0' },
      {},
      /lies in the environment, but not where and as npm puts it there for its owner .*of uid 0/,
    ],
    [
      'one elsewhere in the environment',
      { ...INSIDE, 'proxy-package': '/opt/hub/node_modules/configurable-http-proxy' },
      {},
      /but not where and as npm puts it there/,
    ],
    ['no npm', { ...RAW, 'proxy-npm': '' }, {}, /no npm was found that the owner/],
    ['an old Node', { ...RAW, 'proxy-node': 'v8.17.0' }, {}, /needs Node 10 or newer, and there is v8\.17\.0/],
    [
      'an environment in place',
      { ...INSIDE, 'private-mount': 'none' },
      {},
      /lies in an environment that is upgraded in place/,
    ],
  ])('refuses %s', async (_, raw, introspect, said) => {
    const { blockers } = await planned(raw, introspect);
    expect(blockers).toEqual([expect.stringMatching(/^upgrade-proxy: /)]);
    expect(blockers[0]).toMatch(said);
  });
});
