"""Answers of the SOAP services, in their shapes."""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from gateway.formats.epcis_xml.escape import text
from gateway.markets.kit.soap import write_envelope
from gateway.markets.tr.its.codes import ANSWERS
from gateway.markets.tr.its.operations import ERROR_CODES, Soap
from gateway.markets.tr.its.wire import Item, Notification
from gateway.resources import shipped


def answer_xml(soap: Soap, notification: Notification, pairs: Iterable[tuple[Item, str]], number: str) -> bytes:
    """The answer to a notification, with a code for each pack."""
    if soap.addressed:
        packs = "".join(
            f"<PRODUCT><GTIN>{text(item.gtin)}</GTIN><SN>{text(item.sn)}</SN><UC>{code}</UC></PRODUCT>"
            for item, code in pairs
        )
        body = f"<NOTIFICATIONID>{number}</NOTIFICATIONID><PRODUCTS>{packs}</PRODUCTS>"
    elif soap.schema == "production":
        head = "".join(
            f"<{name}>{text(notification.fields[rest])}</{name}>"
            for name, rest in (("MD", "md"), ("GTIN", "gtin"), ("XD", "xd"), ("BN", "bn"))
        )
        packs = "".join(f"<SNDURUM><SN>{item.sn}</SN><UC>{code}</UC></SNDURUM>" for item, code in pairs)
        body = f"<BILDIRIMID>{number}</BILDIRIMID>{head}<URUNLER>{packs}</URUNLER>"
    else:
        packs = "".join(
            f"<URUNDURUM><GTIN>{item.gtin}</GTIN><SN>{item.sn}</SN><UC>{code}</UC></URUNDURUM>" for item, code in pairs
        )
        body = f"<BILDIRIMID>{number}</BILDIRIMID><URUNLER>{packs}</URUNLER>"
    return write_envelope(_root(soap, soap.answer, body))


def fault_xml(soap: Soap, code: str) -> bytes:
    """A fault with a code of ITS."""
    meaning = text(ANSWERS(code).meaning)
    if soap.addressed:
        detail = _root(soap, "itsError", f"<faultCode>{code}</faultCode><faultMessage>{meaning}</faultMessage>")
    else:
        detail = _root(soap, "BildirimHata", f"<FC>{code}</FC><FM>{meaning}</FM>")
    return write_envelope(detail, meaning)


def codes_xml() -> bytes:
    """The list of codes."""
    each = "".join(
        f"<errorCode><type/><code>{reason.code}</code><message>{text(reason.meaning)}</message><description/></errorCode>"
        for reason in ANSWERS.reasons.values()
    )
    return write_envelope(_root(ERROR_CODES, ERROR_CODES.answer, f"<errorCodes>{each}</errorCodes>"))


def _root(soap: Soap, name: str, body: str) -> str:
    namespace = etree.parse(shipped("xsd", "tr", "its", "soap", f"{soap.schema}.xsd")).getroot().get("targetNamespace")
    return f'<ns2:{name} xmlns:ns2="{namespace}">{body}</ns2:{name}>'
