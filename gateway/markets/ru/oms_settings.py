"""What the order management station asks for and EPCIS does not say."""

from __future__ import annotations

from typing import Final

from gateway.markets.base import Need
from gateway.markets.ru.settings import SUBJECT_ID, SUBJECT_IDS
from gateway.options import Setting

RUSSIA, ABROAD = "russia", "abroad"
MADE: Final = Setting("made", "where packs were marked; each asks for other ids", (RUSSIA, ABROAD), RUSSIA)
ORDER_TYPE: Final = Setting("order-type", "orderType: 1 own production, 2 contract production", ("1", "2"))
ORDER_TYPE_FORM: Final = Setting(
    "order-type-form",
    "orderType as a number, or as text as an example of the guide has it",
    ("number", "text"),
    "number",
)
OWNER_ID: Final = Setting("owner-id", "ownerId: GUID of the owner, for contract production in Russia")
PACKING_ID: Final = Setting("packing-id", "packingId: GUID of the packer abroad")
CONTROL_ID: Final = Setting("control-id", "controlId: GUID of the site that releases, abroad")
CUSTOMS_ID: Final = Setting("customs-receiver-id", "customsReceiverId: GUID of the place in the customs zone")
NUMBERS: Final = Setting(
    "serial-number-type",
    "serialNumberType of amounts without serial numbers: the station's word for numbers that it makes itself",
    default="OPERATOR",
)
TEMPLATE: Final = Setting("template-id", "templateId of orders", default="5")
PROVIDER: Final = Setting("service-provider-id", "serviceProviderId: GUID of the service provider")
FREE: Final = Setting("free-code", "freeCode: whether codes are free of charge", ("true", "false"))
PAYMENT: Final = Setting("payment-type", "paymentType: 1 by emission, 2 by application", ("1", "2"))

UTILISATION: Final = (
    SUBJECT_IDS,
    SUBJECT_ID,
    MADE,
    ORDER_TYPE,
    ORDER_TYPE_FORM,
    OWNER_ID,
    PACKING_ID,
    CONTROL_ID,
    CUSTOMS_ID,
)
ORDER: Final = (NUMBERS, TEMPLATE, PROVIDER, FREE, PAYMENT)

#: In the order of the attributes of a report.
NEEDS: Final = (
    Need("subjectId", "who reports, by its GLN in subject-ids", SUBJECT_ID, "subjectId"),
    Need("orderType", "own or contract production, made in Russia", ORDER_TYPE, "orderType"),
    Need("ownerId", "who owns what is made by contract in Russia", OWNER_ID, "ownerId", required=False),
    Need("packingId", "who packed abroad", PACKING_ID, "packingId"),
    Need("controlId", "who released abroad", CONTROL_ID, "controlId", required=False),
    Need("customsReceiverId", "where packs are marked in customs", CUSTOMS_ID, "customsReceiverId", required=False),
)
NEED_OF: Final = {need.name: need for need in NEEDS}
