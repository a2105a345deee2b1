"""Sends packages to PTS, lists and fetches those that others sent, and searches."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

import orjson

from gateway.answers import Answer, Verdict, unreadable
from gateway.errors import ConfigurationError, InputError, LimitExceeded, TransportError, UsageError
from gateway.findings import Findings
from gateway.formats.base import Limits
from gateway.markets.base import Submission
from gateway.markets.client import Account, Client, Conversation, Known, Question, UncertainError, Waiting
from gateway.markets.kit.checks import is_gln
from gateway.markets.kit.dates import is_date
from gateway.markets.tr import session
from gateway.markets.tr.its.reply import fault_of
from gateway.markets.tr.its.settings import REPORTER
from gateway.markets.tr.read import parse_xml, read_transfer, unzip
from gateway.options import Setting

SEARCH: Final = "/pts/app/search"
SEND: Final = "/pts/app/SendPackage"
GET: Final = "/pts/app/GetPackage"

FROM: Final = Setting("search-from", "first day of transfers to look for, YYYY-MM-DD")
TO: Final = Setting("search-to", "last day of transfers to look for, YYYY-MM-DD; without it the day that it is", ())
DAYS: Final = Setting("search-days", "without search-from: days before the last one", (), "30")
LIST: Final = Setting(
    "list",
    "all transfers of these days, or not-received: only those that were never fetched; one whose fetching is cut off "
    "counts as fetched",
    ("all", "not-received"),
    "all",
)
SOURCE: Final = Setting("source-gln", "GLN of the sender; empty for all")
DESTINATION: Final = Setting("destination-gln", "GLN of the receiver; empty for who asks")
NOT_RECEIVED: Final = Setting("not-received", "only transfers that were never fetched", ("no", "yes"), "no")


def submit(submission: Submission, account: Account, known: Known) -> Conversation[Answer]:
    """Send one package; the answer's reference is its transferId.

    Raises:
        UncertainError: the reply to an earlier try was lost; PTS cannot be asked what a package holds.
        ConfigurationError: it is no package.
    """
    receiver = _receiver(submission.data)
    if known.uncertain:
        message = f"it is not known whether PTS took the package for {receiver}"
        hint = "search the transfers of the day (gateway ask tr-pts search), then send again or let it be"
        raise UncertainError(message, hint=hint)
    body = orjson.dumps({"receiver": receiver, "file": base64.b64encode(submission.data).decode()})
    reply = yield from session.post(SEND, body, account, once=True)
    try:
        found = orjson.loads(reply.body)
    except ValueError:
        return unreadable(f"HTTP {reply.status} and no JSON")
    fault = fault_of(found)
    if fault is not None:
        return Answer(Verdict.REJECTED, (fault,))
    transfer = found.get("transferId") if isinstance(found, dict) else None
    if not 200 <= reply.status < 300 or not isinstance(transfer, (int, str)) or not str(transfer):  # noqa: PLR2004 - of HTTP
        return unreadable(f"HTTP {reply.status} and no transferId")
    return Answer(Verdict.ACCEPTED, reference=str(transfer))


def waiting(account: Account) -> Conversation[list[Waiting]]:
    """The packages that were sent to the account's GLN."""
    body = {
        "sourceGln": "",
        "destinationGln": _own(account),
        **_days(account),
        "bringNotReceivedTransferInfo": account.option(LIST) == "not-received",
    }
    found = yield from session.asked(SEARCH, body, account)
    return [Waiting(row["transferId"], f"pts-{row['transferId']}.zip") for row in _rows(found)]


def fetch(item: Waiting, account: Account) -> Conversation[bytes]:
    """Fetch one package. PTS gives each one about ten times (answer code 21012).

    Raises:
        TransportError: PTS refuses it, or what it gives is no file.
    """
    key = int(item.key) if item.key.isascii() and item.key.isdigit() else item.key
    found = yield from session.asked(GET, {"transferId": key}, account)
    text = found.get("fileStream")
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        data = b""
    if not data:
        message = f"PTS gives transfer {item.key} without a file that can be read"
        raise TransportError(message)
    return data


def _search(arguments: Mapping[str, str], account: Account) -> Conversation[list[dict[str, str]]]:
    destination, source = arguments.get(DESTINATION.key, ""), arguments.get(SOURCE.key, "")
    first, last = arguments.get(FROM.key, ""), arguments.get(TO.key, "")
    if not is_date(first) or not is_date(last):
        message = f"{FROM.key} and {TO.key} are needed, as YYYY-MM-DD"
        raise UsageError(message)
    body = {
        "sourceGln": source,
        "destinationGln": destination or ("" if source else _own(account)),
        "startDate": first,
        "endDate": last,
        "bringNotReceivedTransferInfo": arguments.get(NOT_RECEIVED.key) == "yes",
    }
    return list(_rows((yield from session.asked(SEARCH, body, account))))


def _rows(body: Any) -> Iterator[dict[str, str]]:
    found = body.get("transferDetails")
    if not isinstance(found, list):
        message = "PTS answers a search without transferDetails"
        raise TransportError(message)
    for row in found:
        transfer = row.get("transferId") if isinstance(row, dict) else None
        if not isinstance(transfer, (int, str)) or not str(transfer).isalnum():
            message = "PTS lists a transfer without transferId"
            raise TransportError(message)
        yield {str(name): str(value) for name, value in row.items() if isinstance(value, (int, str))}


def _days(account: Account) -> dict[str, str]:
    last = account.option(TO) or account.today
    first = account.option(FROM)
    if not is_date(last):
        message = f"the last day to look for transfers is {last!r}, which is not YYYY-MM-DD"
        raise ConfigurationError(message, hint=f"give the option {TO.key} in the agreement")
    if not first:
        days = account.option(DAYS)
        if not (days.isascii() and days.isdigit() and int(days) <= 3660):  # noqa: PLR2004 - ten years
            message = f"{DAYS.key} is {days!r}, which is no number of days"
            raise ConfigurationError(message)
        first = (date.fromisoformat(last) - timedelta(days=int(days))).isoformat()
    if not is_date(first):
        message = f"{FROM.key} is {first!r}, which is not YYYY-MM-DD"
        raise ConfigurationError(message)
    return {"startDate": first, "endDate": last}


def _own(account: Account) -> str:
    own = account.option(REPORTER) or account.user
    if not is_gln(own):
        message = f"PTS asks for the GLN of who asks, and {own!r} is none"
        raise ConfigurationError(message, hint=f"give the option {REPORTER.key} in the agreement")
    return own


def _receiver(package: bytes) -> str:
    try:
        return read_transfer(parse_xml(unzip(package, Limits())), Findings()).destination
    except (InputError, LimitExceeded) as error:
        message = f"the submission is no package of PTS: {error}"
        raise ConfigurationError(message) from error


CLIENT: Final = Client(
    title="REST services of PTS with a token: send, search, fetch",
    submit=submit,
    settings=(REPORTER, FROM, TO, DAYS, LIST),
    waiting=waiting,
    fetch=fetch,
    questions=(
        Question(
            "search",
            "which packages were sent to or by whom",
            (SOURCE, DESTINATION, FROM, TO, NOT_RECEIVED),
            _search,
        ),
    ),
)
