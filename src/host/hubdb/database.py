"""What every kind of database can do here, and what opens one."""

import contextlib
import importlib
import json
import os
import sys

# The class for each dialect of SQLAlchemy: its module and its name. What is not here is a Server like any other.
DIALECTS = {
    "postgresql": ("postgresql", "PostgreSQL"),
    "mysql": ("mysql", "MySQL"),
    "mariadb": ("mysql", "MySQL"),
}


class Refused(Exception):
    """Why the work was not done, one sentence for people."""


class TryAgain(Refused):
    """Why it was not done for now: others keep the hub's tables locked."""


class Database:
    """A hub's database. Nothing is opened before `reading`, `backup` or whatever it is needs it."""

    dialect = ""
    # For people: the path, or the URL without its password.
    title = ""

    def reading(self):
        """Context: one consistent read transaction. What follows, up to `schema_lines`, works within it."""
        raise NotImplementedError

    def has_table(self, name):
        raise NotImplementedError

    def tables(self):
        """{table: [column, …]} of the tables that are the hub's."""
        raise NotImplementedError

    def rows(self, table, columns, where=""):
        """Streams rows as tuples of None, bool, int, float, str, bytes and what `digests.encode` knows besides.

        A text that is no UTF-8 has its odd bytes as lone surrogates. `where` is a condition that every dialect takes.
        """
        raise NotImplementedError

    def select(self, sql):
        """Streams the rows of a statement that every dialect takes. A result is read to its end before the next."""
        raise NotImplementedError

    def quoted(self, name):
        """The name of a table or column as a statement must have it."""
        raise NotImplementedError

    def schema_lines(self):
        """Lists or texts that say all of the schema: columns, keys, indexes, triggers, less what comes and goes."""
        raise NotImplementedError

    def about(self):
        """What `facts` tells beside what it reads by itself, of the server, the rights and the tools; in `reading`.

        server, name: text. size: bytes or None. problems, warnings: sentences. backup: {format, tool}. proof: text.
        """
        raise NotImplementedError

    def backup(self, out):
        """Makes the file `out` (0600, it must not exist) and answers {format, tool, digest} of what is in it."""
        raise NotImplementedError

    def copy(self, out):
        """As `backup`, of a hub that need not stand still for it: what is in the copy is not told."""
        return self.backup(out)

    def prove(self, file, visit=None):
        """Restores what `backup` made into scratch, which is gone afterwards; {where, digest}.

        visit: a function that gets a scratch database of the server's own kind while it is there.
        """
        raise NotImplementedError

    def put_back(self, file):
        """Makes the hub's tables those of the file. May be killed and run again. {digest} of what is there then."""
        raise NotImplementedError

    def empty(self):
        """Drops the hub's tables, those of newer releases too; {dropped: [table, …]}."""
        raise NotImplementedError

    def sessions(self):
        """Other sessions on this database: [{user, from, since, application}, …]."""
        raise NotImplementedError

    def engine(self):
        """An engine of SQLAlchemy on which the hub's own code works."""
        raise NotImplementedError

    def is_reachable(self):
        """Whether a connection can be made just now."""
        return True

    def in_words(self, error):
        """One sentence for people on an error of the driver, without a secret."""
        raise NotImplementedError

    def revisions(self):
        """What alembic_version says: one revision, where all is well."""
        if not self.has_table("alembic_version"):
            return []
        return sorted(str(value)[:64] for (value,) in self.select("SELECT version_num FROM alembic_version"))


def log(line):
    """One line for people; what a path or a name brings along cannot break it."""
    sys.stderr.write("hubdb: " + "".join(each if each.isprintable() else "?" for each in line) + "\n")
    sys.stderr.flush()


def shown(text):
    """A text of the database for people: it has neither lone surrogates nor control characters."""
    if text.isprintable():
        return text
    text = text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(each if each.isprintable() else "?" for each in text)


def some(names, first=5):
    """The first of some names, and how many more there are."""
    return ", ".join(names[:first]) + (f" and {len(names) - first} more" if len(names) > first else "")


def open_database(argument):
    """The database that a DATABASE of the command line names."""
    if not argument.startswith("@"):
        from .sqlite import SQLite

        return SQLite(argument)
    try:
        with open(argument[1:], encoding="utf-8") as file:
            given = json.load(file)
        url, options = given["url"], given["kwargs"]
        # What the configuration set for its own process: a driver, or a program of the server's, may look there.
        os.environ.update(given.get("environment", {}))
    except (ValueError, KeyError, TypeError) as error:
        raise Refused(f"{argument[1:]} does not say which database the hub has.") from error
    dialect = url.partition(":")[0].partition("+")[0]
    module, name = DIALECTS.get(dialect, ("server", "Server"))
    database = getattr(importlib.import_module("hubdb." + module), name)(url, options)
    database.own(given.get("tables", ()))
    return database


@contextlib.contextmanager
def new_file(path):
    """Context: the file is made, for its owner alone; synced at the end, and removed when the end is not reached."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise Refused(f"{path} could not be made: {error.strerror}.") from error
    try:
        os.chmod(path, 0o600)
        yield
        sync(path)
        sync(os.path.dirname(os.path.abspath(path)))
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        raise


def sync(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
