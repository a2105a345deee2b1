"""Where inside a file a value of an event stands."""

from __future__ import annotations

from msgspec.structs import replace

from gateway.findings import Where


def inside(where: Where, number: int, path: str) -> Where:
    """The place of a value inside an event.

    Args:
        where: the event's place, as its reader says it.
        number: the event's number in the document, for readers that do not say it.
        path: path of the value inside the event, e.g. ``epcList/epc[3]``.
    """
    if where.path and path:
        path = f"{where.path}/{path}"
    return replace(where, event=where.event or number, path=path or where.path)
