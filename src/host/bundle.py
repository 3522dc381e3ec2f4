"""Collect a backup and write it as one tar to stdout: manifest.json first, then exactly what it lists.

usage: bundle.py DIRECTORY HANDED

Reads two lines of JSON: {"manifest", "restore", "names", "collect", "handed"}, and what `hubdb backup` said of the
database's copy, DIRECTORY/database: its format has a text in `restore` and a name for the bundle in `names`. HANDED is
a directory of files that only root may read, one per `handed` entry.
Runs as the hub's user: what that user cannot read is not in the backup, and the error says so.
"""

import grp
import hashlib
import io
import json
import os
import pwd
import re
import sys
import tarfile

BLOCK = 1 << 20


def owner_of(status):
    try:
        user = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        user = str(status.st_uid)
    try:
        group = grp.getgrgid(status.st_gid).gr_name
    except KeyError:
        group = str(status.st_gid)
    return user + ":" + group


def describe(source, name, path, kind, status):
    """The entry of the manifest. A database that is no file on this host has no path."""
    digest = hashlib.sha256()
    size = 0
    with open(source, "rb") as content:
        for block in iter(lambda: content.read(BLOCK), b""):
            digest.update(block)
            size += len(block)
    entry = {
        "file": name,
        "kind": kind,
        "mode": "%04o" % (status.st_mode & 0o777),
        "owner": owner_of(status),
        "size": size,
        "sha256": digest.hexdigest(),
    }
    if path is not None:
        entry["path"] = path
    return entry


def walk(path):
    """The regular files of a path: itself, or everything below it. Links are followed only at the top."""
    if not os.path.isdir(path):
        return [path]
    found = []
    for directory, below, names in os.walk(path):
        # Copies of ours, this backup's own among them.
        below[:] = sorted(name for name in below if not name.startswith(".jupyterhub-upgrade-"))
        for name in sorted(names):
            whole = os.path.join(directory, name)
            if not os.path.islink(whole) and os.path.isfile(whole):
                found.append(whole)
    return found


def add(tar, name, content, size):
    member = tarfile.TarInfo(name)
    member.size = size
    member.mode = 0o600
    tar.addfile(member, content)


def main():
    directory, handed = sys.argv[1:3]
    order = json.loads(sys.stdin.readline())
    copied = json.loads(sys.stdin.readline())
    manifest = order["manifest"]
    database = manifest["database"]
    database.update(digest=copied["digest"], format=copied["format"], file=order["names"][copied["format"]])
    if copied.get("tool"):
        database["tool"] = copied["tool"]
    copy = os.path.join(directory, "database")
    path = database.get("path")
    # A copy of a file gets its mode and owner; of a server's tables it belongs to the hub's user alone.
    live = os.stat(path if path is not None else copy)
    database["mode"] = "%04o" % (live.st_mode & 0o777)
    sources = [(copy, database["file"], path, "database", live)]
    seen = set()
    if path is not None:
        # The live database is in the bundle as its consistent copy; its files beside it would be neither.
        seen = {os.path.realpath(path) + suffix for suffix in ("", "-wal", "-shm", "-journal")}
    for wanted in order["collect"]:
        paths = walk(wanted["path"]) if os.path.exists(wanted["path"]) else []
        if not paths and wanted["kind"] == "extra":
            sys.exit("extra-backup-paths: %s does not exist or holds no file" % wanted["path"])
        for path in paths:
            real = os.path.realpath(path)
            if real in seen:
                continue
            seen.add(real)
            name = "%s/%d-%s" % (
                wanted["kind"],
                len(sources),
                re.sub(r"[^\w.+-]", "_", os.path.basename(path), flags=re.A),
            )
            sources.append((path, name, path, wanted["kind"], os.stat(path)))
    for entry in order["handed"]:
        source = os.path.join(handed, entry["name"])
        path = entry["path"]
        if os.path.exists(source) and os.path.realpath(path) not in seen:
            status = os.stat(path if os.path.exists(path) else source)
            sources.append((source, "%s/%s" % (entry["kind"], entry["name"]), path, entry["kind"], status))
    if copied["format"] == "lines":
        # No client of the server's own can put these back.
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "hubdb")
        for name in sorted(os.listdir(program)):
            if name.endswith(".py"):
                path = os.path.join(program, name)
                sources.append((path, "program/hubdb/" + name, None, "program", os.stat(path)))
    restore = order["restore"][copied["format"]].encode()
    with open(os.path.join(directory, "RESTORE.txt"), "wb") as out:
        out.write(restore)
    restore_path = os.path.join(directory, "RESTORE.txt")
    manifest["files"] = []
    for source, name, path, kind, status in sources:
        try:
            manifest["files"].append(describe(source, name, path, kind, status))
        except OSError as error:
            sys.exit("%s cannot be backed up: %s" % (path or source, error.strerror))
    text = json.dumps(manifest, indent=1, sort_keys=True).encode() + b"\n"
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT, bufsize=BLOCK) as tar:
        add(tar, "manifest.json", io.BytesIO(text), len(text))
        with open(restore_path, "rb") as content:
            add(tar, "RESTORE.txt", content, len(restore))
        for (source, name, _, _, _), listed in zip(sources, manifest["files"]):
            with open(source, "rb") as content:
                add(tar, name, content, listed["size"])
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
