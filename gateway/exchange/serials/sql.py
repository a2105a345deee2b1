"""Many rows at once, in the words of SQLite and of PostgreSQL. Nothing here makes an object of a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import orjson
import sqlalchemy as sa

#: Most values in one question.
ASKED: Final = 20_000


class Bulk:
    """Bulk statements on one connection.

    Args:
        connection: of a database that is SQLite or PostgreSQL.
    """

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._sqlite = connection.dialect.name == "sqlite"

    def insert(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Put rows into a table."""
        names = ", ".join(columns)
        if self._sqlite:
            marks = ", ".join("?" * len(columns))
            given = rows if isinstance(rows, list) else list(rows)
            if given:
                self._connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", given)  # noqa: S608 - our own names
            return
        statement = f"COPY {table} ({names}) FROM STDIN"
        driver: Any = self._connection.connection
        errors: Any = self._connection.dialect.loaded_dbapi
        try:
            with driver.cursor() as cursor, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
        except errors.Error as error:
            lost = self._connection.dialect.is_disconnect(error, driver, None)
            raise sa.exc.DBAPIError.instance(
                statement, None, error, errors.Error, hide_parameters=True, connection_invalidated=lost
            ) from error

    def select(self, columns: str, table: str, column: str, values: Iterable[Any]) -> Iterator[sa.Row[Any]]:
        """Rows of a table whose `column` is one of many whole numbers or texts."""
        wanted = sorted(set(values))
        for start in range(0, len(wanted), ASKED):
            part = wanted[start : start + ASKED]
            among = "IN (SELECT value FROM json_each(?))" if self._sqlite else "= ANY(%s)"
            statement = f"SELECT {columns} FROM {table} WHERE {column} {among}"  # noqa: S608 - our own names
            given = orjson.dumps(part).decode() if self._sqlite else part
            yield from self._connection.exec_driver_sql(statement, (given,)).all()
