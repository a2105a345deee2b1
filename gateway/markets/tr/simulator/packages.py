"""The store of PTS: packages, who sent them to whom, and how often each was fetched."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final

from gateway.errors import InputError, LimitExceeded
from gateway.findings import Findings
from gateway.formats.base import Limits
from gateway.markets.kit.checks import is_gln
from gateway.markets.kit.dates import is_date
from gateway.markets.tr.check import check_schema
from gateway.markets.tr.read import parse_xml, read_transfer, unzip

MOST_BYTES: Final = 10_000_000
MOST_FETCHES: Final = 10
_DAY: Final = "2026-01-01T00:00:00"

_SOURCE, _NO_FILE, _MANY, _FORMAT, _UNKNOWN, _SIZE = "20001", "20005", "20006", "20007", "20008", "20009"
_NOT_RECEIVED, _TOO_OFTEN, _STRANGER, _DATES, _FIRM = "20101", "21012", "21014", "21015", "20100"


class Refused(Exception):
    """PTS refuses with a code."""


@dataclass(slots=True)
class Package:
    """One package, with the parties and the times it was fetched."""

    source: str
    destination: str
    data: bytes
    fetched: int = 0


class Packages:
    """All packages by transferId."""

    def __init__(self) -> None:
        self.sent: dict[str, Package] = {}

    def send(self, body: dict[str, Any], user: str, number: str) -> dict[str, Any]:
        """Take a package.

        Raises:
            Refused: with the code.
        """
        text = body.get("file")
        try:
            data = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
        except (binascii.Error, ValueError):
            raise Refused(_FORMAT) from None
        if not data:
            raise Refused(_NO_FILE)
        if len(data) > MOST_BYTES:
            raise Refused(_SIZE)
        if not data.startswith(b"PK"):
            raise Refused(_FORMAT)
        receiver = str(body.get("receiver") or "")
        try:
            root = parse_xml(unzip(data, Limits()))
        except (InputError, LimitExceeded) as error:
            raise Refused(_MANY if error.finding.message.startswith("the zip file holds") else _FORMAT) from None
        if not check_schema(root, Findings()):
            raise Refused(_FORMAT)
        transfer = read_transfer(root, Findings())
        if transfer.source != user or not is_gln(receiver) or transfer.destination != receiver:
            raise Refused(_SOURCE)
        self.sent[number] = Package(user, receiver, data)
        return {"transferId": int(number) if number.isdigit() else number}

    def search(self, body: dict[str, Any], user: str) -> dict[str, Any]:
        """List packages.

        Raises:
            Refused: with the code.
        """
        source, destination = str(body.get("sourceGln") or ""), str(body.get("destinationGln") or "")
        first, last = str(body.get("startDate") or ""), str(body.get("endDate") or "")
        only = body.get("bringNotReceivedTransferInfo") is True
        if user not in (source, destination):
            raise Refused(_FIRM)
        if not is_date(first) or not is_date(last) or first > last:
            raise Refused(_DATES)
        if only and destination != user:
            raise Refused(_NOT_RECEIVED)
        return {
            "transferDetails": [
                {
                    "sourceGln": package.source,
                    "destinationGln": package.destination,
                    "transferId": int(number) if number.isdigit() else number,
                    "transferDate": _DAY,
                }
                for number, package in self.sent.items()
                if source in ("", package.source)
                and destination in ("", package.destination)
                and not (only and package.fetched)
            ]
        }

    def get(self, body: dict[str, Any], user: str) -> dict[str, Any]:
        """Give a package.

        Raises:
            Refused: with the code.
        """
        package = self.sent.get(str(body.get("transferId")))
        if package is None:
            raise Refused(_UNKNOWN)
        if user not in (package.source, package.destination):
            raise Refused(_STRANGER)
        if package.fetched >= MOST_FETCHES:
            raise Refused(_TOO_OFTEN)
        package.fetched += 1
        return {"fileStream": base64.b64encode(package.data).decode()}
