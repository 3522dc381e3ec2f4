"""A server's own programs: finding them, and running them without a secret in a command line."""

import contextlib
import glob
import os
import re
import shutil
import subprocess
import tempfile
import threading

from .database import Refused


class Failed(Refused):
    """A program that ended with an error: its name and what it said."""


# Directories that the admin named.
NAMED = []


def candidates(names, places=()):
    """Paths of programs by their names: in NAMED, along PATH and in `places` (patterns of directories), each once."""
    path = os.environ.get("PATH", os.defpath).split(os.pathsep)
    directories = NAMED + [entry for entry in path if os.path.isabs(entry)]
    directories += sorted(entry for place in places for entry in glob.glob(place))
    found = {}
    for path in [os.path.join(directory, name) for directory in directories for name in names]:
        if os.path.isfile(path) and os.access(path, os.X_OK):
            found.setdefault(os.path.realpath(path), path)
    return list(found.values())


def version_text(path):
    """What a program says to --version; nothing when it cannot run."""
    command = [path, "--version"]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    except OSError:
        return ""
    return done.stdout.decode("utf-8", "replace").strip()


def numbers(text):
    """The first version in a text, as a tuple."""
    found = re.search(r"\d+(\.\d+)+", text)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


# Where a plan has looked whether there is room.
ROOM = "/var/tmp"


@contextlib.contextmanager
def private_directory(beside=None):
    """Context: a new directory for the owner alone; in `beside` where that may be written to."""
    places = [place for place in (beside, os.environ.get("TMPDIR"), ROOM) if place and os.access(place, os.W_OK)]
    directory = tempfile.mkdtemp(prefix="hubdb-", dir=places[0] if places else None)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextlib.contextmanager
def secret_file(text):
    """Context: a file without a name, which nothing can leave behind, and the path that leads a program to it."""
    with tempfile.TemporaryFile() as file:
        file.write(text.encode("utf-8"))
        file.flush()
        yield f"/proc/self/fd/{file.fileno()}", file.fileno()


@contextlib.contextmanager
def running(command, environment=None, secret=None, alive=None, **pipes):
    """Context: a program beside this one, which is waited for at the end and killed where the end is not reached.

    `secret` is the descriptor of a file it may read. `alive` tells whether the server answers still: a client that has
    no bound of its own is killed when it does not.
    """
    pipes = dict({"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}, **pipes)
    with tempfile.TemporaryFile() as errors:
        try:
            given = [] if secret is None else [secret]
            process = subprocess.Popen(command, env=environment, stderr=errors, pass_fds=given, **pipes)
        except OSError as error:
            raise Failed(f"{os.path.basename(command[0])} could not be started: {error.strerror}.") from error
        silence = Silence(process, alive) if alive else None
        try:
            yield process
            if process.stdin:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.close()
            process.wait()
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()
            if silence:
                silence.end()
        if process.returncode != 0:
            errors.seek(0)
            said = told(errors.read(1 << 20).decode("utf-8", "replace"))
            if silence and silence.found:
                said = "the server does not answer any more"
            name = os.path.basename(command[0])
            said = re.sub(f"^{re.escape(name)}: (error: )?", "", said)
            raise Failed(f"{name}: {said or 'status %d' % process.returncode}")


def run(command, environment=None, **options):
    with running(command, environment, **options):
        pass


def output(command, environment=None, **options):
    with running(command, environment, stdout=subprocess.PIPE, **options) as process:
        return process.stdout.read().decode("utf-8", "replace")


def told(errors):
    """The line that says why, of all that a program wrote. The lines around it may hold a row."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    for line in lines:
        if re.search(r"\b(error|fatal|panic)\b", line, re.IGNORECASE):
            return line[:300]
    return lines[-1][:300] if lines else ""


class Silence:
    """Asks every now and then whether the server answers, and kills the program when it does not three times."""

    SECONDS = 20

    def __init__(self, process, alive):
        self.process, self.alive = process, alive
        self.found = False
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        failures = 0
        while not self.over.wait(self.SECONDS):
            failures = 0 if self.alive() else failures + 1
            if failures == 3 and not self.over.is_set():
                self.found = True
                self.process.kill()
                return

    def end(self):
        self.over.set()
