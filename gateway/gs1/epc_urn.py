"""EPC URNs as key objects."""

from __future__ import annotations

from gateway.gs1 import link_syntax, urn_syntax
from gateway.gs1.keys import Key
from gateway.gs1.registry import key_of


def parse_urn(text: str) -> Key:
    """Read an EPC URN of a GS1 key: pure identity, ``class:lgtin``, or the pattern of all instances of one key.

    Raises:
        Gs1Error: GS1-URN-01 to -04 and the rules of the keys.
    """
    return key_of(urn_syntax.split(text))


def parse_any(text: str) -> Key | None:
    """Read an EPC URN or a GS1 Digital Link; None for any other URI, which callers pass on unchanged.

    What a Digital Link holds beside its key is not in the result: `digital_link.parse_digital_link` reports it.

    Raises:
        Gs1Error: the text is such a URI but wrong.
    """
    if urn_syntax.scheme_of(text) is not None:
        return key_of(urn_syntax.split(text))
    link = link_syntax.find(text)
    return key_of(link.parts) if link else None
