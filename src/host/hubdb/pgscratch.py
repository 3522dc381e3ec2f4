"""Proof of a backup of PostgreSQL: restored into a scratch database, or into a server of one's own."""

import contextlib
import os
import re
import time
import urllib.parse

import sqlalchemy

from . import pgprograms
from .database import Refused
from .digests import digest_of
from .programs import candidates, numbers, output, private_directory, version_text
from .scratch import Account, NoPlace, alike, beside, first, new_name, own_server, prefix

ROLE = "proof"


def proof(database, tool):
    """How a backup will be proven, as far as one can tell before."""
    if may_create(database):
        return "scratch database"
    return "server of its own" if server_programs(database.version()) else "none"


def may_create(database):
    return database.value("SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user")


def server_programs(server):
    """The directory of a server of the same release, with an account it may run as."""
    if not Account("postgres").able:
        return None
    for path in candidates(["initdb"], pgprograms.PLACES):
        version = numbers(version_text(path))
        directory = os.path.dirname(path)
        same = version and pgprograms.major_of(server) == (version[:1] if version[0] >= 10 else version[:2])
        if same and os.access(os.path.join(directory, "postgres"), os.X_OK):
            return directory
    return None


def prove(database, file, visit=None):
    with database.reading():
        archive = pgprograms.Archive(file, database.version())
        database.own(archive.tables)
        needs = Needs(database)
        ways = [(scratch_database(database, needs), "a scratch database")] if may_create(database) else []
        if server_programs(database.version()):
            ways.append((scratch_server(database, archive, needs), "a server of its own"))

    def restore(scratch):
        # Another server has neither the roles nor the tablespaces.
        options = ["--no-owner", "--no-acl", "--no-tablespaces"] if scratch.url.username == ROLE else []
        pgprograms.load(scratch, archive, needs.statements(), options)
        with scratch.reading():
            digest = digest_of(scratch)
        if visit:
            visit(scratch)
        return digest

    advice = (
        f"Let a superuser say ALTER ROLE {database.url.username or '…'} CREATEDB, or install the server's own programs "
        "of its release on the hub's host."
    )
    with needs.fetched(archive):
        return first(database, file, ways, restore, advice)


# --- what the tables need ----------------------------------------------------------------------------------------


class Needs:
    """What the hub's tables need that no dump of tables has: types, functions of triggers, extensions, the schema."""

    def __init__(self, database):
        self.database = database
        self.version = database.version()
        self.schema = database.schema()
        self.encoding = database.value("SELECT current_setting('server_encoding')")
        head = (
            database.hubs() + ", needed (classid, objid) AS (SELECT 'pg_class'::regclass::oid, oid FROM hubs UNION "
            "SELECT CASE WHEN d.classid = n.classid AND d.objid = n.objid THEN d.refclassid ELSE d.classid END, "
            "CASE WHEN d.classid = n.classid AND d.objid = n.objid THEN d.refobjid ELSE d.objid END "
            "FROM needed n JOIN pg_depend d ON (d.classid = n.classid AND d.objid = n.objid "
            "AND d.deptype IN ('n', 'e')) OR (d.refclassid = n.classid AND d.refobjid = n.objid "
            "AND d.deptype IN ('a', 'i'))) "
        )
        self.extensions = list(
            database.select(
                head + "SELECT e.extname, s.nspname FROM needed n JOIN pg_extension e "
                "ON n.classid = 'pg_extension'::regclass AND e.oid = n.objid "
                "JOIN pg_namespace s ON s.oid = e.extnamespace ORDER BY 1"
            )
        )
        schemas = database.select(
            head + "SELECT nspname FROM pg_namespace s JOIN needed n ON n.classid = 'pg_namespace'::regclass "
            "AND n.objid = s.oid WHERE nspname NOT LIKE 'pg\\_%' ORDER BY 1"
        )
        self.schemas = sorted({self.schema} | {name for (name,) in schemas})
        # Not what an extension brings, nor a table's own row type.
        self.objects = {
            (int(classid), int(objid))
            for classid, objid in database.select(
                head + "SELECT n.classid::bigint, n.objid::bigint FROM needed n WHERE n.classid IN "
                "('pg_type'::regclass, 'pg_proc'::regclass, 'pg_collation'::regclass, 'pg_operator'::regclass) "
                "AND n.objid >= 16384 AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = n.classid "
                "AND d.objid = n.objid AND (d.deptype = 'e' "
                "OR (d.deptype = 'i' AND d.refclassid <> 'pg_proc'::regclass)))"
            )
        }
        self.script = ""

    @contextlib.contextmanager
    def fetched(self, archive):
        """Context: what makes the types and functions is there, as the server has them now."""
        if self.objects:
            with self.database.words(), private_directory() as directory:
                self.script = self.definitions(archive.programs, directory)
        yield

    def definitions(self, programs, directory):
        dump, chosen = os.path.join(directory, "dump"), os.path.join(directory, "list")
        schemas = [option for name in self.schemas for option in ("-n", self.database.always_quoted(name))]
        with pgprograms.connecting(self.database, programs) as (arguments, environment, secret):
            command = [programs.path("pg_dump"), "-Fc", "--schema-only", "--no-owner", "--no-acl", "-T", "*.*"]
            output(command + ["-f", dump] + schemas + arguments, environment, secret=secret)
        lines = output([programs.path("pg_restore"), "-l", dump]).splitlines()
        with open(chosen, "w", encoding="utf-8") as file:
            file.write("\n".join(line for line in lines if self.is_needed(line)) + "\n")
        return output([programs.path("pg_restore"), "--no-owner", "--no-acl", "-L", chosen, "-f", "-", dump])

    def is_needed(self, line):
        """ID; CLASSID OID KIND …"""
        found = re.match(r"\d+; (\d+) (\d+) ", line)
        return found is not None and (int(found.group(1)), int(found.group(2))) in self.objects

    def statements(self):
        quoted = self.database.always_quoted
        # Whoever owns the tables may have them: nobody else may connect.
        for schema in self.schemas:
            yield f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}"
            yield f"GRANT ALL ON SCHEMA {quoted(schema)} TO PUBLIC"
        for name, schema in self.extensions:
            if name != "plpgsql":
                yield f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}"
                yield f"CREATE EXTENSION IF NOT EXISTS {quoted(name)} WITH SCHEMA {quoted(schema)}"
        if self.script:
            yield self.script


