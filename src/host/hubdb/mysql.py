"""A hub's database on MySQL or MariaDB: backed up, proven and put back by the server's own programs."""

import contextlib

import sqlalchemy

from . import myprograms, myrights, myscratch
from .database import Refused, TryAgain, log, new_file
from .digests import digest_of
from .programs import Failed
from .revisions import TEMPORARY
from .server import LINES, Server, text

LOCK_SECONDS = 20
# What bounds the waiting for a server that has fallen silent, as each driver calls it.
BOUNDS = {
    "pymysql": {"connect_timeout": 15, "read_timeout": 300, "write_timeout": 60},
    "mysqldb": {"connect_timeout": 15, "read_timeout": 300, "write_timeout": 60},
    "mysqlconnector": {"connection_timeout": 15},
    "mariadbconnector": {"connect_timeout": 15, "read_timeout": 300, "write_timeout": 60},
}
# A backup is only what the digest says when nothing was written meanwhile.
TRIES = 3


def literal(value):
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


class MySQL(Server):
    isolation = "REPEATABLE READ"

    def __init__(self, url, options):
        super().__init__(url, options)
        bounds = BOUNDS.get(self.url.get_driver_name(), {})
        given = dict(self.options.get("connect_args") or {})
        given = dict({name: value for name, value in bounds.items() if name not in self.url.query}, **given)
        self.options = dict(self.options, connect_args=given)

    def begin(self, connection):
        for setting in settings(connection):
            connection.execute(sqlalchemy.text("SET SESSION " + setting))
        connection.execute(sqlalchemy.text("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"))

    def value(self, statement):
        return self.connection.execute(text(statement)).fetchone()[0]

    def schema(self):
        return self.value("SELECT DATABASE()")

    def is_mariadb(self):
        return "mariadb" in self.version_text().lower()

    def version_text(self):
        return str(self.value("SELECT VERSION()"))

    # --- the hub's tables --------------------------------------------------------------------------------------

    def tables(self):
        inside = set(
            self.column(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
                "AND table_type = 'BASE TABLE'"
            )
        )
        # A table keeps its key while the one it refers to is dropped: by a put-back that was killed.
        keys = self.several(
            "SELECT table_name, referenced_table_name FROM information_schema.referential_constraints "
            "WHERE constraint_schema = DATABASE() AND unique_constraint_schema = DATABASE()"
        )
        found = {table for table in inside if table in self.own_tables or table.startswith(TEMPORARY)}
        while True:
            known = found | self.own_tables
            more = {table for table, referred in keys if table in inside and referred in known} - found
            if not more:
                break
            found |= more
        columns = {}
        for table, column in self.several(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = DATABASE() "
            "ORDER BY table_name, ordinal_position"
        ):
            if table in found:
                columns.setdefault(table, []).append(column)
        return {table: columns[table] for table in sorted(columns)}

    def several(self, statement):
        """Rows of texts: some drivers give those of information_schema as bytes."""
        rows = self.connection.execute(text(statement)).fetchall()
        return [tuple(as_text(value) for value in row) for row in rows]

    def column(self, statement):
        return [row[0] for row in self.several(statement)]

    def shown(self, statement):
        """What SHOW says, with names in backticks whatever the server's mode is."""
        self.connection.execute(text("SET @hubs_mode = @@sql_mode, SESSION sql_mode = ''"))
        try:
            return self.several(statement)
        finally:
            self.connection.execute(text("SET SESSION sql_mode = @hubs_mode"))

    def schema_lines(self):
        lines = []
        for table in self.tables():
            created = self.shown("SHOW CREATE TABLE " + self.ticked(table))[0][1]
            lines += [[table, myprograms.PASSING.sub("", line.strip().rstrip(","))] for line in created.splitlines()]
        for row in self.triggers():
            lines.append(["trigger"] + list(row))
        return lines

    def triggers(self):
        """(table, name, timing, event, statement, definer) of those of the hub's tables."""
        rows = self.several(
            "SELECT event_object_table, trigger_name, action_timing, event_manipulation, action_statement, definer "
            "FROM information_schema.triggers WHERE event_object_schema = DATABASE()"
        )
        tables = self.tables()
        return sorted(row for row in rows if row[0] in tables)

    def ticked(self, name):
        return "`" + name.replace("`", "``") + "`"

    # --- what is there -----------------------------------------------------------------------------------------

    def about(self):
        rights = myrights.Rights(self)
        problems, warnings = rights.problems(), rights.warnings()
        backup, proof = LINES, "scratch file"
        tool = myprograms.fitting(self.is_mariadb())
        if tool is None:
            warnings.append(myprograms.missing(self.is_mariadb()))
        elif self.tables() and not problems:
            said = myprograms.trial(self, tool)
            if said:
                warnings.append(f"{tool.name} does not work here, so the backup is made in lines: {said}")
                tool = None
        if tool is not None:
            backup = {"format": "mysqldump", "tool": tool.title}
            proof = myscratch.proof(self, rights)
        number = self.version_text().split("-")[0]
        return {
            "server": ("MariaDB " if self.is_mariadb() else "MySQL ") + number,
            "name": self.schema(),
            "size": sum(self.sizes().values()),
            "problems": problems,
            "warnings": warnings,
            "backup": backup,
            "proof": proof,
        }

    def sizes(self):
        rows = self.several(
            "SELECT table_name, coalesce(data_length, 0) + coalesce(index_length, 0) FROM information_schema.tables "
            "WHERE table_schema = DATABASE()"
        )
        tables = self.tables()
        return {table: int(size) for table, size in rows if table in tables}

    def sessions(self):
        with self.reading():
            rows = self.several(
                "SELECT id, user, user = substring_index(current_user(), '@', 1), host, "
                "date_format(date_sub(utc_timestamp(), INTERVAL time SECOND), '%Y-%m-%dT%TZ'), command "
                "FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID() ORDER BY id"
            )
        return [
            # How long its last statement is ago is all that the server tells.
            {"id": int(number), "user": user, "own": bool(int(own)), "from": place, "since": since, "application": what}
            for number, user, own, place, since, what in rows
        ]

    # --- backup and put back -----------------------------------------------------------------------------------

    def backup(self, out):
        with self.reading():
            tool = self.dumper()
            before = digest_of(self) if tool else None
        for _ in range(TRIES if tool else 0):
            try:
                with new_file(out):
                    self.dump(tool, out)
                    with self.reading():
                        after = digest_of(self)
                    if before == after:
                        return {"format": "mysqldump", "tool": tool.title, "digest": after}
                    before = after
                    raise Changed()  # so the file goes
            except Changed:
                continue
            except Failed as error:
                log(f"The backup is made in lines: {self.in_words(error)}")
                break
        # Or the hub writes all the time.
        return super().backup(out)

    def copy(self, out):
        with self.reading():
            tool = self.dumper()
        try:
            if tool:
                with new_file(out):
                    self.dump(tool, out)
                return {"format": "mysqldump", "tool": tool.title}
        except Failed as error:
            log(f"The copy is made in lines: {self.in_words(error)}")
        return super().backup(out)

    def dumper(self):
        # Of no tables a dump is none: lines say so, too.
        return myprograms.fitting(self.is_mariadb()) if self.tables() else None

    def dump(self, tool, out):
        with self.reading():
            myprograms.dump(self, tool, out)

    def put_back(self, file):
        if not myprograms.is_dump(file):
            return super().put_back(file)
        with self.reading():
            tool = myprograms.loading(self.is_mariadb())
            dumped = myprograms.tables_in(file)
            self.own(dumped)
            tables = sorted(set(self.tables()).union(dumped))
        self.refuse_locked(tables)
        with self.words():
            myprograms.load(self, tool, file, self.drop_statements(tables))
        with self.reading():
            return {"digest": digest_of(self)}

    # --- a backup in lines -------------------------------------------------------------------------------------

    def definition(self, table):
        """As the server tells it, with what numbers the next row."""
        return [self.shown("SHOW CREATE TABLE " + self.ticked(table.name))[0][1]]

    @contextlib.contextmanager
    def changing(self):
        with super().changing() as connection:
            # How names are quoted stays as it is: SQLAlchemy has found out.
            quotes = "if(find_in_set('ANSI_QUOTES', @@sql_mode), ',ANSI_QUOTES', '')"
            mode = f"sql_mode = concat('NO_AUTO_VALUE_ON_ZERO', {quotes})"
            for setting in settings(connection) + ["foreign_key_checks = 0", mode]:
                self.run(connection, "SET SESSION " + setting)
            yield connection

    def drop_statements(self, tables):
        # Whatever refers to them gets them back, or is dropped along.
        statements = ["SET SESSION foreign_key_checks = 0", f"SET SESSION lock_wait_timeout = {LOCK_SECONDS}"]
        names = ", ".join(self.ticked(table) for table in tables)
        return statements + (["DROP TABLE IF EXISTS " + names] if tables else [])

    def empty(self):
        with self.reading():
            tables = list(self.tables())
        self.refuse_locked(tables)
        with self.connected() as connection:
            for statement in self.drop_statements(tables):
                connection.execute(text(statement))
        return {"dropped": tables}

    def refuse_locked(self, tables):
        """Nothing is dropped while others use the tables: what was dropped cannot be rolled back."""
        with self.reading():
            there = [table for table in tables if table in self.tables()]
            may_lock = "LOCK TABLES" in myrights.Rights(self).granted(self.schema())
        if not (there and may_lock):
            return
        names = ", ".join(self.ticked(table) + " WRITE" for table in there)
        with self.connected() as connection:
            connection.execute(text(f"SET SESSION lock_wait_timeout = {LOCK_SECONDS}"))
            try:
                connection.execute(text("LOCK TABLES " + names))
            except sqlalchemy.exc.SQLAlchemyError as error:
                if "1205" not in str(getattr(error, "orig", "")):
                    raise
                raise TryAgain(self.locked()) from error
            connection.execute(text("UNLOCK TABLES"))

    def locked(self):
        holders = [f"{each['id']} of {each['user']} (from {each['from']})" for each in self.sessions()]
        who = ", ".join(holders) or "one that this user may not see: see SHOW PROCESSLIST as a user with PROCESS"
        return (
            f"The hub's tables in {self.title} are in use. The other sessions on the database are {who}. End them "
            "(KILL ID), and run this again. Nothing was changed."
        )

    @contextlib.contextmanager
    def words(self):
        """Context: what a program says becomes a sentence."""
        try:
            yield
        except Failed as error:
            raise Refused(self.in_words(error)) from error

    def answers(self):
        """Whether the server takes a new connection."""
        try:
            with self.connected():
                return True
        except Refused:
            return False

    def prove(self, file, visit=None):
        if not myprograms.is_dump(file):
            return super().prove(file, visit)
        return myscratch.prove(self, file, visit)

    def sweep(self):
        myscratch.sweep(self)


class Changed(Exception):
    """The hub wrote while it was backed up."""


def as_text(value):
    return bytes(value).decode("utf-8", "replace") if isinstance(value, (bytes, bytearray)) else value


def settings(connection):
    """What makes the session read the same of every server, for as long as it takes."""
    mariadb = "mariadb" in str(connection.execute(text("SELECT VERSION()")).fetchone()[0]).lower()
    return [
        "time_zone = '+00:00'",
        f"lock_wait_timeout = {LOCK_SECONDS}",
        "net_write_timeout = 600",
        "max_statement_time = 0" if mariadb else "max_execution_time = 0",
    ]
