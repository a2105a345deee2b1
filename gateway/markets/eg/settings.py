"""What EPTTS asks for and EPCIS does not say, and the two points on which sources differ."""

from __future__ import annotations

from typing import Final

from gateway.markets.base import Need
from gateway.options import Setting

IMPORTED, LOCAL = "imported", "local"

ORIGIN: Final = Setting(
    "origin", "whether items that are commissioned are imported or made in Egypt", (IMPORTED, LOCAL)
)
LOCATION: Final = Setting("location-gln", "GLN of the place for events that name none, 13 digits")
LOCAL_MARK: Final = Setting(
    "local-mark", "what import holds for local goods, on which sources differ", ("empty", "0"), "empty"
)
DATE_FORM: Final = Setting(
    "date-form",
    "form of expiryDate and manufDate, on which sources differ: 2028-02-01T or 2028-02-01",
    ("T", "plain"),
    "T",
)

SETTINGS: Final = (ORIGIN, LOCATION, LOCAL_MARK, DATE_FORM)

IMPORT_NEED: Final = Need("import", "whether items are imported", ORIGIN, "origin")
PLACE_NEED: Final = Need("readPointGLN", "GLN of the place, where the event names none", LOCATION)
NEEDS: Final = (IMPORT_NEED, PLACE_NEED)
