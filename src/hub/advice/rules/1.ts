import type { Rule } from '../rule.ts';
import { changelog, jupyterhub } from '../sources.ts';

export const rulesOf1: Rule[] = [
  {
    id: 'blacklist',
    since: '1.2',
    level: 'blocker',
    when: [{ on: ['Authenticator.blacklist'] }, { not: { set: ['Authenticator.blocked_users'] } }],
    consequence: 'The list is not read any more: the users on it can log in again. The log has a warning, no error.',
    instead:
      '`c.Authenticator.blocked_users` with the same names. Set it now, beside the old one: a hub before 1.2 leaves it alone.',
    sources: [changelog('1.2.0'), jupyterhub(3090)],
    measured:
      'A user on the list is refused by 1.1.0 and logs in to 1.2.2, 1.5.1 and 6.1.1 with the same configuration; with `blocked_users` all refuse.',
  },
  {
    id: 'oauthenticator-whitelist',
    since: '1.2',
    level: 'blocker',
    when: [
      { is: ['OAuthenticator'] },
      { on: ['Authenticator.whitelist'] },
      { not: { set: ['Authenticator.allowed_users'] } },
      { package: 'oauthenticator', versions: '>=0.12.0,<0.12.2' },
    ],
    consequence:
      'This release of oauthenticator does not read `whitelist` together with JupyterHub 1.2: everybody can log in.',
    instead: '`c.Authenticator.allowed_users` with the same names, and oauthenticator 0.12.2 or newer.',
    sources: ['https://github.com/jupyterhub/oauthenticator/security/advisories/GHSA-384w-5v3f-q499'],
  },
  {
    id: 'whitelist',
    since: '1.2',
    level: 'warning',
    when: [{ set: ['Authenticator.whitelist', 'LocalAuthenticator.group_whitelist'] }],
    consequence: 'The old names are still read, with a warning in the log.',
    instead: '`c.Authenticator.allowed_users` and `c.LocalAuthenticator.allowed_groups`.',
    sources: [changelog('1.2.0'), jupyterhub(3090)],
    measured: 'A user outside `whitelist` is refused by 6.1.1, too.',
  },
  {
    id: 'check-whitelist',
    since: '1.2',
    level: 'warning',
    when: [
      {
        overrides: [
          'Authenticator.check_whitelist',
          'Authenticator.check_blacklist',
          'LocalAuthenticator.check_group_whitelist',
        ],
      },
    ],
    consequence: 'Methods of your authenticator have old names. They are still called, with a warning in the log.',
    instead: '`check_allowed`, `check_blocked_users` and `check_allowed_groups`.',
    sources: [changelog('1.2.0'), jupyterhub(3090)],
  },
  {
    id: 'spawner-environment',
    since: '1.2',
    level: 'info',
    when: [{ on: ['Spawner.environment'] }],
    consequence: 'What is set there goes before what the hub itself sets for a user server (PATH, LANG, JUPYTERHUB_…).',
    instead: 'Take out what should not replace the values of the hub.',
    sources: [changelog('1.2.0'), jupyterhub(3081)],
  },
  {
    id: 'metrics-prefix',
    since: '1.3',
    level: 'info',
    when: [],
    consequence: "The hub's Prometheus metrics have names that begin with `jupyterhub_`.",
    instead: 'Adapt dashboards and alerts.',
    sources: [changelog('1.3'), jupyterhub(3243)],
  },
  {
    id: 'oauth-token-lifetime',
    since: '1.4',
    level: 'info',
    when: [{ not: { set: ['JupyterHub.oauth_token_expires_in'] } }],
    consequence:
      "The tokens in users' browsers for their servers and for services last as long as the cookie (two weeks) and not one hour.",
    instead: '`c.JupyterHub.oauth_token_expires_in = 3600` for the old lifetime.',
    sources: [changelog('1.4'), jupyterhub(3411)],
  },
];
