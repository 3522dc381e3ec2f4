"""What can be done to a JupyterHub's SQLite database from outside the hub.

usage: python3 -I hubdb.py facts DATABASE
       python3 -I hubdb.py revision DATABASE                                     (the revision alone, not JSON)
       python3 -I hubdb.py backup DATABASE OUT
       python3 -I hubdb.py digest DATABASE
       python3 -I hubdb.py compare OLD NEW
       HUB_PYTHON hubdb.py token create [--wait] [--user NAME] [--expires SECONDS] DATABASE
       HUB_PYTHON hubdb.py token delete DATABASE

All but `token` need the standard library only and open databases read-only; `token` takes the token on stdin. JSON on
stdout, one sentence on stderr when it fails (status 1). `token create` ends with status 4 where the coming migration
drops all tokens (JupyterHub 1.x).
"""

import argparse
import contextlib
import datetime
import hashlib
import json
import os
import signal
import sqlite3
import struct
import sys
import urllib.parse

# Seconds to wait for a lock another process holds.
LOCK_TIMEOUT = 10
# Names printed per list; the count beside them is always complete.
FIRST = 20
NOT_KEPT = 4

# Revisions of the schema, oldest first, with the release that introduced each and the columns or tables it brings.
# A sign of a later revision than alembic_version says shows a migration that broke off; a missing sign of an earlier
# one shows a database that was stamped without being migrated. Tables a hub creates at its start (roles, shares) may
# be missing just after a migration, so a sign only counts as missing where its table is there.
REVISIONS = [
    ("19c0846f6344", "0.5", []),
    ("eeb276e51423", "0.6", []),
    ("af4cbdb2d13c", "0.7", [("services", None)]),
    ("3ec6993fe20c", "0.8", [("users", "encrypted_auth_state")]),
    ("1cebaf56856c", "0.8", [("oauth_codes", "session_id")]),
    ("56cc5a70207e", "0.9", [("api_tokens", "created")]),
    ("99a28a4418e1", "0.9", [("users", "created"), ("spawners", "started")]),
    ("d68c98b66cd4", "0.9", [("oauth_clients", "description")]),
    ("896818069c98", "0.9", [("api_tokens", "expires_at")]),
    ("4dc2d5a8c53c", "1.0", [("spawners", "user_options")]),
    ("833da8570507", "2.0", [("services", "oauth_client_id"), ("spawners", "oauth_client_id"), ("roles", None)]),
    (
        "651f5419b74d",
        "3.0",
        [("oauth_codes", "scopes"), ("api_tokens", "scopes"), ("oauth_clients", "allowed_scopes")],
    ),
    ("0eee8c825d24", "4.0", [("groups", "properties")]),
    ("3c2384c5aae1", "5.0", [("services", "from_config")]),
    ("4621fec11365", "5.0", [("roles", "managed_by_auth"), ("user_role_map", "managed_by_auth"), ("shares", None)]),
    ("be8ecf03ddac", "6.0", [("services", "timeout")]),
    ("afd65840b69e", "6.0", [("oauth_codes", "code_challenge")]),
    ("ff1860e38070", "6.0", [("users", "user_info")]),
    ("f460b0348206", "6.0", [("spawners", "display_name")]),
]
CHAIN = [revision for revision, _, _ in REVISIONS]
# Its migration drops api_tokens: no token made before it works after it.
TOKENS_DROPPED = "833da8570507"

