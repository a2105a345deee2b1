"""Turns what RSD says about a dispatch (DispatchDetail) into EPCIS: one shipping event for each lot.

The reply tells a day and no time, so the time comes from a setting. Commissioning is not invented: lot and expiry stand
as elements on the event, as many senders of EPCIS 1.x write them, and `legacy-ilmd` can bring them into ILMD.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from gateway.answers import Verdict
from gateway.epcis.document import Document, Header
from gateway.epcis.element import element
from gateway.epcis.events import Event, ObjectEvent, Party
from gateway.epcis.hierarchy import CBV_MDA
from gateway.epcis.time import has_zone
from gateway.epcis.time import parse as parse_time
from gateway.epcis.vocabulary import Field, Style, spell
from gateway.errors import InputError
from gateway.findings import Finding, Findings, Where, clip
from gateway.formats.base import Context
from gateway.gs1 import link_syntax
from gateway.gs1.errors import Gs1Error
from gateway.gs1.schemes import SGTIN, Parts
from gateway.markets.kit.dates import local_time
from gateway.markets.kit.group import grouped
from gateway.markets.kit.keys import gln_of
from gateway.markets.sa import rules
from gateway.markets.sa.codes import reason
from gateway.markets.sa.goods import check_lot
from gateway.markets.sa.operations import NAMESPACE
from gateway.markets.sa.reply import Replied
from gateway.markets.sa.reply import parse as parse_reply
from gateway.options import CREATION_DATE, EVENT_TIME
from gateway.sources import Source

ROOT: Final = "AcceptDispatchNotificationServiceResponse"
PREFIX: Final = "rsd"
DETAIL: Final = f"{NAMESPACE}DispatchDetailService"
_MOST: Final = 1 << 30


def parse(source: Source, context: Context) -> Document:
    """Read the reply of DispatchDetail.

    Raises:
        InputError: it is none, or the time of the event is not given.
    """
    with source.open() as stream:
        data = stream.read(min(context.limits.input_bytes, _MOST))
    try:
        found = parse_reply(data)
    except ValueError as error:
        raise InputError(Finding.of(rules.SCHEMA, f"this is no reply of RSD: {error}")) from error
    if found.root != f"{{{DETAIL}}}{ROOT}":
        message = f"{clip(found.root)} cannot be made into events; the reply of DispatchDetail can"
        raise InputError(Finding.of(rules.SCHEMA, message, value=found.root, expected=ROOT))
    time, offset = _time(found, context)
    header = Header(creation_date=context.options.get(CREATION_DATE) or context.now or None)
    header.namespaces = [(PREFIX, DETAIL)]
    return Document(header, _events(found, time, offset, context.findings))


def _time(found: Replied, context: Context) -> tuple[str, str]:
    time = context.options.get(EVENT_TIME)
    moment = local_time(time, "Z") if time and parse_time(time) is not None and has_zone(time) else None
    if moment is None:
        day = found.fields.get("NOTIFICATIONDATE", "")
        message = f"RSD tells the day of the dispatch ({day or 'not even that'}) and no time"
        hint = f"give it with --set {EVENT_TIME.key}=2026-11-22T09:00:00+03:00, or under set: in the agreement"
        raise InputError(Finding.of(rules.TIME, message, value=time, expected="ISO 8601 with zone", hint=hint))
    return time, "+00:00" if time.endswith("Z") else time[-6:]


def _events(found: Replied, time: str, offset: str, findings: Findings) -> Iterator[Event]:
    sender = _sender(found, findings)
    told = [(name, found.fields.get(name, "")) for name in ("DISPATCHNOTIFICATIONID", "NOTIFICATIONDATE")]
    for (lot, expiry), rows in grouped(found.rows, lambda row: (row.get("BN", ""), row.get("XD", ""))).items():
        check_lot(lot, expiry, "", findings, Where(path=f"BN {lot}"))
        epcs = [epc for row in rows if (epc := _epc(row, findings))]
        about = (("lotNumber", lot), ("itemExpirationDate", expiry))
        extensions = [element(CBV_MDA, name, value, prefix="cbvmda") for name, value in about if value]
        extensions += [element(DETAIL, name, value, prefix=PREFIX) for name, value in told if value]
        yield ObjectEvent(
            event_time=time,
            event_time_zone_offset=offset,
            action="OBSERVE",
            epc_list=epcs,
            biz_step=spell(Field.BIZ_STEP, "shipping", Style.URN),
            source_list=[Party(spell(Field.SOURCE_DESTINATION_TYPE, "owning_party", Style.URN), sender)]
            if sender
            else None,
            extensions=extensions,
        )


def _sender(found: Replied, findings: Findings) -> str:
    gln = found.fields.get("FROMGLN", "")
    try:
        return f"{link_syntax.DOMAIN}/417/{gln_of(gln, rules.GLN)}"
    except Gs1Error:
        findings.report(rules.GLN, f"FROMGLN {gln!r} is no GLN", where=Where(path="FROMGLN"), value=gln)
        return ""


def _epc(row: dict[str, str], findings: Findings) -> str:
    gtin, serial = row.get("GTIN", ""), row.get("SN", "")
    where = Where(path=f"PRODUCT {gtin} {serial}")
    code = row.get("RC", "")
    if code and reason(code).verdict not in (Verdict.ACCEPTED, Verdict.WARNING):
        findings.report(rules.NOT_IN_ORDER, f"RSD says {reason(code)}", where=where, value=code)
    try:
        link = link_syntax.build(Parts(SGTIN, gtin, serial))
        link_syntax.split(link)
    except Gs1Error as error:
        findings.add(error.finding(where))
        return ""
    return link
