"""What on MySQL or MariaDB would keep the hub's tables from being backed up or put back."""

import re

NEEDED = ("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "ALTER", "INDEX", "REFERENCES")
# Engines whose tables a transaction reads as they were when it began.
CONSISTENT = ("InnoDB", "ROCKSDB")
ROLE = re.compile(r"GRANT (`[^`]*`@`[^`]*`|`[^`]*`)(, `[^`]*`@`[^`]*`)* TO ")
GRANT = re.compile(r"GRANT (.+?) ON (?:TABLE )?(\*|`(?:[^`]|``)*`)\.(\*|`(?:[^`]|``)*`) TO ")


def matches(pattern, name):
    """Whether a database's name in a grant, with % and _ as in LIKE, covers this one."""
    expression = ""
    for escaped, each in re.findall(r"(\\?)(.)", pattern):
        expression += re.escape(each) if escaped or each not in "%_" else (".*" if each == "%" else ".")
    return re.match(expression + r"\Z", name) is not None


class Rights:
    """In `reading` of the database."""

    def __init__(self, database):
        self.database = database
        self.title = database.title
        self.grants = self.read_grants()

    def read_grants(self):
        """[(rights, database pattern or *, table or *)], with those of the roles that are in force."""
        grants = [row[0] for row in self.database.shown("SHOW GRANTS")]
        if not self.database.is_mariadb() and any(ROLE.match(each) for each in grants):
            roles = str(self.database.value("SELECT CURRENT_ROLE()"))
            if roles != "NONE":
                grants = [row[0] for row in self.database.shown(f"SHOW GRANTS FOR CURRENT_USER() USING {roles}")]
        found = []
        for grant in grants:
            match = GRANT.match(grant)
            if match:
                names = [name if name == "*" else name[1:-1].replace("``", "`") for name in match.groups()[1:]]
                # A right on columns alone is none on the table.
                rights = {each.strip().upper() for each in re.sub(r"\w+ \([^)]*\)", "", match.group(1)).split(",")}
                found.append((rights, names[0], names[1]))
        return found

    def granted(self, name, table=None):
        """The rights on all of a database, and on one of its tables."""
        found = set()
        for rights, pattern, only in self.grants:
            if (pattern == "*" or pattern == name or matches(pattern, name)) and only in ("*", table):
                found |= rights
        if "ALL PRIVILEGES" in found or "ALL" in found:
            found |= set(NEEDED) | {"LOCK TABLES", "TRIGGER"}
        return found

    def problems(self):
        return self.read_only() + self.missing() + self.engines() + self.definers()

    def read_only(self):
        if not self.database.value("SELECT @@global.read_only") or self.granted("*") & {"SUPER", "READ_ONLY ADMIN"}:
            return []
        return [
            f"The server of {self.title} is read-only, as a replica is: let the hub's db_url lead to the primary one."
        ]

    def missing(self):
        schema = self.database.schema()
        lacking = [right for right in NEEDED if right not in self.granted(schema)]
        if self.database.triggers() and "TRIGGER" not in self.granted(schema):
            lacking.append("TRIGGER")
        if not lacking:
            return []
        user, _, host = str(self.database.value("SELECT CURRENT_USER()")).rpartition("@")
        return [
            f"The user {user}@{host} lacks rights to migrate the database {self.title} and to put it back: say "
            f"GRANT {', '.join(lacking)} ON `{schema}`.* TO '{user}'@'{host}'."
        ]

    def engines(self):
        rows = self.database.several(
            "SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE() ORDER BY 1"
        )
        tables = self.database.tables()
        others = [(table, engine) for table, engine in rows if table in tables and engine not in CONSISTENT]
        if not others:
            return []
        named = ", ".join(f"{table} ({engine})" for table, engine in others)
        statements = "; ".join(f"ALTER TABLE {self.database.ticked(table)} ENGINE=InnoDB" for table, _ in others)
        return [
            f"Tables of the hub in {self.title} have an engine without transactions, so they cannot be backed up while "
            f"the hub writes, nor does a failed migration leave them whole: {named}. Say {statements}."
        ]

    def definers(self):
        """A trigger of somebody else can be made again by a user with SUPER or SET USER alone."""
        if (
            self.granted("*") & {"SUPER", "SET USER", "SET_USER_ID", "SET_ANY_DEFINER"}
            or "ALL PRIVILEGES" in self.everywhere()
        ):
            return []
        user = str(self.database.value("SELECT CURRENT_USER()"))
        return [
            f"The trigger {name} on the table {table} in {self.title} was defined by {definer}, so {user} could not "
            f"make it again: define it as {user}, or drop it before the upgrade and make it again after it."
            for table, name, _, _, _, definer in self.database.triggers()
            if definer not in (None, user)  # not told to who may not see triggers
        ]

    def everywhere(self):
        return set().union(*[rights for rights, pattern, _ in self.grants if pattern == "*"])

    def may_create(self, name):
        """Whether a database of that name may be made, filled and dropped."""
        return set(NEEDED) <= self.granted(name)

    def warnings(self):
        inside = self.database.column(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() "
            "AND table_type = 'BASE TABLE'"
        )
        return self.unseen_triggers() + self.database.left_alone(inside)

    def unseen_triggers(self):
        """MySQL tells of triggers only who may make them."""
        schema = self.database.schema()
        if self.database.is_mariadb() or "TRIGGER" in self.granted(schema):
            return []
        return [
            f"Whether tables in {self.title} have triggers cannot be seen without the right TRIGGER, and those that a "
            f"rollback drops would not be made again: say GRANT TRIGGER ON `{schema}`.* for the hub's user."
        ]
