"""What must outlive an upgrade, by key, and what of it is lost.

An inventory is a file with a line for each thing, sorted: kind, key, label, and where it expires by itself the time,
between tabs. The key is a digest: of what makes the thing the same one, and behind a dot, where there is more to it
than its existence, of that. The first line says as JSON which kinds this database has and its revisions, the last one
how many lines there are.
"""

import contextlib
import datetime
import hashlib
import heapq
import json
import os

from .database import Refused, shown, sync
from .digests import encode
from .revisions import TOKENS_DROPPED, has, is_before

# Names per list; the count beside them is always complete.
FIRST = 20
# A hub makes these what its configuration says at every start: what is lost of them is told, but is no loss of data.
FROM_CONFIGURATION = ("role assignments", "roles", "services")
# Kinds that not every release has: compared where both databases have them. All others are empty where there are none.
NEWER_KINDS = ("managed role assignments", "named servers", "role assignments", "roles", "server options", "shares")
KINDS = ("admins", "groups", "memberships", "services", "tokens", "users") + NEWER_KINDS


def key_of(values):
    return hashlib.sha256(b"".join([encode(value) for value in values])).hexdigest()[:32]


class Things:
    """The things of each kind in one database: (key, label, expires)."""

    def __init__(self, database):
        self.database = database
        self.tables = database.tables()

    def has(self, *columns):
        return all(has(self.tables, *column.split(".")) for column in columns)

    def kinds(self):
        """{kind: function that streams it} of what this database has."""
        found = {}
        for kind, table in (("users", "users"), ("groups", "groups"), ("services", "services"), ("roles", "roles")):
            if self.has(table + ".name"):
                found[kind] = lambda table=table: self.named(table)
        if self.has("users.admin"):
            found["admins"] = self.admins
        if self.has("user_group_map.user_id"):
            found["memberships"] = self.memberships
        if self.has("api_tokens.hashed", "api_tokens.user_id"):
            found["tokens"] = self.tokens
        if self.has("spawners.name"):
            found["named servers"] = self.named_servers
        if self.has("spawners.user_options", "spawners.server_id"):
            found["server options"] = self.options
        if self.has("shares.owner_id"):
            found["shares"] = self.shares
        if self.has("user_role_map.role_id"):
            found["role assignments"] = lambda: self.assignments(False)
        if self.has("user_role_map.managed_by_auth"):
            found["managed role assignments"] = lambda: self.assignments(True)
        return found

    def joined(self, columns, rest):
        """Rows of a join; a name in braces is a table, quoted: `groups` is a word of some dialects' own."""
        tables = {name: self.database.quoted(name) for name in self.tables}
        return self.database.select(f"SELECT {columns} FROM " + rest.format_map(tables))

    def named(self, table):
        for (name,) in self.database.rows(table, ["name"]):
            yield key_of([name]), name, ""

    def admins(self):
        for name, admin in self.database.rows("users", ["name", "admin"]):
            if admin:
                yield key_of([name]), name, ""

    def memberships(self):
        rest = "{user_group_map} m JOIN {users} u ON u.id = m.user_id JOIN {groups} g ON g.id = m.group_id"
        for group, user in self.joined("g.name, u.name", rest):
            yield key_of([group, user]), f"{user} in {group}", ""

    def tokens(self):
        """API tokens of users. The token of a running server goes with it, that of a browser with its login."""
        client = "t.client_id" if self.has("api_tokens.client_id") else "'jupyterhub'"
        expires = "t.expires_at" if self.has("api_tokens.expires_at") else "NULL"
        note = "t.note" if self.has("api_tokens.note") else "NULL"
        columns = f"t.prefix, t.hashed, t.id, u.name, {expires}, {note}, {client}"
        for prefix, hashed, number, user, until, note, client in self.joined(
            columns, "{api_tokens} t JOIN {users} u ON u.id = t.user_id"
        ):
            if client == "jupyterhub" and not (note or "").startswith("Server at "):
                yield key_of([prefix, hashed]), f"{user} (a{number})", time_of(until)

    def named_servers(self):
        for user, name in self.joined("u.name, s.name", "{spawners} s JOIN {users} u ON u.id = s.user_id"):
            if name:
                yield key_of([user, name]), f"{user}/{name}", ""

    def options(self):
        """Of named servers. Those of one that runs were given when it was started: they are of no other time."""
        columns = "u.name, s.name, s.user_options, s.server_id"
        for user, name, options, server in self.joined(columns, "{spawners} s JOIN {users} u ON u.id = s.user_id"):
            if name:
                value = "" if server is not None else key_of([canonical(options)])
                yield key_of([user, name]) + "." + value, f"{user}/{name}", ""

    def shares(self):
        columns = "o.name, s.name, u.name, g.name, x.expires_at"
        rest = (
            "{shares} x JOIN {users} o ON o.id = x.owner_id JOIN {spawners} s ON s.id = x.spawner_id "
            "LEFT JOIN {users} u ON u.id = x.user_id LEFT JOIN {groups} g ON g.id = x.group_id"
        )
        for owner, server, user, group, until in self.joined(columns, rest):
            yield key_of([owner, server, user, group]), f"{owner}/{server} with {user or group or ''}", time_of(until)

    def assignments(self, managed):
        """Roles of users, groups and services; those that the authenticator gave apart from all others."""
        for one, table in (("user", "users"), ("group", "groups"), ("service", "services")):
            role_map = one + "_role_map"
            if not self.has(role_map + ".role_id", table + ".name", "roles.name"):
                continue
            by_login = "m.managed_by_auth" if self.has(role_map + ".managed_by_auth") else "NULL"
            rest = f"{{{role_map}}} m JOIN {{{table}}} b ON b.id = m.{one}_id JOIN {{roles}} r ON r.id = m.role_id"
            for role, bearer, flag in self.joined(f"r.name, b.name, {by_login}", rest):
                if bool(flag) == managed:
                    yield key_of([one, bearer, role]), f"{role} of {one} {bearer}", ""


