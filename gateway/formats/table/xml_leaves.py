"""What of an XML document no column takes: leaf elements and attributes, each reported once by its path."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from lxml import etree

from gateway.findings import Findings, Where
from gateway.formats.table import rules
from gateway.formats.table.ignored import Ignored
from gateway.formats.table.spec import MappingSpec

#: Attributes of XML itself.
_XML = ("http://www.w3.org/2001/XMLSchema-instance", "http://www.w3.org/XML/1998/namespace")
#: Different paths that are reported; a document has few.
_MOST = 1000

Node = etree._Element  # noqa: SLF001 - lxml has no public name for it
Used = set[tuple[Any, str]]


class Leaves:
    """Reports values that are not converted.

    Args:
        spec: the mapping; paths under `table.ignore` are left out on purpose.
        file: name of the file.
        findings: takes the reports.
    """

    def __init__(self, spec: MappingSpec, file: str, findings: Findings) -> None:
        self._ignored = Ignored(spec.table.ignore, paths=True)
        self._file = file
        self._findings = findings
        self._reported: set[str] = set()

    def look(self, nodes: Iterable[Node], used: Used, where: str) -> None:
        """Report what of these elements was not used.

        Args:
            nodes: elements; what stands inside them is not looked at.
            used: elements and attributes (element, attribute) that columns took.
            where: path for the findings.
        """
        for node in nodes:
            if (node, "") not in used and (node.text or "").strip():
                self._report(node, "", (node.text or "").strip(), where)
            for name, value in node.attrib.items():
                if (node, name) not in used and not str(name).startswith(tuple(f"{{{one}}}" for one in _XML)):
                    self._report(node, str(name), str(value), where)

    def _report(self, node: Node, attribute: str, value: str, where: str) -> None:
        path = path_of(node) + (f"/@{local(attribute)}" if attribute else "")
        if path in self._reported or len(self._reported) >= _MOST:
            return
        self._reported.add(path)
        if path in self._ignored:
            return
        name = path.rpartition("/")[2]
        message = f"the value {path} is not in the mapping; it is not converted"
        self._findings.report(
            rules.HEADER_UNKNOWN, message, where=Where(file=self._file, path=where, column=name), value=value
        )


def local(name: str) -> str:
    """A name without its namespace."""
    return name.rpartition("}")[2]


def path_of(node: Node) -> str:
    """The names from the root to an element."""
    above = [local(str(one.tag)) for one in node.iterancestors()]
    return "/" + "/".join([*reversed(above), local(str(node.tag))])
