"""The files that packages have outside of their own directory, where no environment is around them: commands, pages.

usage: python outside.py save PACKAGES COMMANDS WHEELS
       python outside.py put-back WHEELS

PACKAGES is the directory of the installed packages, COMMANDS that of their commands. `save` keeps in WHEELS/outside
what will be written over or removed when the wheels in WHEELS are installed, and the names of what will be new.
`put-back` makes all of it as it was, however far an installation came; it may run twice. Runs as the owner of the
packages.
"""

import configparser
import contextlib
import csv
import filecmp
import glob
import json
import os
import re
import shutil
import sys
import zipfile


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def outside(paths, packages):
    return {path for path in map(os.path.normpath, paths) if not path.startswith(packages + os.sep)}


def of_wheel(wheel, commands):
    """Where a wheel puts its commands and its data."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            data = re.match(r"[^/]+\.data/(scripts|data)/(.*[^/])$", name)
            if data:
                yield os.path.join(commands if data.group(1) == "scripts" else os.path.dirname(commands), data.group(2))
            elif name.endswith(".dist-info/entry_points.txt"):
                for command in commands_in(archive.read(name).decode("utf-8")):
                    yield os.path.join(commands, command)


def commands_in(text):
    points = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    points.optionxform = str
    points.read_string(text)
    return [
        command
        for section in ("console_scripts", "gui_scripts")
        if points.has_section(section)
        for command in points.options(section)
    ]


def of_installed(packages, names):
    """What the installed packages of these names say that they have."""
    for record in glob.glob(os.path.join(glob.escape(packages), "*.dist-info", "RECORD")):
        name = os.path.basename(os.path.dirname(record))[: -len(".dist-info")].rpartition("-")[0]
        if canonical(name) in names:
            with open(record, encoding="utf-8", newline="") as file:
                for row in csv.reader(file):
                    yield os.path.join(packages, row[0])


def missing_directories(path):
    """Directories above it that are not there yet, the innermost first."""
    directory = os.path.dirname(path)
    while not os.path.isdir(directory):
        yield directory
        directory = os.path.dirname(directory)


def save(packages, commands, wheels):
    packages = os.path.realpath(packages)
    files = glob.glob(os.path.join(glob.escape(wheels), "*"))
    strange = [os.path.basename(file) for file in files if os.path.isfile(file) and not file.endswith(".whl")]
    if strange:
        sys.exit("outside.py: %s is no wheel: what it would write is not known." % strange[0])
    files = [file for file in files if file.endswith(".whl")]
    names = {canonical(os.path.basename(file).split("-")[0]) for file in files}
    paths = outside(of_installed(packages, names), packages)
    for file in files:
        paths |= outside(of_wheel(file, commands), packages)
    store = os.path.join(wheels, "outside")
    shutil.rmtree(store, ignore_errors=True)
    os.mkdir(store)
    saved = []
    for number, path in enumerate(sorted(paths)):
        if os.path.lexists(path):
            shutil.copy2(path, os.path.join(store, str(number)), follow_symlinks=False)
            saved.append([path, number, []])
        else:
            saved.append([path, None, list(missing_directories(path))])
    with open(os.path.join(store, "new"), "w", encoding="utf-8") as file:
        json.dump(saved, file)
    os.rename(os.path.join(store, "new"), os.path.join(store, "paths"))
    os.sync()


def is_same(path, kept):
    if os.path.islink(path) or os.path.islink(kept):
        return os.path.islink(path) and os.path.islink(kept) and os.readlink(path) == os.readlink(kept)
    if not os.path.isfile(path) or not filecmp.cmp(path, kept, shallow=False):
        return False
    return os.stat(path).st_mode == os.stat(kept).st_mode


def put_back(wheels):
    store = os.path.join(wheels, "outside")
    with open(os.path.join(store, "paths"), encoding="utf-8") as file:
        saved = json.load(file)
    for path, number, _ in saved:
        if number is None:
            if os.path.lexists(path):
                os.unlink(path)
            continue
        kept = os.path.join(store, str(number))
        if is_same(path, kept):
            continue
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copy2(kept, path + ".jupyterhub-upgrade", follow_symlinks=False)
        os.replace(path + ".jupyterhub-upgrade", path)
    made = {directory for _, _, directories in saved for directory in directories}
    for directory in sorted(made, key=len, reverse=True):
        # Never made, or somebody else has something in it by now.
        with contextlib.suppress(OSError):
            os.rmdir(directory)
    # What was kept is removed next.
    os.sync()


if __name__ == "__main__":
    if sys.argv[1] == "save":
        save(*sys.argv[2:])
    else:
        put_back(*sys.argv[2:])
