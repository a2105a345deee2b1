"""The files that a command writes: outputs, the report, and the losses. Each appears whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from gateway.errors import UsageError
from gateway.findings import Loss
from gateway.report import Report


def check_paths(in_: str, out: str, report_path: Path | None) -> None:
    """Refuse paths that could not be written to, or that would destroy something, before any work is done.

    Raises:
        UsageError: the output is the input, the report is one of both, or a path is no ordinary file.
    """
    if not out:
        message = "-o is empty"
        raise UsageError(message, hint="give a file, a folder, or - for standard output")
    target = None if out == "-" else Path(out)
    source = None if in_ == "-" else Path(in_)
    if target is not None and source is not None and _same(target, source):
        message = f"{out} is the input; writing to it would destroy it"
        raise UsageError(message, hint="give another file with -o")
    if target is not None and not is_folder(out):
        _check_ordinary(target, "-o - writes to standard output")
    if report_path is None:
        return
    if str(report_path) == "-":
        message = "a report cannot be written to standard output, where the data goes"
        raise UsageError(message, hint="give a file with --report; the report in words is on standard error")
    for other, name in ((target, "output"), (source, "input")):
        if other is not None and _same(report_path, other):
            message = f"--report {report_path} is also the {name}"
            raise UsageError(message, hint="give the report a file of its own")
    if report_path.is_dir():
        message = f"--report {report_path} is a folder"
        raise UsageError(message, hint="give a file")
    _check_ordinary(report_path, "give an ordinary file")
    if not report_path.parent.is_dir():
        message = f"cannot write to {report_path}: there is no folder {report_path.parent}"
        raise UsageError(message)


def is_folder(out: str) -> bool:
    """Whether outputs go into the folder `out` under their own names."""
    return Path(out).is_dir() or out.endswith(("/", os.sep))


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


def _check_ordinary(path: Path, hint: str) -> None:
    """Refuse devices and pipes: a file that is finished is renamed to its place, which would remove them."""
    if path.exists() and not path.is_file():
        message = f"cannot write to {path}: it is no ordinary file"
        raise UsageError(message, hint=hint)


@contextmanager
def writing_to(path: str | Path) -> Iterator[None]:
    """Turn an error of the file system into a message that names the file.

    Raises:
        UsageError: the file cannot be written.
    """
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        message = f"cannot write to {path}: {error.strerror or error}"
        raise UsageError(message) from error


def write_report(report: Report, path: Path) -> None:
    """Write the report JSON whole or not at all.

    Raises:
        UsageError: the file cannot be written.
    """
    data = json.dumps(report.as_dict(), ensure_ascii=False, indent=2) + "\n"
    aside = path.with_name(f".{path.name}.part")
    with writing_to(path):
        try:
            aside.write_text(data, encoding="utf-8", errors="backslashreplace")
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)


@contextmanager
def loss_lines(report_path: Path | None) -> Iterator[Callable[[Loss], None] | None]:
    """A sink that writes every loss in full to ``<report>.losses.jsonl``; None when there is no report file.

    Raises:
        UsageError: the file cannot be written.
    """
    if report_path is None:
        yield None
        return
    path = report_path.with_name(f"{report_path.name}.losses.jsonl")
    aside = path.with_name(f".{path.name}.part")
    with writing_to(report_path):
        stream = aside.open("w", encoding="utf-8", errors="backslashreplace")
    try:
        with stream:
            yield lambda loss: print(json.dumps(loss.as_dict(), ensure_ascii=False), file=stream)
        with writing_to(path):
            if aside.stat().st_size:
                aside.replace(path)
            else:
                path.unlink(missing_ok=True)
    finally:
        aside.unlink(missing_ok=True)


@contextmanager
def pictures(report_path: Path | None) -> Iterator[Callable[[str, bytes], None] | None]:
    """A sink that keeps pictures of places which a person has to look at in ``<report>.pages/``; None without a report.

    Pictures of an earlier run under the same report are removed: they would show places of another file.

    Raises:
        UsageError: a file cannot be written.
    """
    if report_path is None:
        yield None
        return
    folder = report_path.with_name(f"{report_path.name}.pages")

    def keep(name: str, data: bytes) -> None:
        with writing_to(folder / name):
            folder.mkdir(exist_ok=True)
            (folder / name).write_bytes(data)

    with writing_to(folder):
        for old in folder.glob("page-*.png"):
            old.unlink()
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    yield keep


@contextmanager
def private_folder(out: str) -> Iterator[Path]:
    """A folder on the file system of the output, so that publishing is one rename.

    Raises:
        UsageError: the output's folder cannot be made or written to.
    """
    beside: Path | None = None
    with writing_to(out):
        if out != "-":
            beside = Path(out) if is_folder(out) else Path(out).parent
            beside.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(prefix=".gateway-", dir=beside)
    with folder as name:
        yield Path(name)


def publish(report: Report, out: str) -> None:
    """Put finished outputs where the user asked for them: a file, a folder, or standard output.

    Raises:
        UsageError: several outputs and one file name, or the place cannot be written to.
    """
    outputs = report.outputs
    if out == "-":
        if len(outputs) != 1:
            message = f"the conversion makes {len(outputs)} files, standard output holds one"
            raise UsageError(message, hint="give a folder with -o DIR/")
        with writing_to("standard output"), Path(outputs[0].path).open("rb") as stream:
            shutil.copyfileobj(stream, standard_output(), 1 << 20)
            standard_output().flush()
        outputs[0].path = ""
        return
    target = Path(out)
    if not is_folder(out) and len(outputs) != 1:
        message = f"the conversion makes {len(outputs)} files and {out} is one"
        raise UsageError(message, hint=f"give a folder: -o {out}/")
    for output in outputs:
        final = target / output.name if is_folder(out) else target
        with writing_to(final):
            Path(output.path).replace(final)
        output.path, output.name = str(final), final.name


def standard_output() -> BinaryIO:
    """Standard output for bytes.

    Raises:
        UsageError: it is closed.
    """
    if sys.stdout is None:  # started with >&-
        message = "standard output is closed"
        raise UsageError(message, hint="give a file with -o")
    return sys.stdout.buffer
