"""GS1 keys and their syntaxes: EPC URN, GS1 Digital Link, element string.

Each key is a frozen dataclass with ``parse(text)``, ``as_urn(prefixes)``, ``as_digital_link()`` and
``as_element_string()``. An object is always valid; a wrong text raises `Gs1Error`, whose ``finding(where)`` goes
into the report. `parse_any` reads any URI and gives None for those that are not GS1 keys. For long lists there
are `sgtin_urns`, `urns_to_digital_links` and `digital_links_to_urns`.
"""

from gateway.gs1.bulk import (
    bad_serials,
    digital_links_to_urns,
    gln_to_sgln_urn,
    sgtin_urns,
    sscc_urn,
    urn_to_digital_link,
    urns_to_digital_links,
    wrong_keys,
)
from gateway.gs1.company_prefix import CompanyPrefixes
from gateway.gs1.dates import format_date, parse_date
from gateway.gs1.digital_link import DigitalLink, parse_digital_link, read_digital_link
from gateway.gs1.element_string import Element
from gateway.gs1.element_string import parse as parse_element_string
from gateway.gs1.epc_urn import parse_any, parse_urn
from gateway.gs1.errors import Gs1Error
from gateway.gs1.gtin import Gtin, Lgtin, Sgtin, normalise_gtin
from gateway.gs1.keys import Key
from gateway.gs1.logistics import Ginc, Gln, Gsin, Pgln, Sgln, Sscc
from gateway.gs1.other_keys import Cpi, Gdti, Giai, Grai, Gsrn, Gsrnp, Itip, Sgcn, Upui
from gateway.gs1.rules import RULES

__all__ = [
    "RULES",
    "CompanyPrefixes",
    "Cpi",
    "DigitalLink",
    "Element",
    "Gdti",
    "Giai",
    "Ginc",
    "Gln",
    "Grai",
    "Gs1Error",
    "Gsin",
    "Gsrn",
    "Gsrnp",
    "Gtin",
    "Itip",
    "Key",
    "Lgtin",
    "Pgln",
    "Sgcn",
    "Sgln",
    "Sgtin",
    "Sscc",
    "Upui",
    "bad_serials",
    "digital_links_to_urns",
    "format_date",
    "gln_to_sgln_urn",
    "normalise_gtin",
    "parse_any",
    "parse_date",
    "parse_digital_link",
    "parse_element_string",
    "parse_urn",
    "read_digital_link",
    "sgtin_urns",
    "sscc_urn",
    "urn_to_digital_link",
    "urns_to_digital_links",
    "wrong_keys",
]
