"""Writes a hub's database with something of everything in it, by the hub's own code: seed-database.py PATH or URL"""

import sys

from jupyterhub import orm, roles

place = sys.argv[1]
db = orm.new_session_factory(place if "://" in place else "sqlite:///" + place)()
for role in roles.get_default_roles():
    roles.create_role(db, role)
db.add(orm.OAuthClient(identifier="jupyterhub"))
db.add(orm.OAuthClient(identifier="jupyterhub-user-user00", redirect_uri="/user/user00/oauth_callback"))
db.add(orm.Service(name="culler"))
db.commit()

users = [orm.User(name="user%02d" % number, admin=number == 1) for number in range(29)]
users.append(orm.User(name="zoë@example.org"))
db.add_all(users)
db.commit()
for user in users:
    roles.assign_default_roles(db, user)
for name, members in (("students", users[:10]), ("teachers", users[:1])):
    db.add(orm.Group(name=name, users=members))
db.commit()

for user in users[:4]:
    user.new_api_token(note="seeded")
users[4].new_api_token(note="seeded", expires_in=86400)
users[0].new_api_token(note="Server at /user/user00/", expires_in=86400)
users[0].new_api_token(client_id="jupyterhub-user-user00", expires_in=86400, scopes=[])
past = orm.APIToken.find(db, users[5].new_api_token(note="seeded", expires_in=60))
past.expires_at = past.created.replace(year=2020)

server = orm.Server(ip="127.0.0.1", port=1, base_url="/user/user00/")
# A pid that no process can have: a hub that is started on this database looks for it.
running = orm.Spawner(user=users[0], name="", server=server, state={"pid": 99999999, "secret": "state-canary"})
elsewhere = orm.Spawner(user=users[1], name="big", server=orm.Server(), state={"pid": "99999999"})
db.add_all([running, elsewhere, orm.Spawner(user=users[2], name="")])
db.commit()
db.close()
