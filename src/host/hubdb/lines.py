"""A database as lines of JSON: the backup where no program of the server's own makes one. See docs/lines-format.md.

The first line says what the tables look like, and how to make them. Then each table: a line with its name, and a line
for each row. The last line but one has the digest of it all, the last one the sha256 of all lines before it.
"""

import contextlib
import hashlib
import itertools
import json
import os
import sqlite3

from .database import Database, Refused
from .digests import RowsDigest, digest_of, durable_digest, schema_digest
from .making import place
from .programs import private_directory
from .values import Unknown, from_json, to_json

FORMAT = "jupyterhub-upgrade-lines"
VERSION = 1
# Rows that go to the database together.
BATCH = 500


# --- writing -----------------------------------------------------------------------------------------------------


class Writer:
    def __init__(self, file):
        self.file = file
        self.sha256 = hashlib.sha256()

    def line(self, value):
        line = json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"
        self.sha256.update(line)
        self.file.write(line)


def dump(database, path):
    """Writes a server's database to `path` in one consistent read; the digest of what is there then."""
    with open(path, "wb") as file, database.reading():
        writer = Writer(file)
        head = {
            "format": FORMAT,
            "version": VERSION,
            "dialect": database.dialect,
            "revision": database.revisions(),
            "schema": [list(line) for line in database.schema_lines()],
            "types": database.types(),
            "tables": database.definitions(),
        }
        writer.line(head)
        digest = {"schema": schema_digest(head["schema"]), "tables": {}}
        for table in head["tables"]:
            digest["tables"][table["name"]] = dump_table(database, writer, table)
        writer.line({"digest": digest})
        writer.line({"sha256": writer.sha256.hexdigest()})
    return digest


def dump_table(database, writer, table):
    name, columns = table["name"], [column["name"] for column in table["columns"]]
    order = sorted(range(len(columns)), key=lambda index: columns[index])
    total = RowsDigest(name, [columns[index] for index in order])
    writer.line({"table": name})
    for row in database.rows(name, columns, order=table["primary_key"]):
        try:
            writer.line([to_json(value) for value in row])
        except Unknown as error:
            raise Refused(f"The table {name} has a value of the type {error}, which no line can hold.") from error
        total.add([row[index] for index in order])
    return {"rows": total.rows, "exact": total.result(), "durable": durable_digest(database, name, columns)}


# --- reading -----------------------------------------------------------------------------------------------------


def is_lines(path):
    with open(path, "rb") as file:
        return file.read(12) == b'{"format":"j'


def checked(path):
    """(head, digest) of a file that is what was written, whole and unchanged."""
    sha256 = hashlib.sha256()
    first = last_but_one = last = None
    with open(path, "rb") as file:
        for line in file:
            if last is not None:
                sha256.update(last)
            if first is None:
                first = line
            last_but_one, last = last, line
    try:
        head = json.loads(first.decode("ascii"))
        if head["format"] != FORMAT:
            raise ValueError
    except (AttributeError, ValueError, KeyError, TypeError) as error:
        raise Refused(f"{path} is no backup in lines.") from error
    if last != json.dumps({"sha256": sha256.hexdigest()}, separators=(",", ":")).encode("ascii") + b"\n":
        raise Refused(f"{path} is not what was written: it was cut or changed.")
    if head["version"] != VERSION:
        raise Refused(f"{path} was written by another release of this program.")
    return head, json.loads(last_but_one.decode("ascii"))["digest"]


def tables_of(path):
    """Streams (table, rows) of a file, the rows as lists of values. The rows of one are read before the next."""
    with open(path, "rb") as file:
        table = None
        for is_row, lines in itertools.groupby(itertools.islice(file, 1, None), lambda line: line.startswith(b"[")):
            if is_row:
                yield table, ([from_json(value) for value in json.loads(line.decode("ascii"))] for line in lines)
            else:
                *_, table = [json.loads(line.decode("ascii")).get("table") for line in lines]


def batches(rows):
    while True:
        batch = list(itertools.islice(rows, BATCH))
        if not batch:
            return
        yield batch


# --- putting back ------------------------------------------------------------------------------------------------