# What a hub rewrites by itself while it runs or starts, so what the durable digest leaves out.
VOLATILE_TABLES = {
    "servers": "one row per running server and per service with a URL, made anew at every start",
    "oauth_clients": "added at every start and every spawn, their secrets hashed with a new salt",
    "oauth_client_role_map": "belongs to oauth_clients",
    "oauth_codes": "live for minutes, purged hourly",
    "oauth_code_role_map": "belongs to oauth_codes",
    "oauth_access_tokens": "logins of browsers (1.x), purged hourly",
    "api_token_role_map": "belongs to api_tokens, also to those of servers that stop",
}
VOLATILE_COLUMNS = {
    "users": {
        "last_activity": "rewritten with every request",
        "state": "left over from releases before 0.8, rewritten by a spawner",
        "encrypted_auth_state": "encrypted again at every refresh of the login",
        "user_info": "refreshed with the login (6.x)",
    },
    "spawners": {
        "server_id": "set while the server runs",
        "state": "set while the server runs",
        "started": "set while the server runs",
        "last_activity": "rewritten with every report of the server",
        "user_options": "rewritten at every spawn",
        "oauth_client_id": "refers to oauth_clients",
    },
    "services": {
        "pid": "of a service the hub manages",
        "_server_id": "refers to servers",
    },
    "api_tokens": {
        "last_activity": "rewritten with every request",
    },
}
# The rows worth keeping: (column that must exist for the condition, condition, why the others come and go).
DURABLE_ROWS = {
    "spawners": [("name", "name <> ''", "the default server of every user gets its row at the start of the hub")],
    "api_tokens": [
        ("user_id", "user_id IS NOT NULL", "services get their tokens at the start of the hub"),
        ("expires_at", "expires_at IS NULL", "tokens that expire are purged hourly"),
        ("client_id", "client_id = 'jupyterhub'", "the others are logins of browsers"),
        ("note", "coalesce(note, '') NOT LIKE 'Server at %'", "a server takes its token with it when it stops"),
    ],
    "shares": [("expires_at", "expires_at IS NULL", "purged hourly")],
    "share_codes": [("expires_at", "expires_at IS NULL", "purged hourly")],
}


class Refused(Exception):
    """Why the work was not done, one sentence for people."""


def log(line):
    """One line for people; what a path or a name brings along cannot break it."""
    sys.stderr.write("".join(each if each.isprintable() else "?" for each in line) + "\n")
    sys.stderr.flush()


def answer(value):
    json.dump(value, sys.stdout, sort_keys=True)
    sys.stdout.write("\n")
    sys.stdout.flush()


def in_words(error, path):
    """What an error of SQLite means for the database at path."""
    text = str(error)
    if "locked" in text:
        return f"The database {path} is locked by another process (waited {LOCK_TIMEOUT} seconds)."
    if "not a database" in text or "malformed" in text:
        return f"The database {path} is damaged: {text}."
    if "readonly" in text and os.path.exists(path + "-journal"):
        return f"The database {path} has an unfinished transaction beside it ({path}-journal), left by a crash."
    return f"The database {path} could not be read: {text}."


# --- opening -----------------------------------------------------------------------------------------------------


def uri(path, options):
    """A URI for a path with any bytes in it: blank, ?, #, % and what is not UTF-8."""
    return "file:" + urllib.parse.quote(os.fsencode(path)) + "?" + options


def size(path):
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return None


def is_wal(path):
    """Whether the file is in WAL mode; the pragma does not say so of a file that is read as one that cannot change.

    Never while a connection is open: closing the file here would drop the locks SQLite holds on it.
    """
    with open(path, "rb") as database:
        header = database.read(20)
    return len(header) == 20 and header[18] == 2


def read_options(path):
    """How to open a database without writing anything.

    A reader of a WAL database makes the -wal and -shm files where they are missing, and cannot remove them again. Where
    the last process closed the database well there are none, so nobody has it open: then it can be read as a file that
    does not change, which `reading` checks at the end.
    """
    if is_wal(path) and not size(path + "-wal") and size(path + "-shm") is None:
        return "mode=ro&immutable=1"
    return "mode=ro"


def stamp(path):
    status = os.stat(path)
    return (status.st_ino, status.st_size, status.st_mtime_ns, size(path + "-wal"))


