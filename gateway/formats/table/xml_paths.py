"""The paths of a mapping's XML: which elements are records, and what a column's path selects."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import Any, BinaryIO

from lxml import etree

from gateway.errors import LimitExceeded
from gateway.findings import Finding, Where
from gateway.formats.base import Context
from gateway.formats.table import rules
from gateway.formats.table.spec_records import Xml
from gateway.formats.table.xml_leaves import Used, local
from gateway.sources import Source

_RECORD = re.compile(r"//?(?:[\w.-]+:)?[\w.-]+(?:/(?:[\w.-]+:)?[\w.-]+)*")
#: A column's path selects elements and attributes; it computes nothing.
_FUNCTION = re.compile(r"\b(?!text\(\)|last\(\)|position\(\))[\w:.-]+\(")
#: So much is read at once; what has been read is in the tree, also what stands behind the record.
READ = 1 << 15
_NEAR = 3
_KEPT = 200

Node = etree._Element  # noqa: SLF001 - lxml has no public name for it


def wrong_record_path(path: str, namespaces: dict[str, str]) -> str:
    """Why a path cannot lead to records, empty when it can."""
    if not _RECORD.fullmatch(path):
        return "is a path of element names from the root (/Batch/Unit) or from anywhere (//Unit)"
    unknown = {step.partition(":")[0] for step in path.split("/") if ":" in step} - namespaces.keys()
    return f"the prefix {min(unknown)!r} is not under namespaces" if unknown else ""


def wrong_column_path(path: str, namespaces: dict[str, str]) -> str:
    """Why a path cannot be that of a column, empty when it can."""
    if path.startswith("/"):
        return "is a path from the record (Serial, @id, ../Lot), not from the root"
    if _FUNCTION.search(path):
        return "a path selects elements and attributes; it has no functions"
    try:
        etree.XPath(path, namespaces=namespaces)
    except etree.XPathSyntaxError as error:
        return f"is no XPath: {error}"
    unknown = set(re.findall(r"([A-Za-z_][\w.-]*):(?!:)", re.sub(r"'[^']*'|\"[^\"]*\"", "", path))) - namespaces.keys()
    return f"the prefix {min(unknown)!r} is not under namespaces" if unknown else ""


def column_paths(xml: Xml) -> dict[str, Any]:
    """The compiled path of each column."""
    return {name: etree.XPath(path, namespaces=xml.namespaces) for name, path in xml.columns.items()}


def text_of(found: Any, used: Used) -> str:
    """The text of an element, or the value of an attribute, and a note that it was used."""
    if isinstance(found, etree._Element):  # noqa: SLF001
        if not len(found):
            used.add((found, ""))
            return (found.text or "").strip()
        used.update((one, "") for one in found.iter())
        return "".join(str(part) for part in found.itertext()).strip()
    parent = found.getparent()
    used.add((parent, str(found.attrname) if found.is_attribute else ""))
    return str(found).strip()


class Match:
    """Which elements are records.

    Args:
        xml: the mapping's paths.
    """

    def __init__(self, xml: Xml) -> None:
        steps = xml.records.lstrip("/").split("/")
        self._anywhere = xml.records.startswith("//")
        self._tags = [self._tag(step, xml.namespaces) for step in steps]
        self._wanted = local(self._tags[-1])
        self._seen: dict[str, None] = {}

    @staticmethod
    def _tag(step: str, namespaces: dict[str, str]) -> str:
        prefix, colon, name = step.rpartition(":")
        return f"{{{namespaces[prefix]}}}{name}" if colon else name

    def may_be_below(self, root: Node) -> bool:
        """Whether there can be records in a document with this root."""
        return self._anywhere or root.tag == self._tags[0]

    def is_tag(self, node: Node) -> bool:
        """Whether an element is called as records are."""
        return node.tag == self._tags[-1]

    def is_record(self, opened: Sequence[Node]) -> bool:
        """Whether the last of the open elements is a record."""
        tag = str(opened[-1].tag)
        if tag != self._tags[-1]:
            if len(self._seen) < _KEPT:
                self._seen.setdefault(tag)
            return False
        tags = [str(node.tag) for node in opened]
        return tags[-len(self._tags) :] == self._tags if self._anywhere else tags == self._tags

    @property
    def there(self) -> str:
        """The elements that are there, those first whose names look like that of a record."""
        by_name = {local(tag): tag for tag in self._seen}
        near = difflib.get_close_matches(self._wanted, by_name, n=_NEAR, cutoff=0.5)
        names = [*near, *(name for name in by_name if name not in near)][: 3 * _NEAR]
        return ", ".join(self._named(by_name[name]) for name in names) or "nothing else"

    @staticmethod
    def _named(tag: str) -> str:
        namespace = tag[1:].partition("}")[0] if tag.startswith("{") else ""
        return f"{local(tag)} in namespace {namespace}" if namespace else tag


class Counted:
    """A stream that refuses to hand out more than the limits allow."""

    def __init__(self, stream: BinaryIO, source: Source, context: Context) -> None:
        self._stream = stream
        self._source = source
        self._context = context
        self._read = 0

    def read(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            LimitExceeded: the file is larger than a file may be.
        """
        data = self._stream.read(min(size, READ))
        self._read += len(data)
        most = self._context.limits.input_bytes
        if self._read > most:
            message = f"the file has more than {most:,} bytes"
            raise LimitExceeded(Finding.of(rules.TOO_LARGE, message, where=Where(file=self._source.name)))
        if self._context.progress is not None:
            self._context.progress(self._read)
        return data
