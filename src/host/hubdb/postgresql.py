"""A hub's database on PostgreSQL: backed up, proven and put back by PostgreSQL's own programs."""

import contextlib

import sqlalchemy
import sqlalchemy.event
from sqlalchemy import sql
from sqlalchemy.dialects import postgresql

from . import pgprograms, pgrights, pgscratch, pgsessions
from .database import Refused, TryAgain, log, new_file
from .digests import digest_of
from .programs import Failed
from .revisions import TEMPORARY
from .server import LINES, VERSION, Server, text

# How long anything waits for a lock.
LOCK_SECONDS = 20
# The only type that a release of JupyterHub has made (up to 1.5). No migration removes it.
GRANT_TYPES = ("authorization_code", "implicit", "password", "client_credentials", "refresh_token")


def execute_together(cursor, statement, parameters, context):
    from psycopg2 import extras

    if not hasattr(extras, "execute_batch"):  # before psycopg2 2.7
        return False
    extras.execute_batch(cursor, statement, parameters, page_size=len(parameters))
    return True


def literal(text):
    return "'" + text.replace("'", "''") + "'"


class PostgreSQL(Server):
    isolation = "REPEATABLE READ"

    def __init__(self, url, options, schema=None):
        super().__init__(url, options)
        # The schema of the hub's tables: found where the search path leads, unless it is known.
        self.known_schema = schema
        self.found_schema = schema
        bounds = pgprograms.bounds(pgprograms.libpq_of(self.url.get_driver_name()))
        given = {name: value for name, value in bounds.items() if name not in self.url.query}
        given.update(self.options.get("connect_args") or {})
        self.options = dict(self.options, connect_args=given)

    def engine(self):
        engine = super().engine()
        # Before SQLAlchemy 1.4 psycopg2 sends the rows of an INSERT one by one, and waits for the answer to each.
        if VERSION < (1, 4) and engine.dialect.driver == "psycopg2":
            sqlalchemy.event.listen(engine, "do_executemany", execute_together)
        return engine

    def begin(self, connection):
        for statement in (
            "SET TRANSACTION READ ONLY",
            "SET LOCAL statement_timeout = 0",
            f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'",
        ):
            connection.execute(sqlalchemy.text(statement))
        self.connection = connection
        self.found_schema = self.known_schema or self.value(
            "SELECT coalesce((SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE c.oid = to_regclass('spawners')), current_schema())"
        )
        if self.found_schema is None:
            raise Refused(f"The search path of {self.title} leads to no schema that exists.")
        # The same statements say the same of the hub's tables in whatever database they are.
        connection.execute(sqlalchemy.text("SET LOCAL search_path = " + self.quoted(self.found_schema)))
        # While a program uses its snapshot the transaction idles.
        for setting in ("idle_in_transaction_session_timeout", "transaction_timeout"):
            if self.value(f"SELECT count(*) FROM pg_settings WHERE name = '{setting}'"):
                connection.execute(sqlalchemy.text(f"SET LOCAL {setting} = 0"))

    def value(self, statement):
        return self.connection.execute(text(statement)).fetchone()[0]

    def schema(self):
        return self.found_schema

    def version(self):
        """The server's version as in server_version_num: 150018 for 15.18."""
        return int(self.value("SELECT current_setting('server_version_num')"))

    # --- the hub's tables --------------------------------------------------------------------------------------

    def hubs(self):
        """A recursive query's head: `hubs`, the oids of the hub's tables."""
        names = ", ".join(literal(name) for name in sorted(self.own_tables))
        return (
            "WITH RECURSIVE inside AS (SELECT c.oid, c.relname FROM pg_class c "
            "JOIN pg_namespace n ON n.oid = c.relnamespace "
            f"WHERE n.nspname = {literal(self.schema())} AND c.relkind IN ('r', 'p')), "
            f"hubs AS (SELECT oid, relname FROM inside WHERE relname IN ({names}) "
            f"OR left(relname, {len(TEMPORARY)}) = {literal(TEMPORARY)} UNION "
            "SELECT i.oid, i.relname FROM hubs h JOIN pg_constraint k ON k.confrelid = h.oid AND k.contype = 'f' "
            "JOIN inside i ON i.oid = k.conrelid) "
        )

    def tables(self):
        found = {}
        query = (
            "SELECT h.relname, a.attname FROM hubs h JOIN pg_attribute a ON a.attrelid = h.oid "
            "WHERE a.attnum > 0 AND NOT a.attisdropped ORDER BY h.relname, a.attnum"
        )
        for table, column in self.select(self.hubs() + query):
            found.setdefault(table, []).append(column)
        return found

    def sequences(self):
        """Sequences that give the hub's tables numbers without belonging to one: (schema, name)."""
        query = (
            "SELECT DISTINCT n.nspname, s.relname FROM hubs h "
            "JOIN pg_attrdef f ON f.adrelid = h.oid "
            "JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid "
            "AND d.refclassid = 'pg_class'::regclass "
            "JOIN pg_class s ON s.oid = d.refobjid AND s.relkind = 'S' JOIN pg_namespace n ON n.oid = s.relnamespace "
            "WHERE NOT EXISTS (SELECT 1 FROM pg_depend o WHERE o.classid = 'pg_class'::regclass "
            "AND o.objid = s.oid AND o.deptype IN ('a', 'i')) ORDER BY 1, 2"
        )
        return [tuple(row) for row in self.select(self.hubs() + query)]

    def schema_lines(self):
        of_newer = "a.attidentity::text" if self.version() >= 100000 else "''"
        queries = [
            "SELECT h.relname, 'column', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, "
            f"pg_get_expr(f.adbin, f.adrelid), {of_newer} FROM hubs h JOIN pg_attribute a ON a.attrelid = h.oid "
            "LEFT JOIN pg_attrdef f ON f.adrelid = h.oid AND f.adnum = a.attnum "
            "WHERE a.attnum > 0 AND NOT a.attisdropped",
            # From PostgreSQL 18 on NOT NULL, which is a column's above, is a constraint too.
            "SELECT h.relname, 'constraint', k.conname, pg_get_constraintdef(k.oid) FROM hubs h "
            "JOIN pg_constraint k ON k.conrelid = h.oid WHERE k.contype IN ('c', 'f', 'p', 'u', 'x')",
            "SELECT h.relname, 'index', pg_get_indexdef(i.indexrelid) FROM hubs h "
            "JOIN pg_index i ON i.indrelid = h.oid",
            "SELECT h.relname, 'trigger', pg_get_triggerdef(t.oid), t.tgenabled::text FROM hubs h "
            "JOIN pg_trigger t ON t.tgrelid = h.oid WHERE NOT t.tgisinternal",
            "SELECT h.relname, 'policy', p.polname, pg_get_expr(p.polqual, p.polrelid), "
            "pg_get_expr(p.polwithcheck, p.polrelid) FROM hubs h JOIN pg_policy p ON p.polrelid = h.oid",
        ]
        return [list(row) for query in queries for row in self.select(self.hubs() + query)]

    # --- what is there -----------------------------------------------------------------------------------------

    def about(self):
        tool = pgprograms.fitting(self.version())
        rights = pgrights.Rights(self)
        problems, warnings = rights.problems(), rights.warnings()
        proof = "scratch file"
        backup = LINES
        if tool is None:
            warnings.append(pgprograms.missing(self.version()))
        elif pgsessions.is_pooled(self):
            warnings.append(pgsessions.pooled(self))
            tool = None
        elif self.tables() and not problems:
            said = pgprograms.trial(self, tool)
            if said:
                warnings.append(f"pg_dump does not work here, so the backup is made in lines: {said}")
                tool = None
        if tool is not None:
            backup = {"format": "pg_dump", "tool": tool.title}
            proof = pgscratch.proof(self, tool)
        return {
            "server": "PostgreSQL " + self.value("SELECT current_setting('server_version')").split(" ")[0],
            "name": f"{self.value('SELECT current_database()')}, schema {self.schema()}",
            "size": self.value(self.hubs() + "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM hubs"),
            "problems": problems,
            "warnings": warnings,
            "backup": backup,
            "proof": proof,
        }

    def sessions(self):
        with self.reading():
            return pgsessions.sessions(self)

    # --- backup and put back -----------------------------------------------------------------------------------

    def backup(self, out):
        with self.reading():
            # Of no tables a dump is none: lines say so, too.
            by_program = self.tables() and not pgsessions.is_pooled(self)
            tool = pgprograms.fitting(self.version()) if by_program else None
            if tool is not None:
                try:
                    with new_file(out):
                        snapshot = self.value("SELECT pg_export_snapshot()")
                        with pgprograms.dumping(self, tool, ["-Fc", "--snapshot=" + snapshot, "-f", out]):
                            found = digest_of(self)
                    return {"format": "pg_dump", "tool": tool.title, "digest": found}
                except Failed as error:
                    log(f"The backup is made in lines: {self.in_words(error)}")
        return super().backup(out)

    def put_back(self, file):
        if not pgprograms.is_dump(file):
            return super().put_back(file)
        with self.reading():
            archive = pgprograms.Archive(file, self.version())
            if archive.schema != self.schema():
                raise Refused(
                    f"The backup is of the schema {archive.schema}, the hub's tables in {self.title} are in "
                    f"{self.schema()}: let the hub's search path lead to {archive.schema}."
                )
            self.own(archive.tables)
            self.refuse_dependents()
            before = self.drop_statements(archive) + self.make_statements(archive)
        try:
            with self.words():
                pgprograms.load(self, archive, before)
        except pgprograms.Locked as error:
            with self.reading():
                raise TryAgain(pgsessions.locked(self)) from error
        with self.reading():
            return {"digest": digest_of(self)}

    def empty(self):
        with self.reading():
            self.refuse_dependents()
            dropped = list(self.tables())
            statements = self.drop_statements()
        with self.changing() as connection:
            for statement in statements:
                connection.execute(sqlalchemy.text(statement))
        return {"dropped": dropped}

    @contextlib.contextmanager
    def changing(self):
        """Context: a transaction that writes."""
        with self.connected() as connection, connection.begin():
            connection.execute(sqlalchemy.text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
            if self.found_schema:
                connection.execute(text("SET LOCAL search_path = " + self.always_quoted(self.found_schema)))
            yield connection

    # --- a backup in lines -------------------------------------------------------------------------------------

    def change(self, *steps):
        """All or nothing."""
        with self.changing() as connection:
            for step in steps:
                step(connection)

    def selected(self, column, kind):
        # Some drivers make objects of JSON.
        return sql.cast(column, sqlalchemy.Text) if isinstance(kind, sqlalchemy.types.JSON) else column

    def types(self):
        kinds = (column["type"] for table in self.tables() for column in self.columns(table))
        found = {kind.name: list(kind.enums) for kind in kinds if isinstance(kind, postgresql.ENUM)}
        return [{"name": name, "values": found[name]} for name in sorted(found)]

    def make_types(self, connection, types):
        for kind in types:
            postgresql.ENUM(*kind["values"], name=kind["name"]).create(connection, checkfirst=True)

    def counter(self, table):
        """The state of each sequence that belongs to a column."""
        found = []
        for column in self.tables()[table]:
            name = literal(self.qualified(self.schema(), table))
            sequence = self.value(f"SELECT pg_get_serial_sequence({name}, {literal(column)})")
            if sequence:
                last, called = next(iter(self.select("SELECT last_value, is_called FROM " + sequence)))
                found.append({"column": column, "last": last, "called": called})
        return found

    def set_counter(self, connection, table):
        name = literal(self.qualified(self.schema(), table["name"]))
        for each in table["counter"]:
            sequence = f"pg_get_serial_sequence({name}, {literal(each['column'])})"
            self.run(connection, f"SELECT setval({sequence}, {each['last']}, {str(each['called']).lower()})")

    def refuse_dependents(self):
        problems = pgrights.Rights(self).dependents()
        if problems:
            raise Refused(problems[0])

    def drop_statements(self, archive=None):
        """Tables that came since are dropped too: they refer to the hub's, or a newer release made them."""
        schema = self.schema()
        tables = sorted(set(self.tables()) | set(archive.tables if archive else ()))
        sequences = set(self.sequences()) | {(schema, name) for name in (archive.sequences if archive else ())}
        statements = []
        if tables:
            statements.append("DROP TABLE IF EXISTS " + ", ".join(self.qualified(schema, name) for name in tables))
        for place, name in sorted(sequences):
            statements.append("DROP SEQUENCE IF EXISTS " + self.qualified(place, name))
        return statements

    def make_statements(self, archive):
        """What a database that is not the one of the backup may lack."""
        statements = []
        schema = literal(self.schema())
        if not self.value(f"SELECT count(*) FROM pg_namespace WHERE nspname = {schema}"):
            statements.append("CREATE SCHEMA " + self.quoted(self.schema()))
        if "oauth_access_tokens" in archive.tables and not self.value(
            f"SELECT count(*) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace "
            f"WHERE t.typname = 'granttype' AND n.nspname = {schema}"
        ):
            values = ", ".join(literal(each) for each in GRANT_TYPES)
            statements.append(f"CREATE TYPE {self.qualified(self.schema(), 'granttype')} AS ENUM ({values})")
        return statements

    def qualified(self, schema, name):
        return self.always_quoted(schema) + "." + self.always_quoted(name)

    def always_quoted(self, name):
        return '"' + name.replace('"', '""') + '"'

    @contextlib.contextmanager
    def words(self):
        """Context: what a program says becomes a sentence."""
        try:
            yield
        except Failed as error:
            raise Refused(self.in_words(error)) from error

    def prove(self, file, visit=None):
        if not pgprograms.is_dump(file):
            return super().prove(file, visit)
        return pgscratch.prove(self, file, visit)

    def sweep(self):
        pgscratch.sweep(self)
