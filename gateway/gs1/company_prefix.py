"""Where the company prefix ends inside a GS1 key.

A GTIN, SSCC or GLN does not say it; an EPC URN needs it. The configured prefixes come first, then the table of
prefix lengths that GS1 publishes and biip ships. When neither knows, that is an error: a guessed length makes a
valid-looking identifier of something else.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.gs1 import rules
from gateway.gs1.check_digit import is_digits
from gateway.gs1.errors import Gs1Error

SHORTEST = 6
LONGEST = 12

#: GTIN-8 numbers, filled with zeros, begin so. They hold a GS1-8 prefix and no company prefix, so that the
#: table of company prefixes says nothing about them.
_GTIN_8 = "00000"

_CACHE_SIZE = 65536


class CompanyPrefixes:
    """Knows the length of company prefixes.

    Args:
        configured: company prefixes of the parties, 6 to 12 digits each; blanks around them are ignored.

    Raises:
        Gs1Error: GS1-PREFIX-02, a configured prefix is not 6 to 12 digits.
    """

    def __init__(self, configured: Iterable[str] = ()) -> None:
        self.configured = tuple(dict.fromkeys(_checked(prefix) for prefix in configured if prefix.strip()))
        # Longest first: a company's own long prefix can lie inside the block of a shorter one.
        self._by_length = sorted({len(prefix) for prefix in self.configured}, reverse=True)
        self._known = frozenset(self.configured)
        self._cache: dict[str, int] = {}

    @classmethod
    def from_setting(cls, text: str) -> CompanyPrefixes:
        """From the text of the setting ``company-prefix``: prefixes with commas between them, may be empty."""
        return cls(text.split(","))

    def length_of(self, gs1_digits: str) -> int:
        """Digits of the company prefix with which `gs1_digits` begins.

        Args:
            gs1_digits: the key's digits from the company prefix on: a GLN as it is, a GTIN-14 or SSCC without
                its first digit.

        Raises:
            Gs1Error: GS1-PREFIX-01, neither the configuration nor the table knows it.
        """
        head = gs1_digits[:LONGEST]
        length = self._cache.get(head)
        if length is None:
            length = self._configured_length(head) or _table_length(head)
            if not length:
                raise _unknown(head)
            if len(self._cache) >= _CACHE_SIZE:
                self._cache.clear()
            self._cache[head] = length
        return length

    def _configured_length(self, head: str) -> int:
        return next((length for length in self._by_length if head[:length] in self._known), 0)


#: No configured prefixes: the published table alone.
PUBLISHED = CompanyPrefixes()


def _checked(prefix: str) -> str:
    prefix = prefix.strip()
    if not is_digits(prefix) or not SHORTEST <= len(prefix) <= LONGEST:
        message = f"the configured company prefix {prefix!r} is not made of {SHORTEST} to {LONGEST} digits"
        raise Gs1Error(rules.PREFIX_CONFIGURED, message, value=prefix, expected=f"{SHORTEST} to {LONGEST} digits")
    return prefix


def _table_length(head: str) -> int:
    """Length from biip's copy of the published table, 0 when it does not know."""
    if len(head) < SHORTEST or not is_digits(head) or head.startswith(_GTIN_8):
        return 0
    from biip.gs1_prefixes import GS1CompanyPrefix  # noqa: PLC0415 - unpacks a large table; many runs need none

    found = GS1CompanyPrefix.extract(head)
    if found is None:
        return 0
    length = len(found.value)
    # biip cuts its answer to the digits it was given, so that an answer of full length proves nothing.
    return length if SHORTEST <= length < len(head) or length == LONGEST else 0


def _unknown(head: str) -> Gs1Error:
    message = f"no company prefix is known with which {head!r} begins"
    hint = rules.PREFIX_UNKNOWN.hint
    if head.startswith(_GTIN_8):
        hint = f"This is a GTIN-8: it has no company prefix of its own. {hint}"
    expected = "a number that begins with a configured or published company prefix"
    return Gs1Error(rules.PREFIX_UNKNOWN, message, value=head, expected=expected, hint=hint)
