"""One account with a regulator out of an agreement's file: for `gateway submit`, where no exchange runs.

The file is an agreement as a workspace has it, or holds nothing but ``targets``.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway import yamlfile
from gateway.agreements.model import Agreement, Partner, Target
from gateway.agreements.part import Part
from gateway.errors import ConfigurationError, UsageError
from gateway.markets import MARKETS
from gateway.settings import FILE
from gateway.submit import MARKET, MarketSettings

TRANSPORT = MARKET.key


class Accounts(Part):
    """An agreement that nobody exchanges by: accounts with regulators only.

    Attributes:
        partner: whose.
        targets: the accounts, each with ``transport: market``.
    """

    partner: Partner | None = None
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """An account with a regulator.

    Attributes:
        root: folder that paths and ``file:`` count from: the workspace, or that of the agreement's file.
        target: what is submitted, and with which values.
        settings: where and as whom.
    """

    root: Path
    target: Target
    settings: MarketSettings


def read(path: Path, market: str, id_: str = "") -> Account:
    """The account of a market, or of one of its messages.

    Args:
        path: the agreement's file.
        market: key of a market or of a message.
        id_: the target's id, where the file has several for it.

    Raises:
        ConfigurationError: the file is wrong, or has no account for it, or several.
        UsageError: there is no such market or message.
    """
    wanted = _messages(market)
    try:
        data = path.read_bytes()
    except OSError as error:
        message = f"{path}: {error.strerror or error}"
        raise ConfigurationError(message) from error
    value, lines = yamlfile.parse(data, str(path))
    whole = isinstance(value, dict) and "channels" in value
    found: Any = yamlfile.loads(data, Agreement if whole else Accounts, str(path))
    targets = [(number, each) for number, each in enumerate(found.targets) if each.transport == TRANSPORT]
    fitting = [(number, each) for number, each in targets if each.to in wanted and id_ in ("", each.id)]
    if len(fitting) != 1:
        raise _unclear(path, market, targets, fitting)
    number, target = fitting[0]
    root = root_of(path)
    try:
        context = {"root": root, "role": "target", "to": target.to}
        settings = MarketSettings.model_validate(target.settings, context=context)
    except ValidationError as error:
        place: yamlfile.Place = ("targets", number, "settings")
        raise ConfigurationError("\n".join(yamlfile.explain(error, lines, str(path), MarketSettings, place))) from error
    return Account(root, target, settings)


def root_of(path: Path) -> Path:
    """The workspace that a file lies in, else the file's folder."""
    folder = path.resolve().parent
    return next((each for each in (folder, *folder.parents) if (each / FILE).is_file()), folder)


def _messages(key: str) -> set[str]:
    for market in MARKETS:
        keys = {message.key for message in market.messages}
        if key == market.key:
            return keys
        if key in keys:
            return {key}
    message = f"there is no market or market message {key!r}"
    raise UsageError(message, hint="see `gateway list markets`")


def _unclear(
    path: Path, market: str, targets: list[tuple[int, Target]], fitting: list[tuple[int, Target]]
) -> ConfigurationError:
    if fitting:
        message = f"{path} has several targets for {market}"
        return ConfigurationError(message, hint=f"choose with --target: {', '.join(each.id for _, each in fitting)}")
    message = f"{path} has no target for {market} with `transport: {TRANSPORT}`"
    others = ", ".join(f"{each.id} ({each.to})" for _, each in targets) or "none"
    return ConfigurationError(message, hint=f"targets with that transport: {others}")
