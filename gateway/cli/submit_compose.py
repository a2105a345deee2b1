"""Composes the submissions of `gateway submit`: a conversion with the values of the agreement's target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from gateway.agreements.account import Account
from gateway.cli import inputs
from gateway.convert import Request, convert
from gateway.report import Report
from gateway.sources import Source


def compose(
    account: Account,
    source: Source,
    out: Path,
    from_: str,
    mappings: tuple[Any, Iterable[Any]],
    values: Mapping[str, str],
    codes: Any = None,
) -> Report:
    """Compose and check.

    Args:
        account: says what to compose, and with which values.
        source: the input.
        out: private folder for the submissions.
        from_: format of the input; empty to detect it.
        mappings: the mapping that the user named, and those that may claim the input.
        values: ``--set``; they win over the agreement's.
        codes: gives the secret codes of packs, None when nobody has them.
    """
    mapping, candidates = mappings
    request = Request(
        source=source,
        to=account.target.to,
        from_=from_,
        mapping=mapping,
        mappings=candidates,
        values={**account.target.set, **values},
        loss=account.target.loss_mode,
        now=inputs.now(),
        codes=codes,
    )
    return convert(request, out)
