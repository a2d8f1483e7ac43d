"""Many rows at once: what the ORM does one object at a time, in the database's own fast lane."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.db import connection, connections, models

# These reach the database as they are; other fields (euros, JSON…) have a form of their own there.
_PLAIN = (models.CharField, models.TextField, models.IntegerField, models.BooleanField)


def insert_rows(
    model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert ``rows``, each with the values of the fields ``names``, in their order.

    Other fields get their default. A foreign key is named by its column (``product_id``). Nothing
    is checked but by the database: six times ``bulk_create`` on SQLite (measured in
    ``performance.md``), COPY on PostgreSQL.
    """
    given = [_field(model, name) for name in names]
    others = [
        field
        for field in model._meta.concrete_fields
        if field not in given and not isinstance(field, models.AutoField)
    ]
    fields = [*given, *others]
    columns = [field.column for field in fields]
    fill = [_filler(field) for field in others]
    adapters = _adapters(fields)
    complete = (_adapted([*row, *(make() for make in fill)], adapters) for row in rows)
    table = connection.ops.quote_name(model._meta.db_table)
    listed = ", ".join(connection.ops.quote_name(column) for column in columns)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
                for row in complete:
                    copy.write_row(row)
            return
        places = ", ".join(["%s"] * len(columns))
        cursor.executemany(
            f"INSERT INTO {table} ({listed}) VALUES ({places})",  # noqa: S608 - our own names
            list(complete),
        )


def update_rows(
    model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Update ``rows``: the primary key first, then the new values of the fields ``names``."""
    fields = [_field(model, name) for name in names]
    adapters = _adapters(fields)
    values = [[*_adapted(list(new), adapters), key] for key, *new in rows]
    if not values:
        return
    quote = connection.ops.quote_name
    assigned = ", ".join(f"{quote(field.column)} = %s" for field in fields)
    with connection.cursor() as cursor:
        cursor.executemany(
            f"UPDATE {quote(model._meta.db_table)} SET {assigned} WHERE id = %s",  # noqa: S608
            values,
        )


def _field(model: type[models.Model], name: str) -> Any:
    return next(
        field for field in model._meta.concrete_fields if name in (field.name, field.attname)
    )


def _filler(field: Any) -> Callable[[], Any]:
    """What makes a field's default; a value that never changes is adapted once."""
    if callable(field.default):
        default: Callable[[], Any] = field.get_default
        return default
    value = field.get_default()
    return lambda: value


Adapter = Callable[[Any], Any]


def _adapters(fields: Sequence[Any]) -> list[tuple[int, Adapter]]:
    """The fields, by their place in a row, whose values have another form in the database."""
    numbered = ((number, _adapter(field)) for number, field in enumerate(fields))
    return [(number, adapter) for number, adapter in numbered if adapter is not None]


def _adapter(field: Any) -> Adapter | None:
    own = {kind.get_prep_value for kind in (*_PLAIN, models.BigIntegerField)}
    if field.is_relation or (isinstance(field, _PLAIN) and type(field).get_prep_value in own):
        return None
    # The thread's real connection: the proxy looks it up again at every call.
    database = connections[connection.alias]
    if isinstance(field, models.UUIDField | models.JSONField):
        return lambda value: field.get_db_prep_save(value, database)
    known: dict[Any, Any] = {}

    def adapt(value: Any) -> Any:
        # The same few dates and prices come back thousands of times.
        if value not in known:
            known[value] = field.get_db_prep_save(value, database)
        return known[value]

    return adapt


def _adapted(row: list[Any], adapters: list[tuple[int, Adapter]]) -> list[Any]:
    for number, adapt in adapters:
        row[number] = adapt(row[number])
    return row
