"""Adds users with hostile names, and tables that refer to users and hold what databases can hold: odd-rows.py URL"""

import datetime
import decimal
import sys

import sqlalchemy
from jupyterhub import orm
from sqlalchemy.orm import sessionmaker

engine = sqlalchemy.create_engine(sys.argv[1])
dialect = engine.dialect.name
session = sessionmaker(bind=engine)()
names = ["new\nline\ttab\r", "\x01\x1b[31m\x7f", "\u202e\u2028\U0001f600", "it's \"100%\" :x \\", " " * 3 + "x" * 200]
if dialect != "postgresql":  # which knows no NUL
    names.append("NUL\0here")
session.add_all([orm.User(name=name) for name in names])
session.commit()

# Of an authenticator, and of somebody who likes names.
ODD, COLUMN = 'odd "t%a:b`le', "sel:ect %(x)s"
quote = {"mysql": "`%s`"}.get(dialect, '"%s"')


def quoted(name):
    return quote % name.replace(quote[0], quote[0] * 2)


number, binary, moment, text = {
    "postgresql": ("SERIAL PRIMARY KEY", "BYTEA", "TIMESTAMP WITH TIME ZONE", "JSONB"),
    "mysql": ("INTEGER AUTO_INCREMENT PRIMARY KEY", "LONGBLOB", "DATETIME(6)", "JSON"),
    "sqlite": ("INTEGER PRIMARY KEY AUTOINCREMENT", "BLOB", "DATETIME", "JSON"),
}[dialect]
decimals = "TEXT" if dialect == "sqlite" else "NUMERIC(20, 6)"
key = "FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE"
statements = [
    "CREATE TABLE users_info (id %s, username VARCHAR(128) NOT NULL UNIQUE, user_id INTEGER, password %s NOT NULL, "
    "ok BOOLEAN DEFAULT false, at %s, price %s, f DOUBLE PRECISION, big BIGINT, doc %s, day DATE, txt TEXT, %s)"
    % (number, binary, moment, decimals, text, key),
    "CREATE INDEX %s ON users_info (day)" % quoted("x %y:z"),
    "CREATE TABLE %s (%s INTEGER NOT NULL PRIMARY KEY, %s TEXT, FOREIGN KEY (%s) REFERENCES users (id))"
    % (quoted(ODD), quoted("i d"), quoted(COLUMN), quoted("i d")),
]
if dialect == "sqlite":
    at, price, day = "2020-01-02 03:04:05.678901", "1.50", "1999-12-31"
else:
    at = datetime.datetime(2020, 1, 2, 3, 4, 5, 678901)
    price, day = decimal.Decimal("12345678901234.567890"), datetime.date(1999, 12, 31)
rows = [
    ("zoë\u2028", 1, b"\x00\xff\\", True, at, price, 0.1, 2**62, '{"b": 1, "a": null}', day, "\n\t\\'\" %s : \x7f\x01"),
    ("b", None, b"", None, None, None, None, None, "null", None, None),
    ("c", 2, bytes(range(256)), False, None, None, -1e308, -(2**63), None, None, ""),
    ("gone", None, b"", None, None, None, None, None, None, None, None),
]
connection = engine.raw_connection()
cursor = connection.cursor()
for statement in statements:
    cursor.execute(statement)
place = "?" if dialect == "sqlite" else "%s"
columns = "username, user_id, password, ok, at, price, f, big, doc, day, txt"
for row in rows:
    cursor.execute("INSERT INTO users_info (%s) VALUES (%s)" % (columns, ", ".join([place] * len(row))), row)
# The number it had is given to nobody else.
cursor.execute("DELETE FROM users_info WHERE username = 'gone'")
cursor.execute("INSERT INTO %s VALUES (1, 'x'), (2, NULL)" % quoted(ODD))
connection.commit()