@contextlib.contextmanager
def reading(path, attach=None):
    """A read-only connection in one read transaction; a second database as schema `new` when given."""
    # SQLite keeps the -wal and -shm files beside the file a symbolic link leads to.
    paths = [os.path.realpath(each) for each in (path, attach) if each is not None]
    for each in paths:
        if not os.path.isfile(each):
            raise Refused(f"There is no database file at {each}.")
    con = None
    current = paths[0]
    try:
        options = {each: read_options(each) for each in paths}
        before = {each: stamp(each) for each in paths}
        con = sqlite3.connect(uri(current, options[current]), uri=True, timeout=LOCK_TIMEOUT, isolation_level=None)
        # Sorting must not spill rows into a temporary file.
        con.execute("PRAGMA temp_store = MEMORY")
        for each in paths[1:]:
            current = each
            con.execute("ATTACH DATABASE ? AS new", (uri(each, options[each]),))
        con.execute("BEGIN")
        for each, schema in zip(paths, ("main", "new")):
            current = each
            con.execute(f"SELECT count(*) FROM {schema}.sqlite_master").fetchone()
        current = paths[0]
        yield con
        for each in paths:
            if "immutable" in options[each] and stamp(each) != before[each]:
                raise Refused(f"The database {each} changed while it was read.")
    except sqlite3.Error as error:
        raise Refused(in_words(error, current)) from error
    finally:
        if con is not None:
            con.close()


def replacing(text):
    return text.decode("utf-8", "replace")


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def table_names(con, schema="main"):
    rows = con.execute(f"SELECT name FROM {schema}.sqlite_master WHERE type = 'table' ORDER BY name")
    return [name for (name,) in rows.fetchall() if not name.startswith("sqlite_")]


def column_names(con, table, schema="main"):
    return [row[1] for row in con.execute(f"PRAGMA {schema}.table_info({quoted(table)})")]


def revisions(con, schema="main"):
    if "alembic_version" not in table_names(con, schema):
        return []
    rows = con.execute(f"SELECT version_num FROM {schema}.alembic_version ORDER BY 1")
    return [str(value)[:64] for (value,) in rows]


def has(tables, table, column):
    return table in tables and (column is None or column in tables[table])


# --- facts -------------------------------------------------------------------------------------------------------


def half_migrated(revision, tables):
    """Signs that a migration broke off or never ran, as sentences; columns say nothing about an unknown revision."""
    signs = []
    for table in sorted(tables):
        if table.startswith("_alembic_tmp_"):
            signs.append(f"table {table} was left by a migration that broke off")
    if len(revision) != 1:
        if "users" in tables:
            signs.append(f"alembic_version says {len(revision)} revisions, not one")
        return signs
    if revision[0] not in CHAIN:
        return signs
    position = CHAIN.index(revision[0])
    for index, (each, release, brings) in enumerate(REVISIONS):
        for table, column in brings:
            what = f"table {table}" if column is None else f"column {table}.{column}"
            if index > position and has(tables, table, column):
                signs.append(f"{what} belongs to revision {each} (JupyterHub {release})")
            elif index <= position and column is not None and table in tables and column not in tables[table]:
                signs.append(f"{what} of revision {each} (JupyterHub {release}) is missing")
    return signs


def running_servers(con, tables):
    """Servers the hub counts as running. Nothing of a spawner's state but an integer pid is told."""
    if not (has(tables, "spawners", "server_id") and "users" in tables):
        return []
    query = (
        "SELECT u.name, s.name, s.state FROM spawners s JOIN users u ON u.id = s.user_id "
        "WHERE s.server_id IS NOT NULL ORDER BY 1, 2"
    )
    return [{"user": user, "name": name or "", "pid": pid_of(state)} for user, name, state in con.execute(query)]


def pid_of(state):
    try:
        pid = json.loads(state)["pid"]
    except (TypeError, ValueError, KeyError, RecursionError):
        return None
    return pid if type(pid) is int and pid > 0 else None


