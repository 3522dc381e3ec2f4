"""A short-lived API token, made and deleted by the installed hub's own code."""

import contextlib
import os
import sys

from .database import Refused


def read_token():
    token = sys.stdin.readline().strip()
    if len(token) < 32 or not token.isalnum() or len(token) > 255:
        raise Refused("The token on stdin must be 32 to 255 letters and digits.")
    return token


class Orm:
    """The installed hub's own ORM on a database it fits to."""

    def __init__(self, database):
        try:
            import alembic.script
            import jupyterhub
            import sqlalchemy
            import sqlalchemy.orm
            from jupyterhub import orm
        except ImportError as error:
            raise Refused(f"The hub of this environment could not be imported: {error}.") from error
        if not hasattr(orm, "Role"):
            raise NotKept()
        # What orm imports and sets up when it makes a token: now, for the sake of the time it takes.
        import jupyterhub.roles
        import jupyterhub.scopes

        sqlalchemy.orm.configure_mappers()
        scripts = alembic.script.ScriptDirectory(os.path.join(os.path.dirname(jupyterhub.__file__), "alembic"))
        self.heads = sorted(scripts.get_heads())
        self.database = database
        self.engine = database.engine()
        self.orm = orm
        self.sqlalchemy = sqlalchemy

    @contextlib.contextmanager
    def session(self):
        with self.database.reading():
            found = self.database.revisions()
        if found != self.heads:
            raise Refused(
                "The database is at revision {}, the hub of this environment needs {}.".format(
                    ", ".join(found) or "none", ", ".join(self.heads)
                )
            )
        session = self.sqlalchemy.orm.sessionmaker(bind=self.engine)()
        try:
            yield session
        except self.sqlalchemy.exc.SQLAlchemyError as error:
            raise Refused(self.database.in_words(getattr(error, "orig", None) or type(error).__name__)) from error
        except (ValueError, RuntimeError) as error:
            # Not its text: that of some releases holds the token.
            raise Refused(f"The hub does not take the token ({type(error).__name__}).") from error
        finally:
            session.close()
            self.engine.dispose()


class NotKept(Exception):
    """The hub is of a release whose tokens its next migration drops."""


def owner(session, orm, name):
    if name:
        user = session.query(orm.User).filter_by(name=name).first()
        if user is None:
            raise Refused(f"The hub has no user {name}.")
        return user
    user = session.query(orm.User).order_by(orm.User.admin.desc(), orm.User.id).first()
    if user is None:
        raise Refused("The hub has no users, so a token has no owner.")
    return user


def new_token(orm, token, user, expires):
    options = {
        "token": token,
        "user": user,
        "note": "jupyterhub-upgrade: checks the upgrade, expires by itself",
        "expires_in": expires,
    }
    if not hasattr(orm.APIToken, "scopes"):
        orm.APIToken.new(**options)  # 2.x: the default role of tokens
        return
    # No more than its own server; where the owner may not even do that, a token that can only say whose it is.
    try:
        orm.APIToken.new(scopes=["read:users!user", "servers!user", "access:servers!user"], **options)
    except ValueError:
        orm.APIToken.new(scopes=[], **options)


def find_token(session, orm, token):
    """The id of a token, found by its columns alone: just after a migration not all tables of the ORM are there."""
    candidates = session.query(orm.APIToken.id, orm.APIToken.hashed)
    for number, hashed in candidates.filter_by(prefix=token[: orm.APIToken.prefix_length]):
        if orm.compare_token(hashed, token):
            return number
    return None


def create(database, user, expires, wait):
    hub = Orm(database)
    token = read_token()
    if wait:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        if sys.stdin.readline().strip() != "go":
            raise Refused("Nobody said go, so the database was not touched.")
    with hub.session() as session:
        of = owner(session, hub.orm, user)
        name = of.name
        new_token(hub.orm, token, of, expires)
        number = find_token(session, hub.orm, token)
        return {"user": name, "id": f"a{number}", "prefix": token[: hub.orm.APIToken.prefix_length]}


def delete(database):
    hub = Orm(database)
    token = read_token()
    with database.reading():
        if not database.has_table("api_tokens"):
            return {"deleted": 0}
    with hub.session() as session:
        number = find_token(session, hub.orm, token)
        if number is None:
            return {"deleted": 0}
        session.query(hub.orm.APIToken).filter_by(id=number).delete(synchronize_session=False)
        session.commit()
        return {"deleted": 1}
