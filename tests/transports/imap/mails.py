"""Mails, written out by hand where the library would not write what senders really send."""

from __future__ import annotations

import base64
import itertools
from email.message import EmailMessage

_numbers = itertools.count(1)


def mail(
    *files: tuple[str, bytes], sender: str = "lot@cmo.example", text: str = "Please find attached.", **headers: str
) -> bytes:
    """An ordinary mail with attachments."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = "gateway@brand.example"
    message["Subject"] = "Batch data"
    message["Message-ID"] = f"<{next(_numbers)}@cmo.example>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    for name, data in files:
        message.add_attachment(data, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


def raw(part: str, *, sender: str = "lot@cmo.example", more: str = "") -> bytes:
    """A mail of one part that is written out: its headers, an empty line, its body."""
    number = next(_numbers)
    head = f"From: {sender}\nMessage-ID: <{number}@cmo.example>\nMIME-Version: 1.0\n{more}"
    return (head + part).encode("utf-8", "surrogateescape").replace(b"\n", b"\r\n")


def parts(*inner: str, kind: str = "mixed", boundary: str = "frontier", end: bool = True) -> str:
    """A multipart of parts that are written out."""
    body = "".join(f"--{boundary}\n{part}\n" for part in inner)
    closing = f"--{boundary}--\n" if end else ""
    return f'Content-Type: multipart/{kind}; boundary="{boundary}"\n\n{body}{closing}'


def file(data: bytes = b"abc", *, kind: str = "text/csv", disposition: str = "attachment; filename=a.csv") -> str:
    """An attachment in base64."""
    text = base64.encodebytes(data).decode()
    disposition = f"Content-Disposition: {disposition}\n" if disposition else ""
    return f"Content-Type: {kind}\n{disposition}Content-Transfer-Encoding: base64\n\n{text}"
