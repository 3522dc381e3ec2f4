import { describe, expect, test } from 'vitest';
import type { Configuration } from '../../../src/hub/advice/configuration.ts';
import { advise, crosses, holds } from '../../../src/hub/advice/evaluate.ts';
import type { Condition, Rule } from '../../../src/hub/advice/rule.ts';

const configuration: Configuration = {
  components: [
    { classes: ['JupyterHub', 'Application'], foreign: false, overrides: [], traits: {} },
    {
      classes: ['Mine', 'PAMAuthenticator', 'LocalAuthenticator', 'Authenticator'],
      foreign: true,
      overrides: ['check_allowed'],
      traits: {
        whitelist: { where: 'c.Authenticator', value: 2 },
        blacklist: { where: 'c.Mine', value: 0 },
        allowed_groups: { where: 'c.JupyterHub.LocalAuthenticator', value: 1 },
        open_sessions: { where: 'class Mine', value: false },
      },
    },
    { classes: ['LocalProcessSpawner', 'Spawner'], foreign: false, overrides: [], traits: {} },
  ],
  sections: {
    Pagination: { max_per_page: { where: 'c.Pagination', value: true } },
    OAuthenticator: { blocked_users: { where: 'c.OAuthenticator', value: 1 } },
  },
  counts: { services: 2, users: 51 },
  packages: { sqlalchemy: '1.3.24' },
};

describe('a condition', () => {
  test.each<[boolean, Condition]>([
    [true, { set: ['Authenticator.whitelist'] }],
    [true, { set: ['PAMAuthenticator.blacklist', 'JupyterHub.nothing'] }],
    [true, { set: ['Pagination.max_per_page'] }],
    // A trait of a class that this authenticator does not derive from.
    [false, { set: ['OAuthenticator.whitelist'] }],
    [false, { set: ['Authenticator.blocked_users'] }],
    [true, { on: ['Authenticator.whitelist'] }],
    [false, { on: ['Authenticator.blacklist', 'PAMAuthenticator.open_sessions'] }],
    [true, { on: ['Authenticator.allow*'] }],
    [false, { on: ['Spawner.allow*'] }],
    [true, { is: ['OAuthenticator', 'LocalAuthenticator'] }],
    [false, { is: ['OAuthenticator'] }],
    [true, { foreign: 'Authenticator' }],
    [false, { foreign: 'Spawner' }],
    [true, { overrides: ['Authenticator.check_whitelist', 'Authenticator.check_allowed'] }],
    [false, { overrides: ['Spawner.check_allowed'] }],
    [true, { count: 'services' }],
    [false, { count: 'services that are admin' }],
    [true, { count: 'users', from: 51 }],
    [false, { count: 'users', from: 52 }],
    [true, { package: 'sqlalchemy', versions: '<1.4' }],
    [false, { package: 'sqlalchemy', versions: '>=1.4' }],
    [false, { package: 'oauthenticator', versions: '>=0' }],
    [true, { any: [{ count: 'groups' }, { count: 'users' }] }],
    [false, { any: [{ count: 'groups' }] }],
    [false, { not: { count: 'users' } }],
    [true, { not: { count: 'groups' } }],
  ])('is %s: %j', (expected, condition) => {
    expect(holds(condition, configuration)).toBe(expected);
  });
});

describe('the change of a rule lies between', () => {
  test.each<[boolean, Pick<Rule, 'since' | 'until' | 'again'>, string, string]>([
    [true, { since: '5.0' }, '4.1.6', '6.1.1'],
    [true, { since: '5.0' }, '4.1.6', '5.0.0'],
    [true, { since: '5.0' }, '4.1.6', '5.0.0b2'],
    [false, { since: '5.0' }, '5.0.0b1', '5.0.0'],
    [false, { since: '5.0' }, '3.1.1', '4.1.6'],
    [false, { since: '5.0' }, '5.0.0', '6.1.1'],
    [true, { since: '5.5.3', until: '6.0', again: '6.1' }, '5.5.2', '5.5.4'],
    [false, { since: '5.5.3', until: '6.0', again: '6.1' }, '5.5.2', '6.0.1'],
    [true, { since: '5.5.3', until: '6.0', again: '6.1' }, '5.5.2', '6.1.0'],
    [true, { since: '5.5.3', until: '6.0', again: '6.1' }, '6.0.1', '6.1.0'],
    [false, { since: '5.5.3', until: '6.0', again: '6.1' }, '6.1.0', '6.1.1'],
    [true, { since: 'major' }, '4.1.6', '5.0.0'],
    [false, { since: 'major' }, '5.0.0', '5.5.4'],
    [true, { since: 'any' }, '5.0.0', '5.0.1'],
    [false, { since: 'any' }, '5.0.1', '5.0.1'],
  ])('%s: %j on the way from %s to %s', (expected, rule, from, to) => {
    expect(crosses(rule, from, to)).toBe(expected);
  });
});

describe('the advice', () => {
  const rule = (id: string, rest: Partial<Rule>): Rule => ({
    ...{ id, since: '5.0', level: 'info', when: [], consequence: 'It changes.', instead: 'Another.', sources: ['x'] },
    ...rest,
  });
  const rules = [
    rule('note', {}),
    rule('first', { level: 'blocker', when: [{ on: ['Authenticator.whitelist'] }, { count: 'services' }] }),
    rule('warned', { level: 'warning', when: [{ any: [{ set: ['Authenticator.blacklist'] }] }] }),
    rule('second', { level: 'blocker', since: 'major' }),
    rule('elsewhere', { since: '6.0' }),
    rule('otherwise', { when: [{ set: ['JupyterHub.base_url'] }] }),
  ];
  const given = { from: '4.1.6', to: '5.5.4', configuration };

  test('is what applies, gravest first, with the place in the configuration', () => {
    const advice = advise(rules, { ...given, accepted: [] });
    expect(advice.map(({ id, release, seen }) => ({ id, release, seen }))).toEqual([
      { id: 'first', release: '5.0', seen: ['c.Authenticator.whitelist', '2 services'] },
      { id: 'second', release: '5.5.4', seen: [] },
      { id: 'warned', release: '5.0', seen: ['c.Mine.blacklist'] },
      { id: 'note', release: '5.0', seen: [] },
    ]);
    expect(advice.some(({ accepted }) => accepted)).toBe(false);
  });

  test('marks the blockers that are accepted, and nothing else', () => {
    const advice = advise(rules, { ...given, accepted: ['second', 'warned', 'elsewhere'] });
    expect(advice.filter(({ accepted }) => accepted).map(({ id }) => id)).toEqual(['second']);
  });
});
