"""Makes a hub's database with its own code, before its first start: populate.py DATABASE JOURNAL-MODE USERS"""

import sqlite3
import sys

from jupyterhub import orm

path, journal_mode, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
db = orm.new_session_factory('sqlite:///' + path)()
users = [orm.User(name='user%05d' % number) for number in range(1, count + 1)]
db.add_all(users)
db.commit()
if hasattr(orm, 'Role'):  # JupyterHub >= 2.0; else the first start takes the hub for an upgraded 1.x
    from jupyterhub import roles

    for role in roles.get_default_roles():
        roles.create_role(db, role)
    orm.Role.find(db, 'user').users = users
    db.commit()
db.close()
connection = sqlite3.connect(path)
connection.execute('PRAGMA journal_mode=' + journal_mode)
connection.close()
