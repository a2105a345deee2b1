"""All rules of the house in one list: what `gateway list rules` prints and docs/rules.md holds."""

from __future__ import annotations

from collections.abc import Iterable

from gateway import checks, convert, detect, gs1, leaving, transports
from gateway.checks import across
from gateway.epcis import legacy_ilmd, observed_commissioning
from gateway.epcis import rules as epcis_rules
from gateway.findings import LossRule, Rule, by_code
from gateway.formats import FORMATS, packed, serial_requests
from gateway.markets import messages
from gateway.markets.kit import rules as market_rules


def all_rules() -> dict[str, Rule | LossRule]:
    """Every rule by code, sorted. Two different rules with one code are a mistake of ours and raise ValueError."""
    rules: list[Rule | LossRule] = [
        *detect.RULES,
        *convert.RULES,
        *leaving.RULES,
        *gs1.RULES,
        *checks.RULES,
        *across.RULES,
        *packed.RULES,
        *epcis_rules.LOSS_RULES,
        *legacy_ilmd.RULES,
        *observed_commissioning.RULES,
        *transports.RULES,
        *serial_requests.RULES,
        *market_rules.RULES,
    ]
    for format_ in FORMATS:
        rules += _with(format_.rules, format_.loss_rules)
    for message in messages().values():
        rules += _with(message.rules, message.loss_rules)
    return dict(sorted(by_code(rules).items()))


def _with(*groups: Iterable[Rule | LossRule]) -> list[Rule | LossRule]:
    return [rule for group in groups for rule in group]
