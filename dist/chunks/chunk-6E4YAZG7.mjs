import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
import {
  fileCommand
} from "./chunk-OWL5H37P.mjs";
import {
  bech32
} from "./chunk-YPVQFBCU.mjs";
import {
  __name
} from "./chunk-MY7DWCCO.mjs";

// src/outcome.ts
var OUTCOMES = [
  "planned",
  "unchanged",
  "backed-up",
  "upgraded",
  "restored",
  "rolled-back",
  "rollback-failed",
  "failed-before-change",
  "unknown"
];
function isSuccess(outcome) {
  return ["planned", "unchanged", "backed-up", "upgraded", "restored"].includes(outcome);
}
__name(isSuccess, "isSuccess");

// src/state.ts
import { appendFileSync } from "node:fs";
var NAME = "run";
function saveState(state, environment = process.env) {
  const file = environment.GITHUB_STATE;
  if (file) appendFileSync(file, fileCommand(NAME, JSON.stringify(state)));
}
__name(saveState, "saveState");
function readState(environment = process.env) {
  const text = environment[`STATE_${NAME}`];
  if (!text) return { version: 1, phase: "idle" };
  let state;
  try {
    state = JSON.parse(text);
  } catch {
    state = void 0;
  }
  if (!isRunState(state)) throw new Error("What the main step left for the post step cannot be read.");
  return state;
}
__name(readState, "readState");
function isRunState(value) {
  if (!isRecord(value) || value.version !== 1) return false;
  if (value.phase === "idle") return true;
  if (value.phase === "host-job") return isJob(value.job) && (value.backup === void 0 || isBackup(value.backup));
  return value.phase === "finished" && OUTCOMES.includes(value.outcome);
}
__name(isRunState, "isRunState");
function isJob(value) {
  return isRecord(value) && typeof value.directory === "string" && value.directory.startsWith("/") && (value.become === "sudo" || value.become === "none");
}
__name(isJob, "isJob");
function isBackup(value) {
  return isRecord(value) && typeof value.artifactId === "number" && typeof value.size === "number" && typeof value.proven === "boolean" && ["recipients", "passphrase", "nobody"].includes(String(value.sealedFor)) && [value.name, value.digest, value.url].every((text) => typeof text === "string");
}
__name(isBackup, "isBackup");
function isRecord(value) {
  return typeof value === "object" && value !== null;
}
__name(isRecord, "isRecord");

// src/hub/advice/sources.ts
function changelog(release) {
  return `https://jupyterhub.readthedocs.io/en/stable/reference/changelog.html (${release})`;
}
__name(changelog, "changelog");
function jupyterhub(number) {
  return `https://github.com/jupyterhub/jupyterhub/issues/${number}`;
}
__name(jupyterhub, "jupyterhub");
function upgrading(part) {
  return `https://jupyterhub.readthedocs.io/en/stable/howto/upgrading.html#${part}`;
}
__name(upgrading, "upgrading");
function upgrading5(part) {
  return `https://jupyterhub.readthedocs.io/en/stable/howto/upgrading-v5.html#${part}`;
}
__name(upgrading5, "upgrading5");
function upgrading6(part) {
  return `https://jupyterhub.readthedocs.io/en/stable/howto/upgrading-v6.html#${part}`;
}
__name(upgrading6, "upgrading6");
function code(release, file) {
  return `https://github.com/jupyterhub/jupyterhub/blob/${release}/jupyterhub/${file}`;
}
__name(code, "code");

