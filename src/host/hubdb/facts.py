"""What is known of a database before anything is done to it."""

import json
import re

from .database import Refused, shown
from .inventory import FIRST, Things, now
from .revisions import half_migrated, has

# What JupyterHub 6.0 and later take as the name of a named server.
SERVER_NAME = re.compile(r"(?=.{1,30}\Z)[a-z][a-z0-9]*(-[a-z0-9]+)*\Z")


def count(database, rest):
    return next(iter(database.select("SELECT count(*) FROM " + rest)))[0]


def running_servers(database, tables):
    """Servers the hub counts as running. Nothing of a spawner's state but an integer pid is told."""
    if not (has(tables, "spawners", "server_id") and "users" in tables):
        return []
    query = (
        "SELECT u.name, s.name, s.state FROM spawners s JOIN users u ON u.id = s.user_id "
        "WHERE s.server_id IS NOT NULL ORDER BY 1, 2"
    )
    return [
        {"user": shown(user), "name": shown(name or ""), "pid": pid_of(state)}
        for user, name, state in database.select(query)
    ]


def routes(database, tables):
    """Where the proxy leads to for each of them."""
    if not (has(tables, "spawners", "server_id") and "users" in tables and has(tables, "servers", "base_url")):
        return []
    query = (
        "SELECT u.name, s.name, r.proto, r.ip, r.port, r.base_url FROM spawners s JOIN users u ON u.id = s.user_id "
        "JOIN servers r ON r.id = s.server_id ORDER BY 1, 2"
    )
    return [
        {"user": shown(user), "name": shown(name or ""), "proto": proto, "ip": ip, "port": port, "path": path}
        for user, name, proto, ip, port, path in database.select(query)
    ]


def pid_of(state):
    try:
        pid = json.loads(state)["pid"]
    except (TypeError, ValueError, KeyError, RecursionError):
        return None
    return pid if type(pid) is int and pid > 0 else None


def server_clients(database, tables):
    """Servers with an OAuth client: with one, the migration of 2.x to 5.0 and later breaks off (jupyterhub#5427)."""
    if not (has(tables, "spawners", "oauth_client_id") and has(tables, "oauth_clients", "identifier")):
        return 0
    return count(database, "spawners s JOIN oauth_clients c ON s.oauth_client_id = c.identifier")


def tokens(database):
    """API tokens of users that work, less those of their servers and browsers: what the step from 1.x to 2.0 ends."""
    each = Things(database).kinds().get("tokens", list)
    working = sorted(shown(label) for _, label, until in each() if not until or until > now())
    return {"count": len(working), "first": working[:FIRST]}


def unsafe_server_names(database, tables):
    if not has(tables, "spawners", "name"):
        return 0
    return sum(1 for (name,) in database.rows("spawners", ["name"]) if name and not SERVER_NAME.match(name))


def has_user(database, tables, name):
    if not has(tables, "users", "name"):
        return False
    return sum(1 for (found,) in database.rows("users", ["name"]) if found == name) > 0


def facts(database, user=None):
    with database.reading():
        tables = database.tables()
        found = database.revisions()
        result = {
            "dialect": database.dialect,
            "revision": found[0] if len(found) == 1 else None,
            "half_migrated": half_migrated(found, tables),
            "rows": {table: count(database, database.quoted(table)) for table in tables},
            "admins": 0,
            "servers": running_servers(database, tables),
            "routes": routes(database, tables),
            "server_clients": server_clients(database, tables),
            "tokens": tokens(database),
            "unsafe_server_names": unsafe_server_names(database, tables),
            "has_user": None if user is None else has_user(database, tables, user),
        }
        if has(tables, "users", "admin"):
            result["admins"] = sum(1 for (admin,) in database.rows("users", ["admin"]) if admin)
        result.update(database.about())
        return result


def revision(database):
    with database.reading():
        found = database.revisions()
    if len(found) != 1:
        raise Refused(f"The database {database.title} has {len(found)} rows in alembic_version, not one.")
    if not found[0].isalnum():
        raise Refused(f"The database {database.title} has no revision in alembic_version.")
    return found[0]
