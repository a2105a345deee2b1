"""The error of this package: a GS1 identifier that cannot be read or written."""

from __future__ import annotations

from gateway.findings import NOWHERE, Finding, Rule, Where


class Gs1Error(ValueError):
    """An identifier is wrong. Readers turn it into a finding at the place where they read it.

    Attributes:
        rule: the rule that is broken.
        message: one sentence that names what was read.
        value: the value read, verbatim.
        expected: what would have been right.
        hint: how to repair it.
    """

    def __init__(self, rule: Rule, message: str, *, value: str = "", expected: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message
        self.value = value
        self.expected = expected
        self.hint = hint or rule.hint

    def finding(self, where: Where = NOWHERE) -> Finding:
        """The finding for a report, at the given place."""
        return Finding.of(
            self.rule, self.message, where=where, value=self.value, expected=self.expected, hint=self.hint
        )
