"""Which class holds the keys of which scheme."""

from __future__ import annotations

from gateway.gs1 import schemes
from gateway.gs1.gtin import Gtin, Lgtin, Sgtin
from gateway.gs1.keys import Key
from gateway.gs1.logistics import Ginc, Gsin, Pgln, Sgln, Sscc
from gateway.gs1.other_keys import Cpi, Gdti, Giai, Grai, Gsrn, Gsrnp, Itip, Sgcn, Upui
from gateway.gs1.schemes import Parts

_CLASSES: tuple[type[Key], ...] = (
    Sgtin,
    Lgtin,
    Sscc,
    Sgln,
    Pgln,
    Grai,
    Giai,
    Gdti,
    Gsrn,
    Gsrnp,
    Cpi,
    Sgcn,
    Ginc,
    Gsin,
    Itip,
    Upui,
)
_BY_NAME = {key_class.SCHEME.name: key_class for key_class in _CLASSES}


def key_of(parts: Parts) -> Key:
    """The key object of parts that are checked or will be by its construction."""
    if parts.scheme is schemes.SGTIN and parts.serial is None:
        return Gtin.from_parts(parts)
    return _BY_NAME[parts.scheme.name].from_parts(parts)
