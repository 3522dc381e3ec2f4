"""Whether an environment has all that the hub's configuration names, without starting anything.

usage: HUB_PYTHON load.py CONFIG

Loads the configuration as introspect.py does, which imports its classes, and looks for the commands of its services.
Prints `own` where only JupyterHub's own code would say who may log in, else the name of the class. One sentence
on stderr when something is missing (status 1).
"""

import importlib
import importlib.util
import os
import shutil
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import introspect  # noqa: E402

sys.path[:] = [each for each in sys.path if os.path.abspath(each or ".") not in (HERE, os.path.dirname(HERE))]
CLASSES = ("authenticator_class", "spawner_class", "proxy_class")


def why_not(name, value):
    """The error that importing a configured class, module.Class or the name of an entry point, ends with; else None."""
    from jupyterhub.app import JupyterHub

    entries = getattr(JupyterHub.class_traits()[name], "load_entry_points", dict)()
    try:
        if value.lower() in entries:
            entries[value.lower()].load()
        else:
            module, _, attribute = value.rpartition(".")
            getattr(importlib.import_module(module), attribute)
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:300]}"
    return None


def load(config):
    import jupyterhub.app

    given = []

    class Watched(jupyterhub.app.JupyterHub):
        """Keeps what it is given: a configuration that is refused is taken back."""

        def update_config(self, config):
            given.append(config)
            super().update_config(config)

    jupyterhub.app.JupyterHub = Watched
    try:
        return introspect.load(["-f", config], introspect.FilesRead())
    except introspect.Refused as error:
        for name in CLASSES:
            for value in [each["JupyterHub"].get(name) for each in given]:
                reason = why_not(name, value) if isinstance(value, str) else None
                if reason:
                    raise introspect.Refused(
                        f"{value}, the {name} of the configuration, cannot be imported ({reason}). Install a release "
                        "of its package that works with the new JupyterHub into the hub's environment."
                    ) from error
        raise introspect.Refused(f"{error} Change it so that both releases load it.") from error


def check_services(hub):
    for service in hub.services:
        command = service.get("command") if isinstance(service, dict) else None
        if not command:
            continue
        words = [str(each) for each in command] if isinstance(command, (list, tuple)) else [str(command)]
        path = (service.get("environment") or {}).get("PATH", os.environ.get("PATH"))
        name = service.get("name", "")
        if not shutil.which(words[0], path=path):
            raise introspect.Refused(
                f"{words[0]}, the command of the service {name}, is not there. Install it, or take the service out."
            )
        if words[1:2] == ["-m"] and os.path.realpath(words[0]) == os.path.realpath(sys.executable):
            try:
                missing = importlib.util.find_spec(words[2]) is None
            except ImportError:
                missing = True
            if missing:
                raise introspect.Refused(
                    f"{words[2]}, the module that the service {name} runs, is not there. Install it into the hub's "
                    "environment."
                )


def authenticator():
    hub = load(sys.argv[1])
    check_services(hub)
    of = hub.authenticator_class
    return "own" if of.__module__.split(".")[0] == "jupyterhub" else introspect.class_name(of)


def main():
    introspect.speak(authenticator, longest=1500)


if __name__ == "__main__":
    main()
