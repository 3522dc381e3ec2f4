"""What on PostgreSQL would keep the hub's tables from being backed up or put back, found before anything stops."""

from .database import some


class Rights:
    """In `reading` of the database."""

    def __init__(self, database):
        self.database = database
        self.title = database.title

    def select(self, query):
        return [tuple(row) for row in self.database.select(self.database.hubs() + query)]

    def problems(self):
        if self.database.value("SELECT pg_is_in_recovery()"):
            return [f"{self.title} is a standby that only reads: let the hub's db_url lead to the primary server."]
        return self.unreadable() + self.owners() + self.schema() + self.grantors() + self.policies() + self.dependents()

    def role(self):
        return self.database.value("SELECT current_user")

    def unreadable(self):
        query = "SELECT relname FROM hubs WHERE NOT has_table_privilege(oid, 'SELECT') ORDER BY 1"
        tables = [table for (table,) in self.select(query)]
        if not tables:
            return []
        names = ", ".join(self.database.quoted(table) for table in tables)
        return [
            f"The role {self.role()} may not read {', '.join(tables)} in {self.title}: let the owner say "
            f"GRANT SELECT ON {names} TO {self.database.quoted(self.role())}."
        ]

    def owners(self):
        """Only a member of the owner may drop or alter a table: neither the migration nor the way back would work."""
        query = (
            "SELECT r.rolname, string_agg(c.relname, ', ' ORDER BY c.relname) FROM hubs h "
            "JOIN pg_class c ON c.oid = h.oid JOIN pg_roles r ON r.oid = c.relowner "
            "WHERE NOT pg_has_role(c.relowner, 'USAGE') GROUP BY 1 ORDER BY 1"
        )
        return [
            f"The tables {tables} in {self.title} belong to the role {owner}, and {self.role()}, as whom the hub "
            f"works, may not alter or drop them: say GRANT {self.database.quoted(owner)} TO "
            f"{self.database.quoted(self.role())}, or give them to it with ALTER TABLE … OWNER TO."
            for owner, tables in self.select(query)
        ]

    def schema(self):
        """Who makes a table, and who gets it, needs CREATE on the schema."""
        query = (
            "SELECT DISTINCT r.rolname FROM (SELECT c.relowner AS role FROM hubs h JOIN pg_class c ON c.oid = h.oid "
            "WHERE pg_has_role(c.relowner, 'USAGE') UNION SELECT r.oid FROM pg_roles r WHERE r.rolname = current_user) "
            "w JOIN pg_roles r ON r.oid = w.role JOIN pg_namespace n ON n.nspname = '%s' "
            "WHERE NOT has_schema_privilege(r.oid, n.oid, 'CREATE') ORDER BY 1"
        ) % self.database.schema().replace("'", "''")
        schema = self.database.quoted(self.database.schema())
        return [
            f"The role {role} may not make tables in the schema {self.database.schema()} of {self.title}: let the "
            f"schema's owner say GRANT CREATE ON SCHEMA {schema} TO {self.database.quoted(role)}."
            for (role,) in self.select(query)
        ]

    def grantors(self):
        """A grant of another than the owner can be made again by a superuser alone."""
        query = (
            "SELECT DISTINCT c.relname, g.rolname, o.rolname FROM hubs h JOIN pg_class c ON c.oid = h.oid "
            "CROSS JOIN LATERAL aclexplode(c.relacl) a JOIN pg_roles g ON g.oid = a.grantor "
            "JOIN pg_roles o ON o.oid = c.relowner WHERE a.grantor <> c.relowner "
            "AND NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) ORDER BY 1, 2"
        )
        return [
            f"Rights on the table {table} in {self.title} were granted by the role {grantor}, so {self.role()} could "
            f"not grant them again: let {grantor} revoke them and {owner}, the table's owner, grant them."
            for table, grantor, owner in self.select(query)
        ]

    def policies(self):
        """pg_dump refuses a table of which it might see a part only."""
        query = (
            "SELECT c.relname FROM hubs h JOIN pg_class c ON c.oid = h.oid WHERE c.relrowsecurity "
            "AND (c.relforcerowsecurity OR NOT pg_has_role(c.relowner, 'USAGE')) "
            "AND NOT (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user) ORDER BY 1"
        )
        return [
            f"The policies of the table {table} in {self.title} may hide rows from the role {self.role()}: say "
            f"ALTER TABLE {self.database.quoted(table)} NO FORCE ROW LEVEL SECURITY, or give the role BYPASSRLS."
            for (table,) in self.select(query)
        ]

    def dependents(self):
        """What refers to the hub's tables without being one: DROP would refuse, and nothing could make it again."""
        sequences = " OR ".join(
            "(n.nspname, s.relname) = ('{}', '{}')".format(*(each.replace("'", "''") for each in pair))
            for pair in self.database.sequences()
        )
        query = (
            ", ours (classid, objid) AS (SELECT 'pg_class'::regclass::oid, oid FROM hubs UNION "
            "SELECT 'pg_class'::regclass::oid, s.oid FROM pg_class s JOIN pg_namespace n ON n.oid = s.relnamespace "
            f"WHERE s.relkind = 'S' AND ({sequences or 'false'})), "
            "parts (classid, objid) AS (SELECT classid, objid FROM ours UNION SELECT d.classid, d.objid "
            "FROM pg_depend d JOIN parts p ON d.refclassid = p.classid AND d.refobjid = p.objid "
            "WHERE d.deptype IN ('a', 'i')) "
            "SELECT DISTINCT pg_describe_object(d.classid, d.objid, 0) FROM pg_depend d "
            "JOIN parts p ON d.refclassid = p.classid AND d.refobjid = p.objid WHERE d.deptype = 'n' "
            "AND NOT EXISTS (SELECT 1 FROM parts q WHERE q.classid = d.classid AND q.objid = d.objid) ORDER BY 1"
        )
        found = [what for (what,) in self.select(query)]
        if not found:
            return []
        return [
            f"In {self.title} other objects depend on the hub's tables, which therefore could not be dropped and put "
            f"back: {some(found)}. Drop them before the upgrade, keeping what makes them, and make "
            "them again after it."
        ]

    def warnings(self):
        inside = [table for (table,) in self.select("SELECT relname FROM inside")]
        return self.publications() + self.database.left_alone(inside)

    def publications(self):
        if self.database.version() < 100000:
            return []
        query = (
            "SELECT p.pubname, string_agg(h.relname, ', ' ORDER BY h.relname) FROM hubs h "
            "JOIN pg_publication_rel r ON r.prrelid = h.oid JOIN pg_publication p ON p.oid = r.prpubid "
            "GROUP BY 1 ORDER BY 1"
        )
        return [
            f"The publication {publication} has the hub's tables {tables}: a rollback makes them anew, and "
            "they have to be added to it again."
            for publication, tables in self.select(query)
        ]
