// Writes docs/advice.md from the rules in src/hub/advice/rules:  node script/advice-document.ts
import { writeFile } from 'node:fs/promises';
import type { Condition, Rule } from '../src/hub/advice/rule.ts';
import { RULES } from '../src/hub/advice/rules/index.ts';

/** A note of JupyterHub's changelog that asks something of an admin: the rules about it, or why there is none. */
export interface Note {
  release: string;
  note: string;
  rules?: string[];
  because?: string;
}

const PYTHON = 'The plan compares the Python of the environment with what the release needs, and stops.';

export const NOTES: Note[] = [
  { release: '1.0', note: 'All of its changes', because: 'The oldest hub that can be upgraded is of this release.' },
  { release: '1.1', note: 'None', because: 'It says that nothing needs to be done.' },
  {
    release: '1.2',
    note: 'Blacklist and whitelist have other names (#3090)',
    rules: ['blacklist', 'whitelist', 'check-whitelist', 'oauthenticator-whitelist'],
  },
  { release: '1.2', note: 'Spawner.environment goes first (#3081)', rules: ['spawner-environment'] },
  { release: '1.3', note: 'Python 3.6', because: PYTHON },
  { release: '1.3', note: 'Prefix of metrics (#3243)', rules: ['metrics-prefix'] },
  { release: '1.4', note: 'Expiry of OAuth tokens (#3411)', rules: ['oauth-token-lifetime'] },
  { release: '1.5', note: 'None', because: 'A security release.' },
  {
    release: '2.0',
    note: 'Roles and scopes (#3438)',
    rules: ['services-admin', 'admin-access'],
  },
  {
    release: '2.0',
    note: 'All tokens are revoked',
    rules: ['running-servers'],
    because: 'Of the tokens the plan speaks in any case.',
  },
  { release: '2.0', note: 'Lists have pages (#3535)', rules: ['api-pages', 'pagination'] },
  {
    release: '2.0',
    note: 'No options on the command line of user servers (#3381)',
    rules: ['singleuser-command-line', 'spawner-ip'],
  },
  { release: '2.0', note: '424 for servers that do not run (#3636)', rules: ['stopped-server-status'] },
  { release: '2.0', note: 'JupyterLab by default (#3615)', rules: ['jupyterlab-by-default'] },
  { release: '2.0', note: 'Content type and tokens of API requests (#3575, #3686)', rules: ['api-clients'] },
  { release: '2.1', note: 'Scope read:metrics (#3770)', rules: ['api-clients'] },
  { release: '2.1', note: "No redirect from other users' servers (#3763)", rules: ['links-to-servers'] },
  { release: '2.2', note: 'No PAM sessions by default (#3787)', rules: ['pam-sessions'] },
  { release: '3.0', note: 'Python 3.7 (#3976)', because: PYTHON },
  { release: '3.0', note: 'Tokens have scopes, not roles (#3833)', rules: ['oauth-roles'] },
  { release: '3.0', note: 'Scope admin-ui (#3878)', rules: ['admin-ui'] },
  { release: '3.0', note: 'Authenticator.db and Spawner.db are deprecated (#3885)', rules: ['db-of-plugins'] },
  { release: '3.1', note: 'extra_handlers is deprecated (#4236)', rules: ['extra-handlers'] },
  { release: '4.0', note: 'SQLAlchemy 1.4 (#4319)', rules: ['sqlalchemy'] },
  { release: '4.0', note: 'XSRF tokens (#4032)', rules: ['xsrf-forms', 'xsrf-services', 'announcement-service'] },
  { release: '4.0', note: 'User servers as an extension (#4354)', rules: ['singleuser-extension'] },
  { release: '4.0', note: 'Properties of groups (#3651)', rules: ['groups-as-lists'] },
  { release: '4.1', note: 'Stricter XSRF checks', rules: ['xsrf-services'] },
  { release: '5.0', note: 'Python 3.8', because: PYTHON },
  {
    release: '5.0',
    note: 'allow_all and allow_existing_users (#4701)',
    rules: ['allow-config', 'allow-config-of-class'],
  },
  { release: '5.0', note: 'jupyter-events (#4807)', rules: ['event-log'] },
  { release: '5.0', note: 'Bootstrap 5 (#4774)', rules: ['bootstrap-5'] },
  { release: '5.0', note: 'Groups are required with manage_groups (#4645)', rules: ['manage-groups'] },
  { release: '5.0', note: 'subdomain_hook (#4471)', rules: ['subdomain-hook'] },
  { release: '5.0', note: 'No tokens in URLs', rules: ['token-in-url'] },
  {
    release: '5.0',
    note: 'External services with OAuth need oauth_redirect_uri (#4555)',
    rules: ['oauth-redirect-uri'],
  },
  { release: '5.2', note: 'Blocked users lose their permissions (#4865)', rules: ['blocked-users'] },
  { release: '5.2', note: 'env_keep of spawners (#4904)', rules: ['env-keep'] },
  {
    release: '5.2',
    note: 'Only managed services that fail end the hub (#4930)',
    rules: ['managed-services', 'services-elsewhere'],
  },
  {
    release: '5.3',
    note: 'Container images are built elsewhere',
    because: 'Hubs in containers are not upgraded by this action.',
  },
  {
    release: '5.3',
    note: 'CORS requests to the API are allowed (#4966)',
    because: 'Nothing that worked stops to work.',
  },
  { release: '5.4', note: 'Host names are verified with internal_ssl (#5076)', rules: ['internal-ssl-names'] },
  {
    release: '5.5.3',
    note: 'Length of tokens, names of services (not in the changelog)',
    rules: ['long-tokens', 'tokens-of-64', 'service-names'],
  },
  { release: '6.0', note: 'Python 3.10 (#5182)', because: PYTHON },
  { release: '6.0', note: 'Tornado 6.5 (#5465)', because: 'pip installs it with the release.' },
  { release: '6.0', note: 'Names of named servers (#5192)', rules: ['named-servers', 'named-server-api'] },
  { release: '6.0', note: 'Options for spawners (#5470)', rules: ['spawn-options'] },
  { release: '6.0', note: 'aiohttp (#5447)', rules: ['internal-requests'] },
  { release: '6.0', note: 'No statsd (#5407)', rules: ['statsd'] },
  {
    release: '6.0',
    note: 'Unix sockets of the proxy (#5397)',
    because:
      'configurable-http-proxy need not be upgraded: 4.6.2 and 5.3.0 were seen to work with 1.5.1, 5.5.4 and 6.1.1.',
  },
  { release: '6.1', note: 'oauth_require_pkce (#4936)', rules: ['require-pkce'] },
  { release: '6.1', note: 'auth_refresh_strict (from the code: 6.1 has no changelog yet)', rules: ['auth-refresh'] },
];

