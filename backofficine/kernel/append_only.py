"""Tables that only grow: the database itself refuses to change or remove a fact."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper


class AppendOnly(models.Model):
    """A fact: appended, never updated, never deleted, mended by a later fact.

    Each concrete subclass gets its triggers from :func:`install` after every migration, since
    Django's ``AlterField`` and ``AddConstraint`` rebuild a SQLite table and drop them in silence.
    """

    class Meta:
        abstract = True


def tables() -> list[str]:
    """Names of every append-only table, in alphabetical order."""
    return sorted(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if issubclass(model, AppendOnly)
    )


def _sqlite(table: str) -> list[str]:
    # `INSERT OR REPLACE` deletes first; recursive_triggers lets the trigger see it.
    return [f'DROP TRIGGER IF EXISTS "{table}_no_{verb}"' for verb in ("update", "delete")] + [
        f'CREATE TRIGGER "{table}_no_{verb}" BEFORE {verb.upper()} ON "{table}" '
        f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        for verb in ("update", "delete")
    ]


def _postgresql(table: str) -> list[str]:
    return [
        (
            "CREATE OR REPLACE FUNCTION backofficine_append_only() RETURNS trigger AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME "
            "USING ERRCODE = 'integrity_constraint_violation'; END $$ LANGUAGE plpgsql"
        ),
        f'DROP TRIGGER IF EXISTS "{table}_append_only" ON "{table}"',
        (
            f'CREATE TRIGGER "{table}_append_only" BEFORE UPDATE OR DELETE ON "{table}" '
            "FOR EACH ROW EXECUTE FUNCTION backofficine_append_only()"
        ),
        f'DROP TRIGGER IF EXISTS "{table}_no_truncate" ON "{table}"',
        (
            f'CREATE TRIGGER "{table}_no_truncate" BEFORE TRUNCATE ON "{table}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION backofficine_append_only()"
        ),
    ]


def _drop(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    if connection.vendor == "sqlite":
        return [f'DROP TRIGGER IF EXISTS "{table}_no_{verb}"' for verb in ("update", "delete")]
    return [
        f'DROP TRIGGER IF EXISTS "{table}_{name}" ON "{table}"'
        for name in ("append_only", "no_truncate")
    ]


def _present(connection: BaseDatabaseWrapper) -> list[str]:
    with connection.cursor() as cursor:
        existing = set(connection.introspection.table_names(cursor))
    return [table for table in tables() if table in existing]


def _execute(connection: BaseDatabaseWrapper, statements: list[str]) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    """Put the triggers on every append-only table that exists; doing it again changes nothing."""
    connection = connections[using]
    make = _sqlite if connection.vendor == "sqlite" else _postgresql
    for table in _present(connection):
        _execute(connection, make(table))


def unguarded(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """Append-only tables whose triggers are missing, for ``doctor`` and the wall tests."""
    connection = connections[using]
    query = (
        "SELECT tbl_name, COUNT(*) FROM sqlite_master WHERE type = 'trigger' "
        "AND (name LIKE '%%_no_update' OR name LIKE '%%_no_delete') GROUP BY tbl_name"
        if connection.vendor == "sqlite"
        else "SELECT event_object_table, COUNT(DISTINCT trigger_name) FROM "
        "information_schema.triggers WHERE trigger_name LIKE '%%_append_only' "
        "GROUP BY event_object_table"
    )
    wanted = 2 if connection.vendor == "sqlite" else 1
    with connection.cursor() as cursor:
        cursor.execute(query.replace("%%", "%"))
        found: dict[str, int] = dict(cursor.fetchall())
    return [table for table in _present(connection) if found.get(table, 0) < wanted]


@contextmanager
def lifted(using: str = DEFAULT_DB_ALIAS) -> Iterator[None]:
    """Open the tables for the flush between tests that commit, then close them again."""
    connection = connections[using]
    for table in _present(connection):
        _execute(connection, _drop(connection, table))
    try:
        yield
    finally:
        install(using)


def install_after_migrate(sender: Any, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """What ``post_migrate`` calls, once per migrate, for the app ``kernel``."""
    install(using)