// src/hub/advice/rules/1.ts
var rulesOf1 = [
  {
    id: "blacklist",
    since: "1.2",
    level: "blocker",
    when: [{ on: ["Authenticator.blacklist"] }, { not: { set: ["Authenticator.blocked_users"] } }],
    consequence: "The list is not read any more: the users on it can log in again. The log has a warning, no error.",
    instead: "`c.Authenticator.blocked_users` with the same names. Set it now, beside the old one: a hub before 1.2 leaves it alone.",
    sources: [changelog("1.2.0"), jupyterhub(3090)],
    measured: "A user on the list is refused by 1.1.0 and logs in to 1.2.2, 1.5.1 and 6.1.1 with the same configuration; with `blocked_users` all refuse."
  },
  {
    id: "oauthenticator-whitelist",
    since: "1.2",
    level: "blocker",
    when: [
      { is: ["OAuthenticator"] },
      { on: ["Authenticator.whitelist"] },
      { not: { set: ["Authenticator.allowed_users"] } },
      { package: "oauthenticator", versions: ">=0.12.0,<0.12.2" }
    ],
    consequence: "This release of oauthenticator does not read `whitelist` together with JupyterHub 1.2: everybody can log in.",
    instead: "`c.Authenticator.allowed_users` with the same names, and oauthenticator 0.12.2 or newer.",
    sources: ["https://github.com/jupyterhub/oauthenticator/security/advisories/GHSA-384w-5v3f-q499"]
  },
  {
    id: "whitelist",
    since: "1.2",
    level: "warning",
    when: [{ set: ["Authenticator.whitelist", "LocalAuthenticator.group_whitelist"] }],
    consequence: "The old names are still read, with a warning in the log.",
    instead: "`c.Authenticator.allowed_users` and `c.LocalAuthenticator.allowed_groups`.",
    sources: [changelog("1.2.0"), jupyterhub(3090)],
    measured: "A user outside `whitelist` is refused by 6.1.1, too."
  },
  {
    id: "check-whitelist",
    since: "1.2",
    level: "warning",
    when: [
      {
        overrides: [
          "Authenticator.check_whitelist",
          "Authenticator.check_blacklist",
          "LocalAuthenticator.check_group_whitelist"
        ]
      }
    ],
    consequence: "Methods of your authenticator have old names. They are still called, with a warning in the log.",
    instead: "`check_allowed`, `check_blocked_users` and `check_allowed_groups`.",
    sources: [changelog("1.2.0"), jupyterhub(3090)]
  },
  {
    id: "spawner-environment",
    since: "1.2",
    level: "info",
    when: [{ on: ["Spawner.environment"] }],
    consequence: "What is set there goes before what the hub itself sets for a user server (PATH, LANG, JUPYTERHUB_\u2026).",
    instead: "Take out what should not replace the values of the hub.",
    sources: [changelog("1.2.0"), jupyterhub(3081)]
  },
  {
    id: "metrics-prefix",
    since: "1.3",
    level: "info",
    when: [],
    consequence: "The hub's Prometheus metrics have names that begin with `jupyterhub_`.",
    instead: "Adapt dashboards and alerts.",
    sources: [changelog("1.3"), jupyterhub(3243)]
  },
  {
    id: "oauth-token-lifetime",
    since: "1.4",
    level: "info",
    when: [{ not: { set: ["JupyterHub.oauth_token_expires_in"] } }],
    consequence: "The tokens in users' browsers for their servers and for services last as long as the cookie (two weeks) and not one hour.",
    instead: "`c.JupyterHub.oauth_token_expires_in = 3600` for the old lifetime.",
    sources: [changelog("1.4"), jupyterhub(3411)]
  }
];

