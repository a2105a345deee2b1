"""Checks verification requests."""

from __future__ import annotations

import msgspec

from gateway.findings import Findings, Where
from gateway.markets.kit import checks
from gateway.markets.kit.dates import of_bar_code
from gateway.markets.us.vrs import rules
from gateway.markets.us.vrs.model import FORMS, Verification


def check(data: bytes, findings: Findings) -> None:
    """Check the requests of one submission."""
    packs = requests_of(data, findings)
    seen: set[str] = set()
    for number, pack in enumerate(packs, 1):
        where = Where(path=f"$[{number - 1}]")
        if not checks.run(FORMS, msgspec.structs.asdict(pack), findings, where):
            continue
        if not checks.is_gtin(pack.gtin):
            message = f"the check digit of {pack.gtin} is wrong"
            findings.report(rules.CHECK_DIGIT, message, where=where, value=pack.gtin)
        try:
            of_bar_code(pack.exp)
        except ValueError:
            findings.report(rules.EXPIRY, f"{pack.exp} is no day", where=where, value=pack.exp, expected="YYMMDD")
        if pack.identifier in seen:
            findings.report(rules.TWICE, f"{pack.identifier} comes twice", where=where, value=pack.identifier)
        seen.add(pack.identifier)


def requests_of(data: bytes, findings: Findings) -> list[Verification]:
    """The requests in a submission; none, and a finding, when it cannot be read."""
    try:
        packs = msgspec.json.decode(data, type=list[Verification])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        findings.report(rules.TEXT, f"the requests cannot be read: {error}")
        return []
    if not packs:
        findings.report(rules.TEXT, "there are no requests")
    return packs
