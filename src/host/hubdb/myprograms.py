"""mysqldump and mysql, or mariadb-dump and mariadb, with the parameters that the hub's driver has."""

import contextlib
import os
import re
import shutil
import subprocess

import sqlalchemy

from .database import Refused
from .programs import Failed, candidates, numbers, run, running, secret_file, version_text

PLACES = ("/usr/bin", "/usr/local/bin", "/usr/local/mysql/bin", "/opt/mysql/bin", "/opt/mariadb/bin")
HEADS = (b"-- MySQL dump", b"-- MariaDB dump")
# MariaDB's client takes it as a command, every other one stumbles over it.
SANDBOX = b"/*M!999999\\-"
END = b"-- Dump completed"
# What SHOW CREATE TABLE says of a table's next row; and the character set beside a collation, which tells it anyway:
# MySQL names it or not according to how the column was written when it was made.
PASSING = re.compile(r" AUTO_INCREMENT=\d+| CHARACTER SET \w+(?= COLLATE )")
CREATED = re.compile(rb"CREATE TABLE `((?:[^`]|``)+)`")
# Errors whose text quotes a value of a row or a part of the statement.
QUOTING = {1062, 1064, 1265, 1264, 1292, 1366, 1406, 1586, 3140, 4025}


class Programs:
    """A program that dumps, and the client beside it that loads."""

    def __init__(self, path):
        said = version_text(path)
        self.path = path
        self.name = os.path.basename(path)
        self.mariadb = "mariadb" in said.lower()
        # Before MariaDB 10.5 and MySQL 8.0 the program's own version comes first, its release after "Distrib".
        self.version = numbers(said.partition("Distrib ")[2] or said.partition("from ")[2] or said)
        self.title = f"{self.name} {'.'.join(str(part) for part in self.version)}"
        directory = os.path.dirname(path)
        clients = [os.path.join(directory, name) for name in ("mariadb", "mysql")]
        self.client = next((each for each in clients if os.access(each, os.X_OK)), None)


def installed():
    found = [Programs(path) for path in candidates(["mariadb-dump", "mysqldump"], PLACES)]
    return [each for each in found if each.version and each.client]


def fitting(mariadb):
    """The newest programs, of the server's own kind where they are there."""
    return max(installed(), key=lambda each: (each.mariadb == mariadb, each.version), default=None)


def loading(mariadb):
    programs = fitting(mariadb)
    if programs is None:
        raise Refused(missing(mariadb))
    return programs


def missing(mariadb):
    names, package = (
        ("mariadb-dump and mariadb", "mariadb-client") if mariadb else ("mysqldump and mysql", "mysql-client")
    )
    return (
        f"The programs {names} are not on the hub's host: the backup is made in lines through SQLAlchemy. Install "
        f"{package} for one that every client reads."
    )


# --- parameters --------------------------------------------------------------------------------------------------


def parameters(database):
    """What the hub's driver gets, by the names of an option file, and how it takes TLS: "", off, on, ca or identity."""
    url = database.url
    _, given = sqlalchemy.create_engine(url).dialect.create_connect_args(url)
    given = dict(given, **(database.options.get("connect_args") or {}))
    ssl = given.get("ssl") if isinstance(given.get("ssl"), dict) else {}
    names = {
        "host": ["host"],
        "port": ["port"],
        "socket": ["unix_socket"],
        "user": ["user", "username"],
        "password": ["password", "passwd"],
    }
    found = {}
    for option, keys in names.items():
        value = next((given[key] for key in keys if given.get(key) is not None), None)
        if value is not None:
            found[option] = str(value)
    for option in ("ca", "capath", "cert", "key", "cipher"):
        value = ssl.get(option, given.get("ssl_" + option))
        if value is not None:
            found["ssl-" + option] = str(value)
    if given.get("read_default_group") not in (None, "client"):
        raise Failed("the driver's read_default_group cannot be handed on.")
    return found, given.get("read_default_file"), tls(given, ssl, found, url.get_driver_name())


def is_on(value):
    return str(value).lower() in ("1", "true", "yes", "on")


def tls(given, ssl, found, driver):
    mode = str(given.get("ssl_mode", "")).upper()
    modes = {"DISABLED": "off", "PREFERRED": "", "REQUIRED": "on", "VERIFY_CA": "ca", "VERIFY_IDENTITY": "identity"}
    if mode in modes:
        return modes[mode]
    if is_on(given.get("ssl_disabled", "")):
        return "off"
    if is_on(given.get("ssl_verify_identity", "")):
        return "identity"
    if "ssl-ca" in found or "ssl-capath" in found:
        checked = ssl.get("check_hostname", driver == "pymysql" and "ssl" in given)
        return "identity" if is_on(checked) else "ca"
    if is_on(given.get("ssl_verify_cert", "")):
        return "ca"
    return "on" if ssl or is_on(given.get("ssl", "")) or "ssl-cert" in found else ""


