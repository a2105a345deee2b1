"""What the digits of a cell do not say of an identifier: more than its key, and where its company prefix ends."""

from __future__ import annotations

from collections.abc import Callable

from gateway import gs1
from gateway.epcis.rules import LINK_BESIDE_KEY
from gateway.findings import LossRule
from gateway.formats.table.losses import PREFIX


class Spellings:
    """Reads identifiers and reports what of their spelling is not kept.

    Args:
        prefixes: knows the length of company prefixes, as the reader of the table will.
        lose: takes a rule, the path in the event and the identifier.
    """

    def __init__(self, prefixes: gs1.CompanyPrefixes, lose: Callable[[LossRule, str, str], None]) -> None:
        self.prefixes = prefixes
        self._lose = lose

    def key(self, uri: str, path: str) -> gs1.Key | None:
        """The key that a URI names; None when it is that of no GS1 key.

        Raises:
            Gs1Error: it is the URI of a GS1 key and wrong.
        """
        if uri.startswith("urn:"):
            key = gs1.parse_any(uri)
            if key is not None:
                self.urn(uri, key, path)
            return key
        link = gs1.read_digital_link(uri)
        if link is None:
            return None
        if not link.only_key:
            self._lose(LINK_BESIDE_KEY, path, uri)
        return link.key

    def urn(self, uri: str, key: gs1.Key, path: str) -> None:
        """Report a URN that the reader of the table would spell in another way."""
        try:
            again = type(key).from_parts(key.parts._replace(prefix_length=0)).as_urn(self.prefixes)
        except gs1.Gs1Error:
            return  # an unknown prefix: no cell gives the value, which is said where the row is written
        if again != uri:
            self._lose(PREFIX, path, uri)
