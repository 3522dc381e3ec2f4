"""Where a backup is restored to prove it: another database of the same server, or a server of one's own."""

import contextlib
import copy
import hashlib
import os
import pwd
import secrets
import subprocess
import time

from .database import Refused
from .programs import private_directory, told

PREFIX = "jupyterhub_upgrade_"
# Seconds for a server of one's own to begin to answer.
START = 60
# A longer path leaves no room for a socket's name.
LONGEST = 60


class NoPlace(Exception):
    """Why a backup cannot be restored there."""


def prefix(database):
    """What the names of this database's scratch databases begin with."""
    return PREFIX + hashlib.sha256(str(database.url.database).encode("utf-8")).hexdigest()[:8] + "_"


def new_name(database):
    return prefix(database) + secrets.token_hex(8)


def beside(database, name, *more):
    """The same server's other database."""
    if hasattr(database.url, "set"):
        url = database.url.set(database=name)
    else:  # before SQLAlchemy 1.4 a URL can be changed
        url = copy.copy(database.url)
        url.database = name
    given = database.options.get("connect_args") or {}
    given = {key: value for key, value in given.items() if key not in ("dbname", "database", "db")}
    return alike(database, url, dict(database.options, connect_args=given), *more)


def alike(database, url, options, *more):
    """The same hub's tables in another place."""
    made = type(database)(url, options, *more)
    made.own(database.own_tables)
    return made


def first(database, file, ways, restore, advice):
    """What comes of restoring in the first of the ways [(context, where)] that there is."""
    said = []
    for place, where in ways:
        try:
            with place as scratch, database.words():
                return {"where": where, "digest": restore(scratch)}
        except NoPlace as error:
            said.append(f"{where}: {error}")
    tried = f" ({'; '.join(said)})" if said else ""
    raise Refused(
        f"{file} could not be restored to prove it, neither in a scratch database nor in a server of its own{tried}. "
        + advice
    )


# Ends the server, and removes all of it, when the pipe is closed: by the end of this program, whatever that is.
SUPERVISION = """
signal=$1 directory=$2
shift 2
"$@" </dev/null >"$directory/log" 2>&1 &
server=$!
read -r word
kill -s "$signal" "$server" 2>/dev/null
wait "$server" 2>/dev/null
rm -rf "$directory"
"""


class Account:
    """Who a server of one's own runs as: no server runs as root, so root takes the account of the package."""

    def __init__(self, name):
        self.entry = None
        self.able = True
        if os.geteuid() == 0:
            try:
                self.entry = pwd.getpwnam(name)
            except KeyError:
                self.able = False

    def become(self):
        if self.entry:
            os.setgroups([])
            os.setgid(self.entry.pw_gid)
            os.setuid(self.entry.pw_uid)

    def own(self, directory):
        if self.entry:
            os.chown(directory, self.entry.pw_uid, self.entry.pw_gid)


@contextlib.contextmanager
def own_server(account, file, make, serve, answers, signal):
    """Context: the directory of a server of one's own, which has nothing but a socket there.

    make(directory): the command that makes its data; serve(directory): the one that runs it; answers(directory):
    whether it does; signal: what ends it at once. It is made beside `file` if it can be: there is room
    for backups.
    """
    where = os.path.dirname(os.path.abspath(file))
    usable = not account.entry and len(where) < LONGEST
    with private_directory(where if usable else None) as directory:
        account.own(directory)
        environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": directory}
        options = {"cwd": directory, "env": environment, "preexec_fn": account.become}
        made = subprocess.run(
            make(directory), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options
        )
        if made.returncode != 0:
            raise NoPlace("its data could not be made: " + told(made.stdout.decode("utf-8", "replace")))
        command = ["/bin/sh", "-c", SUPERVISION, "sh", signal, directory] + serve(directory)
        process = subprocess.Popen(command, stdin=subprocess.PIPE, **options)
        try:
            deadline = time.monotonic() + START
            while not answers(directory):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise NoPlace("it does not start: " + last_words(directory))
                time.sleep(0.1)
            yield directory
        finally:
            process.stdin.close()
            process.wait()


def last_words(directory):
    try:
        with open(os.path.join(directory, "log"), encoding="utf-8", errors="replace") as log:
            return told(log.read()[-4000:])
    except OSError:
        return "it left no log"
