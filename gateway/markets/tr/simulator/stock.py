"""Packs and their owners, as the public rules of ITS have them: ownership moves by notification, only owners act."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.markets.tr.its.codes import SUCCESS
from gateway.markets.tr.its.operations import (
    ACCEPT,
    DEACTIVATION,
    DISPATCH,
    DISPATCH_CANCEL,
    EXPORT,
    SUPPLY,
    TRANSFER,
    TRANSFER_CANCEL,
)
from gateway.markets.tr.its.wire import Item, Notification

NOT_YOURS: Final = "10306"
SOLD: Final = "40004"
DEACTIVATED, EXPORTED = "60000", "60005"
AT_MANUFACTURER, AT_WAREHOUSE = "60001", "60002"
_GONE: Final = frozenset({DEACTIVATED, EXPORTED})
_CANCELLED: Final = {DISPATCH_CANCEL: DISPATCH, TRANSFER_CANCEL: TRANSFER}


@dataclass(slots=True)
class Pack:
    """What is known of a pack.

    Attributes:
        maker: GLN of who notified its production.
        owner: GLN of who owns it; of who gave it away until it is accepted.
        state: code of its state.
        lot: lot number.
        expiry: YYYY-MM-DD.
        coming: GLN of who may accept it, empty when nobody has to.
        by: the notification by which it comes: a sale or a transfer, which can be cancelled, or a return.
    """

    maker: str
    owner: str
    state: str
    lot: str
    expiry: str
    coming: str = ""
    by: str = ""


class Stock:
    """All packs.

    Args:
        refuse: serial numbers, or whole element strings, that are refused.
    """

    def __init__(self, refuse: frozenset[str]) -> None:
        self._refuse = refuse
        self.packs: dict[tuple[str, str], Pack] = {}

    def notify(self, kind: str, notification: Notification, user: str) -> list[str]:
        """Take a notification; the code of each pack."""
        return [self._one(kind, item, notification.fields, user) for item in notification.items]

    def state(self, gtin: str, serial: str, user: str) -> tuple[str, Pack | None]:
        """The state of a pack as `user` sees it."""
        pack = self.packs.get((gtin, serial))
        if pack is None or self._refused(Item(gtin, serial)):
            return NOT_YOURS, None
        return (SOLD if pack.coming and pack.owner == user else pack.state), pack

    def _refused(self, item: Item) -> bool:
        return item.sn in self._refuse or item.identifier in self._refuse

    def _one(self, kind: str, item: Item, fields: Mapping[str, str], user: str) -> str:
        if self._refused(item):
            return NOT_YOURS
        pack = self.packs.get((item.gtin, item.sn))
        if kind == SUPPLY:
            return self._supply(item, pack, user)
        if pack is None or (pack.lot, pack.expiry) != (item.bn, item.xd):
            return NOT_YOURS
        return pack.state if pack.state in _GONE else _move(kind, pack, fields, user)

    def _supply(self, item: Item, pack: Pack | None, user: str) -> str:
        if pack is not None:
            return pack.state if pack.maker == user else NOT_YOURS
        self.packs[item.gtin, item.sn] = Pack(user, user, AT_MANUFACTURER, item.bn, item.xd)
        return SUCCESS


def _move(kind: str, pack: Pack, fields: Mapping[str, str], user: str) -> str:
    if kind == ACCEPT:
        return _accept(pack, user)
    if kind in _CANCELLED:
        return _cancel(_CANCELLED[kind], pack, user)
    if pack.owner != user or pack.coming:
        return SOLD if pack.owner == user else NOT_YOURS
    if kind in (DEACTIVATION, EXPORT):
        pack.state = DEACTIVATED if kind == DEACTIVATION else EXPORTED
    else:
        pack.coming, pack.by = fields["togln"], kind
    return SUCCESS


def _accept(pack: Pack, user: str) -> str:
    if pack.coming != user:
        return NOT_YOURS
    pack.owner, pack.coming, pack.by = user, "", ""
    pack.state = AT_MANUFACTURER if pack.maker == user else AT_WAREHOUSE
    return SUCCESS


def _cancel(cancelled: str, pack: Pack, user: str) -> str:
    if pack.owner != user or pack.by != cancelled:
        return NOT_YOURS
    pack.coming = pack.by = ""
    return SUCCESS
