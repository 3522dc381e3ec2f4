"""hubdb's lines where it would take a program of the server's own: hubdb-lines.py HUBDB DEED DATABASE FILE [STEPS]

With STEPS the process dies, as by a power cut, when it has told the database to do something that often.
"""

import json
import os
import runpy
import sys

program, deed, argument, file = sys.argv[1:5]
steps = int(sys.argv[5]) if len(sys.argv) > 5 else None
runpy.run_path(program, run_name="package")
from hubdb import database, lines, making  # noqa: E402


def counting(function):
    def counted(*arguments):
        global steps
        if steps is not None:
            if steps == 0:
                os._exit(9)
            steps -= 1
        return function(*arguments)

    return counted


making.Making.run = counting(making.Making.run)
lines.batches = counting(lines.batches)
opened = database.open_database(argument)
try:
    if deed == "dump":
        with database.new_file(file):
            result = lines.dump(opened, file)
    elif deed == "prove":
        result = lines.prove(file)
    else:
        result = lines.put_back(opened, file)
    print(json.dumps(result))
except database.Refused as error:
    sys.exit(str(error))
