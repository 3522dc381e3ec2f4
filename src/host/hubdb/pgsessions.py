"""Who else works on a database of PostgreSQL, and whether its sessions are one's own; in `reading` of it."""

import contextlib


def is_pooled(database):
    """Whether a pooler answers for the server: it tells a client of another process than the one that does the work."""
    told = None
    with contextlib.suppress(Exception):  # each driver has its own way, or none
        driver = database.connection.connection
        told = driver.get_backend_pid() if hasattr(driver, "get_backend_pid") else driver.info.backend_pid
    return told is not None and told != database.value("SELECT pg_backend_pid()")


def pooled(database):
    return (
        f"The hub reaches {database.title} through a pooler. One that shares sessions would give the hub those which "
        "pg_dump has set up for itself, so the backup is made in lines through SQLAlchemy. Let db_url lead to the "
        "server itself for one that every PostgreSQL tool reads."
    )


def sessions(database):
    kind = "AND backend_type = 'client backend'" if database.version() >= 100000 else ""
    query = (
        "SELECT pid, usename, usename = current_user, coalesce(host(client_addr), 'this host'), "
        "to_char(backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), application_name "
        "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
        f"{kind} ORDER BY backend_start, pid"
    )
    return [
        {"id": pid, "user": user, "own": own, "from": place, "since": since, "application": application or ""}
        for pid, user, own, place, since, application in database.select(query)
    ]


def locked(database):
    """A sentence on who keeps the hub's tables from being changed."""
    query = (
        "SELECT DISTINCT l.pid, coalesce(a.usename::text, '?'), coalesce(a.application_name, ''), "
        "coalesce(host(a.client_addr), 'this host') FROM pg_locks l JOIN hubs h ON h.oid = l.relation "
        "LEFT JOIN pg_stat_activity a ON a.pid = l.pid WHERE l.granted AND l.pid <> pg_backend_pid() ORDER BY 1"
    )
    holders = [
        f"{pid} of {user} ({application or 'no name'}, from {place})"
        for pid, user, application, place in database.select(database.hubs() + query)
        if pid is not None
    ]
    if holders:
        who = "the sessions " + ", ".join(holders) + ": end them"
    else:
        who = "a prepared transaction or a session that has ended since: see pg_prepared_xacts"
    return f"The hub's tables in {database.title} are locked by {who}, and run this again. Nothing was changed."
