"""Writes a page for each market, ``docs/markets/<key>.md``, of what the market says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gateway.markets import MARKETS
from gateway.markets.base import Market, Message, Need
from gateway.markets.client import Client


def pages() -> Iterator[tuple[str, str]]:
    """Key and text of every page."""
    return ((market.key, page(market)) for market in MARKETS)


def page(market: Market) -> str:
    """The page of one market."""
    parts = [
        f"# {market.name}",
        market.legal,
        _table(
            ("what", "state"),
            [
                ("status", market.status + (f", ended {market.ended.isoformat()}" if market.ended else "")),
                ("authority", market.authority),
                (
                    "evidence",
                    f"{market.grades} (A official schema or samples, B documented fields, C hearsay)",
                ),
            ],
        ),
    ]
    if market.dates:
        parts += [_table(("since", "what"), [(each.day.isoformat(), each.what) for each in market.dates])]
    parts += ["## Messages"]
    for message in market.messages:
        parts += list(_message(message))
    if market.simulation is not None:
        parts += ["## The simulator", f"`gateway simulate {market.key}` ([submitting](../submit.md))."]
        if market.simulation.faults:
            parts += [_table(("fault", "what happens"), [(f"`{e.name}`", e.title) for e in market.simulation.faults])]
        if market.simulation.unlike:
            lines = "\n".join(f"* {unlike}" for unlike in market.simulation.unlike)
            parts += ["How it differs from the real system:", lines]
    if market.unknown:
        parts += ["## Not known", "\n".join(f"* {unknown}" for unknown in market.unknown)]
    sources = [(each.title, f"<{each.address}>", each.read.isoformat()) for each in market.references]
    parts += ["## Sources", _table(("source", "address", "read"), sources)]
    return "\n\n".join(parts) + "\n"


def _message(message: Message) -> Iterator[str]:
    yield f"### `{message.key}`"
    ways = "composed and read" if message.parse is not None else "composed"
    schema = f"`xsd/{'/'.join(message.schema)}`" if message.schema else "none"
    yield f"{message.title}. It is {ways}; evidence {message.grade}; schema {schema}."
    if message.client is not None:
        yield from _client(message.client)
    if message.needs:
        yield "What EPCIS cannot supply, and where it comes from:"
        yield _table(("value", "meaning", "must", "setting", "column or element"), map(_need, message.needs))
    if message.settings:
        yield "Settings (`--set KEY=VALUE`, or `set:` in an agreement):"
        yield _table(("key", "meaning"), [(f"`{each.key}`", each.title) for each in message.settings])
    if message.limits:
        rows = [(each.key, f"{each.value:,} {each.unit}", each.source) for each in message.limits]
        yield _table(("limit", "most", "source"), rows)
    if message.rules:
        rows = [(f"[{each.code}](../rules.md#{each.code.lower()})", each.title) for each in message.rules]
        yield _table(("finding", "says"), rows)
    if message.loss_rules:
        rows = [(f"[{each.code}](../rules.md#{each.code.lower()})", each.title) for each in message.loss_rules]
        yield _table(("loss", "says"), rows)


def _client(client: Client) -> Iterator[str]:
    signed = "; submissions are signed" if client.signs else ""
    later = "; answers may come later and are asked for" if client.ask is not None else ""
    fetched = "; what the system holds for us is fetched" if client.waiting is not None else ""
    yield f"It is submitted by `gateway submit` or the transport `market`: {client.title}{later}{fetched}{signed}."
    if client.settings:
        yield "Options of the account (`options:` under the target's settings):"
        yield _table(
            ("key", "meaning", "default"), [(f"`{each.key}`", each.title, each.default) for each in client.settings]
        )
    if client.questions:
        yield "Questions (`gateway ask`):"
        rows = [
            (f"`{each.key}`", each.title, ", ".join(f"`{argument.key}`" for argument in each.arguments))
            for each in client.questions
        ]
        yield _table(("question", "what it asks", "wants"), rows)


def _need(need: Need) -> tuple[str, ...]:
    setting = f"`{need.setting.key}`" if need.setting is not None else ""
    attribute = f"`{need.attribute}`" if need.attribute else ""
    return (f"`{need.name}`", need.title, "yes" if need.required else "", setting, attribute)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = tuple(head)
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines)
