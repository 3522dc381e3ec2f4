"""Makes a database of Firebird, and the tables of a hub in it: seed-firebird.py PATH URL

Of this dialect Alembic knows nothing, so no hub starts on it. Its tables are a hub's nevertheless.
"""

import os
import runpy
import sys

import alembic.ddl.impl
import fdb
import sqlalchemy

path, url = sys.argv[1:]


class Firebird(alembic.ddl.impl.DefaultImpl):
    __dialect__ = "firebird"
    transactional_ddl = False


fdb.create_database(dsn=path, user="SYSDBA", password="masterkey", charset="UTF8", page_size=16384).close()
with sqlalchemy.create_engine(url).connect() as connection:
    connection.execute(sqlalchemy.text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"))
sys.argv[1:] = [url]
runpy.run_path(os.path.join(os.path.dirname(os.path.abspath(__file__)), "seed-database.py"), run_name="__main__")
