"""A backup of a workspace, taken while the gateway runs, and put back.

A backup is a workspace itself: the same files in the same places, without the engine's memory, which is rebuilt from
the ledger. So `gateway audit verify`, `gateway archive verify` and `gateway show` work on it where it lies.

The ledger is copied first and the archive after it: whatever the copied ledger names is in the archive by then.
Contents never change, so a backup may share those of an earlier one by hard links.
"""

from __future__ import annotations

import contextlib
import filecmp
import hashlib
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import make_url

from gateway import private
from gateway import settings as settings_
from gateway.errors import ConfigurationError, UsageError
from gateway.exchange.archive.store import SEALED, Archive, StorageError
from gateway.exchange.ledger import audit
from gateway.exchange.operations.market_retention import memories
from gateway.exchange.workspace import Workspace, opened
from gateway.settings import AGREEMENTS, DATA, FILE, KEYS, MAPPINGS, Settings
from gateway.submit.settings import MEMORY

MANIFEST = "backup.json"


@dataclass(frozen=True, slots=True)
class Made:
    """What stands in a backup.

    Attributes:
        at: when the ledger was copied.
        head: end of the audit trail then.
        messages: messages in the ledger.
        contents: contents in the archive.
        shared: how many of them are hard links to an earlier backup's.
        size: bytes of the contents.
        keys: whether ``keys/`` is in it.
    """

    at: str
    head: str
    messages: int
    contents: int
    shared: int
    size: int
    keys: bool


def make(workspace: Workspace, target: Path, previous: Path | None = None, *, keys: bool = False) -> Made:
    """Write a backup into a new folder. Nothing stands under its name before all of it is there.

    Args:
        workspace: the workspace; others may use it meanwhile.
        target: the folder, which must not be there.
        previous: an earlier backup on the same disk, whose contents are linked instead of copied.
        keys: copy ``keys/``, too.

    Raises:
        UsageError: the folder is there, or the ledger is not a file of the workspace.
        StorageError: the archive lacks something that the ledger names.
    """
    settings = workspace.settings
    ledger = _ledger_file(settings)
    if target.exists():
        message = f"{target} is there already"
        raise UsageError(message, hint="each backup gets a folder of its own")
    part = target.with_name(f".{target.name}.part")
    if part.exists():
        shutil.rmtree(part)
    try:
        private.folder(part)
        at = workspace.ledger.now()
        copy = part / ledger.relative_to(settings.root)
        _copy_database(ledger, copy)
        if settings.codes.is_file():
            _copy_database(settings.codes, part / settings.codes.relative_to(settings.root))
        _copy_files(settings, part, keys=keys)
        _copy_memories(workspace, part, previous)
        with opened(part) as copied:
            made = _copy_archive(workspace, copied, previous, at, keys=keys)
        private.touch(part / MANIFEST)
        (part / MANIFEST).write_text(json.dumps(asdict(made), indent=2))
        _sync(part)
        part.rename(target)
    except OSError as error:
        message = f"the backup cannot be written: {error.strerror or error}"
        raise UsageError(message, hint=f"is there room at {target.parent}?") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return made


