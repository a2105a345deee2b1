"""What can be asked of ITS besides notifying: states of packs, verification, the list of codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from gateway.errors import UsageError
from gateway.markets.client import Account, Conversation, Question
from gateway.markets.kit.checks import is_gln, is_gtin
from gateway.markets.kit.split import by_count
from gateway.markets.tr import session
from gateway.markets.tr.its import settings
from gateway.markets.tr.its.codes import ANSWERS
from gateway.markets.tr.its.reply import code_of, rows
from gateway.options import Setting

STATUS: Final = "/reference/app/check_status/"
VERIFICATION: Final = "/reference/app/verification/"
ERROR_CODES: Final = "/reference/app/errorcode/"
#: Packs that one question asks about; no official bound is known.
AT_ONCE: Final = 1000

GTIN: Final = Setting("gtin", "GTIN of the packs, 14 digits")
SERIALS: Final = Setting("serials", "their serial numbers, with commas between")

_Pack = tuple[str, str]


def states(packs: Sequence[_Pack], account: Account) -> Conversation[list[dict[str, str]]]:
    """The state of packs: rows with gtin, serial, code, meaning, gln1 and gln2."""
    found: list[dict[str, str]] = []
    for part in by_count(packs, AT_ONCE):
        body = {"productList": [{"gtin": gtin, "sn": serial} for gtin, serial in part]}
        found += _read((yield from session.asked(STATUS, body, account)))
    return found


def _read(body: Any) -> Iterator[dict[str, str]]:
    for row in rows(body):
        code = code_of(row)
        out = {"gtin": str(row.get("gtin") or ""), "serial": str(row["sn"]), "code": code}
        out["meaning"] = ANSWERS(code).meaning
        yield out | {name: str(row[name] or "") for name in ("gln1", "gln2") if name in row}


def _ask_status(arguments: Mapping[str, str], account: Account) -> Conversation[list[dict[str, str]]]:
    return (yield from states(_packs(arguments), account))


def _ask_verification(arguments: Mapping[str, str], account: Account) -> Conversation[list[dict[str, str]]]:
    reporter = account.option(settings.REPORTER) or account.user
    if not is_gln(reporter):
        message = f"verification asks for the GLN of who asks, and {reporter!r} is none"
        raise UsageError(message, hint=f"give the option {settings.REPORTER.key} in the agreement")
    packs = [{"gtin": gtin, "sn": serial} for gtin, serial in _packs(arguments)]
    body = {"dt": "V", "fr": reporter, "productList": packs}
    return list(_read((yield from session.asked(VERIFICATION, body, account))))


def _ask_codes(arguments: Mapping[str, str], account: Account) -> Conversation[list[dict[str, str]]]:  # noqa: ARG001 - the signature of all questions
    body = yield from session.asked(ERROR_CODES, {}, account)
    found = body.get("errorCodeList")
    each = found if isinstance(found, list) else []
    return [
        {"code": str(row.get("code") or ""), "meaning": str(row.get("message") or "")}
        for row in each
        if isinstance(row, dict)
    ]


def _packs(arguments: Mapping[str, str]) -> list[_Pack]:
    gtin = arguments.get(GTIN.key, "")
    serials: Iterable[str] = (part.strip() for part in arguments.get(SERIALS.key, "").split(","))
    found = [(gtin, serial) for serial in dict.fromkeys(serials) if serial]
    if not is_gtin(gtin) or not found:
        message = "a GTIN of 14 digits and at least one serial number are needed"
        raise UsageError(message, hint="gtin=08699999111015 serials=A1,A2")
    return found


QUESTIONS: Final = (
    Question("status", "where packs are and who owns them", (GTIN, SERIALS), _ask_status),
    Question("verification", "whether packs are fit for the next step", (GTIN, SERIALS), _ask_verification),
    Question("error-codes", "all codes of ITS with their meaning", (), _ask_codes),
)