// src/hub/advice/rules/2.ts
var rulesOf2 = [
  {
    id: "running-servers",
    since: "2.0",
    level: "warning",
    when: [{ count: "running user servers" }],
    consequence: "All tokens are revoked, those of running user servers among them: a server that goes on through the upgrade cannot be reached until it was stopped and started again.",
    instead: "Have all user servers stopped before the upgrade.",
    sources: [changelog("2.0.0"), "https://jupyterhub.readthedocs.io/en/stable/rbac/upgrade.html"]
  },
  {
    id: "services-admin",
    since: "2.0",
    level: "warning",
    when: [{ count: "services that are admin" }],
    consequence: "`admin: True` of a service still gives it every right, and is deprecated.",
    instead: 'A role with only the scopes that the service needs: `c.JupyterHub.load_roles = [{"name": \u2026, "scopes": [\u2026], "services": [name]}]`.',
    sources: [changelog("2.0.0"), "https://jupyterhub.readthedocs.io/en/stable/rbac/index.html"],
    measured: 'It works, and the log says "sets `admin: True`, which is deprecated in JupyterHub 2.0".'
  },
  {
    id: "admin-access",
    since: "2.0",
    level: "warning",
    when: [{ not: { on: ["JupyterHub.admin_access"] } }],
    consequence: "The role of admins allows them to open the servers of all users (`access:servers`), though `admin_access` is off.",
    instead: "Make nobody an admin who may not see what users have, and give them a role of their own with `admin:users`, `admin:servers` and the like.",
    sources: [changelog("2.0.0"), "https://jupyterhub.readthedocs.io/en/stable/rbac/roles.html"]
  },
  {
    id: "singleuser-command-line",
    since: "2.0",
    level: "warning",
    when: [{ any: [{ set: ["Spawner.cmd"] }, { foreign: "Spawner" }] }],
    consequence: "User servers get no `--ip` and `--port` on their command line any more, only variables of the environment (JUPYTERHUB_SERVICE_URL).",
    instead: "Let a command of your own read JUPYTERHUB_SERVICE_URL, or give the options in `c.Spawner.args`.",
    sources: [changelog("2.0.0"), jupyterhub(3381)],
    measured: "The command of a server gets `--port=\u2026` by 1.5.1 and no argument by 2.3.1."
  },
  {
    id: "spawner-ip",
    since: "2.0",
    level: "warning",
    when: [{ foreign: "Spawner" }, { not: { is: ["LocalProcessSpawner"] } }, { not: { set: ["Spawner.ip"] } }],
    consequence: "The default of `Spawner.ip` is 127.0.0.1 and no longer empty: servers on other machines or in containers may listen where the hub cannot reach them.",
    instead: '`c.Spawner.ip = "0.0.0.0"`, unless your spawner sets it itself.',
    sources: [changelog("2.0.0"), jupyterhub(3381)],
    measured: "The trait's default is '' in 1.5.1 and '127.0.0.1' in 2.0.2."
  },
  {
    id: "api-pages",
    since: "2.0",
    level: "warning",
    when: [
      {
        any: [
          { count: "users", from: 201 },
          { count: "groups", from: 201 }
        ]
      },
      { not: { set: ["JupyterHub.api_page_max_limit"] } }
    ],
    consequence: "Lists of users and groups in the API end after 200 entries: scripts that do not ask for the next page miss the rest.",
    instead: "Let scripts ask for pages (`offset`, `limit`), or set `c.JupyterHub.api_page_max_limit`.",
    sources: [changelog("2.0.0"), jupyterhub(3535)],
    measured: "Of 210 users `GET /hub/api/users` lists 210 by 1.5.1, and 200 by 2.3.1."
  },
  {
    id: "api-clients",
    since: "2.0",
    level: "info",
    when: [{ any: [{ count: "services" }, { count: "API tokens" }] }],
    consequence: "The API takes tokens only as such (no cookies with them), a POST only with a JSON content type, and `/hub/metrics` wants a token with the scope `read:metrics` (2.1).",
    instead: "Look at the scripts and services that use the API.",
    sources: [changelog("2.0.0"), changelog("2.1.0"), jupyterhub(3575), jupyterhub(3686), jupyterhub(3770)]
  },
  {
    id: "stopped-server-status",
    since: "2.0",
    level: "info",
    when: [{ not: { set: ["JupyterHub.use_legacy_stopped_server_status_code"] } }],
    consequence: "A request to a server that does not run is answered by 424 and not 503, which JupyterLab understands from 3.1.16 on.",
    instead: "`c.JupyterHub.use_legacy_stopped_server_status_code = True` while user environments have an older JupyterLab.",
    sources: [changelog("2.0.0"), jupyterhub(3636)]
  },
  {
    id: "jupyterlab-by-default",
    since: "2.0",
    level: "info",
    when: [{ not: { set: ["Spawner.default_url"] } }],
    consequence: "Users come to JupyterLab and not to the classic notebook where their environment has both.",
    instead: '`c.Spawner.default_url = "/tree"` for the old page.',
    sources: [changelog("2.0.0"), jupyterhub(3615)]
  },
  {
    id: "pagination",
    since: "2.0",
    level: "info",
    when: [{ set: ["Pagination.default_per_page", "Pagination.max_per_page"] }],
    consequence: "These traits are gone; setting them does nothing.",
    instead: "`c.JupyterHub.api_page_default_limit` and `c.JupyterHub.api_page_max_limit`.",
    sources: [changelog("2.0.0"), jupyterhub(3535)],
    measured: "The traits are in 1.5.1 and not in 2.0.2."
  },
  {
    id: "links-to-servers",
    since: "2.1",
    level: "info",
    when: [],
    consequence: "A link to another user's server no longer leads to one's own.",
    instead: "Share links that begin with `/hub/user-redirect/`.",
    sources: [changelog("2.1.0"), jupyterhub(3763)]
  },
  {
    id: "pam-sessions",
    since: "2.2",
    level: "warning",
    when: [{ is: ["PAMAuthenticator"] }, { not: { set: ["PAMAuthenticator.open_sessions"] } }],
    consequence: "No PAM session is opened at a login: what its modules did (make a home directory, mount, set limits) is not done.",
    instead: "`c.PAMAuthenticator.open_sessions = True` for the old behaviour.",
    sources: [changelog("2.2.0"), jupyterhub(3787)],
    measured: "The trait's default is True in 2.1.1 and False in 2.2.2."
  }
];

// src/hub/advice/rules/3.ts
var rulesOf3 = [
  {
    id: "admin-ui",
    since: "3.0",
    level: "warning",
    when: [{ count: "roles for the admin page without admin-ui" }],
    consequence: "The admin page is shown to whom has the scope `admin-ui`; `admin:users` with `admin:servers` is no longer enough.",
    instead: "Add `admin-ui` to the scopes of such roles, at the latest after the upgrade (2.x does not know it).",
    sources: [changelog("3.0.0"), jupyterhub(3878)]
  },
  {
    id: "oauth-roles",
    since: "3.0",
    level: "warning",
    when: [{ any: [{ set: ["Spawner.oauth_roles"] }, { count: "services with oauth_roles" }] }],
    consequence: "`oauth_roles` is deprecated: the scopes of a role are looked up when a token is made, and a later change of the role does not reach it.",
    instead: "`oauth_client_allowed_scopes`, of the spawner and of services.",
    sources: [changelog("3.0.0"), jupyterhub(3833)]
  },
  {
    id: "db-of-plugins",
    since: "3.0",
    level: "info",
    when: [{ any: [{ foreign: "Authenticator" }, { foreign: "Spawner" }] }],
    consequence: "`Authenticator.db` and `Spawner.db` are deprecated; using them logs a warning.",
    instead: "Have plugins and classes of your own use what they are handed, or the API.",
    sources: [changelog("3.0.0"), jupyterhub(3885)]
  },
  {
    id: "extra-handlers",
    since: "3.1",
    level: "info",
    when: [{ set: ["JupyterHub.extra_handlers"] }],
    consequence: "`extra_handlers` is deprecated; it still works.",
    instead: "A service.",
    sources: [changelog("3.1.0"), jupyterhub(4236)]
  }
];

