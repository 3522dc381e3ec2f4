import { describe, expect, it } from 'vitest';
import type { Facts } from '../../src/hub/facts.ts';
import { type Plan, planUpgrade } from '../../src/transaction/plan.ts';
import { INTROSPECT, places, type Said, sampleFacts, sampleInputs, sqliteFacts } from '../hub/samples.ts';

const inputs = await sampleInputs();
const title = (plan: Plan) => plan.steps.find(({ name }) => name === 'migrate')?.title;

/** A hub of another release, with everybody allowed to log in. */
function hub(
  version: string,
  revision: string,
  { introspect, database, ...said }: Said = {},
  make = sqliteFacts,
): Facts {
  const allowed = { where: 'jupyterhub_config.py', value: true };
  const authenticator = {
    ...{ classes: ['PAMAuthenticator', 'Authenticator'], foreign: false, overrides: [] },
    traits: { allow_all: allowed },
  };
  const configuration = { ...INTROSPECT.configuration, components: [authenticator as never] };
  return make({
    introspect: { version, code_revision: revision, configuration, ...introspect },
    database: { revision, ...database },
    ...said,
  });
}

it('a Python that is too old is a blocker, with the one that is needed', () => {
  const old = hub('4.1.6', '0eee8c825d24', { introspect: { python: { ...INTROSPECT.python, version: '3.8.10' } } });
  expect(planUpgrade(inputs, old).blockers).toEqual([
    "JupyterHub 6.1.1 needs Python 3.10 or newer; the hub's environment has 3.8.10. Give the hub an environment with a newer " +
      'Python first.',
  ]);
  expect(planUpgrade(inputs, hub('4.1.6', '0eee8c825d24')).blockers).toEqual([]);
});

describe('a jump that is known to break', () => {
  const of2 = (said: Said = {}, make = sqliteFacts) => hub('2.3.1', '833da8570507', said, make);
  const servers = { database: { servers: [{ user: 'alice', name: '', pid: null }], server_clients: 1 } };

  it.each([sqliteFacts, sampleFacts])('is made by way of a release between, which the plan names (%o)', (make) => {
    const plan = planUpgrade(inputs, of2(servers, make));
    expect(plan.blockers).toEqual([]);
    expect(plan.parameters.HOPS).toBe('4.1.6');
    expect(title(plan)).toBe('Migrate the database, by way of JupyterHub 4.1.6');
    expect(plan.guarantees.join('\n')).toMatch(
      /from 2\.3\.1 to 6\.1\.1, by way of JupyterHub 4\.1\.6.*jupyterhub#5427; here: 1/,
    );
  });

  it('is made so without a server, too: one may be started until the hub stops', () => {
    const plan = planUpgrade(inputs, of2());
    expect([plan.blockers, plan.parameters.HOPS]).toEqual([[], '4.1.6']);
  });

  it('needs the disk for one more environment', () => {
    const enough = {
      raw: {
        'environment-kib': String(400 * 1024),
        places: places({ environment: `1 ${1000 * 1024} 100000 yes no /opt` }),
      },
    };
    expect(planUpgrade(inputs, sqliteFacts(enough)).blockers.join()).not.toContain('the environment (');
    expect(planUpgrade(inputs, of2(enough)).blockers).toEqual([
      expect.stringContaining('2 copies of the environment ('),
    ]);
  });

  it('is refused where no environment can be prepared beside, with what to do by hand', () => {
    const { blockers } = planUpgrade(inputs, of2({ ...servers, raw: { 'private-mount': 'none' } }));
    expect(blockers).toEqual([
      expect.stringMatching(/by way of JupyterHub 4\.1\.6.*\(target-version: 4\.1\.6\), then to 6/),
    ]);
  });

  it('is nothing for any other jump, nor for a fresh database', async () => {
    const plan = planUpgrade(inputs, hub('4.1.6', '0eee8c825d24'));
    expect([plan.parameters.HOPS, title(plan)]).toEqual(['', 'Migrate the database']);
    expect(plan.guarantees.join('\n')).not.toContain('by way of');

    const fresh = planUpgrade(await sampleInputs({ 'database-strategy': 'fresh' }), of2({ ...servers, loss: {} }));
    expect([fresh.blockers, fresh.parameters.HOPS]).toEqual([[], '']);
    expect(title(fresh)).toBe('Begin with a fresh database');
  });
});

