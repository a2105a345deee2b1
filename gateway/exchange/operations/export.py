"""A message and all its stages in one zip file, for an inspector: bytes, ledger, audit trail, and hashes of everything.

``manifest.json`` lists every member with size and SHA-256. ``ledger.json`` is what ``gateway show --json`` prints,
``audit.json`` the rows of the trail about the message, and ``configuration/`` the files that it was received under.
Names of members are made safe; the names that partners gave stand in the ledger.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from gateway.errors import UsageError
from gateway.exchange.ledger.tables import Message
from gateway.exchange.workspace import Workspace

BLOCK = 1 << 20
PRIVATE = 0o600
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def export(workspace: Workspace, message: Message, ledger: Mapping[str, Any], target: Path) -> dict[str, Any]:
    """Write the zip file and return its manifest. Nothing stands under the name before all of it is there.

    Args:
        workspace: the workspace.
        message: the message.
        ledger: what the ledger tells of it, as JSON has it.
        target: the zip file, which must not be there.

    Raises:
        UsageError: there is a file already, or it cannot be written.
        StorageError: the archive lacks some of the bytes.
    """
    if target.exists():
        text = f"{target} is there already"
        raise UsageError(text, hint="choose another name")
    part = target.with_name(f".{target.name}.part")
    try:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, PRIVATE)
        with os.fdopen(descriptor, "w+b") as stream:
            manifest = _write(workspace, message, ledger, stream)
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(target)
    except OSError as error:
        text = f"{target} cannot be written: {error.strerror or error}"
        raise UsageError(text) from error
    finally:
        part.unlink(missing_ok=True)
    return manifest


def _write(workspace: Workspace, message: Message, ledger: Mapping[str, Any], stream: BinaryIO) -> dict[str, Any]:
    members: list[dict[str, Any]] = []
    archive, lineage = workspace.archive, workspace.queries.lineage(message.id)
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as package:

        def add(name: str, source: Callable[[], BinaryIO], of: str = "") -> None:
            with source() as content, package.open(name, "w", force_zip64=True) as member:
                digest, size = hashlib.sha256(), 0
                while block := content.read(BLOCK):
                    digest.update(block)
                    size += len(block)
                    member.write(block)
            members.append({"name": name, "size": size, "sha256": digest.hexdigest(), "of": of})

        def add_json(name: str, value: object) -> None:
            add_text(name, json.dumps(value, ensure_ascii=False, indent=2))

        def add_text(name: str, text: str) -> None:
            data = text.encode()
            package.writestr(name, data)
            members.append({"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "of": ""})

        if message.sha256:
            add(f"raw/{_safe(message.name)}", lambda: archive.open(message.sha256), "raw")
        for output in lineage.outputs:
            name = f"outputs/{_safe(output.target)}/{output.position}-{_safe(output.name)}"
            add(name, lambda sha256=output.sha256: archive.open(sha256), output.target)  # type: ignore[misc]
        for answer in lineage.answers:
            sha256 = answer.sha256 or (workspace.queries.message(answer.carrier).sha256 if answer.carrier else "")
            if sha256:
                add(f"answers/{answer.id}", lambda sha256=sha256: archive.open(sha256), f"answer {answer.id}")  # type: ignore[misc]
        add_json("ledger.json", ledger)
        add_json("audit.json", [_row(row) for row in workspace.queries.audit(subject=message.id)[::-1]])
        for path, text in workspace.queries.configuration(message.configuration).items():
            add_text(f"configuration/{'/'.join(_safe(part) for part in path.split('/'))}", text)
        manifest = {"message": message.id, "made_at": workspace.ledger.now(), "members": members}
        package.writestr("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=2))
    return manifest


def _row(row: Any) -> dict[str, Any]:
    return {column.key: getattr(row, column.key) for column in row.__table__.columns}


def _safe(name: str) -> str:
    """A plain name: what is not a letter, digit, dot, hyphen or underscore becomes one underscore."""
    return _UNSAFE.sub("_", name)[:120].lstrip(".") or "file"