// src/hub/advice/rules/4.ts
var rulesOf4 = [
  {
    id: "xsrf-forms",
    since: "4.0",
    level: "blocker",
    when: [{ count: "own forms without an XSRF token" }],
    consequence: "A form that is sent to the hub without an XSRF token is refused (403). If it is the form of a login page, nobody can log in.",
    instead: 'Put `<input type="hidden" name="_xsrf" value="{{ xsrf }}"/>` into every such form of your templates and of `custom_html`; older releases leave it empty.',
    sources: [changelog("4.0.0"), jupyterhub(4032), jupyterhub(4464)],
    measured: "With a login page of its own 2.3.1 lets a user in whom 4.1.6 answers 403; with the field both let him in."
  },
  {
    id: "sqlalchemy",
    since: "4.0",
    level: "warning",
    when: [{ package: "sqlalchemy", versions: "<1.4" }],
    consequence: "SQLAlchemy 1.4 or newer is needed, and pip takes the newest: classes and services of your own in this environment that use SQLAlchemy have to work with 2.x.",
    instead: "Look at what else in this environment uses SQLAlchemy, or install the release of 1.4 there before the upgrade.",
    sources: [changelog("4.0.0"), jupyterhub(4319)]
  },
  {
    id: "postgresql-driver",
    since: "4.0",
    level: "warning",
    when: [
      { package: "sqlalchemy", versions: "<1.4" },
      { count: "PostgreSQL URLs without a driver" },
      { not: { package: "psycopg", versions: ">=3" } }
    ],
    consequence: "SQLAlchemy 1.4 or newer is needed, and pip takes the newest that the Python of the hub allows. From 2.1 on `postgresql://` means the driver psycopg 3, which this environment does not have: the migration would fail.",
    instead: "Name the driver that is there in `db_url`: `postgresql+psycopg2://\u2026`. Older releases take that, too.",
    sources: [
      "https://docs.sqlalchemy.org/en/21/changelog/migration_21.html (Default PostgreSQL driver changed to psycopg)"
    ],
    measured: "Pip brings SQLAlchemy 2.1.9 for 6.1.1 to a 1.1.0 with SQLAlchemy 1.3.24 (Python 3.11); there `postgresql://` ends with \"No module named 'psycopg'\" beside psycopg2."
  },
  {
    id: "singleuser-extension",
    since: "4.0",
    level: "info",
    when: [],
    consequence: "User servers with Jupyter Server 2 run JupyterHub as an extension of it, and no longer as a program around it.",
    instead: "`JUPYTERHUB_SINGLEUSER_EXTENSION=0` in the environment of user servers if something does not work with that.",
    sources: [changelog("4.0.0"), jupyterhub(4354)]
  },
  {
    id: "groups-as-lists",
    since: "4.0",
    level: "info",
    when: [{ count: "groups given as lists" }],
    consequence: "Lists of users in `load_groups` are deprecated; they still work.",
    instead: '`{"group": {"users": [\u2026]}}`, after the upgrade: 3.x does not know it.',
    sources: [changelog("4.0.0"), jupyterhub(3651), jupyterhub(4299)]
  },
  {
    id: "xsrf-services",
    since: "4.0",
    level: "warning",
    when: [{ count: "services" }],
    consequence: `What sends forms with a user's cookies (services, jupyter-server-proxy, RStudio) needs an XSRF token, more strictly so from 4.1 on: else "'_xsrf' argument missing from POST".`,
    instead: "Bring such services and the extensions in user environments up to date.",
    sources: [changelog("4.0.0"), changelog("4.1.0"), jupyterhub(4032), jupyterhub(4744)]
  },
  {
    id: "announcement-service",
    since: "4.1",
    level: "warning",
    when: [{ package: "jupyterhub-announcement", versions: "<0.9.2" }],
    consequence: "This release of jupyterhub-announcement cannot post announcements: it sends no XSRF token.",
    instead: "Install jupyterhub-announcement 0.9.2 or newer.",
    sources: ["https://github.com/rcthomas/jupyterhub-announcement/issues/27"]
  }
];

