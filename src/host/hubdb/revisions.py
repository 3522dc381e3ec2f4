"""JupyterHub's schema through its releases, and what its tables look like when a migration broke off."""

# Revisions of the schema, oldest first, with the release that introduced each and the columns or tables it brings.
# A sign of a later revision than alembic_version says shows a migration that broke off; a missing sign of an earlier
# one shows a database that was stamped without being migrated. Tables a hub creates at its start (roles, shares) may
# be missing just after a migration, so a sign only counts as missing where its table is there.
REVISIONS = [
    ("19c0846f6344", "0.5", []),
    ("eeb276e51423", "0.6", []),
    ("af4cbdb2d13c", "0.7", [("services", None)]),
    ("3ec6993fe20c", "0.8", [("users", "encrypted_auth_state")]),
    ("1cebaf56856c", "0.8", [("oauth_codes", "session_id")]),
    ("56cc5a70207e", "0.9", [("api_tokens", "created")]),
    ("99a28a4418e1", "0.9", [("users", "created"), ("spawners", "started")]),
    ("d68c98b66cd4", "0.9", [("oauth_clients", "description")]),
    ("896818069c98", "0.9", [("api_tokens", "expires_at")]),
    ("4dc2d5a8c53c", "1.0", [("spawners", "user_options")]),
    ("833da8570507", "2.0", [("services", "oauth_client_id"), ("spawners", "oauth_client_id"), ("roles", None)]),
    (
        "651f5419b74d",
        "3.0",
        [("oauth_codes", "scopes"), ("api_tokens", "scopes"), ("oauth_clients", "allowed_scopes")],
    ),
    ("0eee8c825d24", "4.0", [("groups", "properties")]),
    ("3c2384c5aae1", "5.0", [("services", "from_config")]),
    ("4621fec11365", "5.0", [("roles", "managed_by_auth"), ("user_role_map", "managed_by_auth"), ("shares", None)]),
    ("be8ecf03ddac", "6.0", [("services", "timeout")]),
    ("afd65840b69e", "6.0", [("oauth_codes", "code_challenge")]),
    ("ff1860e38070", "6.0", [("users", "user_info")]),
    ("f460b0348206", "6.0", [("spawners", "display_name")]),
]
CHAIN = [revision for revision, _, _ in REVISIONS]
# Every table that a release of JupyterHub has ever made, but for two of 0.7 that refer to one of these.
HUB_TABLES = {
    "alembic_version",
    "api_token_role_map",
    "api_tokens",
    "group_role_map",
    "groups",
    "oauth_access_tokens",
    "oauth_client_role_map",
    "oauth_clients",
    "oauth_code_role_map",
    "oauth_codes",
    "roles",
    "servers",
    "service_role_map",
    "services",
    "share_codes",
    "shares",
    "spawners",
    "user_group_map",
    "user_role_map",
    "users",
}
# What a migration of SQLite calls a table it is rewriting.
TEMPORARY = "_alembic_tmp_"
# Its migration drops api_tokens: no token made before it works after it.
TOKENS_DROPPED = "833da8570507"


def has(tables, table, column):
    return table in tables and (column is None or column in tables[table])


def half_migrated(revision, tables):
    """Signs that a migration broke off or never ran, as sentences; columns say nothing about an unknown revision."""
    signs = []
    for table in sorted(tables):
        if table.startswith(TEMPORARY):
            signs.append(f"table {table} was left by a migration that broke off")
    if len(revision) != 1:
        if "users" in tables:
            signs.append(f"alembic_version says {len(revision)} revisions, not one")
        return signs
    if revision[0] not in CHAIN:
        return signs
    position = CHAIN.index(revision[0])
    for index, (each, release, brings) in enumerate(REVISIONS):
        for table, column in brings:
            what = f"table {table}" if column is None else f"column {table}.{column}"
            if index > position and has(tables, table, column):
                signs.append(f"{what} belongs to revision {each} (JupyterHub {release})")
            elif index <= position and column is not None and table in tables and column not in tables[table]:
                signs.append(f"{what} of revision {each} (JupyterHub {release}) is missing")
    return signs


def is_before(revision, limit):
    return len(revision) == 1 and revision[0] in CHAIN and CHAIN.index(revision[0]) < CHAIN.index(limit)
