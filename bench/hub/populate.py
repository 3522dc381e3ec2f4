"""Makes the database DATABASE_URL with the hub's own code, before its first start: populate.py JOURNAL-MODE USERS"""

import os
import sys

from jupyterhub import orm

journal_mode, count = sys.argv[1], int(sys.argv[2])
db = orm.new_session_factory(os.environ['DATABASE_URL'])()
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
if db.bind.dialect.name == 'sqlite':
    connection = db.bind.raw_connection()
    connection.cursor().execute('PRAGMA journal_mode=' + journal_mode)
    connection.close()