describe('an upgrade from 1.x', () => {
  const tokens = { count: 21, first: ['alice (a3)', 'bob (a4)'] };
  const of1 = (said: Said = {}) => hub('1.5.1', '4dc2d5a8c53c', said);
  const facts = of1({ database: { tokens } });

  it('is refused while users have tokens, which it names, with what to write', () => {
    const { blockers } = planUpgrade(inputs, facts);
    expect(blockers).toEqual([
      expect.stringMatching(/21 tokens of users \(alice \(a3\), bob \(a4\), …\).*allow-token-loss: true/),
    ]);
  });

  it('goes on where that is allowed, and says what ends', async () => {
    const plan = planUpgrade(await sampleInputs({ 'allow-token-loss': 'true' }), facts);
    expect(plan.blockers).toEqual([]);
    expect(plan.warnings.join('\n')).toContain('21 tokens');
    expect(plan.mintsToken).toBe(false);
  });

  it('needs no leave without any token, nor within 1.x', async () => {
    expect(planUpgrade(inputs, of1()).blockers).toEqual([]);
    expect(planUpgrade(await sampleInputs({ 'target-version': '1.5.2' }), facts).blockers).toEqual([]);
  });
});

describe('the checks with a token', () => {
  const canary = { 'canary-user': 'alice' };
  const text = (plan: Plan) => [...plan.blockers, ...plan.warnings].join('\n');
  const knows = (has_user: boolean) => hub('4.1.6', '0eee8c825d24', { database: { has_user } });

  it('have a canary-user that the hub knows, or the upgrade is refused with the cure', async () => {
    for (const token of ['', 'abc123']) {
      const asked = await sampleInputs({ ...canary, 'health-token': token });
      const plan = planUpgrade(asked, knows(true));
      expect([plan.blockers, plan.parameters.CANARY_USER]).toEqual([[], 'alice']);
      const refused = planUpgrade(asked, knows(false));
      expect(refused.blockers).toEqual([expect.stringMatching(/no user alice: write .*, or leave canary-user out/)]);
    }
    expect(planUpgrade(inputs, knows(false)).blockers).toEqual([]);
  });

  it('are left out where no token of before works afterwards, and said to be', async () => {
    const given = { ...canary, 'health-token': 'abc123' };
    const from1 = hub('1.5.1', '4dc2d5a8c53c', { database: { has_user: true } });
    const fresh = { 'database-strategy': 'fresh' };
    for (const [asked, facts] of [
      [await sampleInputs(given), from1],
      [await sampleInputs({ ...given, ...fresh }), hub('4.1.6', '0eee8c825d24', { loss: {} })],
    ] as const) {
      const plan = planUpgrade(asked, facts);
      expect(plan).toMatchObject({ blockers: [], mintsToken: false, keepsTokens: false });
      expect(plan.parameters).toMatchObject({ CANARY_USER: '', MINT_TOKEN: '' });
      expect(text(plan)).toMatch(/health-token and canary-user will not be tried/);
    }
    expect(text(planUpgrade(inputs, from1))).not.toContain('will not be tried');
  });
});

it.each([
  ['inactive', 'dead', /is inactive \(dead, result: exit-code\)/],
  ['failed', 'failed', /is failed/],
  ['activating', 'auto-restart', /is in a restart loop \(7 restarts, last result: exit-code\)/],
])('a unit that is %s (%s) is not upgraded, with the reason', (active, sub, reason) => {
  const properties = `ActiveState=${active}\nSubState=${sub}\nResult=exit-code\nNRestarts=7`;
  const { blockers } = planUpgrade(inputs, sqliteFacts({ raw: { 'unit-properties': properties } }));
  expect(blockers.filter((blocker) => blocker.startsWith('The hub does not run'))).toEqual([
    expect.stringMatching(reason),
  ]);
});

it.each([
  ['1min 30s', 150],
  ['5min', 360],
  ['1h 2min', 3780],
  ['infinity', 3660],
  ['', 150],
])('a unit whose TimeoutStopUSec is "%s" has %i seconds to stop', (span, limit) => {
  const facts = sqliteFacts({ raw: { 'unit-properties': `ActiveState=active\nTimeoutStopUSec=${span}` } });
  expect(planUpgrade(inputs, facts).steps.find(({ name }) => name === 'stop')?.limit).toBe(limit);
});
