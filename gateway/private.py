"""Files and folders of our own that are nobody else's business, whatever the umask of the process says.

A service may run with any umask, and a workspace holds business data, secrets, and agreements that say where data go.
What is made here is for its owner alone; `others` finds what everybody on the machine may read or change.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

FOLDER = 0o700
FILE = 0o600
#: A folder or file that a group may read, and nobody else: what people edit.
SHARED_FOLDER = 0o750
SHARED_FILE = 0o640


def touch(path: Path) -> None:
    """Make an empty file for its owner alone, if nothing is there."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE))


def appended(path: Path) -> TextIO:
    """Open a file for reading and for writing at its end; a new one is for its owner alone."""
    return open(path, "a+", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, FILE))


def folder(path: Path, mode: int = FOLDER) -> None:
    """Make a folder, and those that it lies in, with these rights. One that is there stays as it is."""
    if path.is_dir():
        return
    folder(path.parent, mode)
    path.mkdir(mode, exist_ok=True)


def open_to_all(root: Path, rights: int) -> Iterator[Path]:
    """What lies in a tree, itself included, and gives everybody one of these rights. A closed folder closes all in it.

    Args:
        root: a file or a folder; one that is not there gives nothing.
        rights: e.g. ``stat.S_IWOTH``.
    """
    try:
        state = root.lstat()
    except OSError:
        return
    if stat.S_ISLNK(state.st_mode):
        return  # the rights of a link mean nothing
    if state.st_mode & rights:
        yield root
    if stat.S_ISDIR(state.st_mode) and state.st_mode & stat.S_IXOTH:
        for path in sorted(root.iterdir()):
            yield from open_to_all(path, rights)
