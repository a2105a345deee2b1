"""Requests and answers of verification: names, reasons, and the way a request is written as an address."""

from __future__ import annotations

import re
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs, quote, unquote, urlsplit

import msgspec

from gateway.answers import Reason, Verdict
from gateway.markets.kit.checks import Check, matches
from gateway.markets.us.vrs import rules
from gateway.resources import shipped

SCHEMA: Final = ("us", "vrs", "1", "requests.toml")
_TABLE: Final[dict[str, Any]] = tomllib.loads(shipped("xsd", *SCHEMA).read_text("utf-8"))
FORMS: Final = tuple(
    Check(column["name"], rules.FORM, matches(column["pattern"]), column["form"], required=True)
    for column in _TABLE["column"]
)
FIELDS: Final = tuple(column["name"] for column in _TABLE["column"])

#: Why a pack is not verified (GS1 Lightweight Messaging 1.1; the last two: GS1 US guideline 1.1).
FAILURES: Final = {
    "No_match_GTIN_Serial": "there is no such serial number of this product",
    "No_match_GTIN_Serial_Lot": "the serial number belongs to another lot",
    "No_match_GTIN_Serial_Expiry": "the serial number has another expiry",
    "No_match_GTIN_Serial_Lot_Expiry": "the serial number has another lot and another expiry",
    "No_reason_provided": "not verified, and the manufacturer does not say why",
    "Manufacturer_policy": "not verified by the manufacturer's own policy",
    "Not_for_re-distribution": "the manufacturer says that the pack is suspect and must not be sold on",
}
#: What is said about a pack besides (Expired: GS1 US guideline 1.1).
MORE: Final = {
    "Recalled": "the product has been recalled or withdrawn",
    "Suspect": "whether the product is authentic and whole is in doubt",
    "Expired": "the product has expired",
}
#: Statuses of HTTP after which asking again can help.
AGAIN: Final = frozenset({408, 502, 503, 504})
REFUSALS: Final = {
    400: "the request is badly formed",
    401: "the service does not know who asks (reqGLN)",
    403: "the service does not answer this requestor",
    404: "the product is in no lookup directory",
    405: "the service does not take GET",
    408: "the service timed out",
    500: "the service failed",
}
CORRELATION: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)
TIMESTAMP: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)", re.ASCII)
_PATH: Final = re.compile(r"(?P<base>.*)/verify/gtin/(?P<gtin>[^/]*)/lot/(?P<lot>[^/]*)/ser/(?P<ser>[^/]*)")
_VERSION_4: Final = 4


class Verification(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question about one pack. `exp` is YYMMDD."""

    gtin: str
    ser: str
    lot: str
    exp: str

    @property
    def identifier(self) -> str:
        """How answers and people name the pack."""
        return f"(01){self.gtin}(21){self.ser}"


class Data(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What is said about the pack."""

    verified: bool
    verification_failure_reason: str | None = None
    additional_info: str | None = None


class Response(msgspec.Struct, frozen=True):
    """The body of an answer with status 200."""

    verification_timestamp: str = msgspec.field(name="verificationTimestamp")
    corr_uuid: str = msgspec.field(name="corrUUID")
    responder_gln: str = msgspec.field(name="responderGLN")
    data: Data


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request's address says.

    Attributes:
        pack: the pack.
        query: the values behind the question mark.
    """

    pack: Verification
    query: Mapping[str, str]


def address_of(pack: Verification, query: Mapping[str, str]) -> str:
    """The path and query of a request. Lot and serial number may hold any character, also a slash."""
    parts = "&".join(f"{name}={quote(value, safe='')}" for name, value in query.items())
    path = f"/verify/gtin/{pack.gtin}/lot/{quote(pack.lot, safe='')}/ser/{quote(pack.ser, safe='')}"
    return f"{path}?exp={pack.exp}&{parts}"


def asked_by(address: str) -> Asked | None:
    """What an address asks; None when it is no verification."""
    split = urlsplit(address)
    found = _PATH.fullmatch(split.path)
    if found is None:
        return None
    query = query_of(address)
    gtin, ser, lot = (unquote(found[name]) for name in ("gtin", "ser", "lot"))
    pack = Verification(gtin, ser, lot, query.get("exp", ""))
    return Asked(pack, query)


def query_of(address: str) -> dict[str, str]:
    """The values behind the question mark; of a name that comes twice none, so that it counts as missing."""
    values = parse_qs(urlsplit(address).query, keep_blank_values=True)
    return {name: found[0] for name, found in values.items() if len(found) == 1}


def correlation(seed: str, number: int) -> str:
    """A correlation id in the form of UUID version 4 that is the same for the same question of one submission."""
    made = uuid.uuid5(uuid.NAMESPACE_URL, f"{seed}/{number}")
    return str(uuid.UUID(bytes=made.bytes, version=_VERSION_4))


def reasons_of(data: Data) -> tuple[Reason, ...]:
    """What an answer says about a pack, as reasons."""
    found = []
    if not data.verified:
        code = data.verification_failure_reason or ""
        found.append(Reason(code, FAILURES.get(code, ""), Verdict.REJECTED))
    if data.additional_info is not None:
        verdict = Verdict.WARNING if data.verified else Verdict.REJECTED
        known = {name.lower(): name for name in MORE}.get(data.additional_info.lower(), data.additional_info)
        found.append(Reason(data.additional_info, MORE.get(known, ""), verdict))
    return tuple(found)
