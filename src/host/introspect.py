"""What a JupyterHub's own code makes of its configuration, without starting the hub.

usage: HUB_PYTHON introspect.py [--database-file FILE] [the hub's own arguments]

Runs under the hub's interpreter, in its directory, as its user, with its environment; every release from 1.0 on.
JSON on stdout, one sentence on stderr when it fails (status 1). Executes the configuration, as the hub's start and
`jupyterhub upgrade-db` do, and writes nothing itself: no database is opened, no secret made, no bytecode left behind.
Secrets are not told, so neither is what the configuration prints. What other programs need to reach the database, its
password among it, goes into FILE, which only the hub's user can read.
"""

import hashlib
import hmac
import json
import os
import re
import stat
import sys
import sysconfig
from urllib.parse import urlparse

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))

LONGEST = 4096
MOST_FILES = 1000
# Errors whose text names things and not values. The text of any other may hold a secret of the configuration.
TELLING = (ImportError, SyntaxError, NameError, AttributeError, KeyError, OSError)
# Not a part of the configuration even where it reads them: what the kernel and the distribution made.
SYSTEM = ("/proc", "/sys", "/dev", "/usr/lib", "/usr/share", "/lib", "/lib64")
ANNOUNCEMENT = re.compile(r"{%[-+]?\s*block\s+announcement\b")
EXTENDS_DEFAULT = re.compile(r"""{%[-+]?\s*extends\s+["']templates/page\.html["']""")


class Refused(Exception):
    """Why there is no answer, one sentence for people."""


def bounded(value, longest=LONGEST):
    return str(value)[:longest]


def within(path, directory):
    return path == directory or path.startswith(directory.rstrip("/") + "/")


# --- which files the configuration reads -------------------------------------------------------------------------


