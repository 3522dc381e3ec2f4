"""Print the Alembic head of the installed JupyterHub. Runs under the environment's own interpreter."""

import os

import jupyterhub
from alembic.script import ScriptDirectory

directory = os.path.join(os.path.dirname(jupyterhub.__file__), "alembic")
print(" ".join(sorted(ScriptDirectory(directory).get_heads())))
