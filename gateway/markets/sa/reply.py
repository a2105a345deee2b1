"""What RSD answers, in the normal form: for each pack. Silence about a pack is never acceptance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from lxml import etree

from gateway.answers import Answer, Reason, SerialAnswer, Verdict, of_serials, settled, unreadable
from gateway.findings import clip
from gateway.markets.client import Reply
from gateway.markets.kit.soap import ENVELOPE
from gateway.markets.sa.codes import reason
from gateway.markets.sa.operations import Operation
from gateway.markets.sa.sent import lot_name, pack_name

#: Both spellings are in use; one client says that Transfer and Return write the second.
_IDS: Final = ("NOTIFICATIONID", "NOTIFICATION_ID")
_BLOCK: Final = 1 << 16
_FIELD, _ROW, _VALUE = 4, 5, 6  # levels: Envelope, Body, response, field, row, value
_OTHER_ROOTS: Final = {"DispatchDetailService": "AcceptDispatchNotificationServiceResponse"}


class Replied:
    """A parser target that keeps the fields and rows of a reply, and builds no tree.

    Attributes:
        root: ``{namespace}name`` of what is in the body.
        fields: its leaves, and those of a fault.
        rows: what its lists hold, one after the other.
    """

    def __init__(self) -> None:
        self.root = ""
        self.fields: dict[str, str] = {}
        self.rows: list[dict[str, str]] = []
        self.body = False
        self._depth = 0
        self._text: list[str] = []
        self._row: dict[str, str] = {}
        self._flat: dict[str, str] = {}

    def doctype(self, _name: str, _public: str | None, _system: str | None) -> None:
        """Refuse a document type declaration."""
        message = "it has a document type declaration"
        raise ValueError(message)

    def start(self, tag: str, _attributes: Any) -> None:
        """An element opens."""
        self._depth += 1
        self._text.clear()
        if self._depth == 2:  # noqa: PLR2004 - what is in the envelope
            self.body = tag == f"{{{ENVELOPE}}}Body"
        elif self._depth == _FIELD - 1 and self.body:
            self.root = tag

    def data(self, text: str) -> None:
        """Text."""
        self._text.append(text)

    def end(self, tag: str) -> None:
        """An element closes."""
        depth, self._depth = self._depth, self._depth - 1
        text, name = "".join(self._text).strip(), tag.rpartition("}")[2]
        self._text.clear()
        if not self.body:
            return
        if depth == _FIELD:
            self.fields.setdefault(name, text)
            self._flat = {}
        elif depth >= _VALUE:
            self._row[name] = text
            if name == "FC":
                self.fields["FC"] = text
        elif depth == _ROW and self._row:
            self.rows.append(self._row)
            self._row = {}
        elif depth == _ROW:  # a list whose pairs are not wrapped: each begins with the name that is there already
            if name in self._flat or not self._flat:
                self._flat = {}
                self.rows.append(self._flat)
            self._flat[name] = text

    def close(self) -> None:
        """The end of the document."""


def parse(data: bytes) -> Replied:
    """Take a reply apart.

    Raises:
        ValueError: it is no SOAP 1.1 envelope.
    """
    target = Replied()
    handler: Any = target
    parser = etree.XMLParser(target=handler, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    try:
        for at in range(0, len(data), _BLOCK):
            parser.feed(data[at : at + _BLOCK])
        parser.close()
    except etree.XMLSyntaxError as error:
        message = f"it is not well-formed: {error.msg}"
        raise ValueError(message) from error
    if not target.root:
        message = "it is no SOAP envelope with something in it"
        raise ValueError(message)
    return target


def read(reply: Reply, operation: Operation) -> Replied | Answer:
    """A reply of the expected kind; else an answer that says what it is.

    Args:
        reply: what came.
        operation: what was asked for.
    """
    try:
        found = parse(reply.body)
    except ValueError as error:
        return unreadable(f"HTTP {reply.status}: {error}")
    if found.root == f"{{{ENVELOPE}}}Fault":
        code = found.fields.get("FC") or found.fields.get("faultstring", "")
        if not code.isdigit():
            return unreadable(f"HTTP {reply.status}: a fault without a code, {clip(code)!r}")
        return Answer(Verdict.REJECTED, (reason(code),))
    expected = f"{{{operation.namespace}}}{_OTHER_ROOTS.get(operation.full, f'{operation.full}Response')}"
    if found.root != expected or reply.status != 200:  # noqa: PLR2004 - of HTTP
        return unreadable(f"HTTP {reply.status}: {clip(found.root)} and not {expected}")
    return found


def answer_of(reply: Reply, operation: Operation, names: Sequence[str], gtin: str = "") -> Answer:
    """What a reply says about each pack that was sent.

    Args:
        reply: what came.
        operation: what was asked for.
        names: the packs that were sent; empty where a request names none (AcceptDispatch), then those of the reply.
        gtin: GTIN of a Supply or Import, whose answer names serial numbers only.
    """
    found = read(reply, operation)
    if isinstance(found, Answer):
        return settled(found, names) if found.verdict is Verdict.REJECTED else found
    reference = next((found.fields[name] for name in _IDS if found.fields.get(name)), "")
    told: dict[str, list[Reason]] = {}
    for row in found.rows:
        told.setdefault(_name(row, gtin), []).append(reason(row.get("RC", "")))
    serials = [_serial(name, told.get(name, ())) for name in dict.fromkeys([*names, *told])]
    answer = of_serials(serials, reference)
    return settled(answer, names) if names else answer


def _name(row: dict[str, str], gtin: str) -> str:
    item = row.get("GTIN") or gtin
    return pack_name(item, row["SN"]) if row.get("SN") else lot_name(item, row.get("BN", ""))


def _serial(name: str, reasons: Iterable[Reason]) -> SerialAnswer:
    told = tuple(dict.fromkeys(each for each in reasons if each.code))
    verdicts = {each.verdict for each in told}
    if len(verdicts) != 1:  # silence, or one thing and the other
        return SerialAnswer(name, Verdict.UNREADABLE, told)
    return SerialAnswer(name, verdicts.pop(), told)


def as_warning(serial: SerialAnswer, why: str) -> SerialAnswer:
    """The same, accepted and to be looked at."""
    reasons = tuple(
        Reason(each.code, f"{each.meaning}; {why}" if each.meaning else why, Verdict.WARNING) for each in serial.reasons
    )
    return replace(serial, verdict=Verdict.WARNING, reasons=reasons)
