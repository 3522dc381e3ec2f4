"""The command line: see __main__.py."""

import argparse
import json
import os
import signal
import sys

from . import digests, facts, inventory, loss, programs, tokens
from .database import Refused, TryAgain, log, open_database

TRY_AGAIN = 3
NOT_KEPT = 4


def answer(value):
    json.dump(value, sys.stdout, sort_keys=True)
    sys.stdout.write("\n")
    sys.stdout.flush()


def name(argument):
    """The text of an argument, whatever the locale: Python 3.6 takes what is not ASCII apart in that of C."""
    return os.fsencode(argument).decode("utf-8", "surrogateescape")


def arguments():
    parser = argparse.ArgumentParser(prog="hubdb")
    parser.add_argument("--tools", metavar="DIRECTORY", action="append", default=[])
    verbs = parser.add_subparsers(dest="verb")
    verbs.required = True
    for verb in ("facts", "revision", "digest", "empty", "sessions", "sweep"):
        one = verbs.add_parser(verb)
        one.add_argument("database")
        if verb == "facts":
            one.add_argument("--user", type=name)
    for verb in ("inventory", "backup", "copy"):
        one = verbs.add_parser(verb)
        one.add_argument("database")
        one.add_argument("out")
    for verb in ("prove", "put-back"):
        one = verbs.add_parser(verb)
        one.add_argument("database")
        one.add_argument("file")
    one = verbs.add_parser("scratch")
    for each in ("database", "file", "out"):
        one.add_argument(each)
    one = verbs.add_parser("loss")
    one.add_argument("database")
    one.add_argument("configured")
    one = verbs.add_parser("compare")
    one.add_argument("old")
    one.add_argument("new")
    deeds = verbs.add_parser("token").add_subparsers(dest="deed")
    deeds.required = True
    one = deeds.add_parser("create")
    one.add_argument("--wait", action="store_true")
    one.add_argument("--user", type=name)
    one.add_argument("--expires", type=int, default=600)
    one.add_argument("database")
    deeds.add_parser("delete").add_argument("database")
    return parser.parse_args()


def run(given, database):
    if given.verb == "compare":
        return inventory.compare(given.old, given.new)
    if given.verb == "token" and given.deed == "create":
        return tokens.create(database, given.user, given.expires, given.wait)
    if given.verb == "token":
        return tokens.delete(database)
    verbs = {
        "facts": lambda: facts.facts(database, given.user),
        "digest": lambda: digests.digest(database),
        "loss": lambda: loss.loss(database, given.configured),
        "inventory": lambda: inventory.write(database, given.out),
        "backup": lambda: database.backup(given.out),
        "copy": lambda: database.copy(given.out),
        "prove": lambda: database.prove(given.file),
        "put-back": lambda: database.put_back(given.file),
        "empty": database.empty,
        "sessions": database.sessions,
        "scratch": lambda: database.scratch(given.file, given.out),
        "sweep": lambda: database.sweep(),
    }
    return verbs[given.verb]()


def main():
    # A TERM ends the program through its cleanup.
    for each in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, lambda number, _: sys.exit(128 + number))
    given, database = arguments(), None
    programs.NAMED.extend(given.tools)
    try:
        if given.verb != "compare":
            database = open_database(given.database)
        if given.verb == "revision":
            print(facts.revision(database))
        else:
            answer(run(given, database))
            if given.verb == "token":
                # All is committed and said, and the hub may be waiting: taking a whole hub's modules down takes longer.
                os._exit(0)
    except Refused as error:
        log(str(error))
        later = isinstance(error, TryAgain) or not (database is None or database.is_reachable())
        sys.exit(TRY_AGAIN if later else 1)
    except OSError as error:
        log(f"{error.filename}: {error.strerror}.")
        sys.exit(1)
    except tokens.NotKept:
        log("No token is made, because the migration from JupyterHub 1.x drops all of them.")
        sys.exit(NOT_KEPT)
