"""A hub that can reach nobody, on a copy of the hub's database, with the hub's own configuration and code.

usage: HUB_PYTHON trial_hub.py CONFIG DATABASE OUT [--before FILE] [--port PORT]

DATABASE is the path of an SQLite file, or @FILE with {"url", "kwargs"}: a copy, of which the users' servers are taken
out first. What is not the hub's own doing is replaced: spawner, proxy, services, and what an authenticator does to the
machine. OUT (JSON) says whom the hub lets in and which settings it does not know. With --port the hub is started
on that port of loopback and runs until a signal ends it; without, it is only set up. FILE is the OUT of another
release's trial hub: its users are looked at, too.

Runs in every release from 1.0 on, as the hub's user, in its directory, with its environment.
"""

import argparse
import asyncio
import inspect
import json
import os
import re
import sys

sys.dont_write_bytecode = True

import sqlalchemy  # noqa: E402
from jupyterhub import orm  # noqa: E402
from jupyterhub.app import JupyterHub  # noqa: E402
from jupyterhub.auth import Authenticator  # noqa: E402
from jupyterhub.proxy import Proxy  # noqa: E402
from jupyterhub.spawner import Spawner  # noqa: E402
from traitlets import Bool  # noqa: E402
from traitlets.config import Config  # noqa: E402

# Nobody's name, for whether users that the hub does not know yet may come.
STRANGER = "a-user-the-hub-never-saw"
# What of a service is only said, and nothing done.
OF_A_SERVICE = ("name", "api_token", "admin", "info", "display")


class StillSpawner(Spawner):
    """Starts nothing and asks nothing: every server is one that has ended."""

    async def start(self):
        raise RuntimeError("a trial hub starts no servers")

    async def stop(self, now=False):
        pass

    async def poll(self):
        return 0


class StillProxy(Proxy):
    """Keeps its routes to itself."""

    should_start = Bool(False)

    def __init__(self, **arguments):
        super().__init__(**arguments)
        self.routes = {}

    async def add_route(self, routespec, target, data):
        self.routes[routespec] = {"routespec": routespec, "target": target, "data": data}

    async def delete_route(self, routespec):
        self.routes.pop(routespec, None)

    async def get_all_routes(self):
        return dict(self.routes)


class StillAuthenticator:
    """What an authenticator does beyond saying who may come: make accounts and homes, call others."""

    def add_user(self, user):
        return Authenticator.add_user(self, user)

    def delete_user(self, user):
        pass

    async def refresh_user(self, user, handler=None):
        return True

    async def run_post_auth_hook(self, handler, authentication):
        return authentication

    def pre_spawn_start(self, user, spawner):
        pass

    def post_spawn_stop(self, user, spawner):
        pass


class TrialHub(JupyterHub):
    trial = None

    def load_config_file(self, *arguments, **options):
        super().load_config_file(*arguments, **options)
        self.ignored = ignored_settings(self)
        self.imposed = harmless(self, self.trial)
        self.update_config(Config({"JupyterHub": self.imposed}))
        if self.config._has_section("EventLog"):
            self.update_config(Config({"EventLog": {"handlers": []}}))

    def write_pid_file(self):
        """The live hub's file is none of its business."""

    def init_db(self):
        # Nothing with an effect comes before this: whatever the configuration is like, all must be as it was imposed.
        for name, value in self.imposed.items():
            if getattr(self, name) != value and name != "hub_bind_url":
                sys.exit(f"trial_hub.py: The configuration insists on its own {name}.")
        take_servers_out(self.db_url, self.db_kwargs)
        super().init_db()


def harmless(hub, trial):
    """The hub's traits that keep a trial hub to itself; only those that this release has."""
    real = hub.authenticator_class
    port = trial["port"] or 0
    wanted = {
        "db_url": trial["url"],
        "upgrade_db": False,
        "reset_db": False,
        "spawner_class": StillSpawner,
        "proxy_class": StillProxy,
        "authenticator_class": type(real.__name__, (StillAuthenticator, real), {}),
        "services": [
            {key: each[key] for key in OF_A_SERVICE if key in each} for each in hub.services if isinstance(each, dict)
        ],
        "cookie_secret": os.urandom(32),
        "pid_file": "",
        "bind_url": "http://127.0.0.1:%d%s" % (port or 8000, hub.base_url),
        "hub_bind_url": "http://127.0.0.1:%d" % port,
        "hub_connect_url": "",
        "hub_connect_ip": "",
        "hub_connect_port": 0,
        "public_url": "",
        "subdomain_host": "",
        "internal_ssl": False,
        "ssl_key": "",
        "ssl_cert": "",
        "cleanup_servers": False,
        "cleanup_proxy": False,
        "extra_log_file": "",
        "extra_log_handlers": [],
        "statsd_host": "",
        "last_activity_interval": 0,
        "service_check_interval": 0,
    }
    if "kwargs" in trial:
        wanted["db_kwargs"] = trial["kwargs"]
    return {name: value for name, value in wanted.items() if hub.has_trait(name)}


