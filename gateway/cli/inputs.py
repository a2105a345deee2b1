"""How commands take their input: a file or standard input, mappings by name or file, ``--set`` pairs."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gateway.errors import UsageError
from gateway.sources import Source

if TYPE_CHECKING:
    from gateway.formats.table.mappings import Mapping

F = TypeVar("F", bound=Callable[..., Any])

_FROM_FILE = "@"
_MOST_TEXT = 1 << 20  # bytes of a file that a setting is taken from


def input_options(function: F) -> F:
    """The options that `convert` and `validate` share."""
    for option in (
        click.option("--from", "from_", metavar="FORMAT", default="", help="Input format. Detected when left out."),
        click.option(
            "--mapping",
            metavar="NAME|FILE",
            default="",
            help="Mapping of a table: shipped name or YAML file. Of the output, if the input is no table.",
        ),
        click.option(
            "--mappings", "folder", type=click.Path(file_okay=False, exists=True), help="Folder with your own mappings."
        ),
        click.option(
            "--set",
            "values",
            metavar="KEY=VALUE",
            multiple=True,
            help="What the input lacks, or a spelling; KEY=@FILE takes the value from a file.",
        ),
    ):
        function = option(function)
    return function


def schemas_option(function: F) -> F:
    """The option that names official schemas to check against instead of ours."""
    option = click.option(
        "--schemas",
        metavar="DIR",
        type=click.Path(file_okay=False, exists=True, path_type=Path),
        help="Check EPCIS against the official schemas in DIR instead of ours; found by namespace and $id.",
    )
    return option(function)


@contextmanager
def source_of(name: str) -> Iterator[Source]:
    """The source for a path, or standard input for ``-``.

    Raises:
        UsageError: there is no such file, or it cannot be read.
    """
    if name != "-":
        yield Source.file(_readable(name))
        return
    if sys.stdin is None:  # started with <&-
        message = "standard input is closed"
        raise UsageError(message, hint="give the path of a file")
    with tempfile.NamedTemporaryFile(prefix="gateway-stdin-") as spool:
        while block := sys.stdin.buffer.read(1 << 20):
            spool.write(block)
        spool.flush()
        yield Source.file(Path(spool.name), "stdin")


def _readable(name: str) -> Path:
    path = Path(name)
    hint = "give the path of one file, or - for standard input"
    if not name or not path.exists():
        message = f"there is no file {name}" if name else "the name of the input is empty"
        raise UsageError(message, hint=hint)
    if path.is_dir():
        message = f"{name} is a folder"
        raise UsageError(message, hint=hint)
    if not path.is_file():
        message = f"{name} is no ordinary file"
        raise UsageError(message, hint="give the path of a file, or pipe the data into `gateway ... -`")
    try:
        path.open("rb").close()
    except OSError as error:
        message = f"cannot read {name}: {error.strerror}"
        raise UsageError(message) from error
    return path


def pairs(values: tuple[str, ...]) -> dict[str, str]:
    """``KEY=VALUE`` pairs as a dict; of ``KEY=@FILE`` the value is what the file holds.

    Raises:
        UsageError: no ``=``, a key given twice, or a file that cannot be read.
    """
    out: dict[str, str] = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not equals or not key:
            message = f"--set {value!r} is no KEY=VALUE"
            raise UsageError(message, hint="for example --set creation-date=2026-11-22T10:00:00Z")
        if key in out:
            message = f"--set {key} is given twice"
            raise UsageError(message)
        out[key] = _text_of(Path(text[1:]), key) if text.startswith(_FROM_FILE) else text
    return out


def _text_of(path: Path, key: str) -> str:
    """The text of a small file, without the line end behind it."""
    try:
        if path.stat().st_size > _MOST_TEXT:
            message = f"--set {key}: {path} has more than {_MOST_TEXT:,} bytes"
            raise UsageError(message)
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as error:
        message = f"--set {key}: {path} cannot be read: {error.strerror}"
        raise UsageError(message, hint="--set KEY=@FILE takes the value from FILE") from error
    except UnicodeDecodeError as error:
        message = f"--set {key}: {path} is not UTF-8"
        raise UsageError(message) from error


#: Kinds of files that a table is written into, by the suffix of the output.
_CARRIERS = {".csv": "csv", ".tsv": "csv", ".xlsx": "xlsx"}


def with_carrier(values: dict[str, str], to: str, out: str) -> dict[str, str]:
    """The settings, with the kind of file that the output's name asks for when a table is written."""
    carrier = _CARRIERS.get(Path(out).suffix.lower(), "")
    return {"carrier": carrier, **values} if to == "table" and carrier else values


class _AllMappings:
    """The mappings that may claim a file, loaded when somebody asks for them."""

    def __init__(self, folders: list[Path]) -> None:
        self._folders = folders

    def __iter__(self) -> Iterator[Mapping]:
        from gateway.formats.table.mappings import all_mappings

        return iter(all_mappings(self._folders))


def mappings_of(mapping: str, folder: str | None) -> tuple[Mapping | None, Iterable[Mapping]]:
    """The mapping that the user named, or all that may claim the file."""
    folders = [Path(folder)] if folder else []
    if mapping:
        from gateway.formats.table.mappings import load

        return load(mapping, folders), ()
    return None, _AllMappings(folders)


def now() -> str:
    """The clock, read once for a command: ISO 8601, UTC, seconds."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
