"""What Masar asks for and EPCIS does not say, and what is not public about it."""

from __future__ import annotations

from typing import Final

from gateway.markets.base import Need
from gateway.options import COMPACT, CREATION_DATE, INSTANCE_IDENTIFIER, RECEIVER, SENDER, Setting

BARE, SBD, SOAP, SOAP_SBD = "bare", "sbd", "soap", "soap-sbd"
DEFAULT_STEPS: Final = ("commissioning", "packing", "shipping")

ENVELOPE: Final = Setting(
    "envelope",
    "bare: EPCISDocument with its header; sbd: in a StandardBusinessDocument; soap, soap-sbd: one of these in SOAP",
    (BARE, SBD, SOAP, SOAP_SBD),
    BARE,
)
FILES: Final = Setting(
    "files", "one: all events in one file; step: a file for each business step", ("one", "step"), "one"
)
STEPS: Final = Setting(
    "steps", "business steps that are reported, with commas between", default=",".join(DEFAULT_STEPS)
)
SETTINGS: Final = (ENVELOPE, FILES, STEPS, SENDER, RECEIVER, INSTANCE_IDENTIFIER, CREATION_DATE, COMPACT)

SENDER_NEED: Final = Need("Sender", "GLN of who reports, 13 digits", SENDER)
RECEIVER_NEED: Final = Need("Receiver", "GLN of the authority, 13 digits", RECEIVER)
NEEDS: Final = (SENDER_NEED, RECEIVER_NEED)
