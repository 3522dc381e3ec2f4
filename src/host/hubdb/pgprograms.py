"""pg_dump, pg_restore and psql: one that fits the server, with the parameters the hub's driver has."""

import contextlib
import importlib
import os
import re
import subprocess

from .database import Refused
from .programs import Failed, candidates, numbers, output, running, secret_file, version_text

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/libpq/bin")
LIBPQ_DRIVERS = ("psycopg2", "psycopg", "psycopg2cffi", "psycopg_async")
# What the drivers take beside what libpq does.
NOT_LIBPQ = (
    "connection_factory",
    "cursor_factory",
    "async",
    "async_",
    "autocommit",
    "prepare_threshold",
    "row_factory",
) + ("context", "server_cursor_factory")
MAGIC = b"PGDMP"
# A lock was not given in time.
LOCK_TIMEOUT = "55P03"


class Locked(Refused):
    """Others hold locks on the hub's tables."""


class Programs:
    """The programs of one installation."""

    def __init__(self, pg_dump, version):
        self.directory = os.path.dirname(pg_dump)
        self.version = version
        self.title = "pg_dump " + ".".join(str(part) for part in version)

    def path(self, name):
        return os.path.join(self.directory, name)


def installed():
    """Installations with all three programs, oldest first."""
    found = []
    for path in candidates(["pg_dump"], PLACES):
        # Debian's wrapper chooses one of those in PLACES.
        if os.path.basename(os.path.realpath(path)) == "pg_wrapper":
            continue
        programs = Programs(path, numbers(version_text(path)))
        if programs.version and all(os.access(programs.path(name), os.X_OK) for name in ("pg_restore", "psql")):
            found.append(programs)
    return sorted(found, key=lambda each: each.version)


def fitting(server):
    """The programs nearest to the server's release: older ones refuse it, newer ones write what it may not know."""
    major = major_of(server)
    fit = [each for each in installed() if major_of_program(each) >= major]
    if not fit:
        return None
    nearest = min(major_of_program(each) for each in fit)
    return max((each for each in fit if major_of_program(each) == nearest), key=lambda each: each.version)