def facts(path):
    with reading(path) as con:
        con.text_factory = replacing
        check = con.execute("PRAGMA quick_check(1)").fetchone()[0]
        tables = {table: column_names(con, table) for table in table_names(con)}
        revision = revisions(con)
        admins = 0
        if has(tables, "users", "admin"):
            admins = con.execute("SELECT count(*) FROM users WHERE admin").fetchone()[0]
        real = os.path.realpath(path)
        sizes = [size(real + suffix) or 0 for suffix in ("", "-wal", "-journal")]
        result = {
            "path": real,
            "revision": revision[0] if len(revision) == 1 else None,
            "journal_mode": con.execute("PRAGMA journal_mode").fetchone()[0],
            "page_size": con.execute("PRAGMA page_size").fetchone()[0],
            "size": sum(sizes),
            "wal_size": sizes[1],
            "quick_check": check[:200],
            "half_migrated": half_migrated(revision, tables),
            "rows": {table: con.execute(f"SELECT count(*) FROM {quoted(table)}").fetchone()[0] for table in tables},
            "admins": admins,
            "servers": running_servers(con, tables),
        }
    if is_wal(real):
        result["journal_mode"] = "wal"
    return result


def revision(path):
    with reading(path) as con:
        found = revisions(con)
    if len(found) != 1:
        raise Refused(f"The database {path} has {len(found)} rows in alembic_version, not one.")
    if not found[0].isalnum():
        raise Refused(f"The database {path} has no revision in alembic_version.")
    return found[0]


# --- digest ------------------------------------------------------------------------------------------------------


class Text(bytes):
    """A TEXT value as it is stored, told apart from a BLOB."""


def encode(value):
    """One value with its type, in a form no other value has."""
    if value is None:
        return b"n"
    if isinstance(value, Text):
        return b"t%d:" % len(value) + value
    if isinstance(value, bytes):
        return b"b%d:" % len(value) + value
    if isinstance(value, float):
        return b"f" + struct.pack(">d", value)
    return b"i%d;" % value


def rows_digest(con, table, columns, condition=""):
    """Digest of rows in any order, in constant memory.

    The sha256 of every row is added up modulo 2^256. Sorting instead (ORDER BY all columns) would need memory or a
    temporary file as large as the table; XOR would lose a pair of equal rows. The sum guards against mistakes, not
    against somebody who constructs rows to collide.
    """
    names = sorted(columns)
    base = hashlib.sha256(b"".join(encode(Text(name.encode())) for name in [table] + names))
    total = rows = 0
    selection = ", ".join(quoted(name) for name in names)
    for row in con.execute(f"SELECT {selection} FROM {quoted(table)} {condition}"):
        digest = base.copy()
        digest.update(b"".join(encode(value) for value in row))
        total += int.from_bytes(digest.digest(), "big")
        rows += 1
    base.update(b"%d:%d" % (rows, total % (1 << 256)))
    return rows, base.hexdigest()


def durable_digest(con, table, columns):
    if table in VOLATILE_TABLES:
        return ""
    keep = [column for column in columns if column not in VOLATILE_COLUMNS.get(table, {})]
    conditions = [sql for column, sql, _ in DURABLE_ROWS.get(table, []) if column in columns]
    where = "WHERE " + " AND ".join(conditions) if conditions else ""
    return rows_digest(con, table, keep, where)[1]


def schema_digest(con):
    """Digest of all statements that made the schema, blanks normalised, less what SQLite itself adds."""
    rows = con.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    lines = sorted(
        [kind, name, table, " ".join((sql or "").split())]
        for kind, name, table, sql in rows
        if not name.startswith("sqlite_")
    )
    return hashlib.sha256(json.dumps(lines).encode("ascii")).hexdigest()


def digest_of(con):
    result = {"schema": schema_digest(con), "tables": {}}
    tables = {table: column_names(con, table) for table in table_names(con)}
    con.text_factory = Text
    for table, columns in tables.items():
        rows, exact = rows_digest(con, table, columns)
        result["tables"][table] = {"rows": rows, "exact": exact, "durable": durable_digest(con, table, columns)}
    con.text_factory = str
    return result