def take_servers_out(url, kwargs):
    """A hub asks every server that its database knows, and ends what does not answer: here there are none."""
    engine = sqlalchemy.create_engine(url, **kwargs)
    tables = set(sqlalchemy.inspect(engine).get_table_names())
    statements = []
    if "spawners" in tables:
        statements.append("UPDATE spawners SET server_id = NULL, state = '{}'")
    if "services" in tables:
        statements.append("UPDATE services SET _server_id = NULL")
    if "servers" in tables:
        statements.append("DELETE FROM servers")
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sqlalchemy.text(statement))
    engine.dispose()


# --- what there is to say ----------------------------------------------------------------------------------------


def ignored_settings(hub):
    """Settings of the hub's classes that these do not have, as `c.Class.name`: this release logs a line and goes on."""
    found = set()
    for of in (type(hub), hub.authenticator_class, hub.spawner_class, hub.proxy_class):
        known = set(of.class_trait_names(config=True))
        for config in (hub.config, hub.config["JupyterHub"]):
            for section in {each.__name__ for each in of.__mro__}:
                if not config._has_section(section):
                    continue
                for name, value in config[section].items():
                    if name not in known and not name[:1].isupper() and not is_untouched(value):
                        found.add(f"c.{section}.{name}")
    return sorted(found)


def is_untouched(value):
    """What traitlets leaves behind where a configuration only reads a name."""
    return hasattr(value, "_has_section") or (type(value).__name__ == "LazyConfigValue" and not value.to_dict())


async def may_log_in(hub, name, groups=()):
    """Whether someone who proved to be that user is let in; None where the authenticator alone can say."""
    authenticator = hub.authenticator
    check_blocked = getattr(authenticator, "check_blocked_users", None) or authenticator.check_blacklist
    check_allowed = getattr(authenticator, "check_allowed", None) or authenticator.check_whitelist
    model = {"name": name, "admin": None, "auth_state": None, "groups": list(groups)}
    try:
        if not authenticator.validate_username(name) or not await answer(check_blocked(name, model)):
            return False
        return bool(getattr(authenticator, "allow_all", False) or await answer(check_allowed(name, model)))
    except Exception:
        return None


async def answer(value):
    return await value if inspect.isawaitable(value) else value


async def logins(hub, more):
    known = {user.name: [group.name for group in user.groups] for user in hub.db.query(orm.User)}
    blocked = getattr(hub.authenticator, "blocked_users", None) or getattr(hub.authenticator, "blacklist", None) or ()
    names = set(known) | set(blocked) | set(more)
    return {
        "users": {name: await may_log_in(hub, name, known.get(name, ())) for name in sorted(names)},
        "strangers": await may_log_in(hub, STRANGER),
    }


# --- running it --------------------------------------------------------------------------------------------------


def record_attempts(path):
    """Writes down whom this process tries to reach beyond loopback; from Python 3.8 on."""

    def audit(event, arguments):
        if event not in ("socket.connect", "socket.getaddrinfo"):
            return
        where = arguments[0] if event == "socket.getaddrinfo" else arguments[1]
        where = where[0] if isinstance(where, tuple) else where
        if isinstance(where, bytes):
            where = where.decode("utf-8", "replace")
        if not isinstance(where, str) or re.match(r"(127\.|::1$|localhost$|0\.0\.0\.0$|$|/)", where):
            return
        with open(path, "a") as file:
            file.write(re.sub(r"[^!-~]", "?", where)[:200] + "\n")

    getattr(sys, "addaudithook", lambda hook: None)(audit)


def arguments():
    parser = argparse.ArgumentParser(prog="trial_hub.py")
    for name in ("config", "database", "out"):
        parser.add_argument(name)
    parser.add_argument("--before")
    parser.add_argument("--port", type=int)
    return parser.parse_args()


def target(database):
    if not database.startswith("@"):
        return {"url": "sqlite:///" + database}
    with open(database[1:], encoding="utf-8") as file:
        content = json.load(file)
    return {"url": content["url"], "kwargs": content["kwargs"]}


async def run(given):
    more = []
    if given.before:
        with open(given.before, encoding="utf-8") as file:
            more = json.load(file)["users"]
    TrialHub.trial = dict(target(given.database), port=given.port)
    hub = TrialHub.instance()
    await hub.initialize(["-f", given.config])
    found = await logins(hub, more)
    found.update(ignored=hub.ignored, base_url=hub.base_url)
    with open(given.out + ".new", "w", encoding="utf-8") as file:
        json.dump(found, file, sort_keys=True)
    os.rename(given.out + ".new", given.out)
    if given.port:
        await hub.start()


def main():
    given = arguments()
    os.umask(0o077)
    record_attempts(given.out + ".attempts")
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.run_until_complete(run(given))
    if given.port:
        loop.run_forever()
    sys.stdout.flush()
    sys.stderr.flush()
    # Whatever the configuration registered for the end of the process is the hub's, not ours.
    os._exit(0)


if __name__ == "__main__":
    main()
