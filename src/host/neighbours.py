"""Who else holds what a hub needs: its database file, and the ports that its configuration says.

usage: HUB_PYTHON -I neighbours.py HUB_PID DATABASE [PORT …]

Runs as the hub's user. DATABASE is the real path of an SQLite file, or empty. JSON on stdout: {"database": [{"pid",
"command"}, …], "ports": [{"port", "pid", "command"}, …]}. Left out is what the hub and its children hold. A port that
nobody listens on has the pid 0; a process of another user, which only root may look into, has none (null).
"""

import json
import os
import sys

LISTENING = "0A"


def stat_of(pid):
    with open(f"/proc/{pid}/stat", "rb") as file:
        # What stands before the last bracket is a name, in which anything may be.
        return file.read().rpartition(b") ")[2].split()


def is_below(pid, ancestor):
    while pid > 1:
        if pid == ancestor:
            return True
        pid = int(stat_of(pid)[1])
    return False


def command(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        words = file.read().rstrip(b"\0").split(b"\0")
    # No more than what it is: arguments may hold secrets.
    names = [os.path.basename(word.decode("utf-8", "replace")) for word in words[:2]]
    return " ".join(name for name in names if not name.startswith("-"))[:100]


def open_files(pid):
    directory = f"/proc/{pid}/fd"
    for name in os.listdir(directory):
        try:
            yield os.readlink(os.path.join(directory, name))
        except OSError:
            continue


def processes(hub):
    """pid, and what it has open, of every process that may be looked into; the hub's own under its pid."""
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and int(name) != os.getpid():
                pid = int(name)
                yield (hub if is_below(pid, hub) else pid), set(open_files(pid))
        except (OSError, ValueError, IndexError):
            continue


def listeners():
    """Inodes of the sockets that listen, by port."""
    found = {}
    for name in ("tcp", "tcp6"):
        try:
            with open("/proc/net/" + name) as file:
                rows = [line.split() for line in file][1:]
        except OSError:
            continue
        for row in rows:
            if row[3] == LISTENING:
                found.setdefault(int(row[1].rpartition(":")[2], 16), set()).add(row[9])
    return found


def main():
    hub, database, ports = int(sys.argv[1] or 0), sys.argv[2], [int(port) for port in sys.argv[3:]]
    holders = list(processes(hub))
    listening = listeners()
    result = {"database": [], "ports": []}
    for pid, files in holders:
        if database and pid != hub and database in files:
            result["database"].append({"pid": pid, "command": command(pid)})
    for port in ports:
        sockets = {f"socket:[{inode}]" for inode in listening.get(port, ())}
        found = [pid for pid, files in holders if sockets & files]
        if not sockets:
            result["ports"].append({"port": port, "pid": 0, "command": ""})
        elif hub not in found:
            pid = found[0] if found else None
            result["ports"].append({"port": port, "pid": pid, "command": command(pid) if pid else ""})
    print(json.dumps(result))


if __name__ == "__main__":
    main()