export function adviceDocument(): string {
  const releases = [...new Set(RULES.map(({ since }) => since))];
  return `<!-- Written by "node script/advice-document.ts" from src/hub/advice/rules; do not edit it here. -->

# What releases of JupyterHub changed, and for whom

\`plan\` and \`upgrade\` load the hub's configuration with the hub's own code and say which of these ${RULES.length} rules hold for
this hub on its way to the new release. A **blocker** stops the upgrade before anything is touched, unless its id stands
in \`accept-advice\`. A **warning** asks for a look, an **info** is good to know. Only what is set is looked at, never a value:
whether something is true or empty, and how many entries it has.

Traits are looked for as JupyterHub does it: \`Authenticator.blacklist\` stands for that trait of whatever authenticator the hub
uses, set in a section of its class or of one that it derives from, or by the class itself.

${releases
  .map(
    (release) =>
      `## ${heading(release)}\n\n${RULES.filter(({ since }) => since === release)
        .map(section)
        .join('\n\n')}`,
  )
  .join('\n\n')}

## The changelog, note by note

| release | note | rules |
| --- | --- | --- |
${NOTES.map(({ release, note, rules = [], because = '' }) => `| ${release} | ${note} | ${[rules.map((id) => `[${id}](#${id})`).join(', '), because].filter(Boolean).join('. ')} |`).join('\n')}
`;
}

function heading(release: string): string {
  return { any: 'Any upgrade', major: 'A new major version' }[release] ?? `JupyterHub ${release}`;
}

function section({ id, level, until, again, when, consequence, instead, measured, sources }: Rule): string {
  const span = until === undefined ? '' : ` · not in ${until} and later${again ? `, again from ${again} on` : ''}`;
  return [
    `### ${id}`,
    `**${level}**${span} · ${conditions(when)}`,
    consequence,
    `Instead: ${instead}`,
    ...(measured === undefined ? [] : [`Seen: ${measured}`]),
    `Source: ${sources.map((source) => source.replace(/^https:\S+/, '<$&>')).join(' · ')}`,
  ].join('\n\n');
}

function conditions(when: Condition[]): string {
  const wanted = when.filter((condition) => !('not' in condition)).map(inWords);
  const unwanted = when.flatMap((condition) => ('not' in condition ? [inWords(condition.not)] : []));
  const where = wanted.length === 0 ? 'for every hub' : `where ${wanted.join(', and ')}`;
  return unwanted.length === 0 ? where : `${where}, unless ${unwanted.join(', or ')}`;
}

function inWords(condition: Condition): string {
  const list = (names: string[]) => names.map((name) => `\`${name}\``).join(' or ');
  if ('set' in condition) return `${list(condition.set)} is set`;
  if ('on' in condition) return `${list(condition.on)} is set and not empty`;
  if ('is' in condition) return `the hub uses ${list(condition.is)}`;
  if ('foreign' in condition) return `the hub uses a class \`${condition.foreign}\` from outside of JupyterHub`;
  if ('overrides' in condition) return `${list(condition.overrides)} is overridden`;
  if ('count' in condition)
    return `there are ${condition.from === undefined ? '' : `${condition.from} or more `}${condition.count}`;
  if ('package' in condition) return `${condition.package} is installed in a version ${condition.versions}`;
  if ('any' in condition) return condition.any.map(inWords).join(', or ');
  return `it is not so that ${inWords(condition.not)}`;
}

if (import.meta.main) await writeFile(new URL('../docs/advice.md', import.meta.url), adviceDocument());
