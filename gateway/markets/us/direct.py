"""The direct purchase statements, in the form that the release of the guideline has.

These forms are known from a public builder and its tests only, not from the guideline's text (evidence: third party).
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.epcis.element import Element
from gateway.epcis.events import ObjectEvent
from gateway.formats.base import Context
from gateway.markets.base import Need
from gateway.markets.kit.dates import is_date
from gateway.markets.kit.needs import report_missing
from gateway.markets.us import elements, rules, settings
from gateway.options import Setting


def direct_purchase(context: Context, event: ObjectEvent) -> Iterator[Element]:
    """The elements that the settings ask for, in order."""
    options = context.options
    direct = options.get(settings.DIRECT)
    release = options.get(settings.PROFILE)
    if release == settings.R12:
        if options.get(settings.RECEIVED_DIRECT) or direct not in ("", "true", "false"):
            message = f"R1.2 says direct purchase by true or false, not by {direct or 'received-direct-purchase'}"
            context.findings.report(rules.DIRECT_PURCHASE, message, value=direct)
        elif direct:
            yield elements.make("directPurchase", direct)
    elif direct in ("true", "false"):
        message = f"R1.3 says direct purchase by a qualifier, not by {direct}"
        context.findings.report(
            rules.DIRECT_PURCHASE, message, value=direct, expected="ENTIRELY_DIRECT, PARTIALLY_DIRECT"
        )
    else:
        epcs = options.get(settings.INDIRECT_EPCS).split()
        indirect = [elements.make("indirectPurchaseEPCs", children=[elements.make("epc", epc) for epc in epcs])]
        if bool(epcs) != (direct == settings.PARTIALLY):
            message = "the EPCs that were not bought directly are told of a partly direct purchase, and only of it"
            context.findings.report(rules.DIRECT_PURCHASE, message, value=direct)
        for local, setting, text, need, more in (
            (
                "directPurchase",
                settings.DIRECT,
                settings.DIRECT_TEXT,
                settings.DIRECT_TEXT_NEED,
                indirect if epcs else [],
            ),
            (
                "receivedDirectPurchaseFromPrevWhlsDist",
                settings.RECEIVED_DIRECT,
                settings.RECEIVED_TEXT,
                settings.RECEIVED_TEXT_NEED,
                [],
            ),
        ):
            yield from _qualified(local, setting, text, need, more, context, event)
    day = options.get(settings.TRANSACTION_DATE)
    if day and not is_date(day):
        message = f"transaction-date {day!r} is not YYYY-MM-DD"
        context.findings.report(rules.DIRECT_PURCHASE, message, value=day, expected="YYYY-MM-DD")
    elif day:
        yield elements.make("transactionDate", day)


def _qualified(
    local: str, setting: Setting, text: Setting, need: Need, more: list[Element], context: Context, event: ObjectEvent
) -> Iterator[Element]:
    qualifier, statement = context.options.get(setting), context.options.get(text)
    if not qualifier:
        return
    if not statement:
        report_missing(need, context.findings, event.where, "the shipping event")
        return
    yield elements.make(local, children=[elements.make(f"{local}Statement", statement), *more], qualifier=qualifier)
