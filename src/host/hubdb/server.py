"""A database of any dialect that the hub's own SQLAlchemy (1.1 to 2.x) reaches.

A dialect with more to offer than others is a subclass in a module of its own, with a line in database.DIALECTS. What it
may replace: `isolation` and `begin` (how one consistent read begins), `changing`, `schema_lines`, `about`, `backup`,
`prove`, `put_back`, `empty` and `sessions`; for a backup in lines what `making` has.
"""

import contextlib
import json
import os
import re
import sys
import urllib.parse

import sqlalchemy
import sqlalchemy.exc
from sqlalchemy import sql
from sqlalchemy.engine import url as urls

from . import lines
from .database import Database, Refused, new_file, some
from .making import Making, as_stored, quote, text
from .revisions import HUB_TABLES, TEMPORARY

VERSION = tuple(int(part) for part in re.findall(r"\d+", sqlalchemy.__version__)[:2])
# How a backup is made that no program of the database's makes.
LINES = {"format": "lines", "tool": "SQLAlchemy " + sqlalchemy.__version__}


class Server(Making, Database):
    # The isolation level in which all statements of a transaction see the same rows.
    isolation = "SERIALIZABLE"

    def __init__(self, url, options):
        try:
            self.url = urls.make_url(url)
        except Exception as error:
            # Not its text: that is the URL, with the password.
            raise Refused("The hub's db_url is no database URL.") from error
        self.options = options
        self.dialect = self.url.get_backend_name()
        self.title = self.without_secrets()
        self.own_tables = HUB_TABLES
        # Set in `reading`.
        self.connection = None
        self.inspector = None
        self.columns_of = {}

    def own(self, tables):
        """Counts tables among the hub's: those that its own code knows besides, or that a backup of it has."""
        self.own_tables = self.own_tables.union(tables)

    def without_secrets(self):
        """The URL less its password and its query, which may hold anything."""
        parts = {name: getattr(self.url, name) for name in ("drivername", "username", "host", "port", "database")}
        return repr(getattr(urls.URL, "create", urls.URL)(**parts))

    def engine(self):
        try:
            return sqlalchemy.create_engine(self.url, **self.options)
        except ImportError as error:
            raise Refused(f"The driver of {self.title} could not be imported: {error}.") from error
        except Exception as error:
            raise Refused(f"SQLAlchemy does not take {self.title} ({type(error).__name__}).") from error

    @contextlib.contextmanager
    def connected(self, isolation=None):
        """Context: a connection, with errors in words; in that isolation level where the dialect has it."""
        engine = self.engine()
        try:
            connection = engine.connect()
            try:
                yield self.isolated(connection, isolation)
            finally:
                connection.close()
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise Refused(self.in_words(getattr(error, "orig", None) or type(error).__name__)) from error
        finally:
            engine.dispose()

    def is_reachable(self):
        try:
            engine = self.engine()
        except Refused:
            return True  # it is not the server that is missing
        try:
            engine.connect().close()
        except sqlalchemy.exc.SQLAlchemyError:
            return False
        finally:
            engine.dispose()
        return True

    def isolated(self, connection, level):
        if level is None:
            return connection
        try:
            return connection.execution_options(isolation_level=level)
        except Exception:
            # Each dialect without that level says so in its own way. Its default is what there is.
            return connection

    @contextlib.contextmanager
    def reading(self):
        with self.connected(self.isolation) as connection:
            transaction = connection.begin()
            try:
                self.begin(connection)
                self.connection = connection
                self.inspector = sqlalchemy.inspect(connection)
                self.columns_of = {}
                yield self
            finally:
                self.connection = self.inspector = None
                transaction.rollback()

    def begin(self, connection):
        """The statements that make the transaction which has just begun a consistent one that only reads."""

    def has_table(self, name):
        return self.connection.dialect.has_table(self.connection, name)

    def tables(self):
        """The hub's tables by name, and those that refer to one of them by a foreign key, however indirectly."""
        names = set(self.inspector.get_table_names())
        found = {name for name in names if name in self.own_tables or name.startswith(TEMPORARY)}
        referred = {name: self.referred(name) for name in names - found}
        while True:
            # A key may lead to a table that is not there: a put-back that was killed had dropped it.
            more = {name for name in referred if name not in found and referred[name] & (found | self.own_tables)}
            if not more:
                return {name: [column["name"] for column in self.columns(name)] for name in sorted(found)}
            found |= more

    def referred(self, table):
        """The tables of the same schema that a table refers to."""
        keys = self.inspector.get_foreign_keys(table)
        return {key["referred_table"] for key in keys if key["referred_schema"] in (None, self.schema())}

    def schema(self):
        return self.inspector.default_schema_name

    def columns(self, table):
        """The columns of a table as SQLAlchemy's inspector describes them: name, type, nullable, default."""
        if table not in self.columns_of:
            self.columns_of[table] = self.inspector.get_columns(table)
        return self.columns_of[table]

    def rows(self, table, columns, where="", order=()):
        types = {column["name"]: column["type"] for column in self.columns(table)}
        source = sql.table(table, *(sql.column(name, as_stored(types[name])) for name in columns))
        selected = [self.selected(source.c[name], types[name]) for name in columns]
        statement = (sql.select(*selected) if VERSION >= (1, 4) else sql.select(selected)).select_from(source)
        if where:
            statement = statement.where(text(where))
        return self.stream(statement.order_by(*(source.c[name] for name in order)))

    def selected(self, column, kind):
        """What stands for a column of that type in a SELECT."""
        return column

    def select(self, statement):
        return self.stream(text(statement))

    def stream(self, statement):
        for row in self.connection.execute(statement.execution_options(stream_results=True)):
            yield tuple(row)

    def quoted(self, name):
        return quote(self.connection, name)

    def schema_lines(self):
        found = []
        for table in self.tables():
            for column in self.columns(table):
                found.append(
                    [table, "column"] + [str(column.get(key)) for key in ("name", "type", "nullable", "default")]
                )
            key = self.inspector.get_pk_constraint(table) or {}
            found.append([table, "primary key"] + list(key.get("constrained_columns") or []))
            for key in self.inspector.get_foreign_keys(table):
                options = sorted((name, str(value)) for name, value in (key.get("options") or {}).items())
                where = [key["constrained_columns"], key["referred_table"], key["referred_columns"], options]
                found.append([table, "foreign key", where])
            for index in self.inspector.get_indexes(table):
                found.append([table, "index", index["name"], index["column_names"], bool(index["unique"])])
        return found

    def about(self):
        version = getattr(self.connection.dialect, "server_version_info", None) or ()
        return {
            "server": " ".join([self.dialect, ".".join(str(part) for part in version)]).strip(),
            "name": self.url.database or "",
            "size": None,
            "problems": [],
            "warnings": self.left_alone(self.inspector.get_table_names()),
            "backup": LINES,
            "proof": "scratch file",
        }

    def left_alone(self, inside):
        """A warning of the tables that are not the hub's, of all in its schema."""
        others = sorted(set(inside) - set(self.tables()))
        if not others:
            return []
        return [f"Tables beside the hub's in {self.title} are neither backed up nor touched: {some(others)}."]

    def sessions(self):
        """A dialect that nothing is known of does not tell."""
        return []

    def backup(self, out):
        with new_file(out):
            digest = lines.dump(self, out)
        return dict(LINES, digest=digest)

    def prove(self, file, visit=None):
        if visit:
            raise Refused("Lines cannot be restored into another database of the server.")
        return lines.prove(file)

    def scratch(self, file, out):
        """Restores `file` and keeps it until stdin ends; `out` gets how to reach it, in the form of introspect.py."""

        def visit(scratch):
            url = scratch.url
            shown = url.render_as_string(hide_password=False) if hasattr(url, "render_as_string") else str(url)
            with open(out + ".new", "w", encoding="utf-8") as content:
                json.dump({"url": shown, "kwargs": scratch.options}, content)
            os.rename(out + ".new", out)
            sys.stdin.read()

        return {"where": self.prove(file, visit)["where"]}

    def sweep(self):
        """Drops scratch databases of programs that were killed."""

    def put_back(self, file):
        return lines.put_back(self, file)

    def empty(self):
        with self.reading():
            dropped = self.children_first(set(self.tables()))
        with self.changing() as connection:
            self.drop(connection, dropped)
        return {"dropped": sorted(dropped)}

    def in_words(self, error):
        """The first line of an error, less the password. Statements and their values are never told."""
        first = (str(error).strip() or type(error).__name__).splitlines()[0][:300]
        password = self.url.password
        for secret in {str(password or ""), urllib.parse.quote_plus(str(password or ""))}:
            first = first.replace(secret, "***") if len(secret) > 3 else first
        return f"The database {self.title} could not be used: {first}."