def digest(path):
    with reading(path) as con:
        return digest_of(con)


# --- backup ------------------------------------------------------------------------------------------------------


def copy_rows(source, target):
    """Python 3.6 has no backup API: copy statement by statement inside the read transaction of the source."""
    for pragma in ("page_size", "encoding", "auto_vacuum", "user_version", "application_id"):
        value = source.execute("PRAGMA " + pragma).fetchone()[0]
        target.execute(f"PRAGMA {pragma} = {value if isinstance(value, int) else quoted(value)}")
    made = source.execute("SELECT type, name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite~_%' ESCAPE '~'")
    made = made.fetchall()
    target.execute("BEGIN")
    for kind, name, sql in made:
        if kind != "table":
            continue
        if sql.upper().startswith("CREATE VIRTUAL"):
            raise Refused(f"Table {name} is virtual: its backup needs Python 3.7 or newer.")
        target.execute(sql)
        rows = source.execute(f"SELECT * FROM {quoted(name)}")
        places = ", ".join("?" for _ in rows.description)
        target.executemany(f"INSERT INTO {quoted(name)} VALUES ({places})", rows)
    if source.execute("SELECT count(*) FROM sqlite_master WHERE name = 'sqlite_sequence'").fetchone()[0]:
        target.execute("DELETE FROM sqlite_sequence")
        rows = source.execute("SELECT name, seq FROM sqlite_sequence")
        target.executemany("INSERT INTO sqlite_sequence VALUES (?, ?)", rows)
    for kind, _, sql in made:
        if kind != "table" and sql:
            target.execute(sql)
    target.execute("COMMIT")


