"""Digests of a database: its schema, and the rows of each table in any order."""

import hashlib
import json
import struct

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


def encode(value):
    """One value with its type, in a form no other value has."""
    if value is None:
        return b"n"
    if isinstance(value, str):
        text = value.encode("utf-8", "surrogateescape")
        return b"t%d:" % len(text) + text
    if isinstance(value, (bytes, bytearray, memoryview)):
        return b"b%d:" % len(value) + bytes(value)
    if isinstance(value, float):
        return b"f" + struct.pack(">d", value)
    if isinstance(value, int):
        return b"i%d;" % value
    if isinstance(value, (dict, list)):
        return b"j" + encode(json.dumps(value, sort_keys=True))
    # Dates, decimals, UUIDs: each has one text for each value.
    return b"o" + encode(type(value).__name__) + encode(str(value))


def rows_digest(database, table, columns, where=""):
    """Count and digest of rows in any order, in constant memory.

    The sha256 of every row is added up modulo 2^256. Sorting instead (ORDER BY all columns) would need memory or a
    temporary file as large as the table; XOR would lose a pair of equal rows. The sum guards against mistakes, not
    against somebody who constructs rows to collide.
    """
    names = sorted(columns)
    total = RowsDigest(table, names)
    for row in database.rows(table, names, where):
        total.add(row)
    return total.rows, total.result()


class RowsDigest:
    def __init__(self, table, names):
        self.base = hashlib.sha256(b"".join(encode(name) for name in [table] + names))
        self.rows = self.total = 0

    def add(self, row):
        digest = self.base.copy()
        digest.update(b"".join([encode(value) for value in row]))
        self.total += int.from_bytes(digest.digest(), "big")
        self.rows += 1

    def result(self):
        digest = self.base.copy()
        digest.update(b"%d:%d" % (self.rows, self.total % (1 << 256)))
        return digest.hexdigest()


def durable_digest(database, table, columns):
    if table in VOLATILE_TABLES:
        return ""
    keep = [column for column in columns if column not in VOLATILE_COLUMNS.get(table, {})]
    conditions = [sql for column, sql, _ in DURABLE_ROWS.get(table, []) if column in columns]
    return rows_digest(database, table, keep, " AND ".join(conditions))[1]


def schema_digest(lines):
    """Digest of the lines that say all of a schema, in any order."""
    return hashlib.sha256("\n".join(sorted(json.dumps(line) for line in lines)).encode("ascii")).hexdigest()


def digest_of(database):
    """The digest of a database that is being read."""
    result = {"schema": schema_digest(database.schema_lines()), "tables": {}}
    for table, columns in database.tables().items():
        rows, exact = rows_digest(database, table, columns)
        result["tables"][table] = {"rows": rows, "exact": exact, "durable": durable_digest(database, table, columns)}
    return result


def digest(database):
    with database.reading():
        return digest_of(database)
