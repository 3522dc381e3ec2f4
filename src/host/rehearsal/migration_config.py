"""The hub's own configuration on a copy of its database, for `jupyterhub upgrade-db`."""

# ruff: noqa: F821 # what traitlets defines for a configuration
import json
import os

load_subconfig(os.environ["JUPYTERHUB_UPGRADE_CONFIG"])
_copy = os.environ["JUPYTERHUB_UPGRADE_COPY"]
if _copy.startswith("@"):
    with open(_copy[1:], encoding="utf-8") as _file:
        get_config().JupyterHub.db_url = json.load(_file)["url"]
else:
    get_config().JupyterHub.db_url = "sqlite:///" + _copy
