import type { Facts } from '../hub/facts.ts';
import { spawnerOf } from '../hub/survival.ts';
import { count, size } from '../report/text.ts';

/** What was found out of a hub, in an order for people, and what could not be. `packagesAreKnown`: all that change. */
export function describeFacts(
  facts: Facts,
  packagesAreKnown: boolean,
): { facts: { name: string; value: string }[]; notDetermined: string[] } {
  const { database, environment, service } = facts;
  const { ActiveState, KillMode, FragmentPath } = service.properties;
  const { rows } = database;
  const found: [name: string, value: string | undefined][] = [
    ['host', facts.os || undefined],
    ['rights', facts.uid === 0 ? 'root' : `those of ${facts.user}`],
    [
      'service',
      service.manager === 'systemd'
        ? `${FragmentPath} (${ActiveState}, KillMode=${KillMode}), run by ${service.user} in ${service.directory}`
        : `stop-command and start-command; run by ${service.user} in ${service.directory}`,
    ],
    ['JupyterHub', `${facts.version} on Python ${facts.python}`],
    [
      'environment',
      `${environment.path}, ${size(environment.size)}, ${environment.toolVersion || `no ${environment.manager}`}`,
    ],
    ['configuration', `${facts.configFile}, which reads ${count(facts.configFiles.length - 1, 'other file')}`],
    ['authenticator', classOf(facts, 'Authenticator')],
    ['spawner', spawnerOf(facts)[0]],
    [
      'proxy',
      `${classOf(facts, 'Proxy') ?? 'not known'}, ${facts.startsProxy ? 'started by the hub' : 'a service of its own'}`,
    ],
    [
      'database',
      `${database.path || database.url}, revision ${database.revision}, ${size(database.size)}, ` +
        `${database.path === '' ? (database.server ?? database.dialect) : `SQLite in ${database.journal_mode} mode`}`,
    ],
    ['in it', `${rows.users ?? 0} users, ${rows.groups ?? 0} groups, ${rows.api_tokens ?? 0} API tokens`],
    ['running user servers', String(database.servers.length)],
    ['proof of the backup', database.proof === 'none' ? 'none' : `in a ${database.proof}`],
  ];
  const notDetermined = [
    ...(facts.template === undefined ? ["The hub's page template, on which users are told."] : []),
    ...(spawnerOf(facts).length === 0 ? ['The class of the spawner.'] : []),
    ...(database.servers.some(({ pid }) => pid === null || pid === undefined)
      ? [
          'Processes of user servers whose spawner does not tell a pid: after the upgrade only their routes are looked at.',
        ]
      : []),
    ...(packagesAreKnown ? [] : ['Which other packages the installation brings along.']),
  ];
  return { facts: found.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }])), notDetermined };
}

function classOf({ configuration }: Facts, of: string): string | undefined {
  return configuration.components.find(({ classes }) => classes.includes(of))?.classes[0];
}
