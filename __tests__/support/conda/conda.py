"""A stand-in for the command `conda`, for tests: the solver and the installer of rattler, real packages and a real
conda-meta behind as much of conda's command line as is used. It is not conda. Its messages are not conda's; the names
of its errors, its exit statuses, and what it prints where are, as recorded from conda 26.7.1.

CONDA_ROOT: a directory for its package cache. CONDA_CHANNELS: where packages come from without -c, with blanks.
"""

import argparse
import asyncio
import datetime
import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path

import rattler
from rattler import Channel, Gateway, MatchSpec, PrefixRecord, VirtualPackage

VERSION = "26.7.1"
ROOT = Path(os.environ["CONDA_ROOT"])
CACHE = ROOT / "pkgs"
PLATFORMS = ["linux-64" if os.uname().machine == "x86_64" else "linux-aarch64", "noarch"]


class Refused(Exception):
    def __init__(self, name, message, **more):
        self.answer = dict(exception_name=name, error=f"{name}: {message}", message=message, **more)


def records(prefix):
    found = [PrefixRecord.from_path(file) for file in (prefix / "conda-meta").glob("*.json")]
    return sorted(found, key=lambda record: record.name.normalized)


def key(record):
    return f"{record.url.rsplit('/', 1)[0]}::{record.name.normalized}-{record.version}-{record.build}"


def brief(record):
    place = record.url.rsplit("/", 2)[0]
    name, version, build = record.name.normalized, str(record.version), str(record.build)
    return {
        "base_url": place,
        "build_number": record.build_number,
        "build_string": build,
        "channel": place.rsplit("/", 1)[-1],
        "dist_name": f"{name}-{version}-{build}",
        "name": name,
        "platform": record.subdir,
        "version": version,
    }


def channels(given):
    found = given.channel + os.environ.get("CONDA_CHANNELS", "").split()
    for each in found:
        if each.startswith("file://") and not Path(each[7:]).is_dir():
            raise Refused("UnavailableInvalidChannel", f"HTTP 404 NOT FOUND for channel {each}", status_code=404)
    return [Channel(each) for each in found]


def gateway():
    return Gateway(cache_dir=CACHE / "cache")


def lookup(given, names):
    query = gateway().query(channels(given), PLATFORMS, specs=sorted(set(names)), recursive=False)
    return [record for found in asyncio.run(query) for record in found]


def read_spec(text):
    """`name=version=build`, which rattler has with blanks."""
    name, _, exact = text.partition("=")
    version, _, build = exact.partition("=")
    return f"{name} =={version} {build}" if version and build else text


def solved(given, old):
    given.specs = [read_spec(spec) for spec in given.specs]
    names = {MatchSpec(spec).name.normalized for spec in given.specs}
    kept = [record for record in old if record.name.normalized not in names]
    specs = given.specs + [record.name.normalized for record in kept]
    try:
        solving = rattler.solve(
            channels(given),
            specs,
            gateway=gateway(),
            platforms=PLATFORMS,
            locked_packages=kept,
            virtual_packages=VirtualPackage.detect(),
        )
        return asyncio.run(solving)
    except Refused:
        raise
    except Exception as error:
        missing = re.findall(r"No candidates were found for (.+?)\.?$", str(error), re.MULTILINE)
        if missing:
            text = "The following packages are not available from current channels:\n\n  - " + "\n  - ".join(missing)
            raise Refused("PackagesNotFoundInChannelsError", text, packages=missing) from None
        raise Refused("UnsatisfiableError", str(error)) from None


def listed(given, old):
    """What a list of URLs names, and beside it what is there already: conda removes nothing then."""
    lines = Path(given.file).read_text().splitlines()
    urls = [line.partition("#")[0] for line in lines if re.match(r"\w+://", line)]
    names = [url.rsplit("/", 1)[1].rsplit("-", 2)[0] for url in urls]
    found = {record.url: record for record in lookup(given, names)}
    gone = [url for url in urls if url not in found]
    if gone:
        raise Refused("PathNotFoundError", "\n".join(gone))
    return [found[url] for url in urls] + [record for record in old if record.name.normalized not in names]


