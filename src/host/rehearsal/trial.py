"""Starts a trial hub (trial_hub.py), looks at it, and ends it.

usage: HUB_PYTHON trial.py CONFIG DATABASE OUT BEFORE VERSION SECONDS

BEFORE is the OUT of the release of before, or empty.

Stdin has an API token that is in DATABASE, or an empty line. JSON on stdout: {"start", "stop"} in centiseconds. One
sentence on stderr when it fails (status 1; 5 where the hub failed and had tried to reach another machine, which a trial
hub cannot).
"""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
NEEDS_NETWORK = 5
# Seconds for which it has to stay up, and that it is given to end.
STABLE = 3
STOP = 15


class Failed(Exception):
    """One sentence for people."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def now():
    return time.monotonic() * 100


class Trial:
    def __init__(self, config, database, out, before, version, seconds):
        self.out, self.version, self.seconds = out, version, int(seconds)
        self.log = out + ".log"
        self.port = free_port()
        program = [sys.executable, os.path.join(HERE, "trial_hub.py"), config, database, out]
        options = (["--before", before] if before else []) + ["--port", str(self.port)]
        self.began = now()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(program + options, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def look(self, *verb):
        """Asks with health.py, as the real hub will be asked."""
        program = [sys.executable, "-I", os.path.join(os.path.dirname(HERE), "health.py"), verb[0], self.base()]
        options = ["--version", self.version] + list(verb[1:])
        asked = subprocess.Popen(
            program + options, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        asked.stdin.write(self.token + b"\n")
        asked.stdin.flush()
        while asked.poll() is None and self.process.poll() is None:
            time.sleep(0.05)
        if asked.poll() is None:
            asked.kill()
        _, said = asked.communicate()
        self.lives()
        if asked.returncode != 0:
            words = said.decode("utf-8", "replace").strip().splitlines()
            raise Failed(words[-1] if words else "it could not be asked")

    def lives(self):
        if self.process.poll() is not None:
            raise Failed(f"it ended by itself with status {self.process.returncode}: {self.last_words()}")

    def base(self):
        with open(self.out, encoding="utf-8") as file:
            return "http://127.0.0.1:%d%s" % (self.port, json.load(file)["base_url"])

    def run(self, token):
        self.token = token
        deadline = now() + self.seconds * 100
        while not os.path.exists(self.out):
            self.lives()
            if now() > deadline:
                raise Failed(f"it was not set up after {self.seconds} s: {self.last_words()}")
            time.sleep(0.05)
        self.look("wait", "--timeout", str(self.seconds))
        start = now() - self.began
        self.look("check")
        stable = now() + STABLE * 100
        while now() < stable:
            self.lives()
            time.sleep(0.1)
        self.look("check")
        return {"start": round(start), "stop": round(self.stop())}

    def stop(self):
        began = now()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(STOP)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        return now() - began

    def last_words(self):
        """The line of the log that says why: the last of a traceback, or the newest that the hub took for grave."""
        try:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                lines = [line.rstrip() for line in file.read()[-65536:].splitlines() if line.strip()]
        except OSError:
            return "it left no log"
        telling = [
            line for line in lines if re.match(r"(\[[EC] |[A-Za-z_][\w.]*(Error|Exception|Exit)\b|trial_hub)", line)
        ]
        return (telling or lines or ["it said nothing"])[-1][:500]

    def wanted(self):
        """Whom it tried to reach."""
        try:
            with open(self.out + ".attempts", encoding="utf-8") as file:
                return file.read().split()
        except OSError:
            return []


def main():
    # A TERM ends the hub, too.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    token = sys.stdin.readline().strip().encode()
    trial = Trial(*sys.argv[1:7])
    try:
        print(json.dumps(trial.run(token)))
    except Failed as error:
        wanted = trial.wanted()
        sentence = f"{error}" + (f" (it had tried to reach {wanted[0]})" if wanted else "")
        sys.stderr.write("".join(each if each.isprintable() else " " for each in sentence) + "\n")
        sys.exit(NEEDS_NETWORK if wanted else 1)
    finally:
        trial.stop()


if __name__ == "__main__":
    main()
