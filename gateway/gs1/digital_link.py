"""GS1 Digital Links as key objects, with everything that they hold beside the key."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.gs1 import link_syntax
from gateway.gs1.keys import Key
from gateway.gs1.registry import key_of


@dataclass(frozen=True, slots=True)
class DigitalLink:
    """A Digital Link that was read.

    Attributes:
        key: the key that it identifies.
        text: the link, verbatim.
        stem: scheme, domain and path before the key, e.g. ``https://id.gs1.org``.
        extras: key qualifiers that are not part of the key (lot beside a serial number) and query parameters
            (expiry date, ``linkType``), decoded, in order. An EPC URN has no place for them.
        fragment: what stands behind ``#``.
    """

    key: Key
    text: str
    stem: str
    extras: tuple[tuple[str, str], ...]
    fragment: str

    @property
    def only_key(self) -> bool:
        """Whether the link says nothing but its key, under GS1's own domain; then its URN says the same."""
        return self.stem == link_syntax.DOMAIN and not self.extras and not self.fragment


def parse_digital_link(text: str) -> DigitalLink:
    """Read a GS1 Digital Link.

    Raises:
        Gs1Error: GS1-DL-01 to -03 and the rules of the keys.
    """
    return _object(text, link_syntax.split(text))


def read_digital_link(text: str) -> DigitalLink | None:
    """Read a GS1 Digital Link; None for any other URI, which callers pass on unchanged.

    Raises:
        Gs1Error: the text is a Digital Link but wrong.
    """
    link = link_syntax.find(text)
    return _object(text, link) if link else None


def _object(text: str, link: link_syntax.Link) -> DigitalLink:
    return DigitalLink(key_of(link.parts), text, link.stem, link.extras, link.fragment)
