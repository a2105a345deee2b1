"""Names of delivered files: made of a target's pattern, the same at each attempt and after each crash."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.agreements.model import Target
from gateway.exchange.ledger.tables import Message, OutputFile

#: What a replay begins with that sends the same bytes under the names that the receivers know.
RESEND = "resend"


def delivery_names(target: Target, message: Message, outputs: Sequence[OutputFile]) -> list[str]:
    """The names of a message's files for one target, in order. No two are the same.

    Where a pattern gives one name to several files, each gets its number before the suffix.
    """
    names = [_fill(target, message, output) for output in outputs]
    if len({name.casefold() for name in names}) == len(names):
        return names
    return [_numbered(name, output) for name, output in zip(names, outputs, strict=True)]


def _fill(target: Target, message: Message, output: OutputFile) -> str:
    stem, suffix = _split(output.name)
    return target.name.format(
        stem=stem,
        suffix=suffix,
        message=message.id,
        date=message.received_at[:10].replace("-", ""),
        target=target.id,
        index=output.position,
    )


def _numbered(name: str, output: OutputFile) -> str:
    stem, suffix = _split(name)
    return f"{stem}-{output.position}{suffix}"


def _split(name: str) -> tuple[str, str]:
    stem, dot, suffix = name.rpartition(".")
    return (stem, dot + suffix) if stem else (name, "")
