"""A configuration that loads the hub's own and names the same SQLite file without a query.

`jupyterhub upgrade-db` takes the query of a URL for a part of the file's name, and fails.
"""

# ruff: noqa: F821 # what traitlets defines for a configuration
import os

load_subconfig(os.environ["JUPYTERHUB_UPGRADE_CONFIG"])
get_config().JupyterHub.db_url = "sqlite:///" + os.environ["JUPYTERHUB_UPGRADE_DATABASE"]
