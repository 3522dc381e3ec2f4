"""What only the database knows, and a hub that began with a fresh one would not.

Not counted is what comes back by itself: users, admins and groups that the configuration names, users that may all log
in, and what a login or the start of a hub makes.
"""

import json

from .database import Refused, shown
from .facts import count, running_servers
from .inventory import FIRST, Things
from .revisions import HUB_TABLES


def loss(database, file):
    """{"lost": {kind: {"count", "first"}}}; `file` is what `introspect.py --database-file` wrote."""
    try:
        with open(file, encoding="utf-8") as content:
            configured = json.load(content)["logins"]
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"{file} does not say whom the configuration lets in.") from error
    with database.reading():
        things = Things(database)
        kinds = things.kinds()
        # Kind of the inventory, its name for people, and what of it the configuration has.
        wanted = [
            ("admins", "admins", configured["admins"]),
            ("groups", "groups", configured["groups"]),
            ("tokens", "API tokens", ()),
            ("named servers", "named servers", ()),
            ("shares", "shares", ()),
        ]
        if not configured["everybody"]:
            wanted.insert(0, ("users", "users", configured["users"]))
        found = {}
        for kind, name, known in wanted:
            if kind in kinds:
                found[name] = missing((label for _, label, _ in kinds[kind]()), set(known))
        running = [f"{one['user']}/{one['name']}".rstrip("/") for one in running_servers(database, things.tables)]
        found["running servers"] = missing(running, set())
        for table in things.tables:
            if table not in HUB_TABLES:
                rows = count(database, database.quoted(table))
                found[f"rows of the table {shown(table)}"] = {"count": rows, "first": []}
    return {"lost": {name: each for name, each in found.items() if each["count"]}}


def missing(labels, known):
    number, first = 0, []
    for label in labels:
        if label not in known:
            number += 1
            if len(first) < FIRST:
                first.append(shown(label))
    return {"count": number, "first": first}