def major_of(server):
    """15 of 150018, 9.6 of 90624: as a tuple."""
    return (server // 10000,) if server >= 100000 else (server // 10000, server // 100 % 100)


def major_of_program(programs):
    return programs.version[:1] if programs.version[0] >= 10 else programs.version[:2]


def missing(server):
    found = [".".join(str(part) for part in each.version) for each in installed()]
    major = ".".join(str(part) for part in major_of(server))
    what = f"only that of {', '.join(found)}" if found else "no pg_dump with psql and pg_restore"
    return (
        f"There is {what} on the hub's host, and the server is PostgreSQL {major}: the backup is made in lines through "
        f"SQLAlchemy. Install postgresql-client-{major} for one that every PostgreSQL tool reads."
    )


# --- parameters --------------------------------------------------------------------------------------------------


def libpq_of(driver):
    """The release of libpq that a driver has, (12, 3) for one; nothing where it has none."""
    number = 0
    with contextlib.suppress(ImportError, AttributeError):
        if driver == "psycopg2":
            number = importlib.import_module("psycopg2.extensions").libpq_version()
        elif driver == "psycopg":
            number = importlib.import_module("psycopg.pq").version()
    return (number // 10000,) if number else ()


def bounds(libpq):
    """What bounds the waiting for a server that has fallen silent; of that what is sent, and never acknowledged."""
    if not libpq:
        return {}
    found = {"connect_timeout": 15, "keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 4}
    return dict(found, tcp_user_timeout=60000) if libpq >= (12,) else found


def parameters(database):
    """libpq's parameters as the hub's driver gets them: (parameters without the password, the password)."""
    from sqlalchemy import create_engine

    _, given = create_engine(database.url).dialect.create_connect_args(database.url)
    given = dict(given, **(database.options.get("connect_args") or {}))
    if database.url.get_driver_name() not in LIBPQ_DRIVERS:
        given = of_other_driver(given)
    found = {("dbname" if name == "database" else name): value for name, value in given.items() if value is not None}
    found = {name: str(value) for name, value in found.items() if name not in NOT_LIBPQ}
    for name in ("dsn", "sslpassword"):
        if name in found:
            raise Failed(f"the hub's {name} cannot be handed to pg_dump.")
    password = found.pop("password", None)
    if password is not None:
        found.pop("passfile", None)
    return found, password


def of_other_driver(given):
    """What pg8000 calls otherwise."""
    names = ("host", "port", "user", "password", "database", "application_name")
    found = {name: given[name] for name in names if name in given}
    if given.get("unix_sock"):
        directory, _, port = str(given["unix_sock"]).rpartition("/.s.PGSQL.")
        found.update({"host": directory, "port": port})
    if given.get("ssl_context"):
        found["sslmode"] = "require"
    return found


def escaped(value, special):
    return "".join("\\" + each if each in special else each for each in value)


@contextlib.contextmanager
def connecting(database, programs):
    """Context: (arguments, environment, secret) with which a program reaches the database."""
    given, password = parameters(database)
    own = bounds(programs.version)
    given = {name: value for name, value in given.items() if name != "tcp_user_timeout" or name in own}
    for name, value in dict(own, application_name="jupyterhub-upgrade").items():
        given.setdefault(name, str(value))
    arguments = [
        "--no-password",
        "-d",
        " ".join(f"{name}='{escaped(given[name], chr(92) + chr(39))}'" for name in given),
    ]
    environment = dict(os.environ, LC_ALL="C")
    if password is None:
        yield arguments, environment, None
        return
    environment.pop("PGPASSWORD", None)
    with secret_file("*:*:*:*:" + escaped(password, "\\:") + "\n") as (path, secret):
        environment["PGPASSFILE"] = path
        yield arguments, environment, secret


# --- dump --------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def dumping(database, programs, options):
    """Context: pg_dump of the hub's tables, which runs meanwhile."""
    names = [(database.schema(), table) for table in database.tables()] + database.sequences()
    if not names:
        raise Refused(f"There are no tables of a hub in {database.title}.")
    selected = [option for schema, name in names for option in ("-t", database.qualified(schema, name))]
    with connecting(database, programs) as (arguments, environment, secret):
        command = [programs.path("pg_dump"), "--lock-wait-timeout=20000"] + options + selected + arguments
        with running(command, environment, secret):
            yield


def trial(database, programs):
    """What pg_dump says when it may not dump the hub's tables; nothing when all is well."""
    try:
        with dumping(database, programs, ["--schema-only", "-f", os.devnull]):
            pass
    except Failed as error:
        return database.in_words(error)
    return ""


# --- restore -----------------------------------------------------------------------------------------------------


IDENTIFIER = r'("(?:[^"]|"")+"|[^\s".]+)'
CREATES = re.compile(rf"^CREATE ((?:UNLOGGED )?TABLE|SEQUENCE) {IDENTIFIER}\.{IDENTIFIER}", re.MULTILINE)


def plain(identifier):
    return identifier[1:-1].replace('""', '"') if identifier.startswith('"') else identifier


def is_dump(file):
    with open(file, "rb") as opened:
        return opened.read(len(MAGIC)) == MAGIC


class Archive:
    """A file that pg_dump made, and the programs which read it and fit the server."""

    def __init__(self, file, server):
        self.file = file
        self.server = server
        self.programs, script = self.readable()
        self.schema = ""
        self.tables, self.sequences = [], []
        for kind, schema, name in CREATES.findall(script):
            self.schema = self.schema or plain(schema)
            (self.tables if kind.endswith("TABLE") else self.sequences).append(plain(name))
        if "users" not in self.tables:
            raise Refused(f"{file} has no tables of a hub.")

    def readable(self):
        fit = [each for each in installed() if major_of_program(each) >= major_of(self.server)]
        if not fit:
            raise Refused(missing(self.server))
        said = ""
        for programs in fit:
            try:
                return programs, output([programs.path("pg_restore"), "--schema-only", "-f", "-", self.file])
            except Failed as error:
                said = str(error)
        raise Refused(f"{self.file} cannot be read by {fit[-1].title}: {said}")


def load(database, archive, before, options=()):
    """Runs statements and then the archive's, all in one transaction.

    psql takes the end of its input for a COMMIT when it is told to make one transaction of it, also where this program
    was killed: the COMMIT is a statement, sent when the archive was read to its end.
    """
    programs = archive.programs
    settings = ["-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose", "-v", "SHOW_CONTEXT=never"]
    with connecting(database, programs) as (arguments, environment, secret):
        command = [programs.path("psql"), "-X", "-q"] + settings + ["-f", "-"] + arguments
        try:
            with running(command, environment, secret, stdin=subprocess.PIPE) as psql:
                feed(psql.stdin, archive, before, options)
        except Failed as error:
            raise in_words(error) from error


def feed(psql, archive, before, options):
    head = ["BEGIN", "SET LOCAL statement_timeout = 0", "SET LOCAL lock_timeout = '20s'"] + list(before)
    command = [archive.programs.path("pg_restore"), "--exit-on-error", "-f", "-"] + list(options) + [archive.file]
    with contextlib.suppress(BrokenPipeError):  # psql has ended, and says why
        psql.write("".join(statement + ";\n" for statement in head).encode("utf-8"))
        with running(command, stdout=subprocess.PIPE) as script:
            for line in script.stdout:
                # The settings come first. A server does not know those of a later release.
                if not (line.startswith(b"SET transaction_timeout") and archive.server < 170000):
                    psql.write(line)
                if line.startswith((b"CREATE ", b"ALTER ")):
                    break
            for part in iter(lambda: script.stdout.read1(1 << 16), b""):
                psql.write(part)
                psql.flush()
        # A pooler may give this session to the hub: what the archive sets for itself ends with the transaction.
        psql.write(b"RESET ALL;\nCOMMIT;\n")


def in_words(error):
    """The error of psql: its code and its first line. Of an error in the data only the code: the line may quote it."""
    found = re.search(r"(?:ERROR|FATAL|PANIC): +([0-9A-Z]{5}): (.*)", str(error))
    if not found:
        return error
    code, text = found.groups()
    if code == LOCK_TIMEOUT:
        return Locked(text)
    return Failed(f"psql: the data does not fit ({code})" if code.startswith("22") else f"psql: {text} ({code})")
