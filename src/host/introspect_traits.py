"""Which traits a configuration sets and on which classes, for the advice about what changed between releases.

Values are not told. Of a set value there is whether it is anything (true, false), or of a collection how many entries
it has; beyond that some counts, and the versions of a few packages.
"""

import importlib
import inspect
import json
import os
import re
import shutil
import sys
from urllib.parse import unquote

MOST = 500
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}\Z")
PACKAGES = ("sqlalchemy", "psycopg", "oauthenticator", "jupyterhub-announcement")
FORM = re.compile(r"<form\b[^>]*\bmethod\s*=\s*[\"']?post", re.IGNORECASE)


def configuration(hub):
    classes = [type(hub), hub.authenticator_class, hub.spawner_class, hub.proxy_class]
    components = [component(hub, of) for of in classes]
    known = {name for each in components for name in each["classes"]}
    sections = {
        section: named({name: told("c." + section, value) for name, value in values.items() if is_set(value)})
        for section, values in sorted(sections_of(hub.config).items())[:MOST]
        if section not in known
    }
    return {"components": components, "sections": sections, "counts": counts(hub), "packages": packages(hub)}


# --- traits ------------------------------------------------------------------------------------------------------


def sections_of(config):
    """The sections directly in a configuration, by class name."""
    return {name: config[name] for name in list(config) if NAME.match(name) and config._has_section(name)}


def is_own(of):
    """Whether a class is one of JupyterHub itself, or of what lies below it."""
    return of is object or of.__module__.split(".")[0] in ("jupyterhub", "traitlets")


def component(hub, of):
    return {
        "classes": [each.__name__ for each in of.__mro__ if NAME.match(each.__name__)][:MOST],
        "foreign": not is_own(of),
        "overrides": overrides(of)[:MOST],
        "traits": named(set_traits(hub, of)),
    }


def set_traits(hub, of):
    """What is set for a class, found as traitlets does: a section within that of the hub goes before one of its own."""
    found = class_defaults(of)
    at_hub = [] if of is type(hub) else [("c.JupyterHub.", hub.config["JupyterHub"])]
    for prefix, config in [("c.", hub.config)] + at_hub:
        for section in reversed([each.__name__ for each in of.__mro__]):
            if config._has_section(section):
                for name, value in config[section].items():
                    if is_set(value):
                        trait = of.class_traits().get(name)
                        found[name] = told(prefix + section, from_command_line(value, trait))
    return found


def class_defaults(of):
    """What classes from outside of JupyterHub set themselves: as the default of a trait, or as a plain attribute."""
    found = {}
    inherited = {name for each in of.__mro__ if is_own(each) for name in vars(each) if is_trait(vars(each)[name])}
    for each in reversed([each for each in of.__mro__ if not is_own(each)]):
        where = "class " + each.__name__
        for name, member in vars(each).items():
            dynamic = getattr(member, "trait_name", None) or (re.match(r"_(\w+)_default$", name) or [None, None])[1]
            if is_trait(member):
                if member.metadata.get("config"):
                    found[name] = told(where, member.default_value)
            elif isinstance(dynamic, str) and dynamic in inherited:
                # Made by a method: there is something.
                found[dynamic] = {"where": where, "value": True}
            elif name in inherited:
                found[name] = told(where, member)
    return found


def is_trait(member):
    from traitlets import TraitType

    return isinstance(member, TraitType)


def overrides(of):
    """Methods of JupyterHub's classes that classes from elsewhere have in a form of their own."""
    ours = [each for each in of.__mro__ if is_own(each) and each is not object]
    found = set()
    for each in of.__mro__:
        if not is_own(each):
            found.update(
                name
                for name, member in vars(each).items()
                if inspect.isfunction(member) and NAME.match(name) and any(name in vars(own) for own in ours)
            )
    return sorted(found)


def is_lazy(value):
    return type(value).__name__ == "LazyConfigValue"


def is_set(value):
    """Not a section, and not what traitlets leaves behind where a configuration only reads a name."""
    return not hasattr(value, "_has_section") and not (is_lazy(value) and not value.to_dict())


def from_command_line(value, trait):
    """There a value is text that its trait makes something of."""
    if not type(value).__name__.startswith("Deferred"):
        return value
    try:
        return value.get_value(trait)
    except Exception:
        return str(value)


def told(where, value):
    return {"where": where, "value": size(value)}


def size(value):
    if is_lazy(value):
        return sum(len(each) for each in value.to_dict().values())
    if isinstance(value, (list, tuple, set, frozenset, dict)):
        return len(value)
    try:
        # A default that traitlets makes anew for each instance is undefined here, and empty there.
        return bool(value) and type(value).__name__ != "Sentinel"
    except Exception:
        return True


def named(traits):
    return {name: traits[name] for name in sorted(traits)[:MOST] if NAME.match(name)}


# --- counts ------------------------------------------------------------------------------------------------------