def interpreter_directories():
    """Where the code of the interpreter and of installed packages lies."""
    paths = sysconfig.get_paths()
    found = {paths[name] for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    found.update(entry for entry in sys.path if os.path.basename(entry) in ("site-packages", "dist-packages"))
    found.add(os.path.dirname(os.__file__))
    return sorted({os.path.abspath(entry) for entry in found} | {os.path.realpath(entry) for entry in found})


class FilesRead:
    """Records the files the configuration opens for reading, and the modules it has from outside the environment.

    Counted is what the configuration opens, also through a library it calls; not what a library opens while it is
    imported. From Python 3.8 on an audit hook sees every open; before, the function `open` is watched.
    """

    def __init__(self):
        self.installed = interpreter_directories()
        self.paths = set()
        self.active = False
        add_hook = getattr(sys, "addaudithook", None)
        self.complete = add_hook is not None
        if add_hook:
            add_hook(self.audit)
        else:
            self.watch_open()

    def audit(self, event, arguments):
        if not self.active or event != "open":
            return
        path, _, flags = arguments
        if isinstance(path, (str, bytes)) and (flags or 0) & os.O_ACCMODE == os.O_RDONLY:
            self.record(os.fsdecode(path), sys._getframe(1))

    def watch_open(self):
        import builtins
        import io

        original = builtins.open

        def watched(file, mode="r", *arguments, **options):
            if self.active and isinstance(file, (str, bytes, os.PathLike)) and not set(mode) & set("wax+"):
                self.record(os.fsdecode(file), sys._getframe(1))
            return original(file, mode, *arguments, **options)

        builtins.open = io.open = watched

    def record(self, path, frame):
        path = os.path.abspath(path)
        while frame is not None:
            code = frame.f_code.co_filename
            if "importlib" in code:
                # The import system itself reads source or bytecode: a module of the configuration's own counts.
                if path.endswith(".pyc"):
                    path = source_of(path)
                break
            if not code.startswith("<frozen") and not self.is_installed(os.path.abspath(code)):
                self.add(path)
                return
            frame = frame.f_back
        if path.endswith(".py") and frame is not None:
            self.add(path)

    def is_installed(self, path):
        return any(within(path, directory) for directory in self.installed)

    def add(self, path):
        if not self.is_installed(path) and not any(within(path, directory) for directory in SYSTEM):
            self.paths.add(path)

    def add_modules(self):
        for module in list(sys.modules.values()):
            path = getattr(module, "__file__", None)
            if isinstance(path, str) and path.endswith(".py") and module.__name__ != "__main__":
                self.add(os.path.abspath(path))

    def result(self, config_directory, less):
        """The regular files among them. Directly in /etc lies the system's own configuration, not the hub's."""
        found = []
        for path in sorted(self.paths - set(less)):
            elsewhere = os.path.dirname(path) == "/etc" and config_directory != "/etc"
            if os.path.isfile(path) and not elsewhere and not within(path, HERE):
                found.append(bounded(path))
        return found[:MOST_FILES], self.complete and len(found) <= MOST_FILES


def source_of(path):
    import importlib.util

    try:
        return importlib.util.source_from_cache(path)
    except ValueError:
        return path


# --- what the hub makes of it ------------------------------------------------------------------------------------


def refusing_traits():
    """A list that gets the names of traits that refuse their value. Only the names: the log line has the value too."""
    import logging

    names = []
    make = logging.getLogRecordFactory()

    def watched(*arguments, **options):
        record = make(*arguments, **options)
        names.extend(re.findall(r"The '?(\w+)'? trait of", record.getMessage()))
        return record

    logging.setLogRecordFactory(watched)
    return names


def where(error, files):
    """The line of the configuration an error came from."""
    if isinstance(error, SyntaxError):
        return f" ({error.filename}, line {error.lineno})"
    found, step = "", error.__traceback__
    while step is not None:
        code = step.tb_frame.f_code.co_filename
        if not code.startswith("<") and not files.is_installed(code) and not within(os.path.abspath(code), HERE):
            found = f" ({code}, line {step.tb_lineno})"
        step = step.tb_next
    return found


def text_of(error):
    if isinstance(error, SyntaxError):
        return f": {error.msg}"
    if isinstance(error, TELLING):
        return f": {error}"
    return "; its text is withheld, because it may hold a secret"


def load(arguments, files):
    """The hub's application with its configuration loaded, nothing of it started."""
    try:
        from jupyterhub.app import JupyterHub
    except ImportError as error:
        raise Refused(f"JupyterHub could not be imported by {sys.executable}: {error}.") from error
    if arguments and arguments[0] in JupyterHub.subcommands:
        raise Refused(f"The hub's arguments begin with the subcommand {arguments[0]}.")
    refusing = refusing_traits()
    hub = JupyterHub()
    try:
        hub.parse_command_line(arguments)
        files.active = True
        hub.load_config_file(hub.config_file)
    except SystemExit as error:
        if refusing:
            raise Refused(f"The trait {refusing[-1]} does not take the value it is configured with.") from error
        if not os.path.isfile(hub.config_file):
            raise Refused(f"There is no configuration file {os.path.abspath(hub.config_file)}.") from error
        raise Refused("The configuration, or JupyterHub at the sight of its arguments, ended the process.") from error
    except Exception as error:
        what = f"{type(error).__name__}{where(error, files)}{text_of(error)}"
        raise Refused(f"The configuration could not be loaded: {what}.") from error
    finally:
        files.active = False
    return hub


def class_name(value):
    return bounded(f"{value.__module__}.{value.__qualname__}", 200)


def configured(hub, of, name):
    """The value a trait of another class would get, found as traitlets does but without making an instance."""
    trait = of.class_traits().get(name)
    if trait is None:
        return None
    value = trait.default_value
    configs = [hub._find_my_config(hub.config), hub.config]
    for config in reversed(configs):
        for section in reversed([each.__name__ for each in of.__mro__]):
            if config._has_section(section) and name in config[section]:
                value = config[section][name]
    # From the command line a value comes as text; `c.Class.trait.add(…)` is kept until the default is known.
    if hasattr(value, "get_value"):
        value = value.get_value(set() if hasattr(value, "add") else trait)
    return value


def on_command_line(hub, name):
    """Whether a trait of the hub has its value from the hub's arguments, which `jupyterhub upgrade-db` is not given."""
    arguments = getattr(hub, "cli_config", {})
    return "JupyterHub" in arguments and name in arguments["JupyterHub"]


def engine_arguments(hub):
    """db_kwargs less what only a pool of connections needs; None where a program of its own cannot be given them."""
    wanted = {name: value for name, value in hub.db_kwargs.items() if not name.startswith("pool")}
    try:
        # What comes back as something else (a tuple, a key that is no text) would be another argument.
        return wanted if json.loads(json.dumps(wanted)) == wanted else None
    except (TypeError, ValueError):
        return None


def database(hub):
    from sqlalchemy.engine import url as urls

    try:
        url = urls.make_url(hub.db_url)
    except Exception as error:
        raise Refused("The hub's db_url is no database URL.") from error
    dialect, _, driver = url.drivername.partition("+")
    parts = {name: getattr(url, name) for name in ("drivername", "username", "host", "port", "database")}
    parts["password"] = "***" if url.password else None
    # Less its query, which may hold anything. Its repr hides the password in every release of SQLAlchemy.
    shown = repr(getattr(urls.URL, "create", urls.URL)(**parts))
    path = None
    if dialect == "sqlite":
        path = sqlite_path(url)
    return {
        "dialect": dialect,
        "driver": driver,
        "path": path,
        "has_password": bool(url.password),
        "has_query": bool(url.query),
        "has_arguments": bool(hub.db_kwargs),
        "arguments_usable": engine_arguments(hub) is not None,
        "on_command_line": on_command_line(hub, "db_url") or on_command_line(hub, "db_kwargs"),
        "url": bounded(shown),
        "host": bounded(url.host or first(url.query.get("host")) or ""),
    }


def first(value):
    """Of a part of a URL's query that may stand there several times."""
    return value if isinstance(value, str) or not value else value[0]


def configured_names(hub, of, name):
    value = configured(hub, of, name)
    return {str(each) for each in value} if isinstance(value, (set, frozenset, list, tuple)) else set()


def logins(hub):
    """Whom the configuration itself lets in: `everybody`, or these users; and the admins and groups that it names."""
    of = hub.authenticator_class
    allowed = configured_names(hub, of, "allowed_users") | configured_names(hub, of, "whitelist")
    admins = configured_names(hub, of, "admin_users")
    allow_all = configured(hub, of, "allow_all")
    # Before 5.0, and for authenticators that keep to it, no list means everybody.
    by_default = allow_all is None or hasattr(of, "_allow_all_default")
    return {
        "everybody": bool(allow_all or (by_default and not allowed)),
        "users": sorted(allowed | admins),
        "admins": sorted(admins),
        "groups": sorted(str(group) for group in hub.load_groups or ()),
    }


def declared_tables(hub):
    """The tables of the hub's own schema: those of its release, and those that an authenticator or a spawner added."""
    from jupyterhub import orm

    for name in ("authenticator_class", "spawner_class"):
        getattr(hub, name)  # which imports it
    return sorted(str(table.name) for table in orm.Base.metadata.tables.values() if table.schema is None)


def write_database_file(path, hub, environment):
    """What it takes to open the database as the hub does; `environment` is that of before the configuration."""
    set_by_configuration = {
        name: value for name, value in os.environ.items() if environment.get(name) != value and name != "PWD"
    }
    content = {
        "url": hub.db_url,
        "kwargs": engine_arguments(hub) or {},
        "environment": set_by_configuration,
        "logins": logins(hub),
        "tables": declared_tables(hub),
    }
    # A file that is there must be theirs: no link is followed.
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise Refused(f"{path} could not be written: {error.strerror}.") from error
    with open(descriptor, "w") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or status.st_uid != os.geteuid() or status.st_nlink != 1:
            raise Refused(f"{path} is not a file of this user's own.")
        os.fchmod(descriptor, 0o600)
        os.ftruncate(descriptor, 0)
        json.dump(content, file)


def sqlite_path(url):
    """Absolute path of the database file; None in memory."""
    name = url.database
    if not name or name == ":memory:":
        return None
    if name.startswith("file:"):
        import urllib.parse

        name = urllib.parse.unquote(name[5:].partition("?")[0])
        name = re.sub("^//[^/]*", "", name)
        if url.query.get("mode") == "memory" or name in ("", ":memory:"):
            return None
    return bounded(os.path.abspath(name))


def cookie_secret_source(hub):
    if hub.cookie_secret:
        return "config"
    return "environment" if os.environ.get("JPY_COOKIE_SECRET") else "file"


def config_digests(hub, paths, cookie_secret_file):
    """Of each file, by its path, a digest that changes when it does.

    Its key is the hub's cookie secret: a password in a file must not be guessed from a digest that is told.
    """
    key = hub.cookie_secret or os.environ.get("JPY_COOKIE_SECRET") or b"".join(blocks_of(cookie_secret_file))
    digests = {}
    for path in paths:
        digest = hmac.new(key.encode() if isinstance(key, str) else key, digestmod=hashlib.sha256)
        for block in blocks_of(path):
            digest.update(block)
        digests[path] = digest.hexdigest()[:16]
    return digests


def blocks_of(path):
    try:
        with open(path, "rb") as file:
            yield from iter(lambda: file.read(1 << 20), b"")
    except OSError:
        yield b""


def read_template(path):
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(1 << 20)
    except OSError:
        return ""


def page_template(hub):
    """The page.html whose announcement block users see, and whether it has one."""
    default = os.path.join(hub.data_files_path, "templates")
    for directory in list(hub.template_paths) + [default]:
        path = os.path.abspath(os.path.join(directory, "page.html"))
        if os.path.isfile(path):
            break
    else:
        return None, False
    text = read_template(path)
    if not ANNOUNCEMENT.search(text) and EXTENDS_DEFAULT.search(text):
        path = os.path.abspath(os.path.join(default, "page.html"))
        text = read_template(path)
    return bounded(path), bool(ANNOUNCEMENT.search(text))


def hub_bind_url(hub):
    if hub.hub_bind_url:
        return hub.hub_bind_url
    scheme = "https" if hub.internal_ssl else "http"
    host = f"[{hub.hub_ip}]" if ":" in hub.hub_ip else hub.hub_ip
    return f"{scheme}://{host}:{hub.hub_port}{hub.hub_prefix}"


def ports(hub, starts_proxy):
    """Where a hub with this configuration will listen, and the proxy that begins and ends with it."""
    urls = [hub_bind_url(hub)] + ([hub.bind_url] if starts_proxy and hub.cleanup_proxy else [])
    found = (urlparse(url).port for url in urls if url.startswith("http"))
    return [port for port in found if port]


def heads():
    import alembic.script
    import jupyterhub

    directory = os.path.join(os.path.dirname(jupyterhub.__file__), "alembic")
    found = sorted(alembic.script.ScriptDirectory(directory).get_heads())
    if len(found) != 1:
        raise Refused(f"The installed JupyterHub has {len(found)} heads of its database schema, not one.")
    return found[0]


def introspect(arguments, database_file=None):
    sys.path.insert(0, HERE)
    import introspect_traits

    # Imports find what they find in the hub itself, and none of the programs beside this one. `python -m jupyterhub`
    # looks into the working directory first, the jupyterhub script beside itself: both are there, last.
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != HERE]
    sys.path += [os.path.dirname(sys.executable), os.getcwd()]
    files = FilesRead()
    environment = dict(os.environ)
    hub = load(arguments, files)
    if database_file:
        write_database_file(database_file, hub, environment)
    import jupyterhub

    classes = {name: class_name(getattr(hub, name + "_class")) for name in ("authenticator", "spawner", "proxy")}
    should_start = configured(hub, hub.proxy_class, "should_start")
    config_file = os.path.abspath(hub.config_file)
    files.add_modules()
    files.paths.add(config_file)
    facts = database(hub)
    cookie_secret_file = os.path.abspath(os.path.expanduser(hub.cookie_secret_file))
    read, complete = files.result(os.path.dirname(config_file), [facts["path"], cookie_secret_file])
    template, has_announcement = page_template(hub)
    return {
        "version": bounded(jupyterhub.__version__, 64),
        "python": {
            "version": "%d.%d.%d" % sys.version_info[:3],
            "executable": bounded(sys.executable),
            "prefix": bounded(sys.prefix),
            "base_prefix": bounded(sys.base_prefix),
        },
        "code_revision": heads(),
        "database": facts,
        "config_file": bounded(config_file),
        "config_file_exists": os.path.isfile(config_file),
        "config_files": read,
        "config_files_complete": complete,
        "config_digests": config_digests(hub, read, cookie_secret_file),
        "cookie_secret_file": bounded(cookie_secret_file),
        "cookie_secret_file_exists": os.path.isfile(cookie_secret_file),
        "cookie_secret_source": cookie_secret_source(hub),
        "pid_file": bounded(os.path.abspath(hub.pid_file)) if hub.pid_file else None,
        "bind_url": bounded(hub.bind_url),
        "base_url": bounded(hub.base_url),
        "hub_bind_url": bounded(hub_bind_url(hub)),
        "ports": " ".join(str(port) for port in ports(hub, should_start is not False)),
        "ssl": bool(hub.ssl_cert),
        "internal_ssl": bool(hub.internal_ssl),
        "cleanup_servers": bool(hub.cleanup_servers),
        "cleanup_proxy": bool(hub.cleanup_proxy),
        "upgrade_db": bool(hub.upgrade_db),
        "data_files_path": bounded(os.path.abspath(hub.data_files_path)),
        "template_paths": [bounded(os.path.abspath(each)) for each in hub.template_paths][:50],
        "page_template": template,
        "page_template_has_announcement": has_announcement,
        "authenticator": classes["authenticator"],
        "spawner": classes["spawner"],
        "proxy": {
            "class": classes["proxy"],
            "should_start": None if should_start is None else bool(should_start),
            "package": bounded(introspect_traits.proxy_package(hub)[0] or ""),
        },
        "services": [bounded(each.get("name", ""), 200) for each in hub.services if isinstance(each, dict)][:1000],
        "configuration": introspect_traits.configuration(hub),
    }


def speak(work, prefix="", longest=1000):
    """Ends this process with the line that `work` answers, or with the sentence that says why there is none.

    The configuration reads nothing and its prints go nowhere; only this program speaks to who started it.
    """
    out, log = (os.fdopen(os.dup(number), "w") for number in (1, 2))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
    status = 0
    try:
        out.write(work() + "\n")
    except Refused as error:
        line = bounded(f"{prefix}{error}", longest)
        log.write("".join(each if each.isprintable() else " " for each in line) + "\n")
        status = 1
    except Exception as error:
        log.write(f"{prefix}The hub's code could not be read: {type(error).__name__}.\n")
        status = 1
    out.flush()
    log.flush()
    # Whatever the configuration registered for the end of the process is the hub's, not ours.
    os._exit(status)


def main():
    arguments, database_file = sys.argv[1:], None
    if arguments[:1] == ["--database-file"]:
        # The configuration may change the directory.
        database_file, arguments = os.path.abspath(arguments[1]), arguments[2:]
    speak(lambda: json.dumps(introspect(arguments, database_file), sort_keys=True), "introspect.py: ")


if __name__ == "__main__":
    main()