// src/hub/advice/rules/5.ts
var ALLOWS = {
  on: ["Authenticator.allow*", "Authenticator.whitelist", "LocalAuthenticator.group_whitelist"]
};
var DECIDES = { overrides: ["Authenticator.check_allowed", "Authenticator.check_whitelist"] };
var rulesOf5 = [
  {
    id: "allow-config",
    since: "5.0",
    level: "blocker",
    when: [{ not: ALLOWS }, { not: DECIDES }, { not: { is: ["DummyAuthenticator", "NullAuthenticator"] } }],
    consequence: "Nobody is allowed to log in unless the configuration says so, admins neither. The hub starts, and /hub/health answers 200.",
    instead: "`c.Authenticator.allow_all = True` for the old behaviour (everybody who can authenticate), or `allowed_users`, or `allow_existing_users = True`. Set it now: a hub before 5.0 leaves the new ones alone.",
    sources: [upgrading5("authenticator-allow-all-and-allow-existing-users"), jupyterhub(4701), jupyterhub(4854)],
    measured: "A user and an admin log in to 4.1.6, and are refused by 5.0.0, 5.1.0 and 6.1.1 with the same configuration; with `allow_all` they log in."
  },
  {
    id: "allow-config-of-class",
    since: "5.0",
    level: "warning",
    when: [{ not: ALLOWS }, DECIDES],
    consequence: "The configuration allows nobody by name, and from 5.0 on that means nobody; your authenticator has its own `check_allowed`, which decides.",
    instead: "Find out whether it lets everybody in who should get in; else `c.Authenticator.allow_all = True`.",
    sources: [upgrading5("authenticator-allow-all-and-allow-existing-users"), jupyterhub(4701)]
  },
  {
    id: "oauth-redirect-uri",
    since: "5.0",
    level: "blocker",
    when: [{ count: "services with OAuth and no oauth_redirect_uri" }],
    consequence: "A service with `oauth_client_id` or `oauth_no_confirm` but neither `url` nor `oauth_redirect_uri` ends the hub at its start.",
    instead: "Give the service its `oauth_redirect_uri`, or take the other two out.",
    sources: [changelog("5.0.0"), jupyterhub(4555)],
    measured: '4.1.6 starts; 5.1.0 and 6.1.1 end with "is missing required oauth_redirect_uri".'
  },
  {
    id: "managed-services",
    since: "5.0",
    level: "warning",
    when: [{ count: "services with a command and a url" }],
    consequence: "A service that the hub starts and that ends, or does not answer at its `url`, ends the hub.",
    instead: "Try the services under the new release, in particular those that are installed in the same environment.",
    sources: [jupyterhub(4930), code("5.0.0", "app.py")],
    measured: "With a service that ends at once 4.1.6 goes on; 5.5.4 and 6.1.1 answer for some seconds and end."
  },
  {
    id: "services-elsewhere",
    since: "5.0",
    until: "5.2.1",
    level: "warning",
    when: [{ count: "services with a url and no command" }],
    consequence: "A service that runs elsewhere and is down while the hub starts ends the hub.",
    instead: "Upgrade to 5.2.1 or newer, or start such services before the hub.",
    sources: [changelog("5.2.1"), jupyterhub(4930)],
    measured: "With a service that is down 4.1.6 and 5.5.4 go on. That releases between end is read from their code."
  },
  {
    id: "subdomain-hook",
    since: "5.0",
    level: "warning",
    when: [{ on: ["JupyterHub.subdomain_host"] }, { not: { set: ["JupyterHub.subdomain_hook"] } }],
    consequence: "Every service gets a host name of its own (name--service.\u2026) and users with unusual names get another one: DNS, certificates, links and OAuth redirects change.",
    instead: '`c.JupyterHub.subdomain_hook = "legacy"` for the old names. Set it now: a hub before 5.0 leaves it alone.',
    sources: [upgrading5("user-subdomains"), jupyterhub(4471)]
  },
  {
    id: "bootstrap-5",
    since: "5.0",
    level: "warning",
    when: [{ any: [{ count: "own page templates" }, { on: ["Spawner.options_form"] }] }],
    consequence: "Pages are made with Bootstrap 5 and no longer 3: templates and option forms of your own may look wrong.",
    instead: "Compare your templates with those of the new release, and adapt their classes by Bootstrap's guide.",
    sources: [upgrading5("bootstrap-5"), jupyterhub(4774)]
  },
  {
    id: "manage-groups",
    since: "5.0",
    level: "warning",
    when: [{ on: ["Authenticator.manage_groups"] }],
    consequence: "With `manage_groups` an authenticator that returns no `groups` ends every login with an error.",
    instead: "An authenticator that returns `groups` (None to leave them as they are), or `manage_groups = False`.",
    sources: [upgrading5("groups-required-with-authenticator-manage-groups"), jupyterhub(4645)],
    measured: "An authenticator that returns a bare name lets a user in to 4.1.6, and ends in an error (500) on 6.1.1."
  },
  {
    id: "token-in-url",
    since: "5.0",
    level: "info",
    when: [{ not: { count: "token in URL allowed" } }],
    consequence: "Links with `?token=\u2026` no longer open user servers.",
    instead: '`c.Spawner.environment.update({"JUPYTERHUB_ALLOW_TOKEN_IN_URL": "1"})` where users need no protection from each other.',
    sources: [upgrading5("tokens-in-urls"), changelog("5.0.0")]
  },
  {
    id: "event-log",
    since: "5.0",
    level: "warning",
    when: [{ set: ["EventLog.handlers", "EventLog.allowed_schemas"] }],
    consequence: "Events are recorded by jupyter-events: `c.EventLog` is not read any more, and nothing is recorded.",
    instead: "`c.EventLogger.handlers`; the schema is called https://schema.jupyter.org/jupyterhub/events/server-action.",
    sources: [changelog("5.0.0"), jupyterhub(4807)]
  },
  {
    id: "blocked-users",
    since: "5.2",
    level: "warning",
    when: [{ on: ["Authenticator.blocked_users"] }],
    consequence: "At its start the hub takes admin rights, roles and groups from blocked users, and stops their servers.",
    instead: "See that nobody is on the list who should only not log in for a while.",
    sources: [changelog("5.2.0"), jupyterhub(4865)]
  },
  {
    id: "env-keep",
    since: "5.2",
    level: "warning",
    when: [{ foreign: "Spawner" }, { not: { is: ["LocalProcessSpawner"] } }, { not: { set: ["Spawner.env_keep"] } }],
    consequence: "Spawners that start no local processes no longer hand on PATH, LANG, PYTHONPATH and the like from the hub to user servers.",
    instead: "`c.Spawner.env_keep = [...]` with what your user servers need of it.",
    sources: [changelog("5.2.0"), jupyterhub(4904)]
  },
  {
    id: "internal-ssl-names",
    since: "5.4",
    level: "warning",
    when: [{ on: ["JupyterHub.internal_ssl"] }],
    consequence: "The host names in certificates are verified: a server that is reached by a name its certificate lacks can't be.",
    instead: "`c.Spawner.ssl_alt_names` with the names of user servers.",
    sources: [changelog("5.4.0"), changelog("5.4.1"), jupyterhub(5076)]
  },
  {
    id: "long-tokens",
    since: "5.5.3",
    until: "6.0",
    again: "6.1",
    level: "blocker",
    when: [{ count: "tokens of more than 64 characters" }],
    consequence: "Tokens have at most 64 characters. A longer one in the configuration ends the hub at its start.",
    instead: "A token of 32 or 64 hexadecimal digits (`openssl rand -hex 16`), given to the service, too.",
    sources: [code("5.5.3", "orm.py"), code("6.1.0", "orm.py")]
  },
  {
    id: "tokens-of-64",
    since: "5.5.3",
    until: "5.5.4",
    level: "blocker",
    when: [{ count: "tokens of 64 characters" }],
    consequence: "This one release refuses tokens of 64 characters (`openssl rand -hex 32`): the services that have them get 403.",
    instead: "Upgrade to 5.5.4 or newer.",
    sources: [code("5.5.3", "utils.py")]
  },
  {
    id: "service-names",
    since: "5.5.3",
    until: "6.0",
    again: "6.1",
    level: "blocker",
    when: [{ count: "services with a name that is no path component" }],
    consequence: "A service whose name has a slash, an escape (%20), a space at its end, or nothing but dots ends the hub at its start.",
    instead: "Another name, for the service itself and in its roles.",
    sources: [code("5.5.3", "services/service.py"), code("6.1.0", "services/service.py")]
  }
];

