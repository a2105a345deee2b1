"""The errors of the gateway, one tree. Each class says who has to act and with which exit code the CLI ends.

::

    GatewayError                70  a bug in the gateway, or anything without a better class
    ├── InputError               1  the partner's file is wrong; carries the finding that says where
    ├── UsageError               2  the command line is wrong
    ├── LossRefused              3  something would be lost and the caller asked to fail then
    ├── ConfigurationError       4  agreements, mappings, settings
    │   └── PluginError          4  a plugin is missing, broken or clashes with another
    ├── TransportError           5  a peer or the network; `retryable` says whether waiting helps
    ├── LimitExceeded            6  the input is larger than a configured limit
    ├── NotAccepted              7  a regulator refused some or all of what was submitted
    └── AnswerPending            8  a regulator has not answered yet

Exit code 0 is success. The table in ``docs/exit-codes.md`` is tested against these classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from gateway.findings import Finding


class GatewayError(Exception):
    """Base of all errors that the gateway raises on purpose.

    Attributes:
        exit_code: exit status of the CLI when this error ends a command.
        retryable: whether the same call may succeed later without anybody changing anything.
        who: who has to act, in words for an operator.
    """

    exit_code: ClassVar[int] = 70
    who: ClassVar[str] = "the gateway's developers"
    retryable: bool = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class InputError(GatewayError):
    """The input cannot be read any further. The finding says what was read, where, and what was expected."""

    exit_code = 1
    who = "the sender of the file"

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message, hint=finding.hint)
        self.finding = finding


class UsageError(GatewayError):
    """The caller asked for something that does not exist or does not fit together."""

    exit_code = 2
    who = "the caller"


class LossRefused(GatewayError):
    """The target cannot hold everything and the caller chose ``--loss fail``."""

    exit_code = 3
    who = "the caller"


class ConfigurationError(GatewayError):
    """A settings file, an agreement or a mapping is wrong."""

    exit_code = 4
    who = "the operator"


class PluginError(ConfigurationError):
    """A plugin that the configuration asks for is missing, broken, or has a key that is taken."""


class TransportError(GatewayError):
    """A peer refused, did not answer, or answered nonsense.

    Args:
        message: what happened, naming the peer.
        retryable: True when a later try may succeed (network, timeout), False when somebody must act
            (wrong host key, wrong password, no such folder).

    Attributes:
        detail: what the peer said, for the ledger; it may hold serial numbers, so it is never logged.
        findings: what the peer found wrong with the file.
        wait: seconds that the peer wants to be left alone; 0 when it said nothing.
    """

    exit_code = 5
    who = "the peer or the network"

    def __init__(self, message: str, *, hint: str = "", retryable: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.retryable = retryable
        self.detail = ""
        self.findings: tuple[Finding, ...] = ()
        self.wait = 0.0


class LimitExceeded(GatewayError):
    """The input is over a limit on size, ratio, depth or count. Carries a finding like `InputError`."""

    exit_code = 6
    who = "the sender of the file, or the operator who sets the limits"

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message, hint=finding.hint)
        self.finding = finding


class NotAccepted(GatewayError):
    """A regulator refused some or all of what was submitted, or nobody understands its reply."""

    exit_code = 7
    who = "whoever reads the regulator's reasons"


class AnswerPending(GatewayError):
    """A regulator took what was submitted and has not answered yet. The same command again asks for the answer."""

    exit_code = 8
    who = "the regulator"
