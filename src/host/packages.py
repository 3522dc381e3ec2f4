"""What is installed beside JupyterHub, and what pip says it would install. Runs under the environment's interpreter.

usage: python -I packages.py installed
       python -I packages.py report FILE
       python packages.py place

`installed`: each distribution with its name, version, installer and where it is from if not from an index (`from`,
and whether it is `editable`), what each requires of the others' versions (`requirements`; null without a library that
can read them), and what a wheel has to fit (`platform`). The Littlest JupyterHub requires what its installer would put
there. `report`: FILE is of `pip install --report`; name and version of each package in it. Prints JSON.
`place`: where a JupyterHub outside of any environment lies: `user` or `system`, the directory of its packages and that
of its commands, a line each; status 1 where pip did not put it there. Then `elsewhere` is the directory of a package
that is installed in another one.
"""

import email.parser
import glob
import json
import os
import platform
import re
import site
import struct
import subprocess
import sys
import sysconfig
import urllib.parse

LONGEST = 1024
TLJH = "the-littlest-jupyterhub"


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement_class():
    """Something that reads `name[extra] >=1; marker`: the library, or pip's own copy of it."""
    for module in (
        "packaging.requirements",
        "pip._vendor.packaging.requirements",
        "pkg_resources.extern.packaging.requirements",
    ):
        try:
            return __import__(module, fromlist=["Requirement"]).Requirement
        except ImportError:
            pass
    return None