// src/hub/advice/rules/6.ts
var rulesOf6 = [
  {
    id: "named-servers",
    since: "6.0",
    level: "warning",
    when: [{ count: "named servers whose name 6.0 would not take" }],
    consequence: "Names of servers are lowercase letters, digits and single hyphens, at most 30. Older ones can still be started; 7.0 will not start them.",
    instead: "Leave `allow_existing_invalid_named_servers` at its default. `autorename` is only for spawners that keep nothing by the name of a server, no volume and no directory.",
    sources: [upgrading6("named-server-restrictions"), jupyterhub(5192)],
    measured: "A server named `Named_One` is kept by 6.1.1."
  },
  {
    id: "named-server-api",
    since: "6.0",
    level: "info",
    when: [{ on: ["JupyterHub.allow_named_servers"] }],
    consequence: "Scripts can make named servers only with such a name: lowercase letters, digits and single hyphens, at most 30.",
    instead: "What users type on the page becomes `display_name`; scripts may send one, too.",
    sources: [upgrading6("named-server-restrictions"), jupyterhub(5192)]
  },
  {
    id: "spawn-options",
    since: "6.0",
    level: "info",
    when: [{ any: [{ on: ["Spawner.options_form"] }, { set: ["Spawner.options_from_form"] }] }],
    consequence: "Options in links to the spawn page (`/hub/spawn?\u2026`) and `display_name` in the API have other names.",
    instead: "Begin their names with `opt-` in links; send them as `user_options` in the API. Without, most still work.",
    sources: [upgrading6("passing-parameters-to-spawners-spawner-user-options"), jupyterhub(5470)]
  },
  {
    id: "statsd",
    since: "6.0",
    level: "info",
    when: [{ set: ["JupyterHub.statsd_host", "JupyterHub.statsd_port", "JupyterHub.statsd_prefix"] }],
    consequence: "The hub sends nothing to statsd any more; the traits are not recognized.",
    instead: "Prometheus metrics, at /hub/metrics.",
    sources: [upgrading6("statsd-metrics-removed"), jupyterhub(5407)],
    measured: '6.1.1 starts, and logs "Config option `statsd_host` not recognized".'
  },
  {
    id: "internal-requests",
    since: "6.0",
    level: "info",
    when: [],
    consequence: "The hub's own requests go through aiohttp and no longer through Tornado's client or pycurl.",
    instead: "`c.JupyterHubHTTPClient` if servers time out under load; nothing otherwise.",
    sources: [upgrading6("aiohttp-used-for-internal-communication"), jupyterhub(5447)]
  },
  {
    id: "external-services",
    since: "6.0",
    level: "info",
    when: [{ count: "services with a url and no command" }],
    consequence: "While a service that runs elsewhere is down at the start of the hub, the public address answers 404 for half a minute.",
    instead: "Start such services before the hub, or allow for it in your monitoring.",
    sources: [code("6.1.1", "app.py")],
    measured: "The public address answers after 2 to 3 s with 2.3.1, 4.1.6 and 5.5.4, and after 33 s with 6.1.1."
  },
  {
    id: "stop-timeouts",
    since: "6.0",
    level: "info",
    when: [
      { is: ["LocalProcessSpawner"] },
      { not: { set: ["LocalProcessSpawner.interrupt_timeout", "LocalProcessSpawner.term_timeout"] } }
    ],
    consequence: "A user server that does not end when it is asked is waited for 30 s and another 30 s, no longer 10 s and 5 s.",
    instead: "`TimeoutStopSec=` of the unit of at least 120 s; or the old values of `interrupt_timeout` and `term_timeout`.",
    sources: [code("6.0.0", "spawner.py")],
    measured: "With servers that ignore both signals 5.5.4 stops after 16 s; 6.1.1 has not after 30 s."
  },
  {
    id: "auth-refresh",
    since: "6.1",
    level: "info",
    when: [{ overrides: ["Authenticator.refresh_user"] }],
    consequence: "When a login has to be refreshed and cannot be, requests with tokens and an admin\u2019s start of a server go on; only requests of the user himself ask for a login.",
    instead: "`c.Authenticator.auth_refresh_strict = True` for the old behaviour.",
    sources: [code("6.1.0", "auth.py")]
  },
  {
    id: "require-pkce",
    since: "6.1",
    level: "warning",
    when: [{ on: ["JupyterHub.oauth_require_pkce"] }],
    consequence: "It takes effect from 6.1 on: user servers with jupyterhub 5 or older, and services that know no PKCE, cannot log users in (400).",
    instead: "Bring all user environments to jupyterhub 6 first.",
    sources: [upgrading6("pkce"), jupyterhub(4936)],
    measured: "With user servers older than 6 a login in the browser ends with 400 (invalid_request); API tokens work."
  }
];

