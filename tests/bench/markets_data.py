"""Composing and checking market messages: time for each serial number, flat from 1,000 to 100,000; prints JSON.

``markets_data.py MARKET``: composes and checks the same batch in both sizes in one process, the small one as often as
makes the same amount of work.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from gateway.markets.base import Message
from gateway.markets.eg.eptts import EPTTS
from gateway.markets.eg.masar import MASAR
from gateway.markets.ru.mdlp import MDLP
from gateway.markets.ru.oms import OMS_UTILISATION
from gateway.markets.sa.rsd import RSD
from gateway.markets.tr.its.message import ITS
from gateway.markets.tr.pts import PTS
from gateway.markets.us.dscsa import DSCSA
from tests.markets import ru_story, sa_story, test_eg, test_eg_masar, tr_its_story, tr_story, us_story
from tests.markets.test_ru_oms import AllCodes
from tests.markets.test_ru_oms import composed as reports

SMALL, LARGE, EVENT, CASE = 1_000, 100_000, 1000, 100
GROWTH, MIB, SECONDS = 1.3, 256.0, 10.0


def _turkey(count: int) -> tuple[Any, Any]:
    packs = [tr_story.pack_epc(f"SN{number:08}") for number in range(count)]
    events = [tr_story.commission(packs[at : at + EVENT]) for at in range(0, count, EVENT)]
    cases = [tr_story.sscc(number) for number in range(count // CASE)]
    events += [tr_story.pack(case, packs[at * CASE : (at + 1) * CASE]) for at, case in enumerate(cases)]
    return tr_story.composed([*events, tr_story.ship(cases)])


def _notifications(count: int, protocol: str = "rest") -> tuple[Any, Any]:
    """Production of half of the packs, and their sale: so many packs are notified in all."""
    packs = [tr_story.pack_epc(f"SN{number:08}") for number in range(count // 2)]
    events = [tr_its_story.made(packs[at : at + EVENT]) for at in range(0, len(packs), EVENT)]
    cases = [tr_story.sscc(number) for number in range(len(packs) // CASE)]
    events += [tr_story.pack(case, packs[at * CASE : (at + 1) * CASE]) for at, case in enumerate(cases)]
    return tr_its_story.composed([*events, tr_story.ship(cases)], protocol=protocol)


def _soap_notifications(count: int) -> tuple[Any, Any]:
    return _notifications(count, "soap")


def _russia(count: int) -> tuple[Any, Any]:
    packs = [ru_story.pack_epc(number) for number in range(count)]
    cases = [ru_story.sscc(number) for number in range(count // CASE)]
    events = [ru_story.pack(case, packs[at * CASE : (at + 1) * CASE]) for at, case in enumerate(cases)]
    return ru_story.composed([*events, ru_story.move("shipping", cases)], ru_story.SHIPPED)


def _russian_codes(count: int) -> tuple[Any, Any]:
    packs = [ru_story.pack_epc(number) for number in range(count)]
    events = [ru_story.commission(packs[at : at + EVENT]) for at in range(0, count, EVENT)]
    return reports(events, codes=AllCodes())


def _egypt(count: int) -> tuple[Any, Any]:
    packs = [test_eg.pack_epc(number) for number in range(count)]
    return test_eg.composed([test_eg.commission(packs[at : at + EVENT]) for at in range(0, count, EVENT)])


def _united_states(count: int) -> tuple[Any, Any]:
    packs = [us_story.unit(number) for number in range(count)]
    cases = [us_story.case(number) for number in range(count // CASE)]
    events = [us_story.commission(packs[at : at + EVENT]) for at in range(0, count, EVENT)]
    events += [us_story.commission(cases)]
    events += [us_story.pack(case, packs[at * CASE : (at + 1) * CASE]) for at, case in enumerate(cases)]
    return us_story.composed([*events, us_story.ship(cases)])


def _saudi_arabia(count: int) -> tuple[Any, Any]:
    packs = [sa_story.pack_epc(number) for number in range(count)]
    events = [sa_story.commission(packs[at : at + EVENT]) for at in range(0, count, EVENT)]
    cases = [sa_story.sscc(number) for number in range(count // CASE)]
    events += [sa_story.pack(case, packs[at * CASE : (at + 1) * CASE]) for at, case in enumerate(cases)]
    return sa_story.composed([*events, sa_story.move("shipping", cases)])


def _masar(count: int) -> tuple[Any, Any]:
    packs = [test_eg.pack_epc(number) for number in range(count)]
    cases = [test_eg.sscc(number) for number in range(count // CASE)]
    events = [test_eg.commission(packs[at : at + EVENT]) for at in range(0, count, EVENT)]
    events += [test_eg_masar.packed(case, packs[at * CASE : (at + 1) * CASE]) for at, case in enumerate(cases)]
    return test_eg_masar.composed([*events, test_eg_masar.ship(cases)])


MARKETS: dict[str, tuple[Message, Callable[[int], tuple[Any, Any]]]] = {
    "tr": (PTS, _turkey),
    "tr-its": (ITS, _notifications),
    "tr-its by SOAP": (ITS, _soap_notifications),
    "ru": (MDLP, _russia),
    "ru-oms": (OMS_UTILISATION, _russian_codes),
    "eg": (EPTTS, _egypt),
    "eg-masar": (MASAR, _masar),
    "us": (DSCSA, _united_states),
    "sa": (RSD, _saudi_arabia),
}


def _used(message: Message, compose: Callable[[int], tuple[Any, Any]], count: int) -> float:
    started = time.process_time()
    made, context = compose(count)
    for submission in made:
        message.check(submission.data, context.findings)
    if context.findings.errors or not made:
        raise SystemExit(str(list(context.findings)[:3]))
    return time.process_time() - started


def main(arguments: Sequence[str]) -> None:
    """Measure one market."""
    message, compose = MARKETS[arguments[0]]
    _used(message, compose, SMALL)  # imports and the schema
    small = sum(_used(message, compose, SMALL) for _ in range(LARGE // SMALL // 2)) * 2
    large = _used(message, compose, LARGE)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"growth": large / small, "cpu": large, "peak_mib": peak}))


if __name__ == "__main__":
    main(sys.argv[1:])
