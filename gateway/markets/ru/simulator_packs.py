"""Packs and containers as the simulator of MDLP knows them: who owns them, what is in what, what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

IN_USE, OUT = "in_use", "out_of_circulation"
#: Documents by which the sender gives goods, and the field that says to whom.
GIVEN: Final = {
    "314": "owner_id",
    "331": "receiver_id",
    "336": "receiver_id",
    "381": "owner_id",
    "415": "receiver_id",
    "431": "receiver_id",
}
#: The simulator's own codes. What MDLP's are is not public.
UNKNOWN, NOT_YOURS, TWICE, GONE, NOT_INSIDE = (
    ("SIM-UNKNOWN", "the pack or container is not known"),
    ("SIM-OWNER", "it belongs to somebody else"),
    ("SIM-DUPLICATE", "it is packed already"),
    ("SIM-STATE", "it is out of circulation"),
    ("SIM-HIERARCHY", "it is in no container"),
)
_TAKEN: Final = "701"
_OUT: Final = frozenset({"541", "542", "552"})
_DEEPEST: Final = 50

Error = tuple[str, str, str]


@dataclass(slots=True)
class Object:
    """A pack or container.

    Attributes:
        owner: id of who has it.
        coming: id of whom it was shipped to; empty when it is not on its way.
        parent: the container it is in.
        content: what is directly in it.
        state: one of the words above.
    """

    owner: str
    coming: str = ""
    parent: str = ""
    content: dict[str, None] = field(default_factory=dict)
    state: str = IN_USE


@dataclass(slots=True)
class Packs:
    """All that is known.

    Attributes:
        refuse: packs and containers that are unknown whatever happens.
        strict: whether packs have to be reported by the order management station before anything else is.
        known: by SGTIN or SSCC.
    """

    refuse: frozenset[str] = frozenset()
    strict: bool = False
    known: dict[str, Object] = field(default_factory=dict)

    def mark(self, sgtin: str, owner: str) -> bool:
        """Take a pack that was marked; whether it is a new one."""
        if sgtin in self.refuse or sgtin in self.known:
            return False
        self.known[sgtin] = Object(owner)
        return True

    def apply(self, document: etree._Element) -> tuple[int, list[Error]]:
        """Do what a document says to each object that it can be done to: how many, and what is wrong with others."""
        number = document.get("action_id", "")
        who = document.findtext("subject_id") or ""
        if number in ("911", "914", "915", "916"):
            return self._pack(document, who, appended=number in ("914", "916"))
        done = 0
        errors: list[Error] = []
        for name in _named(document):
            error = self._wrong(name, who, number)
            if error is not None:
                errors.append((*error, name))
                continue
            done += 1
            self._change(name, document, number, who)
        return done, errors

    def _wrong(self, name: str, who: str, number: str) -> tuple[str, str] | None:
        if name in self.refuse:
            return UNKNOWN
        found = self.known.get(name)
        if found is None:
            if self.strict:
                return UNKNOWN
            found = self.known[name] = Object(who)
        if found.state == OUT:
            return GONE
        taking = number in (_TAKEN, "252") and found.coming == who
        if found.owner != who and not taking and number != "416":
            return NOT_YOURS
        if number == "913" and not found.parent:
            return NOT_INSIDE
        return None

    def _change(self, name: str, document: etree._Element, number: str, who: str) -> None:
        for each in self._all(name):
            if number in GIVEN:
                each.coming = document.findtext(GIVEN[number]) or ""
            elif number in (_TAKEN, "416"):
                each.owner, each.coming = who, ""
            elif number in ("251", "252"):
                each.coming = ""
            elif number in _OUT:
                each.state = OUT
        if number in ("912", "913"):
            self._unpack(name, whole=number == "912")

    def _pack(self, document: etree._Element, who: str, *, appended: bool) -> tuple[int, list[Error]]:
        details = list(document.iter("detail")) or [document]
        done = 0
        errors: list[Error] = []
        for detail in details:
            label = detail.findtext("sscc") or ""
            container = self.known.get(label)
            if label in self.refuse or (container is None and appended and self.strict):
                errors.append((*UNKNOWN, label))
                continue
            if container is not None and (container.owner != who or (container.content and not appended)):
                errors.append((*(NOT_YOURS if container.owner != who else TWICE), label))
                continue
            container = container or Object(who)
            for node in detail.iterfind("content/*"):
                name = node.text or ""
                error = self._wrong(name, who, "")
                if error is None and self.known[name].parent:
                    error = TWICE
                if error is None and name == label:
                    error = NOT_INSIDE
                if error is not None:
                    errors.append((*error, name))
                    continue
                self.known[name].parent = label
                container.content[name] = None
                done += 1
            if container.content:
                self.known[label] = container
        return done, errors

    def _unpack(self, name: str, *, whole: bool) -> None:
        found = self.known[name]
        if whole:
            for child in found.content:
                self.known[child].parent = ""
            found.content.clear()
        elif found.parent:
            self.known[found.parent].content.pop(name, None)
            found.parent = ""

    def _all(self, name: str, depth: int = 0) -> Iterator[Object]:
        found = self.known[name]
        yield found
        if depth < _DEEPEST:
            for child in found.content:
                yield from self._all(child, depth + 1)


def _named(document: etree._Element) -> Iterable[str]:
    return [node.text or "" for node in document.iter("sgtin", "sscc")]