def restore(source: Path, target: Path) -> Made:
    """Put a backup back into a new folder, which then is the workspace. Copies are checked first and after.

    Raises:
        UsageError: there is no backup, or something stands at `target`.
        ConfigurationError: the backup is not whole; nothing stands at `target` then.
    """
    try:
        made = Made(**json.loads((source / MANIFEST).read_text()))
    except (OSError, ValueError, TypeError) as error:
        message = f"{source} is no backup: {MANIFEST} is not there or wrong"
        raise UsageError(message, hint="give the folder that `gateway backup make` wrote") from error
    if target.exists() and any(target.iterdir()):
        message = f"{target} is not empty"
        raise UsageError(message, hint="move away what is there, and restore into a new folder")
    part = target.with_name(f".{target.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        shutil.copytree(source, part)
        (part / MANIFEST).unlink()
        part.chmod(private.FOLDER)
        check(part, made)
        _sync(part)
        if target.exists():
            target.rmdir()
        part.rename(target)
    except OSError as error:
        message = f"the backup cannot be put back: {error.strerror or error}"
        raise UsageError(message) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return made


def check(root: Path, made: Made) -> None:
    """Find out whether a copy is whole: the database, the audit trail, and everything that the ledger names.

    Raises:
        ConfigurationError: it is not.
    """
    ledger = _ledger_file(settings_.load(root))
    with contextlib.closing(sqlite3.connect(ledger)) as connection:
        try:
            said = connection.execute("PRAGMA integrity_check").fetchone()[0]
        except sqlite3.DatabaseError as error:
            said = str(error)
    if said != "ok":
        message = f"the ledger of the backup is damaged: {said}"
        raise ConfigurationError(message, hint="take an older backup")
    with opened(root) as workspace, workspace.database.read() as session:
        expected = audit.Head(int(made.head.partition(":")[0]), made.head.partition(":")[2])
        faults = [fault.text for fault in audit.verify(session, expected)]
        if faults:
            message = f"the audit trail of the backup is not whole: {faults[0]}"
            raise ConfigurationError(message, hint="take an older backup, and find out who changed this one")
        lacking = [what for sha256, what in workspace.queries.named_contents() if not _whole(workspace, sha256)]
        if lacking:
            message = f"the backup lacks {len(lacking):,} contents or has them damaged, e.g. {lacking[0]}"
            raise ConfigurationError(message, hint="take an older backup")


def _whole(workspace: Workspace, sha256: str) -> bool:
    """Whether a content is there and right; one whose key is not at hand need only be there."""
    try:
        return workspace.archive.verify(sha256)
    except ConfigurationError:
        return Archive(workspace.settings.data).has(sha256)


def _ledger_file(settings: Settings) -> Path:
    url = make_url(settings.database)
    if settings.shared or not url.database:
        message = "the ledger is on a database server"
        raise UsageError(message, hint="use pg_dump, then copy data/archive: docs/backup.md")
    path = Path(url.database)
    if not path.is_relative_to(settings.root):
        message = f"the ledger {path} is not inside the workspace"
        raise UsageError(message, hint="copy it with `sqlite3 FILE '.backup COPY'`, then data/archive: docs/backup.md")
    return path


def _copy_database(source: Path, target: Path) -> None:
    """One consistent copy in one go; others may write meanwhile."""
    private.folder(target.parent)
    private.touch(target)
    with (
        contextlib.closing(sqlite3.connect(source)) as original,
        contextlib.closing(sqlite3.connect(target)) as copy,
    ):
        original.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, nothing beside it


def _copy_files(settings: Settings, part: Path, *, keys: bool) -> None:
    shutil.copy2(settings.root / FILE, part / FILE)
    for name in (AGREEMENTS, MAPPINGS, *([KEYS] if keys else [])):
        if (settings.root / name).is_dir():
            shutil.copytree(settings.root / name, part / name)


def _copy_memories(workspace: Workspace, part: Path, previous: Path | None) -> None:
    """Copy what was said to regulators: after the ledger, so that every submission is there that the ledger tells of.

    Each file is replaced as a whole or never changes, so all of it may be copied while others write.
    """
    root = workspace.settings.root
    folders = {root / MEMORY}
    with contextlib.suppress(ConfigurationError):  # an agreement is wrong: at least what is in the usual place
        folders |= memories(workspace)
    for folder in sorted(folders):
        if not folder.is_relative_to(root):
            continue
        for path in folder.rglob("*"):
            place = path.relative_to(root)
            if path.name.startswith(".") or path.name == "lock" or not path.is_file():
                continue
            target = part / place
            private.folder(target.parent)
            earlier = previous / place if previous else None
            with contextlib.suppress(FileNotFoundError):  # pruned at this moment
                if earlier is not None and earlier.is_file() and filecmp.cmp(earlier, path, shallow=False):
                    os.link(earlier, target)
                else:
                    shutil.copy2(path, target)


def _copy_archive(workspace: Workspace, copied: Workspace, previous: Path | None, at: str, *, keys: bool) -> Made:
    with copied.database.read() as session:
        head = audit.head(session)
    names = dict.fromkeys(sha256 for sha256, _ in copied.queries.named_contents())
    root = workspace.settings.data
    contents = shared = size = 0
    for sha256 in names:
        path = workspace.archive.locate(sha256)
        if path is None:
            message = f"the archive lacks {sha256}, which the ledger names"
            raise StorageError(message, hint="gateway archive verify")
        place = path.relative_to(root)
        target = copied.settings.data / place
        private.folder(target.parent)
        shared += _link(previous / DATA / place if previous else None, path, target, sha256)
        contents += 1
        size += target.stat().st_size
    messages = sum(copied.queries.counts().values())
    return Made(at, str(head), messages, contents, shared, size, keys)


def _link(earlier: Path | None, path: Path, target: Path, sha256: str) -> bool:
    """Make `target` a link to an earlier copy of the same content where there is one, else a copy; whether it is.

    The earlier copy is read: one that has rotted since, or that was encrypted with another key, is not shared.
    """
    if earlier is not None and earlier.is_file() and earlier.stat().st_size == path.stat().st_size:
        with contextlib.suppress(OSError):  # another disk, or one without links
            if _same(earlier, path, sha256):
                os.link(earlier, target)
                return True
    shutil.copy2(path, target)
    return False


def _same(earlier: Path, path: Path, sha256: str) -> bool:
    """Whether an earlier copy is right: by its hash, or, where it is encrypted, byte for byte that of now."""
    if path.suffix == SEALED:
        return filecmp.cmp(earlier, path, shallow=False)
    with earlier.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() == sha256


def _sync(root: Path) -> None:
    """Bring all files and folders to the disk."""
    for path in (*_walk(root), root):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _walk(root: Path) -> Iterator[Path]:
    yield from root.rglob("*")
