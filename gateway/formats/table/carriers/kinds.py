"""Which kind of file is this? By its first bytes, and by its name only where these do not tell."""

from __future__ import annotations

ZIP = b"PK\x03\x04"
OLE2 = bytes.fromhex("d0cf11e0a1b11ae1")
_WORKBOOKS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


def is_workbook(head: bytes, name: str) -> bool:
    """Whether the file is, or claims to be, a workbook."""
    return head.startswith((ZIP, OLE2)) or name.lower().endswith(_WORKBOOKS)


def is_json(head: bytes, name: str) -> bool:
    """Whether the file begins as JSON objects or a list of them do."""
    start = _letters(head)
    inside = start[1:].lstrip()
    return (
        (start.startswith(b"{") and inside[:1] in {b'"', b"}", b""})
        or (start.startswith(b"[") and inside[:1] in {b"{", b"]", b"[", b""})
        or (name.lower().endswith((".json", ".jsonl", ".ndjson")) and not is_workbook(head, ""))
    )


def is_xml(head: bytes, name: str) -> bool:
    """Whether the file begins with a tag."""
    start = _letters(head)
    return (start.startswith(b"<") and start[1:2] in b"?!abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_:") or (
        name.lower().endswith(".xml") and not is_workbook(head, "")
    )


def is_text(head: bytes, name: str) -> bool:
    """Whether the file is none of the kinds that show themselves."""
    return not (is_workbook(head, name) or is_json(head, name) or is_xml(head, name))


def _letters(head: bytes) -> bytes:
    """The first bytes without marks of the encoding and blanks; UTF-16 without its NULs."""
    for mark in _MARKS:
        if head.startswith(mark):
            head = head.removeprefix(mark)
            break
    return head[:4096].replace(b"\0", b"").lstrip()