// src/hub/advice/rules/always.ts
var always = [
  {
    id: "auth-state-key",
    since: "any",
    level: "warning",
    when: [{ on: ["Authenticator.enable_auth_state"] }, { not: { count: "keys for auth_state" } }],
    consequence: 'No key for auth_state is seen where the hub is started, though it is enabled: a hub without one ends at its start ("auth_state is enabled, but encryption is not available").',
    instead: "Give the service the environment variable JUPYTERHUB_CRYPT_KEY, or set `c.CryptKeeper.keys`.",
    sources: ["https://jupyterhub.readthedocs.io/en/stable/reference/authenticators.html#authentication-state"],
    measured: "5.1.0 and 6.1.1 end with status 1 when they are started."
  },
  {
    id: "sqlite-url-options",
    since: "major",
    level: "blocker",
    when: [{ count: "options in the URL of an SQLite database" }],
    consequence: "`jupyterhub upgrade-db` takes the options in the URL (`?\u2026`) for a part of the file name of its own copy, and fails.",
    instead: "Write `db_url` without `?\u2026`; options of the driver belong in `c.JupyterHub.db_kwargs`.",
    sources: ["https://jupyterhub.readthedocs.io/en/stable/reference/api/app.html#jupyterhub.app.JupyterHub.db_kwargs"],
    measured: '`upgrade-db` of 6.1.1 ends with "No such file or directory: jupyterhub.sqlite?timeout=30".'
  },
  {
    id: "singleuser-version",
    since: "major",
    level: "warning",
    when: [{ any: [{ set: ["Spawner.cmd"] }, { foreign: "Spawner" }, { not: { is: ["LocalProcessSpawner"] } }] }],
    consequence: "User servers may come from an environment or image of their own, which keeps its release of jupyterhub. From 2.x on both work together, with a warning in the hub's log for another major version; a server of 1.x has to be brought up to date.",
    instead: "Install the same major version of jupyterhub there, too. It needs the same Python: 3.8 for 5.x, 3.10 for 6.x.",
    sources: [upgrading("upgrade-jupyterhub-packages")],
    measured: "Hub 6.1.1 with servers of 6.1.1, 5.5.4, 4.1.6, 3.1.1, 2.3.1 and 1.5.1, and hubs 5.5.4, 4.1.6 and 2.3.1 with 6.1.1: all work; hub 1.5.1 with 6.1.1 does not."
  },
  {
    id: "proxy-version",
    since: "major",
    level: "info",
    when: [{ package: "configurable-http-proxy", versions: "<4.6.2" }],
    consequence: "The proxy that the hub starts is not upgraded with it, and is older than those that were tried with new releases.",
    instead: "Install configurable-http-proxy 4.6.2 or newer, or have it done (`upgrade-proxy: true`). 5.3.0 needs Node 20.",
    sources: ["https://github.com/jupyterhub/configurable-http-proxy/blob/main/CHANGELOG.md"],
    measured: "The hubs 1.5.1, 5.5.4 and 6.1.1 work with 4.6.2 and with 5.3.0."
  },
  {
    id: "upgrade-db-at-start",
    since: "major",
    level: "info",
    when: [{ on: ["JupyterHub.upgrade_db"] }],
    consequence: "The hub migrates its database at every start of a newer release. Here it is migrated before the start; but whoever starts the new release by hand before a backup, migrates, too.",
    instead: "Take `c.JupyterHub.upgrade_db` or `--upgrade-db` out if you want migrations to happen here only.",
    sources: [
      "https://jupyterhub.readthedocs.io/en/stable/reference/api/app.html#jupyterhub.app.JupyterHub.upgrade_db"
    ]
  }
];

