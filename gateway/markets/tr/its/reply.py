"""What ITS answers, in the normal form: per serial number. Silence about one is never acceptance."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import orjson
from lxml import etree

from gateway.answers import Answer, Reason, SerialAnswer, Verdict, of_serials, settled, unreadable
from gateway.findings import Findings, clip
from gateway.markets.client import Reply
from gateway.markets.kit.soap import read_envelope
from gateway.markets.tr.its.check import check_soap
from gateway.markets.tr.its.codes import ANSWERS
from gateway.markets.tr.its.operations import Soap
from gateway.markets.tr.its.wire import Item, identifier

_FAULTS: Final = (("FC", "FM"), ("faultCode", "faultMessage"))
_PAIRS: Final = ("SNDURUM", "URUNDURUM", "PRODUCT")


def read_reply(reply: Reply, items: Sequence[Item], soap: Soap | None = None) -> Answer:
    """What a reply to a notification says about each pack of it.

    Args:
        reply: what came.
        items: the packs that were sent.
        soap: the service that was spoken to; None for REST.
    """
    try:
        codes = _soap(reply.body, soap) if soap is not None else _rest(reply, items)
    except ValueError as error:
        return unreadable(f"HTTP {reply.status}: {clip(str(error))}")
    if isinstance(codes, Answer):
        return codes
    reference, pairs = codes
    return answer_of(pairs, items, reference)


def answer_of(pairs: Iterable[tuple[str, str]], items: Sequence[Item], reference: str) -> Answer:
    """The answer that codes by identifier make; packs without a code are unreadable."""
    told: dict[str, list[Reason]] = {}
    for name, code in pairs:
        told.setdefault(name, []).append(ANSWERS(code))
    sent = [item.identifier for item in items]
    serials = [_serial(name, told.get(name, [])) for name in dict.fromkeys([*sent, *told])]
    return settled(of_serials(serials, reference), sent)


def _serial(name: str, reasons: list[Reason]) -> SerialAnswer:
    verdicts = {reason.verdict for reason in reasons}
    if not verdicts:
        return SerialAnswer(name, Verdict.UNREADABLE)
    if len(verdicts) > 1:  # told twice, and not the same
        return SerialAnswer(name, Verdict.UNREADABLE, tuple(reasons))
    return SerialAnswer(name, verdicts.pop(), tuple(dict.fromkeys(reasons)))


def fault_of(body: Any) -> Reason | None:
    """The fault in a JSON answer, None where it is none."""
    if not isinstance(body, dict) or "fc" not in body:
        return None
    code = str(body["fc"])
    known = ANSWERS(code)
    said = str(body.get("fm") or "")
    return known if known.meaning or not said else Reason(code, clip(said))


def rows(body: Any) -> Iterator[dict[str, Any]]:
    """The objects about single packs in a JSON answer: those with a serial number in the lists at its top.

    The lists have several names (snresponselist, responseObjectList); that of some answers is not public.
    """
    for value in body.values() if isinstance(body, dict) else ():
        for each in value if isinstance(value, list) else ():
            if isinstance(each, dict) and "sn" in each:
                yield each


def code_of(row: dict[str, Any]) -> str:
    """The code of a pack: ``uc``, or ``rc`` in answers to production."""
    return str(row.get("uc") or row.get("rc") or "")


def _rest(reply: Reply, items: Sequence[Item]) -> Answer | tuple[str, list[tuple[str, str]]]:
    body = orjson.loads(reply.body)
    fault = fault_of(body)
    if fault is not None:
        return _refused(fault, items)
    if not isinstance(body, dict) or not 200 <= reply.status < 300:  # noqa: PLR2004 - of HTTP
        message = "the reply has neither codes nor a fault"
        raise ValueError(message)
    # Production names its GTIN once, for all.
    gtin = str(body.get("gtin") or (items[0].gtin if items else ""))
    pairs = [(identifier(str(row.get("gtin") or gtin), str(row["sn"])), code_of(row)) for row in rows(body)]
    return str(body.get("notificationid") or body.get("notificationId") or ""), [pair for pair in pairs if pair[1]]


def _soap(data: bytes, soap: Soap) -> Answer | tuple[str, list[tuple[str, str]]]:
    envelope = read_envelope(data)
    root = envelope.payload
    if envelope.fault is not None:
        fault = soap_fault(root)
        if fault is None:
            message = f"a fault without a code of ITS: {envelope.fault}"
            raise ValueError(message)
        return Answer(Verdict.REJECTED, (fault,))
    findings = Findings()
    if root is None or etree.QName(root).localname != soap.answer or not check_soap(root, soap.schema, findings):
        why = next((found.message for found in findings), f"no {soap.answer}")
        message = f"the envelope holds no answer: {why}"
        raise ValueError(message)
    gtin = root.findtext("GTIN") or ""
    pairs = [
        (identifier(node.findtext("GTIN") or gtin, (node.findtext("SN") or "").strip()), node.findtext("UC") or "")
        for name in _PAIRS
        for node in root.iter(name)
    ]
    return root.findtext("BILDIRIMID") or root.findtext("NOTIFICATIONID") or "", pairs


def soap_fault(detail: etree._Element | None) -> Reason | None:
    """The fault of ITS in the detail of a SOAP fault."""
    for code_name, text_name in _FAULTS:
        code = detail.findtext(code_name) if detail is not None else None
        if code:
            return fault_of({"fc": code, "fm": detail.findtext(text_name)}) if detail is not None else None
    return None


def _refused(fault: Reason, items: Sequence[Item]) -> Answer:
    return settled(Answer(Verdict.REJECTED, (fault,)), [item.identifier for item in items])
