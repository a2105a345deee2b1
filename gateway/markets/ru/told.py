"""Answers of MDLP to questions about packs and containers (211 and 221) as EPCIS events: what is in what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lxml import etree

from gateway.epcis.element import Element
from gateway.epcis.events import AggregationEvent, Event, ObjectEvent
from gateway.epcis.vocabulary import Field, Style, spell
from gateway.findings import Findings
from gateway.markets.kit.group import grouped
from gateway.markets.ru import extension, rules
from gateway.markets.ru.keys import epc_of, offset, sgtin_epc, sscc_epc

_PACK: Final = "sgtin"


def hierarchy_events(document: etree._Element) -> Iterator[Event]:
    """Packings that a 221 tells, innermost first, each at the time at which its container was packed."""
    for side in ("sscc_down", "sscc_up"):
        top = document.find(f"{side}/sscc_info")
        if top is not None:
            yield from _packings(top)


def _packings(container: etree._Element) -> Iterator[Event]:
    # libxml2 refuses more than 256 levels, so that this recursion is bounded.
    inside = container.findall("childs/sscc_info")
    for child in inside:
        yield from _packings(child)
    packs = container.findall("childs/sgtin_info")
    if not inside and not packs:
        return
    time = container.findtext("packing_date") or ""
    event = AggregationEvent(
        event_time=time,
        event_time_zone_offset=offset(time),
        action="ADD",
        parent_id=sscc_epc(container.findtext("sscc") or ""),
        child_epcs=[
            *(sgtin_epc(pack.findtext(_PACK) or "") for pack in packs),
            *(sscc_epc(child.findtext("sscc") or "") for child in inside),
        ],
        biz_step=spell(Field.BIZ_STEP, "packing", Style.URN),
    )
    event.extensions = extension.packs(packs)
    yield event


def info_events(document: etree._Element, time: str, findings: Findings) -> Iterator[Event]:
    """What a 211 tells of now: observations at the time of the question. It names no times itself.

    Args:
        document: its element.
        time: when it was asked.
        findings: takes what no event can say.
    """
    pack = document.find("sgtin")
    tree = document.findall("sscc_down/tree")
    if pack is not None:
        named = document.find("result/sgtin")
        info = pack.find("info_sgtin")
        if named is not None and info is not None:
            yield _pack(named, info, pack, time)
    yield from _tree(tree, time)
    for level in document.iterfind("sscc_up/info"):
        message = f"{level.findtext('sscc')} is at level {level.findtext('level')} around the container"
        findings.report(rules.TOLD, message, value=level.findtext("sscc") or "")


def _pack(named: etree._Element, info: etree._Element, pack: etree._Element, time: str) -> Event:
    epc, container = epc_of(named), info.findtext("sscc")
    said = extension.packs([pack])
    for group in said:
        for child in group.children:
            child.text = (named.text or "") if child.local == _PACK else child.text
    if container:
        return _observed(time, container, [epc], said)
    zone = offset(time)
    return ObjectEvent(event_time=time, event_time_zone_offset=zone, action="OBSERVE", epc_list=[epc], extensions=said)


def _observed(time: str, container: str, children: list[str], said: list[Element]) -> AggregationEvent:
    return AggregationEvent(
        event_time=time,
        event_time_zone_offset=offset(time),
        action="OBSERVE",
        parent_id=sscc_epc(container),
        child_epcs=children,
        extensions=said,
    )


def _tree(tree: list[etree._Element], time: str) -> Iterator[Event]:
    inside = grouped(tree, lambda entry: entry.findtext("parent_sscc") or entry.findtext("sgtin/info_sgtin/sscc") or "")
    for parent, entries in reversed(inside.items()):
        if not parent:
            continue  # the container that was asked for
        packs = [info for entry in entries if (info := entry.find("sgtin/info_sgtin")) is not None]
        children = [sgtin_epc(info.findtext(_PACK) or "") for info in packs]
        children += [sscc_epc(label) for entry in entries if (label := entry.findtext("sscc"))]
        yield _observed(time, parent, children, extension.packs(packs))
