"""What can be said of and done with an environment as a directory tree.

usage: python3 -I environment.py fingerprint DIRECTORY [--except PATH]...
       python3 -I environment.py digest DIRECTORY [--except PATH]...
       python3 -I environment.py exchange A B
       python3 -I environment.py free DIRECTORY

`fingerprint` covers names, types, modes, sizes and times (fast), `digest` contents in place of times. Both leave out
`__pycache__`, which running code rewrites, and the given paths, absolute or relative to DIRECTORY. `exchange` swaps two
directories in one step; status 3 where kernel or file system cannot. JSON on stdout, one sentence on stderr when it
fails (status 1).
"""

import argparse
import errno
import hashlib
import json
import os
import stat
import sys

UNSUPPORTED = 3
AT_FDCWD = -100
RENAME_EXCHANGE = 2
# The number of renameat2(2), for C libraries that are older than the kernel.
RENAMEAT2 = {"x86_64": 316, "aarch64": 276, "riscv64": 276, "ppc64le": 357, "s390x": 347, "armv7l": 382, "i686": 353}


class Refused(Exception):
    """Why the work was not done, one sentence for people."""


class Unsupported(Exception):
    """The kernel or the file system cannot do it."""


def walk(root, excepted):
    """Path relative to root, DirEntry and status of everything below root, in an order that only names decide."""
    waiting = [b""]
    while waiting:
        directory = waiting.pop()
        with os.scandir(os.path.join(root, directory)) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
        for entry in ordered:
            path = os.path.join(directory, entry.name)
            if entry.name == b"__pycache__" or path in excepted:
                continue
            status = entry.stat(follow_symlinks=False)
            yield path, entry, status
            if stat.S_ISDIR(status.st_mode):
                waiting.append(path)


def excepted_paths(root, given):
    """The given paths relative to root, whose own name and parents may be links."""
    found = set()
    for path in given:
        path = os.fsencode(path)
        if os.path.isabs(path):
            parent, name = os.path.split(path)
            path = os.path.relpath(os.path.join(os.path.realpath(parent), name), root)
        found.add(os.path.normpath(path))
    return found


def content_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(1 << 20), b""):
            digest.update(block)
    return digest.digest()


def tree_digest(directory, given, contents):
    root = os.path.realpath(os.fsencode(directory))
    excepted = excepted_paths(root, given)
    digest = hashlib.sha256()
    entries = size = 0
    for path, entry, status in walk(root, excepted):
        fields = [path, b"%o" % status.st_mode]
        if stat.S_ISLNK(status.st_mode):
            fields.append(os.readlink(entry.path))
        elif stat.S_ISREG(status.st_mode):
            size += status.st_size
            fields.append(b"%d" % status.st_size)
            fields.append(content_of(entry.path) if contents else b"%d" % status.st_mtime_ns)
        # The time and size of a directory change with its __pycache__.
        for field in fields:
            digest.update(b"%d:" % len(field) + field)
        digest.update(b"\n")
        entries += 1
    return {"digest" if contents else "fingerprint": digest.hexdigest(), "entries": entries, "bytes": size}


def renameat2(a, b):
    try:
        import ctypes
    except ImportError:
        return errno.ENOSYS
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = (AT_FDCWD, ctypes.c_char_p(a), AT_FDCWD, ctypes.c_char_p(b), ctypes.c_uint(RENAME_EXCHANGE))
    if hasattr(libc, "renameat2"):
        result = libc.renameat2(*arguments)
    elif os.uname().machine in RENAMEAT2:
        result = libc.syscall(ctypes.c_long(RENAMEAT2[os.uname().machine]), *arguments)
    else:
        return errno.ENOSYS
    return 0 if result == 0 else ctypes.get_errno()


def sync_directory(path):
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def exchange(a, b):
    a, b = os.path.abspath(a), os.path.abspath(b)
    for path in (a, b):
        if os.path.islink(path) or not os.path.isdir(path):
            raise Refused(f"{path} is not a directory.")
    if os.path.commonpath([a, b]) in (a, b):
        raise Refused(f"{a} and {b} lie within each other.")
    error = renameat2(os.fsencode(a), os.fsencode(b))
    if error in (errno.ENOSYS, errno.EINVAL):
        raise Unsupported()
    if error:
        raise Refused(f"{a} and {b} could not be exchanged: {os.strerror(error)}.")
    for parent in sorted({os.path.dirname(a), os.path.dirname(b)}):
        sync_directory(parent)
    return {"exchanged": True}


def free(directory):
    """Free bytes and inodes for who asks; null inodes where the file system has no limit."""
    status = os.statvfs(directory)
    return {"bytes": status.f_bavail * status.f_frsize, "inodes": status.f_favail if status.f_files else None}


def arguments():
    parser = argparse.ArgumentParser(prog="environment.py")
    verbs = parser.add_subparsers(dest="verb")
    verbs.required = True
    for verb in ("fingerprint", "digest"):
        one = verbs.add_parser(verb)
        one.add_argument("directory")
        one.add_argument("--except", dest="excepted", action="append", default=[], metavar="PATH")
    one = verbs.add_parser("exchange")
    one.add_argument("a")
    one.add_argument("b")
    verbs.add_parser("free").add_argument("directory")
    return parser.parse_args()


def run(given):
    if given.verb == "exchange":
        return exchange(given.a, given.b)
    if given.verb == "free":
        return free(given.directory)
    return tree_digest(given.directory, given.excepted, given.verb == "digest")


def fail(status, sentence):
    line = "".join(each if each.isprintable() else "?" for each in f"environment.py: {sentence}")
    sys.stderr.write(line + "\n")
    sys.exit(status)


def main():
    try:
        print(json.dumps(run(arguments()), sort_keys=True))
    except Refused as error:
        fail(1, error)
    except Unsupported:
        fail(UNSUPPORTED, "This kernel or file system cannot exchange two directories in one step.")
    except OSError as error:
        fail(1, f"{os.fsdecode(error.filename or b'')}: {error.strerror}.")


if __name__ == "__main__":
    main()
