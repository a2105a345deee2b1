"""Packages of RSD: one zip file, which RSD passes on without looking into it."""

from __future__ import annotations

import base64
import binascii
import io
import zipfile

from gateway.findings import Findings, Where
from gateway.markets.sa import rules
from gateway.markets.sa.operations import PACKAGE_BYTES

_WHERE = Where(path="FILE")


def check_package(text: str, findings: Findings) -> None:
    """Check the content of FILE: base64 of a zip file of at most 10 MB."""
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        findings.report(rules.PACKAGE, "FILE is no base64", where=_WHERE)
        return
    if len(data) > PACKAGE_BYTES:
        message = f"the package has {len(data):,} bytes"
        expected = f"at most {PACKAGE_BYTES:,} bytes"
        findings.report(rules.PACKAGE, message, where=_WHERE, value=len(data), expected=expected)
    if not is_zip(data):
        findings.report(rules.PACKAGE, "the package is no zip file with a file in it", where=_WHERE)


def is_zip(data: bytes) -> bool:
    """Whether bytes are a zip file that holds something; its content is not unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return bool(archive.namelist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return False
