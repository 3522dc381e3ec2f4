import type { Rule } from '../rule.ts';
import { changelog, jupyterhub } from '../sources.ts';

export const rulesOf4: Rule[] = [
  {
    id: 'xsrf-forms',
    since: '4.0',
    level: 'blocker',
    when: [{ count: 'own forms without an XSRF token' }],
    consequence:
      'A form that is sent to the hub without an XSRF token is refused (403). If it is the form of a login page, nobody can log in.',
    instead:
      'Put `<input type="hidden" name="_xsrf" value="{{ xsrf }}"/>` into every such form of your templates and of `custom_html`; older releases leave it empty.',
    sources: [changelog('4.0.0'), jupyterhub(4032), jupyterhub(4464)],
    measured:
      'With a login page of its own 2.3.1 lets a user in whom 4.1.6 answers 403; with the field both let him in.',
  },
  {
    id: 'sqlalchemy',
    since: '4.0',
    level: 'warning',
    when: [{ package: 'sqlalchemy', versions: '<1.4' }],
    consequence:
      'SQLAlchemy 1.4 or newer is needed, and pip takes the newest: classes and services of your own in this environment that use SQLAlchemy have to work with 2.x.',
    instead:
      'Look at what else in this environment uses SQLAlchemy, or install the release of 1.4 there before the upgrade.',
    sources: [changelog('4.0.0'), jupyterhub(4319)],
  },
  {
    id: 'postgresql-driver',
    since: '4.0',
    level: 'warning',
    when: [
      { package: 'sqlalchemy', versions: '<1.4' },
      { count: 'PostgreSQL URLs without a driver' },
      { not: { package: 'psycopg', versions: '>=3' } },
    ],
    consequence:
      'SQLAlchemy 1.4 or newer is needed, and pip takes the newest that the Python of the hub allows. From 2.1 on `postgresql://` means the driver psycopg 3, which this environment does not have: the migration would fail.',
    instead: 'Name the driver that is there in `db_url`: `postgresql+psycopg2://…`. Older releases take that, too.',
    sources: [
      'https://docs.sqlalchemy.org/en/21/changelog/migration_21.html (Default PostgreSQL driver changed to psycopg)',
    ],
    measured:
      'Pip brings SQLAlchemy 2.1.9 for 6.1.1 to a 1.1.0 with SQLAlchemy 1.3.24 (Python 3.11); there `postgresql://` ends with "No module named \'psycopg\'" beside psycopg2.',
  },
  {
    id: 'singleuser-extension',
    since: '4.0',
    level: 'info',
    when: [],
    consequence:
      'User servers with Jupyter Server 2 run JupyterHub as an extension of it, and no longer as a program around it.',
    instead:
      '`JUPYTERHUB_SINGLEUSER_EXTENSION=0` in the environment of user servers if something does not work with that.',
    sources: [changelog('4.0.0'), jupyterhub(4354)],
  },
  {
    id: 'groups-as-lists',
    since: '4.0',
    level: 'info',
    when: [{ count: 'groups given as lists' }],
    consequence: 'Lists of users in `load_groups` are deprecated; they still work.',
    instead: '`{"group": {"users": […]}}`, after the upgrade: 3.x does not know it.',
    sources: [changelog('4.0.0'), jupyterhub(3651), jupyterhub(4299)],
  },
  {
    id: 'xsrf-services',
    since: '4.0',
    level: 'warning',
    when: [{ count: 'services' }],
    consequence:
      "What sends forms with a user's cookies (services, jupyter-server-proxy, RStudio) needs an XSRF token, more strictly so from 4.1 on: else \"'_xsrf' argument missing from POST\".",
    instead: 'Bring such services and the extensions in user environments up to date.',
    sources: [changelog('4.0.0'), changelog('4.1.0'), jupyterhub(4032), jupyterhub(4744)],
  },
  {
    id: 'announcement-service',
    since: '4.1',
    level: 'warning',
    when: [{ package: 'jupyterhub-announcement', versions: '<0.9.2' }],
    consequence: 'This release of jupyterhub-announcement cannot post announcements: it sends no XSRF token.',
    instead: 'Install jupyterhub-announcement 0.9.2 or newer.',
    sources: ['https://github.com/rcthomas/jupyterhub-announcement/issues/27'],
  },
];
