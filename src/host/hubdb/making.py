"""How a server's tables are made, filled and dropped through SQLAlchemy: what a backup in lines needs of a dialect."""

import contextlib

import sqlalchemy
import sqlalchemy.exc
import sqlalchemy.schema
import sqlalchemy.types
from sqlalchemy import sql

from .database import Refused
from .revisions import HUB_TABLES


class Making:
    """A part of Server."""

    @contextlib.contextmanager
    def changing(self):
        """Context: a connection in a transaction that writes."""
        with self.connected() as connection, connection.begin():
            yield connection

    def change(self, *steps):
        """Takes steps with a connection; each in a transaction of its own: not all dialects see new tables before."""
        for step in steps:
            with self.changing() as connection:
                step(connection)

    def run(self, connection, statement):
        connection.execute(text(statement))

    def drop(self, connection, tables):
        for table in tables:
            self.run(connection, "DROP TABLE " + quote(connection, table))

    def children_first(self, tables):
        """The tables in an order in which each comes before those that it refers to."""
        referred = {table: self.referred(table) & tables - {table} for table in sorted(tables)}
        ordered = []
        while referred:
            # Where they refer to each other in a circle any is as good as another.
            free = [table for table in referred if not any(table in others for others in referred.values())]
            for table in free or list(referred)[:1]:
                ordered.append(table)
                del referred[table]
        return ordered

    def definitions(self):
        """The tables, each behind those that it refers to, and how to make them."""
        names = self.children_first(set(self.tables()))[::-1]
        known = sqlalchemy.MetaData()
        known.reflect(bind=self.connection, only=names)
        return [
            {
                "name": name,
                "columns": [
                    {"name": column["name"], "type": str(column["type"]), "nullable": bool(column["nullable"])}
                    for column in self.columns(name)
                ],
                "primary_key": list((self.inspector.get_pk_constraint(name) or {}).get("constrained_columns") or []),
                "create": self.definition(self.made_by_hub(known.tables[name])),
                "counter": self.counter(name),
            }
            for name in names
        ]

    def tells_constraints(self):
        try:
            self.inspector.get_unique_constraints("users")
        except NotImplementedError:
            return False
        return True

    def made_by_hub(self, table):
        """The table as the hub's own code has it, where the dialect does not tell all that there is of it."""
        if table.name not in HUB_TABLES or table.name == "alembic_version" or self.tells_constraints():
            return table
        try:
            from jupyterhub import orm
        except ImportError as error:
            raise Refused(f"The hub of this environment could not be imported: {error}.") from error
        known = orm.Base.metadata.tables.get(table.name)
        if known is None or set(known.columns.keys()) != set(table.columns.keys()):
            raise Refused(
                f"The table {table.name} is not as the hub of this environment makes it, and SQLAlchemy's dialect for "
                f"{self.dialect} does not tell enough to make it again."
            )
        return known

    def definition(self, table):
        """The statements that make a table and its indexes, of what SQLAlchemy's reflection found."""
        elements = [sqlalchemy.schema.CreateTable(table)]
        elements += [
            sqlalchemy.schema.CreateIndex(index) for index in sorted(table.indexes, key=lambda each: each.name)
        ]
        return [plain(element.compile(dialect=self.connection.dialect), self.connection) for element in elements]

    def inserts(self, connection, tables):
        """{table: statement that inserts a row: its values are the parameters `place(0)`, `place(1)`, …}."""
        inspector = sqlalchemy.inspect(connection)
        found = {}
        for table in tables:
            key = (inspector.get_pk_constraint(table) or {}).get("constrained_columns") or []
            columns = [
                sqlalchemy.Column(each["name"], as_stored(each["type"]), primary_key=each["name"] in key)
                for each in inspector.get_columns(table)
            ]
            # Not all drivers take every name of a column for one of a parameter.
            places = {
                column.name: sql.bindparam(place(index), type_=column.type) for index, column in enumerate(columns)
            }
            found[table] = sqlalchemy.Table(table, sqlalchemy.MetaData(), *columns).insert().values(places)
        return found

    def types(self):
        """Types that tables need and that are none of the server's own."""
        return []

    def make_types(self, connection, types):
        pass

    def counter(self, table):
        """What numbers the next row of a table, where that is not simply behind the last one."""

    def set_counter(self, connection, table):
        """Lets the server number the next row behind the last one, as SQL's standard has it.

        Where that is no statement of the dialect's, the numbers that were put in did it (SQLite, MS SQL Server).
        """
        if len(table["primary_key"]) != 1:
            return
        for column in sqlalchemy.inspect(connection).get_columns(table["name"]):
            if column["name"] in table["primary_key"] and isinstance(column["type"], sqlalchemy.types.Integer):
                name, of = quote(connection, column["name"]), quote(connection, table["name"])
                (last,) = connection.execute(text(f"SELECT max({name}) FROM {of}")).fetchone()
                with contextlib.suppress(sqlalchemy.exc.SQLAlchemyError):
                    self.run(connection, f"ALTER TABLE {of} ALTER COLUMN {name} RESTART WITH {(last or 0) + 1}")


def as_stored(kind):
    """The type of a column to read and write it by. JSON is a text, and no number is rounded on its way."""
    if isinstance(kind, (sqlalchemy.types.JSON, sqlalchemy.types.Float)):
        return sqlalchemy.types.NullType()
    return kind


def plain(compiled, connection):
    """What SQLAlchemy compiled, as `text` takes it: there every percent sign is one."""
    doubled = "%%" in connection.dialect.identifier_preparer.quote_identifier("%")
    return str(compiled).strip().replace("%%", "%") if doubled else str(compiled).strip()


def place(index):
    """The name of the parameter for a column."""
    return f"hubdb_{index}"


def quote(connection, name):
    """The name of a table or column as a statement must have it."""
    return plain(connection.dialect.identifier_preparer.quote(name), connection)


def text(statement):
    """A statement without parameters: a colon in it is a colon, and a percent sign one."""
    return sql.text(statement.replace(":", r"\:"))
