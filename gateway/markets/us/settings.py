"""What DSCSA messages ask for and EPCIS does not say, and choices on which partners differ."""

from __future__ import annotations

from typing import Final

from gateway.markets.base import Need
from gateway.options import COMPACT, CREATION_DATE, INSTANCE_IDENTIFIER, RECEIVER, SENDER, Setting

R13, R12 = "R1.3", "R1.2"
FULL, SHIP = "full", "ship"
GS1, GLN, SGLN = "gs1", "gln", "sgln"
ENTIRELY, PARTIALLY = "ENTIRELY_DIRECT", "PARTIALLY_DIRECT"

PROFILE: Final = Setting("profile", "release of the GS1 US guideline that the buyer wants", (R13, R12), R13)
CONTENT: Final = Setting(
    "content", "commissioning and packing of what is shipped too, or the shipping events alone", (FULL, SHIP), FULL
)
AUTHORITY: Final = Setting(
    "authority",
    "how sender and receiver are named in the header: gs1 or sgln with an SGLN, gln with 13 digits; without it gs1 for "
    "R1.3 and gln for R1.2",
    (GS1, GLN, SGLN),
)
STATEMENT: Final = Setting(
    "transaction-statement", "`affirm` where the seller affirms the transaction statement of the Act", ("affirm",)
)
NOTICE: Final = Setting(
    "legal-notice",
    "text of the transaction statement",
    (),
    "Seller has complied with each applicable subsection of FDCA Sec. 581(27)(A)-(G).",
)
DROP_SHIPMENT: Final = Setting(
    "drop-shipment", "whether the goods go to another party than the buyer", ("true", "false")
)
DIRECT: Final = Setting(
    "direct-purchase",
    "direct purchase statement: true or false in R1.2, ENTIRELY_DIRECT or PARTIALLY_DIRECT in R1.3",
    ("true", "false", ENTIRELY, PARTIALLY),
)
DIRECT_TEXT: Final = Setting("direct-purchase-statement", "text of the direct purchase statement of R1.3")
INDIRECT_EPCS: Final = Setting(
    "indirect-purchase-epcs", "EPCs of a partly direct purchase that were not bought directly, with spaces between them"
)
RECEIVED_DIRECT: Final = Setting(
    "received-direct-purchase",
    "R1.3: the wholesale distributor before received a direct purchase statement",
    (ENTIRELY, PARTIALLY),
)
RECEIVED_TEXT: Final = Setting("received-direct-purchase-statement", "text of that statement")
TRANSACTION_DATE: Final = Setting("transaction-date", "day of the transaction, YYYY-MM-DD, where it is to be said")
MASTER_DATA: Final = Setting(
    "master-data",
    'products and locations that the document does not describe, as JSON: {"products": {"<GTIN>": {"<attribute>": '
    '"<value>"}}, "locations": {"<GLN>": {...}}}, with the attribute names of CBV',
)
NDC_TYPE: Final = Setting(
    "ndc-type",
    "additionalTradeItemIdentificationTypeCode of an NDC that comes from settings or columns",
    ("US_FDA_NDC", "FDA_NDC_11"),
    "US_FDA_NDC",
)

SETTINGS: Final = (
    PROFILE,
    CONTENT,
    AUTHORITY,
    STATEMENT,
    NOTICE,
    DROP_SHIPMENT,
    DIRECT,
    DIRECT_TEXT,
    INDIRECT_EPCS,
    RECEIVED_DIRECT,
    RECEIVED_TEXT,
    TRANSACTION_DATE,
    MASTER_DATA,
    NDC_TYPE,
    SENDER,
    RECEIVER,
    INSTANCE_IDENTIFIER,
    CREATION_DATE,
    COMPACT,
)

STATEMENT_NEED: Final = Need(
    "affirmTransactionStatement", "that the seller affirms the transaction statement", STATEMENT
)
DROP_NEED: Final = Need(
    "dropShipment", "whether it is a drop shipment; R1.3 only", DROP_SHIPMENT, "dropShipment", required=False
)
DIRECT_TEXT_NEED: Final = Need(
    "directPurchaseStatement", "text, where R1.3 says direct-purchase", DIRECT_TEXT, required=False
)
RECEIVED_TEXT_NEED: Final = Need(
    "receivedDirectPurchaseFromPrevWhlsDistStatement",
    "text, where R1.3 says received-direct-purchase",
    RECEIVED_TEXT,
    required=False,
)

#: Attributes of a product that the Act asks for (CBV names), and what they are.
PRODUCT: Final = {
    "additionalTradeItemIdentification": "NDC",
    "regulatedProductName": "product name",
    "manufacturerOfTradeItemPartyName": "name of the manufacturer",
    "dosageFormType": "dosage form",
    "strengthDescription": "strength",
    "netContentDescription": "container size",
}
#: Attributes of a party that the Act asks for: name and address.
PARTY: Final = {
    "name": "name",
    "streetAddressOne": "street",
    "city": "city",
    "state": "state",
    "postalCode": "postal code",
    "countryCode": "country",
}
PRODUCT_NEEDS: Final = tuple(Need(name, title, MASTER_DATA, name) for name, title in PRODUCT.items())
PARTY_NEEDS: Final = tuple(Need(name, f"{title} of seller and buyer", MASTER_DATA) for name, title in PARTY.items())
NEEDS: Final = (STATEMENT_NEED, DROP_NEED, DIRECT_TEXT_NEED, RECEIVED_TEXT_NEED, *PRODUCT_NEEDS, *PARTY_NEEDS)
