"""What RSD can be asked, and the packages that it holds for us."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.answers import Answer
from gateway.errors import TransportError, UsageError
from gateway.markets.client import Account, Conversation, Question, Waiting
from gateway.markets.sa import calls
from gateway.markets.sa.codes import reason
from gateway.markets.sa.operations import OPERATIONS, Operation
from gateway.markets.sa.package import is_zip
from gateway.markets.sa.reply import Replied, read
from gateway.options import Setting

PACKS: Final = Setting("packs", "packs as GTIN:serial number, with commas between")
NOTIFICATION: Final = Setting("notification", "the NOTIFICATIONID that the sender got")
CODE: Final = Setting("code", "one code, or all", default="all")
TO: Final = Setting("to", "GLN of the receiver; where no party is given, we are the receiver", default="any")
FROM: Final = Setting("from", "GLN of the sender", default="any")
ALL: Final = Setting("all", "whether packages that were fetched are listed, too", ("no", "yes"), "no")
SINCE: Final = Setting("since", "first day, YYYY-MM-DD", default="any")
UNTIL: Final = Setting("until", "last day, YYYY-MM-DD", default="any")
_QUERY, _DOWNLOAD = OPERATIONS["package-query"], OPERATIONS["package-download"]


def status(arguments: Mapping[str, str], account: Account) -> Conversation[list[dict[str, str]]]:
    """What RSD knows about packs."""
    products = []
    for pair in filter(None, (part.strip() for part in arguments.get(PACKS.key, "").split(","))):
        gtin, _, serial = pair.partition(":")
        if not serial:
            message = f"{pair!r} is no pack"
            raise UsageError(message, hint="write GTIN:serial number, with commas between packs")
        products.append({"GTIN": gtin.strip(), "SN": serial.strip()})
    if not products:
        message = "no pack is given"
        raise UsageError(message, hint=f"give {PACKS.key}")
    found = yield from _ask(OPERATIONS["check-status"], account, PRODUCTLIST={"PRODUCT": products})
    return [_explained(row) for row in found.rows]


def dispatch(arguments: Mapping[str, str], account: Account) -> Conversation[list[dict[str, str]]]:
    """What is in a dispatch."""
    given = arguments.get(NOTIFICATION.key, "")
    found = yield from _ask(OPERATIONS["dispatch-detail"], account, DISPATCHNOTIFICATIONID=given)
    about = {name: text for name, text in found.fields.items() if text}
    return [_explained({**about, **row}) for row in found.rows]


def error_codes(arguments: Mapping[str, str], account: Account) -> Conversation[list[dict[str, str]]]:
    """The list of codes, as RSD writes it."""
    code = _given(arguments, CODE)
    found = yield from _ask(OPERATIONS["error-code-list"], account, **({"ERRORCODE": code} if code else {}))
    return found.rows


def countries(_arguments: Mapping[str, str], account: Account) -> Conversation[list[dict[str, str]]]:
    """The list of countries for exports, as RSD writes it."""
    found = yield from _ask(OPERATIONS["country-list"], account)
    return found.rows


def packages(arguments: Mapping[str, str], account: Account) -> Conversation[list[dict[str, str]]]:
    """Packages that were sent to a party, or by one."""
    names = ((FROM, "FROMGLN"), (TO, "TOGLN"), (SINCE, "STARTDATE"), (UNTIL, "ENDDATE"))
    values: dict[str, Any] = {name: given for setting, name in names if (given := _given(arguments, setting))}
    if not ({"FROMGLN", "TOGLN"} & values.keys()):
        values["TOGLN"] = calls.gln_of(account)
    found = yield from _ask(_QUERY, account, GETALL=arguments.get(ALL.key) == "yes", **values)
    return found.rows


def waiting(account: Account) -> Conversation[list[Waiting]]:
    """The packages for us that were not fetched yet."""
    rows = yield from packages({}, account)
    return [Waiting(row["TRANSFERID"], f"rsd-{_safe(row['TRANSFERID'])}.zip") for row in rows if row.get("TRANSFERID")]


def fetch(item: Waiting, account: Account) -> Conversation[bytes]:
    """A package.

    Raises:
        TransportError: what comes is no zip file, or another one than was sent.
    """
    found = yield from _ask(_DOWNLOAD, account, TRANSFERID=item.key)
    text = "".join(found.fields.get("FILE", "").split())
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not is_zip(data):
        message = f"the package {item.key} that RSD gave is no zip file"
        raise TransportError(message, retryable=True)
    checksum = found.fields.get("MD5CHECKSUM", "")
    if checksum and checksum.lower() not in set(_checksums(data, text)):
        message = f"the package {item.key} has another checksum than RSD says"
        raise TransportError(message, hint="fetch it again; if it stays so, ask its sender", retryable=True)
    return data


def _ask(operation: Operation, account: Account, **values: Any) -> Conversation[Replied]:
    reply = yield calls.call(operation, calls.request(operation, **values), account)
    calls.refuse(reply)
    found = read(reply, operation)
    if isinstance(found, Answer):
        said = "; ".join([*map(str, found.reasons), *filter(None, [found.unexpected])])
        message = f"RSD does not answer {operation.full}: {said}"
        raise TransportError(message, retryable=found.retryable)
    return found


def _given(arguments: Mapping[str, str], setting: Setting) -> str:
    """What was given, empty where it is what stands for nothing."""
    value = arguments.get(setting.key, "")
    return "" if value == setting.default else value


def _explained(row: Mapping[str, str]) -> dict[str, str]:
    code = row.get("RC", "")
    return {**row, "meaning": reason(code).meaning} if code else dict(row)


def _safe(key: str) -> str:
    return "".join(char if char.isascii() and char.isalnum() else "-" for char in key)[:64]


def _checksums(data: bytes, text: str) -> Iterator[str]:
    """The MD5 of a package in the spellings that may be meant, in small letters."""
    for content in (data, text.encode()):
        digest = hashlib.md5(content, usedforsecurity=False)
        yield digest.hexdigest()
        yield base64.b64encode(digest.digest()).decode().lower()


QUESTIONS: Final = (
    Question("status", "what RSD knows about packs (CheckStatus)", (PACKS,), status),
    Question("dispatch", "what is in a dispatch (DispatchDetail)", (NOTIFICATION,), dispatch),
    Question("packages", "packages for or from a party (PackageQuery)", (FROM, TO, ALL, SINCE, UNTIL), packages),
    Question("error-codes", "the list of answer codes (ErrorCodeList)", (CODE,), error_codes),
    Question("countries", "the list of countries for exports (CountryList)", (), countries),
)