def put_back(database, path):
    """Drops the hub's tables, and makes and fills them anew; again from the beginning where it was killed."""
    head, expected = checked(path)
    if head["dialect"] != database.dialect:
        raise Refused(f"{path} is the backup of a database of {head['dialect']}, {database.title} is another.")
    database.own(table["name"] for table in head["tables"])
    with database.reading():
        dropped = database.children_first(set(database.tables()))

    def drop(connection):
        database.drop(connection, dropped)

    def make(connection):
        database.make_types(connection, head["types"])
        for table in head["tables"]:
            for statement in table["create"]:
                database.run(connection, statement)

    def fill(connection):
        inserts = database.inserts(connection, [table["name"] for table in head["tables"]])
        places = [place(index) for index in range(max((len(table["columns"]) for table in head["tables"]), default=0))]
        for name, rows in tables_of(path):
            for batch in batches(rows):
                connection.execute(inserts[name], [dict(zip(places, row)) for row in batch])

    def count(connection):
        for table in head["tables"]:
            database.set_counter(connection, table)

    database.change(drop, make, fill, count)
    with database.reading():
        found = digest_of(database)
    different = [name for name, table in expected["tables"].items() if found["tables"].get(name) != table]
    if different:
        raise Refused(f"The table {different[0]} is not what the backup {path} has: put it back again.")
    return {"digest": found}


# --- proof -------------------------------------------------------------------------------------------------------


def prove(path):
    head, _ = checked(path)
    with private_directory(os.path.dirname(os.path.abspath(path))) as directory:
        connection = sqlite3.connect(os.path.join(directory, "lines.sqlite"), isolation_level=None)
        try:
            scratch = Scratch(connection, head)
            scratch.load(path)
            return {"where": "a scratch file", "digest": digest_of(scratch)}
        except sqlite3.Error as error:
            raise Refused(f"{path} could not be restored into a scratch file: {error}.") from error
        finally:
            connection.close()


# What SQLite has no type for is kept as bytes that begin like this, and so are bytes that do.
ODD = b"\0odd "


def to_scratch(value):
    if isinstance(value, (bytes, bytearray, memoryview)) and not bytes(value).startswith(ODD):
        return bytes(value)
    if value is None or (isinstance(value, int) and -(1 << 63) <= value < 1 << 63):
        return value
    if isinstance(value, str):
        with contextlib.suppress(UnicodeEncodeError):  # of a lone surrogate
            value.encode("utf-8")
            return value
    return ODD + json.dumps(to_json(value)).encode("ascii")


def from_scratch(value):
    if isinstance(value, bytes) and value.startswith(ODD):
        return from_json(json.loads(value[len(ODD) :].decode("ascii")))
    return value


class Scratch(Database):
    """The tables of a file in SQLite, with the values they have there. What the schema was, only the file tells."""

    def __init__(self, connection, head):
        self.connection = connection
        self.head = head

    def load(self, path):
        self.connection.execute("PRAGMA journal_mode = OFF")
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.execute("BEGIN")
        for table in self.head["tables"]:
            columns = [quoted(each["name"]) + ("" if each["nullable"] else " NOT NULL") for each in table["columns"]]
            if table["primary_key"]:
                columns.append("PRIMARY KEY (%s)" % ", ".join(quoted(each) for each in table["primary_key"]))
            self.connection.execute("CREATE TABLE %s (%s)" % (quoted(table["name"]), ", ".join(columns)))
        for name, rows in tables_of(path):
            places = ", ".join("?" for _ in self.tables()[name])
            insert = f"INSERT INTO {quoted(name)} VALUES ({places})"
            self.connection.executemany(insert, ([to_scratch(value) for value in row] for row in rows))
        self.connection.execute("COMMIT")

    def tables(self):
        return {table["name"]: [column["name"] for column in table["columns"]] for table in self.head["tables"]}

    def schema_lines(self):
        return self.head["schema"]

    def rows(self, table, columns, where=""):
        selection = ", ".join(quoted(column) for column in columns)
        condition = " WHERE " + where if where else ""
        for row in self.connection.execute(f"SELECT {selection} FROM {quoted(table)}{condition}"):
            yield tuple(from_scratch(value) for value in row)


def quoted(name):
    return '"' + name.replace('"', '""') + '"'
