"""Groups of commands that are imported when they are called, so that help is quick."""

from __future__ import annotations

import gc
import importlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click


@contextmanager
def loading() -> Iterator[None]:
    """While modules are loaded: they stay for good, and Python need not look for garbage among them again and again."""
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called.

    Args:
        table: command name -> module that has it as `command`, and the line that the group's help shows.
    """

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table: the order in which a newcomer meets them."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command."""
        if cmd_name not in self._table:
            return None
        with loading():
            command = importlib.import_module(self._table[cmd_name][0]).command
        if not isinstance(command, click.Command):
            message = f"{self._table[cmd_name][0]}.command is no click command"
            raise TypeError(message)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in self._table.items()])
