"""Identifiers that stand more than once in a list where the JSON Schema wants each once (``uniqueItems``).

The lists are sets (EPCIS 2.0, clause 7.4), so that the repetitions say nothing; but nothing is dropped silently. They
are carried under a key of ours with their places in the list, and the reader puts them back. So are sensor elements
that the JSON Schema does not let stand in their list.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from gateway.epcis.carry import PREFIX as CARRY_PREFIX
from gateway.epcis.events import Event
from gateway.formats.epcis_json.number import Number

#: Lists that the schema wants unique, by the model's name.
_LISTS: Final = {"epc_list": "epcList", "input_epc_list": "inputEPCList", "output_epc_list": "outputEPCList"}
#: Under which name sensor elements are carried.
SENSOR_ELEMENTS: Final = "sensorElements"
_UNIQUE_IN: Final = ("ObjectEvent", "TransformationEvent")
_AT: Final = "At"
_DIGITS: Final = 10  # of a place; more is none of ours


def repeats(event: Event) -> bool:
    """Whether a list of the event that must be unique is not."""
    if event.type not in _UNIQUE_IN:
        return False
    lists: list[Sequence[str]] = [getattr(event, name, None) or () for name in _LISTS]
    return any(len(set(epcs)) < len(epcs) for epcs in lists)


def take_out(out: dict[str, Any]) -> dict[str, tuple[list[str], list[int]]]:
    """Leave each identifier of the written lists once; what was taken out and where it stood (from 0), by list."""
    taken: dict[str, tuple[list[str], list[int]]] = {}
    for name in _LISTS.values():
        epcs = out.get(name) or ()
        once: dict[str, None] = {}
        again: list[str] = []
        places: list[int] = []
        for place, epc in enumerate(epcs):
            if epc in once:
                again.append(epc)
                places.append(place)
            once[epc] = None
        if again:
            out[name] = list(once)
            taken[name] = (again, places)
    return taken


def keys(name: str) -> tuple[str, str]:
    """The keys under which items of a list are carried, and their places."""
    return f"{CARRY_PREFIX}:{name}", f"{CARRY_PREFIX}:{name}{_AT}"


def put_back(item: dict[str, Any]) -> None:
    """Put carried items back into the lists of an event that was read. What is no such thing stays as it is."""
    for name in _LISTS.values():
        _put_back(item, name, name)
    _put_back(item, SENSOR_ELEMENTS, "sensorElementList")


def _put_back(item: dict[str, Any], carried: str, name: str) -> None:
    key, key_at = keys(carried)
    again, places, rest = item.get(key), item.get(key_at), item.get(name, [])
    if not (isinstance(again, list) and isinstance(places, list) and isinstance(rest, list)):
        return
    if len(again) != len(places) or not all(map(_is_place, places)):
        return
    del item[key], item[key_at]
    whole = list(rest)
    for place, one in zip(places, again, strict=True):
        whole.insert(int(place), one)
    item[name] = whole


def _is_place(value: Any) -> bool:
    return isinstance(value, Number) and value.isdecimal() and len(value) < _DIGITS
