"""eventIDs that are hash ids: computed again from the event and compared.

Ids of other hash algorithms and of later versions of CBV are not looked at. An id that the reference implementation
gives (`gateway.epcis.prehash_values.Variant`) is right too.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from gateway.checks import event_id_rules as rules
from gateway.checks.scope import Checker, Scope
from gateway.epcis.alike import Group
from gateway.epcis.events import Event

_BEGIN: Final = "ni:///sha-256;"
_END: Final = "?ver=CBV2.0"
_PATH: Final = "eventID"


def checker(scope: Scope, ignore: Collection[str] = ()) -> Checker:
    """The check of one event, for `gateway.checks.run`.

    Args:
        scope: takes the findings.
        ignore: ``{namespace}name`` of user extensions that the document excludes from hash ids.
    """

    def check(event: Event) -> None:
        event_id = event.event_id
        if event_id is not None and event_id.startswith(_BEGIN):
            _check(event, event_id, scope, ignore)

    return Checker(check, _quiet)


def _quiet(group: Group) -> bool:
    """Whether surely none of the events has a hash id."""
    return group.first.event_id is None or _BEGIN not in "".join([event.event_id or "" for event in group.events])


def _check(event: Event, event_id: str, scope: Scope, ignore: Collection[str]) -> None:
    from gateway.epcis.event_hash import event_hash, is_hash_id  # noqa: PLC0415 - few documents have hash ids
    from gateway.epcis.prehash_values import Variant  # noqa: PLC0415

    if not is_hash_id(event_id):
        if event_id.endswith(_END):
            message = f"eventID {event_id} has no SHA-256 in it"
            expected = f"{_BEGIN}<64 hexadecimal digits>{_END}"
            scope.report(rules.HASH_FORM, message, path=_PATH, value=event_id, expected=expected)
        return
    digits = event_id[len(_BEGIN) : -len(_END)].lower()
    read = f"{_BEGIN}{digits}{_END}"
    computed = event_hash(event, ignore)
    if read not in (computed, event_hash(event, ignore, Variant.REFERENCE) if read != computed else computed):
        message = f"eventID is {event_id}, but the event has the hash {computed}"
        scope.report(rules.HASH_DIFFERS, message, path=_PATH, value=event_id, expected=computed)