def read(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def directories():
    """Where packages lie, in the order in which Python looks."""
    named = [entry for entry in sys.path if os.path.basename(entry) in ("site-packages", "dist-packages")]
    return [entry for entry in named if os.path.isdir(entry)]


def origin(directory, name):
    """Where a distribution is from that is not from an index: URL or path, and whether it is editable."""
    try:
        direct = json.loads(read(os.path.join(directory, "direct_url.json")) or "{}")
    except ValueError:
        direct = {}
    if direct.get("url"):
        return direct["url"], bool((direct.get("dir_info") or {}).get("editable"))
    link = os.path.join(os.path.dirname(directory), name + ".egg-link")
    return (read(link).split("\n")[0], True) if os.path.exists(link) else (None, False)


def inside(place, ending):
    return sorted(glob.glob(os.path.join(glob.escape(place), "*" + ending)))


def metadata_paths():
    """Metadata of each distribution in the order in which Python looks: where it lies, and where it counts as lying."""
    for place in directories():
        for info in inside(place, ".dist-info") + inside(place, ".egg-info"):
            yield info, info
        for link in inside(place, ".egg-link"):
            for info in inside(read(link).split("\n")[0], ".egg-info"):
                yield info, os.path.join(place, os.path.basename(info))


def distributions():
    """Each installed distribution once: the directory of its metadata, and the metadata."""
    seen = set()
    for info, counted in metadata_paths():
        name = "METADATA" if info.endswith(".dist-info") else "PKG-INFO"
        text = read(os.path.join(info, name) if os.path.isdir(info) else info)
        metadata = email.parser.HeaderParser().parsestr(text)
        if metadata["Name"] and canonical(metadata["Name"]) not in seen:
            seen.add(canonical(metadata["Name"]))
            yield counted, metadata


def source_of(info, metadata):
    """Where the code of a distribution lies: beside its metadata, or where it is edited."""
    url, editable = origin(info, metadata["Name"])
    if not editable:
        return os.path.dirname(info)
    return urllib.parse.unquote(url[len("file://") :]) if url.startswith("file://") else url


def lines_of_tljh(code):
    """What the installer of The Littlest JupyterHub puts into the hub's environment. Its metadata has none of it."""
    listed = read(os.path.join(code, "tljh", "requirements-hub-env.txt"))
    if listed:
        # Behind a requirement may stand an option of pip's, or a comment.
        return [re.split(r"\s+(?:--|#)", line)[0] for line in listed.splitlines()]
    # Before 1.0 it was in the code.
    return re.findall(r"""["'](jupyterhub==[\w.*]+)["']""", read(os.path.join(code, "tljh", "installer.py")))


def requirements(info, metadata, requirement):
    """What one distribution requires of the versions of others, as far as it holds here."""
    lines = metadata.get_all("Requires-Dist") or []
    if canonical(metadata["Name"]) == TLJH:
        lines = lines + lines_of_tljh(source_of(info, metadata))
    for line in lines:
        try:
            read_line = requirement(line)
            if read_line.marker is not None and not read_line.marker.evaluate({"extra": ""}):
                continue
        except Exception:
            continue
        if str(read_line.specifier):
            yield {
                "by": canonical(metadata["Name"]),
                "name": canonical(read_line.name),
                "specifier": str(read_line.specifier),
            }


def hubs_directory(found):
    """Where JupyterHub lies, and its metadata, of these distributions."""
    for info, metadata in found:
        if canonical(metadata["Name"]) == "jupyterhub":
            return os.path.realpath(os.path.dirname(info)), info
    return None, None


def place():
    """Kind, packages and commands of an installation outside of any environment."""
    directory, info = hubs_directory(distributions())
    if info is None or read(os.path.join(info, "INSTALLER")).strip() != "pip":
        sys.exit(1)
    commands = re.search(r"^([^\n,]*)/jupyterhub,", read(os.path.join(info, "RECORD")), re.M)
    paths = sysconfig.get_paths()
    if os.path.realpath(paths["purelib"]) != os.path.realpath(paths["platlib"]):
        # What is put back is one directory.
        sys.exit(1)
    kind = "user" if directory == os.path.realpath(site.getusersitepackages()) else "system"
    return [kind, directory, os.path.realpath(os.path.join(directory, commands.group(1)))]


def installed():
    requirement = requirement_class()
    found, wanted = [], []
    all_there = list(distributions())
    home, _ = hubs_directory(all_there)
    for info, metadata in all_there:
        url, editable = origin(info, metadata["Name"])
        one = {"name": canonical(metadata["Name"]), "version": metadata["Version"] or "", "editable": editable}
        one["installer"] = read(os.path.join(info, "INSTALLER")).strip() or None
        one["from"] = url
        directory = os.path.realpath(os.path.dirname(info))
        if home and directory != home:
            one["elsewhere"] = directory
        found.append({name: value[:LONGEST] if isinstance(value, str) else value for name, value in one.items()})
        if requirement:
            wanted.extend(requirements(info, metadata, requirement))
    return {
        "installed": sorted(found, key=lambda one: one["name"]),
        "requirements": wanted if requirement else None,
        "platform": fitting(),
    }


def libc():
    """`glibc 2.36`, `musl 1.2`; None for another, or a version that cannot be told."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION")
    except (ValueError, OSError):
        pass
    for loader in glob.glob("/lib/ld-musl-*.so.1"):
        said = subprocess.run([loader], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE).stderr
        version = re.search(rb"^Version (\d+\.\d+)", said, re.MULTILINE)
        if version:
            return "musl " + version.group(1).decode()
    return None


def fitting():
    """What a wheel has to fit. A kernel of 64 bits may have an interpreter of 32."""
    return {
        "implementation": sys.implementation.name,
        "python": "%d.%d.%d" % sys.version_info[:3],
        "abi": "cp%d%d%s" % (sys.version_info[0], sys.version_info[1], sys.abiflags),
        "machine": platform.machine(),
        "bits": struct.calcsize("P") * 8,
        "libc": libc(),
    }


def report(file):
    chosen = json.loads(read(file))["install"]
    return [{"name": canonical(each["metadata"]["name"]), "version": each["metadata"]["version"]} for each in chosen]


if __name__ == "__main__":
    if sys.argv[1] == "place":
        print("\n".join(place()))
    else:
        print(json.dumps(installed() if sys.argv[1] == "installed" else report(sys.argv[2])))
