"""What the commands of a workspace share: the option that names it, tables, and times as people read them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from gateway.printable import printable

F = TypeVar("F", bound=Callable[..., Any])
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

STATE_COLOURS = {
    "done": "green",
    "delivered": "green",
    "refused": "red",
    "failed": "red",
    "waiting": "yellow",
    "awaiting": "yellow",
    "uncertain": "red",
}


def workspace_option(function: F) -> F:
    """The option ``-C/--workspace DIR``."""
    decorate = click.option(
        "-C",
        "--workspace",
        "root",
        type=click.Path(file_okay=False, path_type=Path),
        default=".",
        show_default=True,
        metavar="DIR",
        help="The workspace, made by `gateway init`.",
    )
    return decorate(function)


def worker_option(function: F) -> F:
    """The option ``--worker NAME``."""
    decorate = click.option(
        "--worker",
        default="",
        metavar="NAME",
        help="Name of this worker, over GATEWAY_WORKER and `engine.worker`. Keep it: a worker takes up the"
        " unfinished work of its own name.",
    )
    return decorate(function)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table: framed and coloured on a terminal, tab-separated elsewhere. Cells may come from outside."""
    if not sys.stdout.isatty():
        click.echo("\t".join(columns))
        for row in rows:
            click.echo("\t".join(map(cell_text, row)))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    printed = Table(*columns, header_style="bold")
    for row in rows:
        printed.add_row(*(Text(cell_text(cell), style=STATE_COLOURS.get(cell, "")) for cell in row))
    Console().print(printed)


def cell_text(cell: str) -> str:
    """What stands in a cell: one line, and nothing that steers a terminal."""
    return printable(cell.replace("\t", " ").replace("\n", " "))


def short_time(stamp: str) -> str:
    """A time of the ledger without its fraction: ``2026-11-22 09:30:00Z``."""
    return f"{stamp[:10]} {stamp[11:19]}Z" if stamp else ""


def since(value: str, now: datetime) -> datetime:
    """A moment as a person writes it: ``2h``, ``3d``, ``2026-11-22`` or a full ISO time; without zone in UTC.

    Raises:
        BadParameter: it is none of these.
    """
    if value[:-1].isdecimal() and value[-1:] in _UNITS:
        return now - timedelta(**{_UNITS[value[-1]]: int(value[:-1])})
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        message = f"{value!r} is no time; write 2h, 3d, 2026-11-22 or 2026-11-22T09:30:00Z"
        raise click.BadParameter(message) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
