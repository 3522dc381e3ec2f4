"""Make a channel of conda, in a directory, out of wheels and of the Python that runs this.

usage: channel.py CHANNEL WHEELS

Needs packaging and zstandard. Wheels without compiled code become `noarch: python`, which the installer links for the
environment's Python and gives its commands; of a command's prefix nothing stands in the package. Python is copied as
Debian has it, with a line that finds packages where conda puts them, because Debian's looks elsewhere.
"""

import configparser
import email
import hashlib
import io
import json
import os
import re
import sys
import tarfile
import zipfile
from pathlib import Path

import zstandard
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

PYTHON = "%d.%d" % sys.version_info[:2]
SUBDIR = "linux-64" if os.uname().machine == "x86_64" else "linux-aarch64"
SITE = """import site, sys
site.addsitedir(sys.prefix + "/lib/python%d.%d/site-packages" % sys.version_info[:2])
"""
LEFT_OUT = re.compile(
    r"(^|/)(__pycache__|test|tests|idlelib|lib2to3|tkinter|site-packages|dist-packages|config-[^/]+)(/|$)"
)


class Package:
    def __init__(self, name, version, build, depends, noarch=False):
        self.index = {"name": name, "version": version, "build": build, "build_number": 0, "depends": sorted(depends)}
        self.index["subdir"] = "noarch" if noarch else SUBDIR
        if noarch:
            self.index["noarch"] = "python"
        self.files = {}
        self.link = None

    def add(self, path, data, mode=0o644, link=None):
        self.files[path] = (data, mode, link)

    def paths(self):
        for path, (data, _, link) in sorted(self.files.items()):
            kind = "softlink" if link else "hardlink"
            sha256 = hashlib.sha256(data).hexdigest()
            yield {"_path": path, "path_type": kind, "sha256": sha256, "size_in_bytes": len(data)}

    def write(self, channel):
        """Writes the archive; gives the name of its file, and its record for the index."""
        stem = "{name}-{version}-{build}".format(**self.index)
        info = {
            "info/index.json": json.dumps(self.index),
            "info/files": "\n".join(sorted(self.files)) + "\n",
            "info/paths.json": json.dumps({"paths": list(self.paths()), "paths_version": 1}),
        }
        if self.link:
            info["info/link.json"] = json.dumps(self.link)
        parts = {"pkg": self.files, "info": {name: (text.encode(), 0o644, None) for name, text in info.items()}}
        file = channel / self.index["subdir"] / (stem + ".conda")
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr("metadata.json", '{"conda_pkg_format_version": 2}')
            for part, files in parts.items():
                archive.writestr(f"{part}-{stem}.tar.zst", zstandard.ZstdCompressor(level=3).compress(tar_of(files)))
        data = file.read_bytes()
        sums = {"md5": hashlib.md5(data).hexdigest(), "sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
        return file.name, dict(self.index, **sums)


def tar_of(files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for path, (data, mode, link) in sorted(files.items()):
            entry = tarfile.TarInfo(path)
            entry.mode, entry.mtime = mode, 1700000000
            if link:
                entry.type, entry.linkname = tarfile.SYMTYPE, link
            else:
                entry.size = len(data)
            tar.addfile(entry, None if link else io.BytesIO(data))
    return buffer.getvalue()


def spec(requirement):
    """A requirement of pip as conda has it, less its extras."""
    parts = []
    for each in requirement.specifier:
        if each.operator == "~=":
            parts += [f">={each.version}", "==" + ".".join(each.version.split(".")[:-1]) + ".*"]
        elif each.operator == "==" and each.version.endswith(".*"):
            parts.append(each.version)
        else:
            parts.append(each.operator + each.version)
    return (canonicalize_name(requirement.name) + " " + ",".join(parts)).strip()


def of_wheel(file):
    _, version, _, tags = parse_wheel_filename(file.name)
    archive = zipfile.ZipFile(file)
    pure = any(tag.platform == "any" for tag in tags)
    info = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA")).rsplit("/", 1)[0]
    metadata = email.message_from_bytes(archive.read(f"{info}/METADATA"))
    wanted = [Requirement(line) for line in metadata.get_all("Requires-Dist") or []]
    depends = {spec(each) for each in wanted if not each.marker or each.marker.evaluate({"extra": ""})}
    depends.add(f"python {PYTHON}.*")
    build = "py_0" if pure else "py" + PYTHON.replace(".", "") + "_0"
    package = Package(canonicalize_name(metadata["Name"]), str(version), build, depends, pure)
    site = "site-packages" if pure else f"lib/python{PYTHON}/site-packages"
    for entry in archive.infolist():
        if entry.is_dir():
            continue
        path = f"{site}/{entry.filename}"
        data = re.match(r"[^/]+\.data/(\w+)/(.*)", entry.filename)
        if data and data.group(1) == "data":
            path = data.group(2)
        elif data and data.group(1) in ("purelib", "platlib"):
            path = f"{site}/{data.group(2)}"
        elif data:
            continue
        package.add(path, archive.read(entry), 0o755 if (entry.external_attr >> 16) & 0o111 else 0o644)
    package.add(f"{site}/{info}/INSTALLER", b"conda\n")
    commands = configparser.ConfigParser(delimiters=("=",))
    commands.optionxform = str
    if f"{info}/entry_points.txt" in archive.namelist():
        commands.read_string(archive.read(f"{info}/entry_points.txt").decode())
    if pure:
        points = (
            [f"{name} = {where.split('[')[0].strip()}" for name, where in commands["console_scripts"].items()]
            if commands.has_section("console_scripts")
            else []
        )
        package.link = {"noarch": {"type": "python", "entry_points": points}, "package_metadata_version": 1}
    return package


def of_python():
    package = Package("python", "%d.%d.%d" % sys.version_info[:3], "0_cpython", [])
    library = Path(os.__file__).parent
    for file in sorted(library.rglob("*")):
        name = f"lib/python{PYTHON}/{file.relative_to(library)}"
        if file.is_file() and not LEFT_OUT.search(name) and file.name != "sitecustomize.py":
            package.add(name, file.read_bytes(), file.stat().st_mode & 0o777)
    package.add(f"lib/python{PYTHON}/sitecustomize.py", SITE.encode())
    package.add(f"lib/python{PYTHON}/site-packages/README.txt", b"")
    package.add(f"bin/python{PYTHON}", Path(sys._base_executable).resolve().read_bytes(), 0o755)
    for name in ("python", "python3"):
        package.add(f"bin/{name}", b"", 0o777, link=f"python{PYTHON}")
    return package


def main():
    channel, wheels = Path(sys.argv[1]), Path(sys.argv[2])
    indexes = {}
    for subdir in ("noarch", SUBDIR):
        (channel / subdir).mkdir(parents=True, exist_ok=True)
        indexes[subdir] = {"info": {"subdir": subdir}, "packages": {}, "packages.conda": {}, "repodata_version": 1}
    for package in [of_python(), *(of_wheel(file) for file in sorted(wheels.glob("*.whl")))]:
        name, record = package.write(channel)
        indexes[package.index["subdir"]]["packages.conda"][name] = record
    for subdir, index in indexes.items():
        (channel / subdir / "repodata.json").write_text(json.dumps(index))


if __name__ == "__main__":
    main()
