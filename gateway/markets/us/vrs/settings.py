"""What verification needs to know besides the packs."""

from __future__ import annotations

from typing import Final

from gateway.markets.base import Need
from gateway.options import Setting

RETURNS, ALL = "returns", "all"
NONE, BASIC, BEARER = "none", "basic", "bearer"

VERIFY: Final = Setting(
    "verify", "packs to verify: those that are returned, or all in the document", (RETURNS, ALL), RETURNS
)
SETTINGS: Final = (VERIFY,)

LOT_NEED: Final = Need("lot", "lot number of the pack", None, "lotNumber")
EXPIRY_NEED: Final = Need("exp", "expiry of the pack", None, "itemExpirationDate")
NEEDS: Final = (LOT_NEED, EXPIRY_NEED)

REQUESTOR: Final = Setting("requestor-gln", "reqGLN: who asks, 13 digits")
LINK_TYPE: Final = Setting("link-type", "linkType", (), "verificationService")
CONTEXT: Final = Setting("context", "context", (), "dscsaSaleableReturn")
LOG_IN: Final = Setting(
    "log-in",
    "how the service knows us; the standard leaves it to the partners: nothing, user and password (basic), or the "
    "password as a bearer token",
    (NONE, BASIC, BEARER),
    NONE,
)
CLIENT_SETTINGS: Final = (REQUESTOR, LINK_TYPE, CONTEXT, LOG_IN)