def counts(hub):
    services = [each for each in hub.services if isinstance(each, dict)]
    spawner, authenticator = hub.spawner_class, hub.authenticator_class
    return {
        "services": len(services),
        "services that are admin": total(each.get("admin") for each in services),
        "services with oauth_roles": total(each.get("oauth_roles") for each in services),
        "services with a command and a url": total(each.get("command") and each.get("url") for each in services),
        "services with a url and no command": total(each.get("url") and not each.get("command") for each in services),
        "services with OAuth and no oauth_redirect_uri": total(map(lacks_redirect, services)),
        "services with a name that is no path component": total(map(is_badly_named, services)),
        "tokens of more than 64 characters": total(len(str(token)) > 64 for token in tokens(hub, services)),
        "tokens of 64 characters": total(len(str(token)) == 64 for token in tokens(hub, services)),
        "roles for the admin page without admin-ui": total(map(lacks_admin_ui, getattr(hub, "load_roles", []))),
        "groups given as lists": total(isinstance(each, list) for each in dict(hub.load_groups).values()),
        "own page templates": len(list(own_templates(hub))),
        "own forms without an XSRF token": total(map(lacks_xsrf, forms(hub, authenticator))),
        "token in URL allowed": total(["JUPYTERHUB_ALLOW_TOKEN_IN_URL" in environment(hub, spawner)]),
        "keys for auth_state": number_of_keys(hub),
        "options in the URL of an SQLite database": total([re.match(r"sqlite\b.*\?", hub.db_url)]),
        "PostgreSQL URLs without a driver": total([hub.db_url.startswith("postgresql:")]),
    }


def total(conditions):
    return sum(1 for each in conditions if each)


def lacks_redirect(service):
    wants = service.get("oauth_client_id") or service.get("oauth_no_confirm")
    return wants and not service.get("url") and not service.get("oauth_redirect_uri")


def is_badly_named(service):
    name = str(service.get("name", ""))
    return unquote(name) != name or "/" in name or name != name.strip() or set(name) <= {"."}


def tokens(hub, services):
    return [each.get("api_token") or "" for each in services] + list(hub.api_tokens) + list(hub.service_tokens)


def lacks_admin_ui(role):
    scopes = {str(each).split("!")[0] for each in role.get("scopes") or []} if isinstance(role, dict) else set()
    return {"admin:users", "admin:servers"} <= scopes and "admin-ui" not in scopes and role.get("name") != "admin"


def own_templates(hub):
    default = os.path.realpath(os.path.join(hub.data_files_path, "templates"))
    for directory in list(hub.template_paths)[:50]:
        if os.path.realpath(directory) == default:
            continue
        try:
            names = sorted(os.listdir(directory))[:MOST]
        except OSError:
            continue
        for name in names:
            if name.endswith(".html"):
                yield os.path.join(directory, name)


def forms(hub, authenticator):
    """Texts that may hold forms of one's own."""
    for path in own_templates(hub):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                yield file.read(1 << 20)
        except OSError:
            pass
    custom = inspect.getattr_static(authenticator, "custom_html", "")
    text = custom.default_value if is_trait(custom) else custom
    yield text if isinstance(text, str) else ""


def lacks_xsrf(text):
    return FORM.search(text) and "xsrf" not in text


def environment(hub, spawner):
    found = {}
    for config in (hub.config, hub.config["JupyterHub"]):
        for section in reversed([each.__name__ for each in spawner.__mro__]):
            if config._has_section(section) and "environment" in config[section]:
                found = config[section]["environment"]
    if is_lazy(found):
        found = found.to_dict().get("update", {})
    return found if isinstance(found, dict) else {}


def number_of_keys(hub):
    if os.environ.get("JUPYTERHUB_CRYPT_KEY"):
        return 1
    keeper = hub.config["CryptKeeper"] if hub.config._has_section("CryptKeeper") else {}
    return int(size(keeper.get("keys", [])))


# --- packages ----------------------------------------------------------------------------------------------------


def packages(hub):
    found = {}
    for name in PACKAGES:
        version = installed(name)
        if version:
            found[name] = version[:64]
    version = proxy_package(hub)[1]
    if version:
        found["configurable-http-proxy"] = version[:64]
    return found


def installed(name):
    try:
        if sys.version_info >= (3, 8):
            return importlib.import_module("importlib.metadata").version(name)
        import pkg_resources

        return pkg_resources.get_distribution(name).version
    except Exception:
        return None


def proxy_package(hub):
    """Of the proxy that the hub starts: the directory of the package its command lies in, and its version."""
    command = "configurable-http-proxy"
    for section in reversed([each.__name__ for each in hub.proxy_class.__mro__]):
        configured = hub.config[section].get("command") if hub.config._has_section(section) else None
        if isinstance(configured, (list, tuple)) and configured:
            command = str(configured[0])
    path = shutil.which(command)
    if path is None:
        return None, None
    package = os.path.dirname(os.path.dirname(os.path.realpath(path)))
    try:
        with open(os.path.join(package, "package.json"), encoding="utf-8") as file:
            content = json.loads(file.read(1 << 20))
    except (OSError, ValueError):
        return None, None
    if content.get("name") != "configurable-http-proxy":
        return None, None
    return package, str(content.get("version", ""))