// src/hub/advice/rules/index.ts
var RULES = [...always, ...rulesOf1, ...rulesOf2, ...rulesOf3, ...rulesOf4, ...rulesOf5, ...rulesOf6];

// src/inputs/age.ts
var AGE_RECIPIENTS = { age: 32, age1pq: 1216, age1tag: 33, age1tagpq: 1249 };
function isPostQuantum(recipient) {
  return /^age1(tag)?pq1/.test(recipient);
}
__name(isPostQuantum, "isPostQuantum");
var ageRecipient = /* @__PURE__ */ __name((text) => {
  const write = "write the public key that age-keygen prints (age1\u2026)";
  if (/AGE-SECRET-KEY-/i.test(text)) {
    return {
      problem: `is the private key of age, which must stay away from the runner; ${write}, and consider this pair burnt`
    };
  }
  if (/^(ssh|ecdsa|sk)-/.test(text)) return { problem: `is an SSH key; ${write}` };
  const [prefix, length] = bech32Shape(text);
  if (text.startsWith("age1") && length === AGE_RECIPIENTS[prefix]) return { value: text };
  if (/^age1[a-z0-9+._-]+1/.test(text) && !(prefix in AGE_RECIPIENTS) && prefix !== "") {
    return { problem: `is a recipient for a plugin of age, and plugins are not supported; ${write}` };
  }
  return { problem: `is not a recipient of age, or was cut or mistyped; ${write}` };
}, "ageRecipient");
var ageIdentities = /* @__PURE__ */ __name((text) => {
  const write = "write the line that begins with AGE-SECRET-KEY-";
  if (text.includes("BEGIN AGE ENCRYPTED FILE") || text.startsWith("age-encryption.org/")) {
    return { problem: `is an encrypted file; decrypt it with age -d, then ${write}` };
  }
  if (text.includes("PRIVATE KEY-----")) return { problem: `is an SSH key; ${write}` };
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const identities = lines.filter((line) => line !== "" && !line.startsWith("#"));
  if (identities.some((line) => line.startsWith("age1"))) {
    return { problem: `is a public key, which cannot open a backup; ${write}` };
  }
  if (identities.some((line) => /^AGE-PLUGIN-/i.test(line))) {
    return { problem: `is an identity for a plugin of age, and plugins are not supported; ${write}` };
  }
  const isIdentity = /* @__PURE__ */ __name((line) => {
    const [prefix, length] = bech32Shape(line);
    return line.startsWith("AGE-SECRET-KEY-") && /^age-secret-key-(pq-)?$/.test(prefix) && length === 32;
  }, "isIdentity");
  if (identities.length === 0 || !identities.every(isIdentity)) {
    return { problem: `is not an identity of age, or was cut or mistyped; ${write}` };
  }
  return { value: identities.join("\n") };
}, "ageIdentities");
function bech32Shape(text) {
  const decoded = bech32.decodeUnsafe(text, false);
  const bytes = decoded && bech32.fromWordsUnsafe(decoded.words);
  return decoded && bytes ? [decoded.prefix.toLowerCase(), bytes.length] : ["", 0];
}
__name(bech32Shape, "bech32Shape");

export {
  RULES,
  isPostQuantum,
  ageRecipient,
  ageIdentities,
  isSuccess,
  saveState,
  readState
};