def install(records_, prefix):
    asyncio.run(rattler.install(records_, prefix, cache_dir=CACHE, show_progress=False))


def remember(prefix, old, new, specs):
    before, after = {key(each) for each in old}, {key(each) for each in new}
    now = datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S")
    command = " ".join([os.environ.get("CONDA_EXE", sys.argv[0]), *sys.argv[1:]])
    lines = [f"==> {now} <==", f"# cmd: {command}", f"# conda version: {VERSION}"]
    lines += [f"-{each}" for each in sorted(before - after)] + [f"+{each}" for each in sorted(after - before)]
    # As conda does it: the file is written to where it lies.
    with open(prefix / "conda-meta" / "history", "a") as history:
        history.write("\n".join([*lines, f"# update specs: {specs}"]) + "\n")


def change(given):
    prefix = Path(given.prefix)
    old = []
    if given.verb == "install":
        if not (prefix / "conda-meta" / "history").is_file():
            name = "DirectoryNotACondaEnvironmentError" if prefix.is_dir() else "EnvironmentLocationNotFound"
            raise Refused(name, f"Not a conda environment: {prefix}")
        old = records(prefix)
    new = listed(given, old) if given.file else solved(given, old)
    before, after = {key(each): each for each in old}, {key(each): each for each in new}
    link = [each for name, each in after.items() if name not in before]
    unlink = [each for name, each in before.items() if name not in after]
    if not link and not unlink:
        return {"success": True, "message": "All requested packages already installed."}
    if not os.access(prefix / "conda-meta" if old else prefix.parent, os.W_OK):
        raise Refused("EnvironmentNotWritableError", f"No permission to write to the target environment {prefix}")
    actions = {"FETCH": [], "PREFIX": str(prefix)}
    actions.update(LINK=[brief(each) for each in link], UNLINK=[brief(each) for each in unlink])
    answer = {"success": True, "prefix": str(prefix), "actions": actions}
    if given.dry_run:
        return dict(answer, dry_run=True)
    if given.download_only:
        unused = tempfile.mkdtemp(dir=ROOT)
        install(new, unused)
        shutil.rmtree(unused)
        raise Refused(
            "CondaExitZero", "Package caches prepared. UnlinkLinkTransaction cancelled with --download-only option."
        )
    install(new, prefix)
    remember(prefix, old, new, given.specs)
    return answer


def listing(given):
    print(f"# platform: {PLATFORMS[0]}\n# created-by: conda {VERSION}\n@EXPLICIT")
    for record in records(Path(given.prefix)):
        print(f"{record.url}#{record.md5.hex()}")


def search(given):
    found = [brief(record) for record in lookup(given, given.specs)]
    return {name: [each for each in found if each["name"] == name] for name in given.specs}


def parser():
    top = argparse.ArgumentParser(prog="conda")
    top.add_argument("-V", "--version", action="version", version=f"conda {VERSION}")
    verbs = top.add_subparsers(dest="verb", required=True)
    for verb in ("install", "create", "list", "search"):
        one = verbs.add_parser(verb)
        one.add_argument("specs", nargs="*")
        one.add_argument("-p", "--prefix")
        one.add_argument("-c", "--channel", action="append", default=[])
        for flag in ("--json", "--dry-run", "--download-only", "--offline", "--explicit", "--md5"):
            one.add_argument(flag, action="store_true")
        for flag in ("-y", "-q"):
            one.add_argument(flag, action="store_true")
        one.add_argument("--file")
    return top


def main():
    given = parser().parse_args()
    try:
        answer = listing(given) if given.verb == "list" else search(given) if given.verb == "search" else change(given)
        if given.json and answer is not None:
            print(json.dumps(answer, indent=2))
        return 0
    except Refused as refused:
        well = refused.answer["exception_name"] == "CondaExitZero"
        where = sys.stdout if given.json and not well else sys.stderr
        print(json.dumps(refused.answer, indent=2) if given.json else refused.answer["error"], file=where)
        return 0 if well else 1


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # At once: threads of rattler that still run while Python takes itself apart end in a crash now and then.
    os._exit(status)
