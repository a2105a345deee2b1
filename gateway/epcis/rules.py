"""Losses of the model's own translations. Each is a page of ``gateway list rules``."""

from __future__ import annotations

from gateway.findings import LossRule

LINK_BESIDE_KEY = LossRule(
    "LOSS-C15",
    "what a Digital Link says beside its key",
    "An EPC URN holds the key alone. A Digital Link can also have a domain of its owner, lot or expiry beside a "
    "serial number, a query and a fragment (GS1 Digital Link: URI Syntax, section 4).",
)

LOSS_RULES = (LINK_BESIDE_KEY,)