def canonical(options):
    """User options as text; none at all are an empty object."""
    if isinstance(options, str):
        with contextlib.suppress(ValueError):
            options = json.loads(options)
    return json.dumps(options or {}, sort_keys=True)


def now():
    return time_of(datetime.datetime.now(datetime.timezone.utc))


def time_of(value):
    """A time of the database, which is UTC, to the second."""
    return "" if value is None else str(value)[:19].replace("T", " ")


def write(database, out):
    """Writes the inventory of a database to `out`, in one step and again where it is there; {revisions, counts}."""
    part = out + ".part"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(part)
    counts = {}
    with open(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        with database.reading():
            found, revisions = Things(database).kinds(), database.revisions()
            head = {"kinds": sorted(found), "revisions": revisions}
            file.write(json.dumps(head, sort_keys=True).encode() + b"\n")
            # Sorted kind by kind: memory is that of the largest.
            for kind in sorted(found):
                lines = sorted(
                    "\t".join((kind, key, shown(label), until)).encode() + b"\n" for key, label, until in found[kind]()
                )
                file.writelines(lines)
                counts[kind] = len(lines)
        file.write(b"%d\n" % sum(counts.values()))
    sync(part)
    os.replace(part, out)
    return {"revisions": revisions, "counts": counts}


# --- compare -----------------------------------------------------------------------------------------------------


class Inventory:
    """A file that `write` made, read once from its beginning to its end."""

    def __init__(self, file, path, now):
        self.file = file
        self.path = path
        self.now = now
        self.lines = 0
        self.ahead = None
        try:
            head = json.loads(file.readline())
            self.kinds, self.revisions = set(head["kinds"]), head["revisions"]
        except (ValueError, KeyError, TypeError) as error:
            raise Refused(f"{path} is no inventory.") from error
        if not self.kinds.issubset(KINDS):
            raise Refused(f"{path} is an inventory of another release of this program.")
        self.counts = dict.fromkeys(self.kinds, 0)
        self.next()

    def next(self):
        """Moves on to the next thing: (kind, key, value, label), or None behind the last."""
        while True:
            fields = self.file.readline().rstrip("\n").split("\t")
            if len(fields) != 4:
                if fields != [str(self.lines)]:
                    raise Refused(f"{self.path} is no whole inventory.")
                self.ahead = None
                return
            self.lines += 1
            kind, key, label, until = fields
            # What has expired by now may be gone by itself.
            if until and until <= self.now:
                continue
            self.counts[kind] += 1
            key, _, value = key.partition(".")
            self.ahead = (kind, key, value, label)
            return


class Missing:
    """The count of things, and the labels of the first of them in their order."""

    def __init__(self):
        self.count = 0
        self.first = []

    def add(self, label):
        self.count += 1
        if len(self.first) < 2 * FIRST:
            self.first.append(label)
        else:
            self.first = heapq.nsmallest(FIRST, self.first + [label])

    def result(self):
        return {"count": self.count, "first": sorted(self.first)[:FIRST]}


def merge(old, new, lost, added):
    """Walks through both in the order of kind and key, which both are sorted by."""
    while old.ahead or new.ahead:
        before, after = (each.ahead and each.ahead[:2] for each in (old, new))
        if before == after:
            # An empty value is that of something in use.
            if old.ahead[2] and new.ahead[2] and old.ahead[2] != new.ahead[2]:
                lost[before[0]].add(old.ahead[3])
                added[before[0]].add(new.ahead[3])
            old.next()
            new.next()
        elif after is None or (before is not None and before < after):
            lost[before[0]].add(old.ahead[3])
            old.next()
        else:
            added[after[0]].add(new.ahead[3])
            new.next()


def compare(old, new):
    with open(old, encoding="utf-8", newline="\n") as old_file, open(new, encoding="utf-8", newline="\n") as new_file:
        time = now()
        was, is_now = Inventory(old_file, old, time), Inventory(new_file, new, time)
        lost, added = ({kind: Missing() for kind in KINDS} for _ in range(2))
        merge(was, is_now, lost, added)
    kinds = [kind for kind in KINDS if kind not in NEWER_KINDS or kind in was.kinds & is_now.kinds]
    result = {
        "revisions": {"old": was.revisions, "new": is_now.revisions},
        "lost": {kind: lost[kind].result() for kind in kinds},
        "added": {kind: added[kind].result() for kind in kinds},
        "counts": {kind: [each.counts.get(kind, 0) for each in (was, is_now)] for kind in kinds},
        "dropped_by_design": {},
    }
    if is_before(was.revisions, TOKENS_DROPPED) and not is_before(is_now.revisions, TOKENS_DROPPED):
        result["dropped_by_design"]["tokens"] = result["lost"].pop("tokens")
    kept = [each["count"] == 0 for kind, each in result["lost"].items() if kind not in FROM_CONFIGURATION]
    result["complete"] = all(kept)
    return result
