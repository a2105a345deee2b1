"""Notifications of MDLP as EPCIS events: who shipped what to whom, took it, or took it back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from lxml import etree

from gateway.epcis.events import BizTransaction, Location, ObjectEvent, Party
from gateway.epcis.vocabulary import Field, Style, spell
from gateway.findings import Where
from gateway.markets.ru import extension
from gateway.markets.ru.documents import DOCUMENTS, Goods
from gateway.markets.ru.keys import epc_of, offset, place_epc

_PLAIN: Final = "!'()*+,-.;=_@$&"  # stand for themselves in a URN (RFC 8141); the rest is escaped


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What a notification tells.

    Attributes:
        step: CBV business step.
        sender: the field with the id of who gives.
        receiver: the field with the id of who gets.
    """

    step: str
    sender: str
    receiver: str


#: 605 is a shipment that its sender takes back, 606 one that its receiver does not take.
MEANINGS: Final = {
    "601": _Meaning("shipping", "subject_id", "receiver_id"),
    "602": _Meaning("receiving", "shipper_id", "subject_id"),
    "603": _Meaning("shipping", "subject_id", "owner_id"),
    "605": _Meaning("void_shipping", "subject_id", "receiver_id"),
    "606": _Meaning("void_shipping", "shipper_id", "subject_id"),
    "607": _Meaning("receiving", "counterparty_id", "subject_id"),
    "613": _Meaning("shipping", "subject_id", "receiver_id"),
    "614": _Meaning("receiving", "shipper_id", "subject_id"),
    "618": _Meaning("shipping", "subject_id", "owner_id"),
    "620": _Meaning("shipping", "subject_id", "receiver_id"),
    "627": _Meaning("receiving", "shipper_id", "subject_id"),
}


def event_of(document: etree._Element, glns: Mapping[str, str]) -> ObjectEvent:
    """The event that a notification tells, valid by the schema.

    Args:
        document: its element.
        glns: GLNs by the id that MDLP gave.
    """
    number = document.get("action_id", "")
    meaning, form = MEANINGS[number], DOCUMENTS[number]
    time = document.findtext("operation_date") or ""
    sender = glns.get(document.findtext(meaning.sender) or "", "")
    receiver = glns.get(document.findtext(meaning.receiver) or "", "")
    reporter = glns.get(document.findtext("subject_id") or "", "")
    line: Any = document.sourceline  # the stubs have an odd type for it
    event = ObjectEvent(
        event_time=time,
        event_time_zone_offset=offset(time),
        action="OBSERVE",
        epc_list=[epc_of(node) for node in document.iterfind(f"{form.holder}//*") if node.tag in ("sgtin", "sscc")],
        biz_step=spell(Field.BIZ_STEP, meaning.step, Style.URN),
        disposition=spell(Field.DISPOSITION, "in_transit", Style.URN) if meaning.step == "shipping" else None,
        read_point=Location(place_epc(reporter)) if reporter else None,
        source_list=_parties(sender),
        destination_list=_parties(receiver),
        where=Where(line=line or 0),
    )
    note = document.findtext("doc_num")
    if note and sender:
        id_ = f"urn:epcglobal:cbv:bt:{sender}:{quote(note, safe=_PLAIN)}"
        event.biz_transaction_list = [BizTransaction(id_, spell(Field.BIZ_TRANSACTION_TYPE, "desadv", Style.URN))]
    event.extensions = [
        extension.notification(document, form.holder, with_goods=form.goods is Goods.PRICED),
    ]
    return event


def _parties(gln: str) -> list[Party] | None:
    if not gln:
        return None
    return [Party(spell(Field.SOURCE_DESTINATION_TYPE, "owning_party", Style.URN), place_epc(gln))]
