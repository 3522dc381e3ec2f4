"""What can be done to a JupyterHub's database from outside the hub.

usage: PYTHON hubdb facts [--user NAME] DATABASE   (and whether the hub has a user of that name)
       PYTHON hubdb revision DATABASE               (the revision alone, not JSON)
       PYTHON hubdb digest DATABASE
       PYTHON hubdb loss DATABASE FILE              (FILE as after the @ below)
       PYTHON hubdb inventory DATABASE OUT
       PYTHON hubdb compare OLD NEW                 (two inventories)
       PYTHON hubdb backup DATABASE OUT
       PYTHON hubdb copy DATABASE OUT               (as backup, but of what is in it no digest is told)
       PYTHON hubdb prove DATABASE FILE
       PYTHON hubdb scratch DATABASE FILE OUT       (as prove, but kept until stdin ends; OUT as after the @ below)
       PYTHON hubdb sweep DATABASE                  (drops what a `scratch` that was killed left)
       PYTHON hubdb put-back DATABASE FILE
       PYTHON hubdb empty DATABASE
       PYTHON hubdb sessions DATABASE
       PYTHON hubdb token create [--wait] [--user NAME] [--expires SECONDS] DATABASE
       PYTHON hubdb token delete DATABASE

`--tools DIRECTORY` before the verb: where the programs of the database may be, too.

DATABASE is the path of an SQLite file, or @FILE with a file that `introspect.py --database-file` wrote. PYTHON is the
hub's: for an SQLite file only `token` needs more than its standard library. `token` takes the token on stdin. JSON on
stdout, one sentence on stderr when it fails (status 1; 3 where the server cannot be reached or the hub's tables are
locked, so that another try may help). `token create` ends with status 4 where the coming migration
drops all tokens (JupyterHub 1.x).
"""

import os
import sys
import types

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
# The modules are those of a package, and no other import looks here or beside: a driver or a plugin of the hub may be
# called like one of them.
sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") not in (HERE, os.path.dirname(HERE))]
sys.modules["hubdb"] = types.ModuleType("hubdb")
sys.modules["hubdb"].__path__ = [HERE]

from hubdb.command import main  # noqa: E402

if __name__ == "__main__":
    main()