def tls_options(how, mariadb):
    if not mariadb:
        modes = {"": "PREFERRED", "off": "DISABLED", "on": "REQUIRED", "ca": "VERIFY_CA", "identity": "VERIFY_IDENTITY"}
        # Where the connection is not encrypted the password is, by the server's key.
        return ["ssl-mode=" + modes[how], "loose-get-server-public-key"]
    return {
        "": ["skip-ssl-verify-server-cert"],
        "off": ["skip-ssl", "skip-ssl-verify-server-cert"],
        "on": ["ssl", "skip-ssl-verify-server-cert"],
        # This client checks all of a certificate or nothing of it.
        "ca": ["ssl", "ssl-verify-server-cert"],
        "identity": ["ssl", "ssl-verify-server-cert"],
    }[how]


def quoted(value):
    """A value of an option file; its reader takes off the quotes and resolves the escapes."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


@contextlib.contextmanager
def defaults(database, programs):
    """Context: the option that leads to a file with all parameters, and its descriptor."""
    found, include, how = parameters(database)
    lines = [f"!include {include}"] if include else []
    lines += ["[client]"] + [f"{name}={quoted(found[name])}" for name in sorted(found)]
    with secret_file("\n".join(lines + tls_options(how, programs.mariadb)) + "\n") as (path, secret):
        yield "--defaults-file=" + path, secret


# --- dump --------------------------------------------------------------------------------------------------------


def dump(database, programs, out, options=()):
    tables = list(database.tables())
    if not tables:
        raise Refused(f"There are no tables of a hub in {database.title}.")
    flags = ["--single-transaction", "--skip-lock-tables", "--skip-add-locks", "--hex-blob", "--no-tablespaces"]
    flags += ["--default-character-set=utf8mb4", "--max-allowed-packet=1G", "--result-file=" + out]
    if not programs.mariadb:
        flags += ["--set-gtid-purged=OFF", "--loose-column-statistics=0"]
    with defaults(database, programs) as (option, secret):
        command = [programs.path, option] + flags + list(options) + [database.schema()] + tables
        run(command, secret=secret, alive=database.answers)


def trial(database, programs):
    """What the program says when it may not dump the hub's tables; nothing when all is well."""
    try:
        dump(database, programs, os.devnull, ["--no-data"])
    except Failed as error:
        return database.in_words(error)
    return ""


# --- load --------------------------------------------------------------------------------------------------------


def is_dump(file):
    with open(file, "rb") as opened:
        line = opened.readline(1000)
        return (opened.readline(1000) if line.startswith(SANDBOX) else line).startswith(HEADS)


def tables_in(file):
    """The tables that a dump makes. One without its last line is not whole."""
    tables, last = [], b""
    with open(file, "rb") as opened:
        for line in opened:
            found = CREATED.match(line)
            if found:
                tables.append(found.group(1).decode("utf-8").replace("``", "`"))
            last = line[:100] if line.strip() else last
    if not last.startswith(END) or "users" not in tables:
        raise Refused(f"{file} is not a whole backup of a hub's tables.")
    return tables


def load(database, programs, file, before):
    """Runs statements and then the file's, as they come: of MySQL's DDL nothing can be rolled back."""
    flags = ["--batch", "--binary-mode", "--default-character-set=utf8mb4", "--max-allowed-packet=1G"]
    with defaults(database, programs) as (option, secret):
        command = [programs.client, option] + flags + [database.url.database]
        try:
            with running(command, secret=secret, stdin=subprocess.PIPE, alive=database.answers) as client:
                feed(client.stdin, file, before)
        except Failed as error:
            raise in_words(error) from error


def feed(client, file, before):
    with open(file, "rb") as opened, contextlib.suppress(BrokenPipeError):  # the client has ended, and says why
        client.write("".join(statement + ";\n" for statement in before).encode("utf-8"))
        first = opened.readline(1000)
        client.write(b"" if first.startswith(SANDBOX) else first)
        shutil.copyfileobj(opened, client, 1 << 16)


def in_words(error):
    found = re.search(r"ERROR (\d+)", str(error))
    if found and int(found.group(1)) in QUOTING:
        return Failed(f"the data does not fit (error {found.group(1)})")
    return error
