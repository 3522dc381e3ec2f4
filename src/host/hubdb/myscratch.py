"""Proof of a backup of MySQL or MariaDB: restored into a scratch database, or into a server of one's own."""

import contextlib
import os
import urllib.parse

import sqlalchemy

from . import myprograms, myrights
from .digests import digest_of
from .programs import candidates, numbers, version_text
from .scratch import PREFIX, Account, NoPlace, alike, beside, first, new_name, own_server, prefix

PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec") + myprograms.PLACES
NAME = "hub"


def proof(database, rights):
    """How a backup will be proven, as far as one can tell before."""
    if rights.may_create(PREFIX + "proof"):
        return "scratch database"
    return "server of its own" if server_program(database) else "none"


def server_program(database):
    """A server of the same kind and release, with an account it may run as."""
    if not Account("mysql").able:
        return None
    for path in candidates(["mariadbd", "mysqld"], PLACES):
        said = version_text(path)
        release = numbers(database.version_text())[:2]
        if numbers(said)[:2] == release and ("mariadb" in said.lower()) == database.is_mariadb():
            return path
    return None


def prove(database, file, visit=None):
    database.own(myprograms.tables_in(file))
    with database.reading():
        programs = myprograms.loading(database.is_mariadb())
        origin = Origin(database)
        ways = []
        if myrights.Rights(database).may_create(PREFIX + "proof"):
            ways.append((scratch_database(database, origin), "a scratch database"))
        if origin.server:
            ways.append((scratch_server(database, file, origin), "a server of its own"))

    def restore(scratch):
        myprograms.load(scratch, programs, file, [])
        with scratch.reading():
            digest = digest_of(scratch)
        if visit:
            visit(scratch)
        return digest

    pattern = PREFIX.replace("_", "\\_") + "%"
    advice = (
        f"Say GRANT ALL ON `{pattern}`.* for the hub's user, or install the server's own programs of its release on "
        "the hub's host."
    )
    return first(database, file, ways, restore, advice)


class Origin:
    """What a scratch database has to have of the hub's."""

    def __init__(self, database):
        charset, collation = database.several("SELECT @@character_set_database, @@collation_database")[0]
        self.defaults = f"CHARACTER SET {charset} COLLATE {collation}"
        self.server = server_program(database)
        self.mariadb = database.is_mariadb()
        self.case = int(database.value("SELECT @@lower_case_table_names"))


@contextlib.contextmanager
def scratch_database(database, origin):
    """Context: a database on the hub's own server.

    A lock is held on its name: a name on which nobody holds one is of a proof that was killed.
    """
    name = new_name(database)
    with database.connected("AUTOCOMMIT") as connection:

        def execute(statement):
            return connection.execute(sqlalchemy.text(statement))

        execute("SET SESSION wait_timeout = 86400")
        execute(f"SELECT GET_LOCK('{name}', 0)").fetchall()
        remove_stale(execute, prefix(database))
        try:
            execute(f"CREATE DATABASE {name} {origin.defaults}")
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise NoPlace(database.in_words(error.orig)) from error
        try:
            yield beside(database, name)
        finally:
            execute(f"DROP DATABASE IF EXISTS {name}")


def sweep(database):
    with database.connected("AUTOCOMMIT") as connection:
        remove_stale(lambda statement: connection.execute(sqlalchemy.text(statement)), prefix(database))


def remove_stale(execute, beginning):
    pattern = beginning.replace("_", "\\\\_") + "%"
    query = f"SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE '{pattern}'"
    for (name,) in execute(query).fetchall():
        name = name if isinstance(name, str) else bytes(name).decode("ascii")
        if execute(f"SELECT IS_FREE_LOCK('{name}')").fetchone()[0]:
            execute(f"DROP DATABASE IF EXISTS {name}")


@contextlib.contextmanager
def scratch_server(database, file, origin):
    def data(directory):
        return "--datadir=" + os.path.join(directory, "data")

    def make(directory):
        if not origin.mariadb:
            return [origin.server, "--no-defaults", data(directory), "--initialize-insecure"]
        installers = candidates(["mariadb-install-db", "mysql_install_db"], PLACES)
        if not installers:
            raise NoPlace("mariadb-install-db is missing")
        return [installers[0], "--no-defaults", data(directory), "--auth-root-authentication-method=normal"] + [
            "--skip-test-db",
            "--skip-name-resolve",
        ]

    def serve(directory):
        # Who may enter the directory may enter the server.
        settings = [
            "--skip-networking",
            "--socket=" + os.path.join(directory, "s"),
            "--pid-file=" + os.path.join(directory, "pid"),
            "--tmpdir=" + directory,
            "--skip-log-bin",
            "--innodb-buffer-pool-size=32M",
            "--innodb-flush-log-at-trx-commit=0",
            "--performance-schema=off",
            f"--lower-case-table-names={origin.case}",
        ]
        settings += [] if origin.mariadb else ["--mysqlx=OFF", "--secure-file-priv=NULL"]
        return [origin.server, "--no-defaults", data(directory)] + settings

    def scratch(directory, name):
        where = urllib.parse.quote(os.path.join(directory, "s"), safe="")
        charset = database.url.query.get("charset")
        query = f"unix_socket={where}" + (f"&charset={charset}" if isinstance(charset, str) else "")
        return alike(database, f"{database.url.drivername}://root@localhost/{name}?{query}", {})

    def answers(directory):
        return scratch(directory, "mysql").answers()

    with own_server(Account("mysql"), file, make, serve, answers, "KILL") as directory:
        with scratch(directory, "mysql").connected("AUTOCOMMIT") as connection:
            connection.execute(sqlalchemy.text(f"CREATE DATABASE {NAME} {origin.defaults}"))
        yield scratch(directory, NAME)
