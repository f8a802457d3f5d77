"""
Single rows, read and written for less than Django's query builder takes.

It builds each statement anew, which costs ten times what the database then does. Where somebody waits for many small
statements, as an upload does, they are built once from the models, or written by hand. All of them run on Django's
connection, inside its transactions. Questions that nobody waits for are better asked with querysets.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import DateTimeField, Field, JSONField, Model
from django.db.models.expressions import DatabaseDefault

M = TypeVar("M", bound=Model)
Row = tuple[Any, ...]


def fetch_all(sql: str, *parameters: Any) -> list[Row]:
    """Read rows as the database gives them; moments need `as_moment`."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        rows: list[Row] = cursor.fetchall()
    return rows


def fetch_one(sql: str, *parameters: Any) -> Row | None:
    """Read the first row, if there is one."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row: Row | None = cursor.fetchone()
    return row


def change(sql: str, *parameters: Any) -> int:
    """Run a statement that changes rows, and say how many."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return int(cursor.rowcount)


def find(model: type[M], where: str, *parameters: Any, for_update: bool = False) -> M | None:
    """
    Read one row as an object of its model; None if there is none.

    With `for_update` the row stays as it is until the transaction ends. SQLite has one writer and needs no lock.
    """
    select, names, converters = _select(model)
    lock = " FOR NO KEY UPDATE" if for_update and connection.vendor == "postgresql" else ""
    row = fetch_one(f"{select} WHERE {where}{lock}", *parameters)
    if row is None:
        return None
    values = list(row)
    for place, convert in converters:
        values[place] = convert(values[place])
    return model.from_db(connection.alias, names, values)


def insert(row: Model, *, unless_taken: bool = False) -> bool:
    """
    Write a new row, and give it its key.

    With `unless_taken` False is said where another row has what must be unique. One that is not committed yet is waited for.
    """
    fields = _written(row)
    sql = _insert(type(row), tuple(fields), 1, unless_taken) + f' RETURNING "{row._meta.pk.column}"'
    found = fetch_one(sql, *_values(row, fields))
    if found is None:
        return False
    row.pk = found[0]
    row._state.adding, row._state.db = False, connection.alias
    return True


def insert_all(rows: Sequence[Model]) -> None:
    """Write new rows of one model in one statement; their objects are of no use afterwards."""
    if rows:
        fields = _written(rows[0])
        sql = _insert(type(rows[0]), tuple(fields), len(rows), False)
        change(sql, *(value for row in rows for value in _values(row, fields)))


def as_parameter(moment: datetime) -> Any:
    """Write a moment as the database's own parameter, because these statements do not pass through Django's fields."""
    return connection.ops.adapt_datetimefield_value(moment)


def as_moment(value: datetime) -> datetime:
    """Read a moment as the database gives it: SQLite without its zone, which is UTC."""
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value


@lru_cache(maxsize=64)
def _select(model: type[Model]) -> tuple[str, list[str], list[tuple[int, Callable[[Any], Any]]]]:
    fields = model._meta.concrete_fields
    columns = ", ".join(f'"{field.column}"' for field in fields)
    converters = [(place, _converter(field)) for place, field in enumerate(fields)]
    needed = [(place, convert) for place, convert in converters if convert is not None]
    sql = f'SELECT {columns} FROM "{model._meta.db_table}"'  # noqa: S608 - names of our own models.
    return sql, [field.attname for field in fields], needed


def _converter(field: "Field[Any, Any]") -> Callable[[Any], Any] | None:
    if isinstance(field, DateTimeField):
        return lambda value: None if value is None else as_moment(value)
    if isinstance(field, JSONField):
        return lambda value: json.loads(value) if isinstance(value, str) else value
    return None


def _written(row: Model) -> "list[Field[Any, Any]]":
    """List the fields that get a value from us; the others get it from the database."""
    fields = row._meta.concrete_fields
    pk_is_given = row.pk is not None
    return [
        field
        for field in fields
        if (pk_is_given or not field.primary_key) and not isinstance(getattr(row, field.attname), DatabaseDefault)
    ]


def _values(row: Model, fields: "list[Field[Any, Any]]") -> list[Any]:
    return [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]


@lru_cache(maxsize=256)
def _insert(model: type[Model], fields: "tuple[Field[Any, Any], ...]", count: int, unless_taken: bool) -> str:
    columns = ", ".join(f'"{field.column}"' for field in fields)
    places = f"({', '.join(['%s'] * len(fields))})"
    table, values = model._meta.db_table, ", ".join([places] * count)
    sql = f'INSERT INTO "{table}" ({columns}) VALUES {values}'  # noqa: S608 - names of our own models.
    return f"{sql} ON CONFLICT DO NOTHING" if unless_taken else sql
