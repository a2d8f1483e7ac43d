"""Questions that commands ask all day: written in the ORM's words, translated to SQL once."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.query import ModelIterable, get_related_populators
from django.db.transaction import TransactionManagementError

Row = TypeVar("Row")

_FIELDS: dict[type, Callable[[], Any]] = {
    int: models.BigIntegerField,
    str: models.TextField,
    date: models.DateField,
    datetime: models.DateTimeField,
    UUID: models.UUIDField,
}


class _Blank(models.Value):
    """Where a value will stand; ``value`` is its place among the arguments."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]

    def written(self, value: Any, database: Any) -> Any:
        """``value`` as the database takes it."""
        return self.output_field.get_db_prep_value(value, database, prepared=False)


class _Keys(_Blank):
    """Where the keys of ``__in`` will stand: one value however many they are."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "(SELECT value FROM json_each(%s))", [self]

    def as_postgresql(self, compiler: Any, connection: Any) -> Any:
        return _ARRAY, [self]

    def written(self, value: Any, database: Any) -> Any:
        edges = "{}" if database.vendor == "postgresql" else "[]"
        return f"{edges[0]}{','.join(map(str, value))}{edges[1]}"


# The ORM writes IN; an array is searched, and its index used, by = ANY.
_ARRAY = "(%s::bigint[])"


@dataclass(frozen=True, slots=True)
class _Translation:
    sql: str
    params: Sequence[Any]
    converters: list[tuple[int, list[Callable[..., Any]], Any]]
    is_locking: bool
    make: Callable[[list[Any]], Any]


class Prepared(Generic[Row]):
    """A queryset that is translated at its first use, then only filled in and asked.

    ``build`` receives one blank for each of ``kinds`` and returns the queryset: of instances,
    with or without ``select_related``, or of ``values_list``. For one Django query of a few tables
    translating takes four to ten times what SQLite needs to answer it.

    A blank stands for one value that is never ``None``, or, of kind ``list``, for the keys of an
    ``__in``: whole numbers, as many as there are. Prefetches are not followed.
    """

    def __init__(self, build: Callable[..., models.QuerySet[Any, Row]], *kinds: type) -> None:
        self._build = build
        self._kinds = kinds
        self._translations: dict[str, _Translation] = {}

    def all(self, *values: Any) -> list[Row]:
        """Every row, in order."""
        database = connections[DEFAULT_DB_ALIAS]
        known = self._translations.get(database.vendor)
        if known is None:
            known = self._translations[database.vendor] = self._translated()
        if known.is_locking and database.get_autocommit():
            raise TransactionManagementError("a row is locked inside a transaction only")
        params = [
            one.written(values[one.value], database) if isinstance(one, _Blank) else one
            for one in known.params
        ]
        with database.cursor() as cursor:
            cursor.execute(known.sql, params)
            found = cursor.fetchall()
        if known.make is tuple and not known.converters:
            return cast("list[Row]", found)
        rows = [list(row) for row in found]
        for place, converters, expression in known.converters:
            for convert in converters:
                for row in rows:
                    row[place] = convert(row[place], expression, database)
        return [known.make(row) for row in rows]

    def first(self, *values: Any) -> Row | None:
        """The first row, or ``None``; slice the queryset if there may be many."""
        return next(iter(self.all(*values)), None)

    def exists(self, *values: Any) -> bool:
        """Whether there is a row."""
        return bool(self.all(*values))

    def _translated(self) -> _Translation:
        blanks = [
            _Keys(place, models.BigIntegerField())
            if kind is list
            else _Blank(place, _FIELDS[kind]())
            for place, kind in enumerate(self._kinds)
        ]
        queryset = self._build(*blanks)
        compiler = queryset.query.get_compiler(connection=connections[DEFAULT_DB_ALIAS])
        sql, params = compiler.as_sql()
        expressions = [one[0] for one in compiler.select[: compiler.col_count]]
        sql, params = _spelled_out(sql.replace(f"IN {_ARRAY}", f"= ANY{_ARRAY}"), params)
        return _Translation(
            sql=sql,
            params=params,
            converters=[
                (place, converters, expression)
                for place, (converters, expression) in compiler.get_converters(expressions).items()
            ],
            is_locking=queryset.query.select_for_update,
            make=(
                _maker(compiler) if issubclass(queryset._iterable_class, ModelIterable) else tuple
            ),
        )


def _spelled_out(sql: str, params: Sequence[Any]) -> tuple[str, list[Any]]:
    """The same with the words and whole numbers that never change written into the SQL.

    A database that plans once for all values does not see that ``on_hand > %s`` is what a partial
    index holds, nor that few places are docks.
    """
    left = iter(params)
    kept: list[Any] = []

    def place(found: re.Match[str]) -> str:
        if found[0] == "%%":
            return found[0]
        one = next(left)
        if isinstance(one, int) and not isinstance(one, bool):
            return str(int(one))
        if isinstance(one, str):
            return "'" + str(one).replace("'", "''").replace("%", "%%") + "'"
        kept.append(one)
        return found[0]

    return re.sub("%[%s]", place, sql), kept


def _maker(compiler: Any) -> Callable[[list[Any]], Any]:
    """What makes an instance of a row, and of its columns those that it is related to."""
    about, select = compiler.klass_info, compiler.select
    model, places = about["model"], about["select_fields"]
    start, end = places[0], places[-1] + 1
    names = [one[0].target.attname for one in select[start:end]]
    # The stubs are those of a later Django.
    populators = get_related_populators(about, select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]

    def make(row: list[Any]) -> Any:
        made = model.from_db(DEFAULT_DB_ALIAS, names, row[start:end])
        for populator in populators:
            populator.populate(row, made)
        for name, place in compiler.annotation_col_map.items():
            setattr(made, name, row[place])
        return made

    return make