# --- a scratch database ------------------------------------------------------------------------------------------


@contextlib.contextmanager
def scratch_database(database, needs):
    """Context: a database that nobody else may enter, on the hub's own server.

    A lock in the hub's database is held on its name: a name on which it can be had is of a proof that was killed.
    """
    name = new_name(database)
    with database.connected("AUTOCOMMIT") as connection:

        def execute(statement):
            return connection.execute(sqlalchemy.text(statement))

        execute(lock_of(name))
        if needs.version >= 140000:
            execute("SET idle_session_timeout = 0")
        remove_stale(execute, prefix(database))
        try:
            execute(
                f"CREATE DATABASE {name} TEMPLATE template0 ENCODING '{needs.encoding}' LC_COLLATE 'C' LC_CTYPE 'C'"
            )
        except sqlalchemy.exc.SQLAlchemyError as error:
            raise NoPlace(database.in_words(error.orig)) from error
        try:
            execute(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
            yield entered(beside(database, name, needs.schema))
        finally:
            drop(execute, name)


def sweep(database):
    with database.connected("AUTOCOMMIT") as connection:
        remove_stale(lambda statement: connection.execute(sqlalchemy.text(statement)), prefix(database))


def lock_of(name):
    return f"SELECT pg_try_advisory_lock(hashtext('jupyterhub-upgrade'), hashtext('{name}'))"


def remove_stale(execute, beginning):
    pattern = beginning.replace("_", "\\_") + "%"
    query = f"SELECT datname FROM pg_database WHERE datname LIKE '{pattern}' AND pg_has_role(datdba, 'USAGE')"
    for (name,) in execute(query).fetchall():
        if execute(lock_of(name)).fetchone()[0]:
            drop(execute, name)


def drop(execute, name):
    """A program that was killed a moment ago may have a session yet."""
    for left in reversed(range(50)):
        execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        try:
            execute(f"DROP DATABASE IF EXISTS {name}")
            return
        except sqlalchemy.exc.SQLAlchemyError:
            if not left:
                raise
            time.sleep(0.2)


def entered(scratch):
    """The scratch database, when it lets the hub's role in: pg_hba.conf may name databases."""
    try:
        with scratch.connected():
            return scratch
    except Refused as error:
        raise NoPlace(str(error)) from error


# --- a server of its own -----------------------------------------------------------------------------------------


@contextlib.contextmanager
def scratch_server(database, archive, needs):
    programs = server_programs(needs.version)

    def program(name):
        return os.path.join(programs, name)

    def make(directory):
        # Who may enter the directory may enter the server.
        options = ["--auth=trust", "--no-locale", "--no-sync", "-U", ROLE, "-E", needs.encoding]
        return [program("initdb"), "-D", os.path.join(directory, "data")] + options

    def serve(directory):
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": directory,
            "port": "5432",
            "fsync": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "shared_buffers": "16MB",
            "maintenance_work_mem": "16MB",
            "max_connections": "10",
        }
        flags = [each for name in sorted(settings) for each in ("-c", f"{name}={settings[name]}")]
        return [program("postgres"), "-D", os.path.join(directory, "data")] + flags

    def scratch(directory):
        driver = database.url.drivername
        where = urllib.parse.quote(directory, safe="")
        query = f"host={where}"
        if database.url.get_driver_name() not in pgprograms.LIBPQ_DRIVERS:
            query = f"unix_sock={where}%2F.s.PGSQL.5432"
        return alike(database, f"{driver}://{ROLE}@/postgres?{query}", {}, needs.schema)

    def answers(directory):
        try:
            with scratch(directory).connected():
                return True
        except Refused:
            return False

    own = own_server(Account("postgres"), archive.file, make, serve, answers, "QUIT")
    with without_environment(), own as directory:
        yield scratch(directory)


@contextlib.contextmanager
def without_environment():
    """Context: nothing of the environment says which server is meant."""
    kept = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("PG")}
    try:
        yield
    finally:
        os.environ.update(kept)