def sync(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_backup(path, out):
    source_digest = None
    with reading(path) as source:
        target = sqlite3.connect(uri(out, "mode=rw"), uri=True, isolation_level=None)
        try:
            # Nobody reads OUT before it is synced as a whole, so no journal and no waiting for the disk while the
            # hub cannot write.
            target.execute("PRAGMA journal_mode = OFF")
            target.execute("PRAGMA synchronous = OFF")
            if hasattr(source, "backup"):
                # In one step: a copy in several would begin again with every write of the hub.
                source.backup(target)
            else:
                source_digest = digest_of(source)
                copy_rows(source, target)
        except sqlite3.Error as error:
            if "malformed" in str(error):
                raise Refused(in_words(error, path)) from error
            raise Refused(f"The backup {out} could not be written: {error}.") from error
        finally:
            target.close()
    sync(out)
    with reading(out) as copy:
        check = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if check != "ok":
            raise Refused(f"The backup of {path} does not pass the integrity check: {check[:200]}.")
        result = digest_of(copy)
    if source_digest not in (None, result):
        raise Refused(f"The backup of {path} differs from the database.")
    return result


def backup(path, out):
    if not os.path.isfile(path):
        raise Refused(f"There is no database file at {path}.")
    out = os.path.abspath(out)
    beside = [out + suffix for suffix in ("-wal", "-shm", "-journal")]
    for each in beside:
        if os.path.lexists(each):
            raise Refused(f"{each} exists: SQLite would take it for a part of the backup.")
    try:
        os.close(os.open(out, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise Refused(f"The backup {out} could not be made: {error.strerror}.") from error
    try:
        os.chmod(out, 0o600)
        result = write_backup(path, out)
        left = [each for each in beside if os.path.lexists(each)]
        if left:
            raise Refused(f"{left[0]} was left beside the backup.")
        sync(os.path.dirname(out))
        return result
    except BaseException:
        for each in [out] + beside:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(each)
        raise


# --- compare -----------------------------------------------------------------------------------------------------


def kinds(schema, now):
    """What must outlive an upgrade: (kind, table and column it needs, statement giving its rows).

    Each statement gives a key that no other row has and a label for people.
    """

    def named(table):
        return f"SELECT quote(name) AS key, name AS label FROM {schema}.{table}"

    def tokens(of_users):
        return (
            "SELECT coalesce(t.prefix, '') || ':' || coalesce(t.hashed, '') AS key, "
            "u.name || ' (a' || t.id || ')' AS label "
            f"FROM {schema}.api_tokens t JOIN {schema}.users u ON u.id = t.user_id "
            f"WHERE (t.expires_at IS NULL OR t.expires_at > '{now}') AND {of_users}"
        )

    # The token of a running server goes with it. In 1.x tokens have no client.
    not_a_servers = "coalesce(t.note, '') NOT LIKE 'Server at %'"
    not_a_browsers = "coalesce(t.client_id, '') = 'jupyterhub'"
    memberships = (
        "SELECT quote(g.name) || quote(u.name) AS key, u.name || ' in ' || g.name AS label "
        f"FROM {schema}.user_group_map m JOIN {schema}.users u ON u.id = m.user_id "
        f"JOIN {schema}.groups g ON g.id = m.group_id"
    )
    shares = (
        "SELECT quote(o.name) || quote(s.name) || quote(u.name) || quote(g.name) AS key, "
        "o.name || '/' || s.name || ' with ' || coalesce(u.name, g.name, '') AS label "
        f"FROM {schema}.shares x JOIN {schema}.users o ON o.id = x.owner_id "
        f"JOIN {schema}.spawners s ON s.id = x.spawner_id LEFT JOIN {schema}.users u ON u.id = x.user_id "
        f"LEFT JOIN {schema}.groups g ON g.id = x.group_id "
        f"WHERE x.expires_at IS NULL OR x.expires_at > '{now}'"
    )
    return [
        ("users", "users", "name", named("users")),
        ("admins", "users", "admin", named("users") + " WHERE admin"),
        ("groups", "groups", "name", named("groups")),
        ("memberships", "user_group_map", "user_id", memberships),
        ("tokens", "api_tokens", "client_id", tokens(f"{not_a_servers} AND {not_a_browsers}")),
        ("tokens", "api_tokens", "hashed", tokens(not_a_servers)),
        ("services", "services", "name", named("services")),
        ("roles", "roles", "name", named("roles")),
        ("shares", "shares", "owner_id", shares),
    ]


# Kinds that not every release has: compared where both databases have them.
NEWER_KINDS = ("roles", "shares")
# A hub makes these what its configuration says at every start: what is lost of them is told, but is no loss of data.
FROM_CONFIGURATION = ("roles", "services")


def selections(con, schema, now):
    """The statement for each kind in one of the databases; an empty one where its table is missing."""
    tables = {table: column_names(con, table, schema) for table in table_names(con, schema)}
    found = {}
    for kind, table, column, sql in kinds(schema, now):
        if kind not in found and has(tables, table, column):
            found[kind] = sql
    for kind, _, _, _ in kinds(schema, now):
        if kind not in found and kind not in NEWER_KINDS:
            found[kind] = "SELECT '' AS key, '' AS label WHERE 0"
    return found


def difference(con, left, right):
    """Labels of what `left` has and `right` has not: the first ones and the count."""
    query = f"FROM ({left}) WHERE key NOT IN (SELECT key FROM ({right}))"
    first = con.execute(f"SELECT label {query} ORDER BY label LIMIT {FIRST}").fetchall()
    return {"count": con.execute("SELECT count(*) " + query).fetchone()[0], "first": [label for (label,) in first]}


def is_before(revision, limit):
    return len(revision) == 1 and revision[0] in CHAIN and CHAIN.index(revision[0]) < CHAIN.index(limit)


def compare(old, new):
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S")
    with reading(old, attach=new) as con:
        con.text_factory = replacing
        was, is_now = selections(con, "main", now), selections(con, "new", now)
        before, after = revisions(con), revisions(con, "new")
        result = {
            "revisions": {"old": before, "new": after},
            "lost": {},
            "added": {},
            "counts": {},
            "dropped_by_design": {},
        }
        for kind in sorted(set(was) & set(is_now)):
            pair = (was[kind], is_now[kind])
            result["lost"][kind] = difference(con, *pair)
            result["added"][kind] = difference(con, *reversed(pair))
            result["counts"][kind] = [con.execute(f"SELECT count(*) FROM ({each})").fetchone()[0] for each in pair]
        if is_before(before, TOKENS_DROPPED) and not is_before(after, TOKENS_DROPPED):
            result["dropped_by_design"]["tokens"] = result["lost"].pop("tokens")
        kept = [each["count"] == 0 for kind, each in result["lost"].items() if kind not in FROM_CONFIGURATION]
        result["complete"] = all(kept)
        return result


# --- token -------------------------------------------------------------------------------------------------------


def read_token():
    token = sys.stdin.readline().strip()
    if len(token) < 32 or not token.isalnum() or len(token) > 255:
        raise Refused("The token on stdin must be 32 to 255 letters and digits.")
    return token


class Orm:
    """The installed hub's own ORM on a database it fits to."""

    def __init__(self, path):
        # The directory of this program holds programs for other purposes: no import may find them.
        here = os.path.dirname(os.path.abspath(__file__))
        sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != here]
        sys.dont_write_bytecode = True
        try:
            import alembic.script
            import jupyterhub
            import sqlalchemy
            import sqlalchemy.orm
            import sqlalchemy.pool
            from jupyterhub import orm
        except ImportError as error:
            raise Refused(f"The hub of this environment could not be imported: {error}.") from error
        if not hasattr(orm, "Role"):
            raise NotKept()
        # What orm imports and sets up when it makes a token: now, for the sake of the time it takes.
        import jupyterhub.roles
        import jupyterhub.scopes

        sqlalchemy.orm.configure_mappers()
        scripts = alembic.script.ScriptDirectory(os.path.join(os.path.dirname(jupyterhub.__file__), "alembic"))
        self.heads = sorted(scripts.get_heads())
        self.path = path
        self.orm = orm
        self.sqlalchemy = sqlalchemy

    @contextlib.contextmanager
    def session(self):
        with reading(self.path) as con:
            found = revisions(con)
        if found != self.heads:
            raise Refused(
                "The database is at revision {}, the hub of this environment needs {}.".format(
                    ", ".join(found) or "none", ", ".join(self.heads)
                )
            )

        def connect():
            con = sqlite3.connect(uri(os.path.realpath(self.path), "mode=rw"), uri=True, timeout=LOCK_TIMEOUT)
            con.execute("PRAGMA foreign_keys = ON")
            return con

        # A creator and not a URL: a URL of SQLAlchemy cannot name every path.
        engine = self.sqlalchemy.create_engine("sqlite://", creator=connect, poolclass=self.sqlalchemy.pool.NullPool)
        session = self.sqlalchemy.orm.sessionmaker(bind=engine)()
        try:
            yield session
        except self.sqlalchemy.exc.SQLAlchemyError as error:
            raise Refused(in_words(getattr(error, "orig", None) or type(error).__name__, self.path)) from error
        except (ValueError, RuntimeError) as error:
            # Not its text: that of some releases holds the token.
            raise Refused(f"The hub does not take the token ({type(error).__name__}).") from error
        finally:
            session.close()
            engine.dispose()


class NotKept(Exception):
    """The hub is of a release whose tokens its next migration drops."""


def owner(session, orm, name):
    if name:
        user = session.query(orm.User).filter_by(name=name).first()
        if user is None:
            raise Refused(f"The hub has no user {name}.")
        return user
    user = session.query(orm.User).order_by(orm.User.admin.desc(), orm.User.id).first()
    if user is None:
        raise Refused("The hub has no users, so a token has no owner.")
    return user


def new_token(orm, token, user, expires):
    options = {
        "token": token,
        "user": user,
        "note": "jupyterhub-upgrade: checks the upgrade, expires by itself",
        "expires_in": expires,
    }
    if not hasattr(orm.APIToken, "scopes"):
        orm.APIToken.new(**options)  # 2.x: the default role of tokens
        return
    # No more than its own server; where the owner may not even do that, a token that can only say whose it is.
    try:
        orm.APIToken.new(scopes=["read:users!user", "servers!user", "access:servers!user"], **options)
    except ValueError:
        orm.APIToken.new(scopes=[], **options)


def find_token(session, orm, token):
    """The id of a token, found by its columns alone: just after a migration not all tables of the ORM are there."""
    candidates = session.query(orm.APIToken.id, orm.APIToken.hashed)
    for number, hashed in candidates.filter_by(prefix=token[: orm.APIToken.prefix_length]):
        if orm.compare_token(hashed, token):
            return number
    return None


def token_create(path, user, expires, wait):
    hub = Orm(path)
    token = read_token()
    if wait:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        if sys.stdin.readline().strip() != "go":
            raise Refused("Nobody said go, so the database was not touched.")
    with hub.session() as session:
        of = owner(session, hub.orm, user)
        name = of.name
        new_token(hub.orm, token, of, expires)
        number = find_token(session, hub.orm, token)
        return {"user": name, "id": f"a{number}", "prefix": token[: hub.orm.APIToken.prefix_length]}


def token_delete(path):
    hub = Orm(path)
    token = read_token()
    with reading(path) as con:
        if "api_tokens" not in table_names(con):
            return {"deleted": 0}
    with hub.session() as session:
        number = find_token(session, hub.orm, token)
        if number is None:
            return {"deleted": 0}
        session.query(hub.orm.APIToken).filter_by(id=number).delete(synchronize_session=False)
        session.commit()
        return {"deleted": 1}


# --- command line ------------------------------------------------------------------------------------------------


def arguments():
    parser = argparse.ArgumentParser(prog="hubdb.py")
    verbs = parser.add_subparsers(dest="verb")
    verbs.required = True
    plain = {"facts": ["path"], "revision": ["path"], "digest": ["path"], "backup": ["path", "out"]}
    plain["compare"] = ["old", "new"]
    for verb, names in sorted(plain.items()):
        one = verbs.add_parser(verb)
        for name in names:
            one.add_argument(name)
    deeds = verbs.add_parser("token").add_subparsers(dest="deed")
    deeds.required = True
    one = deeds.add_parser("create")
    one.add_argument("--wait", action="store_true")
    one.add_argument("--user")
    one.add_argument("--expires", type=int, default=600)
    one.add_argument("path")
    deeds.add_parser("delete").add_argument("path")
    return parser.parse_args()


def run(given):
    if given.verb == "facts":
        return facts(given.path)
    if given.verb == "digest":
        return digest(given.path)
    if given.verb == "backup":
        return backup(given.path, given.out)
    if given.verb == "compare":
        return compare(given.old, given.new)
    if given.deed == "create":
        return token_create(given.path, given.user, given.expires, given.wait)
    return token_delete(given.path)


def main():
    # A TERM ends the program through its cleanup.
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda number, _: sys.exit(128 + number))
    try:
        given = arguments()
        if given.verb == "revision":
            print(revision(given.path))
        else:
            answer(run(given))
            if given.verb == "token":
                # All is committed and said, and the hub may be waiting: taking a whole hub's modules down takes longer.
                os._exit(0)
    except Refused as error:
        log(f"hubdb.py: {error}")
        sys.exit(1)
    except OSError as error:
        log(f"hubdb.py: {error.filename}: {error.strerror}")
        sys.exit(1)
    except NotKept:
        log("hubdb.py: No token is made, because the migration from JupyterHub 1.x drops all of them.")
        sys.exit(NOT_KEPT)


if __name__ == "__main__":
    main()
