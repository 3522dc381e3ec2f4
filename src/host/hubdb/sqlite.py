"""A database of SQLite: a file, read with the standard library alone and without writing anything beside it."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
import urllib.parse

from .database import Database, Refused, new_file
from .digests import digest_of

# Seconds to wait for a lock another process holds.
LOCK_TIMEOUT = 10


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


def text_of(stored):
    return stored.decode("utf-8", "surrogateescape")


class SQLite(Database):
    dialect = "sqlite"

    def __init__(self, path):
        self.title = path
        # SQLite keeps the -wal and -shm files beside the file a symbolic link leads to.
        self.path = os.path.realpath(path)
        self.connection = None
        self.in_wal = False

    @contextlib.contextmanager
    def reading(self):
        path = self.path
        if not os.path.isfile(path):
            raise Refused(f"There is no database file at {path}.")
        connection = None
        try:
            self.in_wal = is_wal(path)
            options = read_options(path)
            before = stamp(path)
            connection = sqlite3.connect(uri(path, options), uri=True, timeout=LOCK_TIMEOUT, isolation_level=None)
            connection.text_factory = text_of
            # Sorting must not spill rows into a temporary file.
            connection.execute("PRAGMA temp_store = MEMORY")
            connection.execute("BEGIN")
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            self.connection = connection
            yield self
            if "immutable" in options and stamp(path) != before:
                raise Refused(f"The database {path} changed while it was read.")
        except sqlite3.Error as error:
            raise Refused(self.in_words(error)) from error
        finally:
            self.connection = None
            if connection is not None:
                connection.close()

    def has_table(self, name):
        return name in self.table_names()

    def table_names(self):
        rows = self.select("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
        return [name for (name,) in list(rows) if not name.startswith("sqlite_")]

    def tables(self):
        """All of the file's: it is the hub's own."""
        return {table: self.column_names(table) for table in self.table_names()}

    def column_names(self, table):
        return [row[1] for row in self.select(f"PRAGMA table_info({self.quoted(table)})")]

    def rows(self, table, columns, where=""):
        selection = ", ".join(self.quoted(column) for column in columns)
        condition = " WHERE " + where if where else ""
        return self.select(f"SELECT {selection} FROM {self.quoted(table)}{condition}")

    def select(self, sql):
        return self.connection.execute(sql)

    def quoted(self, name):
        return '"' + name.replace('"', '""') + '"'

    def schema_lines(self):
        """All statements that made the schema, blanks normalised, less what SQLite itself adds."""
        return [
            [kind, name, table, " ".join((sql or "").split())]
            for kind, name, table, sql in self.select("SELECT type, name, tbl_name, sql FROM sqlite_master")
            if not name.startswith("sqlite_")
        ]

    def pragma(self, name):
        return next(iter(self.select("PRAGMA " + name)))[0]

    def about(self):
        sizes = [size(self.path + suffix) or 0 for suffix in ("", "-wal", "-journal")]
        check = self.pragma("quick_check(1)")[:200]
        return {
            "server": "SQLite " + sqlite3.sqlite_version,
            "name": self.path,
            "path": self.path,
            # The pragma does not say so of a file that is read as one that cannot change.
            "journal_mode": "wal" if self.in_wal else self.pragma("journal_mode"),
            "page_size": self.pragma("page_size"),
            "size": sum(sizes),
            "wal_size": sizes[1],
            "quick_check": check,
            "problems": [] if check == "ok" else [f"SQLite finds the database {self.path} damaged: {check}."],
            "warnings": [],
            "backup": {"format": "sqlite", "tool": "SQLite " + sqlite3.sqlite_version},
            "proof": "scratch file",
        }

    def backup(self, out):
        if not os.path.isfile(self.path):
            raise Refused(f"There is no database file at {self.title}.")
        out = os.path.abspath(out)
        beside = [out + suffix for suffix in ("-wal", "-shm", "-journal")]
        for each in beside:
            if os.path.lexists(each):
                raise Refused(f"{each} exists: SQLite would take it for a part of the backup.")
        with new_file(out):
            try:
                digest = self.write_backup(out)
                left = [each for each in beside if os.path.lexists(each)]
                if left:
                    raise Refused(f"{left[0]} was left beside the backup.")
            except BaseException:
                for each in beside:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(each)
                raise
        return {"format": "sqlite", "tool": "SQLite " + sqlite3.sqlite_version, "digest": digest}

    def write_backup(self, out):
        source_digest = None
        with self.reading():
            target = sqlite3.connect(uri(out, "mode=rw"), uri=True, isolation_level=None)
            try:
                # Nobody reads OUT before it is synced as a whole, so no journal and no waiting for the disk while the
                # hub cannot write.
                target.execute("PRAGMA journal_mode = OFF")
                target.execute("PRAGMA synchronous = OFF")
                if hasattr(self.connection, "backup"):
                    # In one step: a copy in several would begin again with every write of the hub.
                    self.connection.backup(target)
                else:
                    source_digest = digest_of(self)
                    copy_rows(self.connection, target)
            except sqlite3.Error as error:
                if "malformed" in str(error):
                    raise
                raise Refused(f"The backup {out} could not be written: {error}.") from error
            finally:
                target.close()
        digest = self.checked_digest(out, f"The backup of {self.title}")
        if source_digest not in (None, digest):
            raise Refused(f"The backup of {self.title} differs from the database.")
        return digest

    def checked_digest(self, path, what):
        copy = SQLite(path)
        with copy.reading():
            check = copy.pragma("integrity_check(1)")
            if check != "ok":
                raise Refused(f"{what} does not pass the integrity check: {check[:200]}.")
            return digest_of(copy)

    def prove(self, file):
        """On the database's own disk, as private as the database."""
        scratch = tempfile.mkdtemp(prefix=".jupyterhub-upgrade-proof.", dir=os.path.dirname(self.path))
        try:
            copy = os.path.join(scratch, "jupyterhub.sqlite")
            shutil.copyfile(file, copy)
            return {"where": "a scratch file", "digest": self.checked_digest(copy, "The restored database")}
        finally:
            shutil.rmtree(scratch)

    def sessions(self):
        return []

    def engine(self):
        import sqlalchemy
        import sqlalchemy.pool

        def connect():
            connection = sqlite3.connect(uri(self.path, "mode=rw"), uri=True, timeout=LOCK_TIMEOUT)
            connection.execute("PRAGMA foreign_keys = ON")
            return connection

        # A creator and not a URL: a URL of SQLAlchemy cannot name every path.
        return sqlalchemy.create_engine("sqlite://", creator=connect, poolclass=sqlalchemy.pool.NullPool)

    def in_words(self, error):
        text, path = str(error), self.path
        if "locked" in text:
            return f"The database {path} is locked by another process (waited {LOCK_TIMEOUT} seconds)."
        if "not a database" in text or "malformed" in text:
            return f"The database {path} is damaged: {text}."
        if "readonly" in text and os.path.exists(path + "-journal"):
            return f"The database {path} has an unfinished transaction beside it ({path}-journal), left by a crash."
        return f"The database {path} could not be read: {text}."


def quoted(name):
    return SQLite.quoted(None, name)


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
