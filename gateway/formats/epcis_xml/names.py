"""Names, namespaces and orders of EPCIS XML. The version is data: one reader and one writer serve all of them.

Sources: EPCIS 1.2 (clause 11, with GS1's deterministic schema), EPCIS 2.0.1 / ISO/IEC 19987:2024 (XML schema).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from gateway.epcis import carry

SBDH: Final = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"

#: Namespace of what has no standard place in a target and is carried there by us. Plain receivers ignore it.
CARRY: Final = carry.NAMESPACE
CARRY_PREFIX: Final = carry.PREFIX

#: Element without namespace that holds carried content where a schema allows elements without namespace only.
CARRIED: Final = "carried"


@dataclass(frozen=True, slots=True)
class Version:
    """A version of EPCIS XML.

    Attributes:
        number: as schemaVersion says it.
        document: namespace of EPCISDocument.
        query: namespace of EPCISQueryDocument.
        master_data: namespace of EPCISMasterDataDocument.
        cbv: default spelling of CBV values (``urn``, or ``keep`` as the source has them).
        wraps: whether 1.x wrappers are used: baseExtension, extension of events, extension of EventList.
        orders: for each event type the model's fields in schema order, without the base part.
        wrapped: for each event type those fields that stand in the event's ``extension``.
        mandatory_lists: for each event type the list that must be present even when empty.
    """

    number: str
    document: str
    query: str
    master_data: str
    cbv: str
    wraps: bool
    orders: Mapping[str, tuple[str, ...]]
    wrapped: Mapping[str, tuple[str, ...]]
    mandatory_lists: Mapping[str, str]


_PLACE = ("biz_step", "disposition", "read_point", "biz_location")
_PARTIES = ("source_list", "destination_list")
_NEW = ("sensor_element_list", "persistent_disposition")
_INPUTS_OUTPUTS = (
    "input_epc_list",
    "input_quantity_list",
    "output_epc_list",
    "output_quantity_list",
    "transformation_id",
)
_TRANSACTIONS = ("biz_transaction_list",)
_ASSOCIATION = ("parent_id", "child_epcs", "child_quantity_list", "action", *_PLACE, *_TRANSACTIONS, *_PARTIES, *_NEW)

_ORDERS_1 = {
    "ObjectEvent": ("epc_list", "action", *_PLACE, *_TRANSACTIONS),
    "AggregationEvent": ("parent_id", "child_epcs", "action", *_PLACE, *_TRANSACTIONS),
    "TransactionEvent": (*_TRANSACTIONS, "parent_id", "epc_list", "action", *_PLACE),
    "QuantityEvent": ("epc_class", "quantity", *_PLACE, *_TRANSACTIONS),
    "TransformationEvent": (*_INPUTS_OUTPUTS, *_PLACE, *_TRANSACTIONS, *_PARTIES, "ilmd"),
}
_WRAPPED_1 = {
    "ObjectEvent": ("quantity_list", *_PARTIES, "ilmd"),
    "AggregationEvent": ("child_quantity_list", *_PARTIES),
    "TransactionEvent": ("quantity_list", *_PARTIES),
}
#: Fields of the model's base type that 1.x does not have in QuantityEvents. Valid documents never fill them.
QUANTITY_EVENT_EXTRAS: Final = _PARTIES

_ORDERS_2 = {
    "ObjectEvent": ("epc_list", "action", *_PLACE, *_TRANSACTIONS, "quantity_list", *_PARTIES, *_NEW, "ilmd"),
    "AggregationEvent": (
        *("parent_id", "child_epcs", "action"),
        *(*_PLACE, *_TRANSACTIONS, "child_quantity_list", *_PARTIES, *_NEW),
    ),
    "TransactionEvent": (
        *(*_TRANSACTIONS, "parent_id", "epc_list", "action"),
        *(*_PLACE, "quantity_list", *_PARTIES, *_NEW),
    ),
    "TransformationEvent": (*_INPUTS_OUTPUTS, *_PLACE, *_TRANSACTIONS, *_PARTIES, *_NEW, "ilmd"),
    "AssociationEvent": _ASSOCIATION,
}

V1: Final = Version(
    "1.2",
    "urn:epcglobal:epcis:xsd:1",
    "urn:epcglobal:epcis-query:xsd:1",
    "urn:epcglobal:epcis-masterdata:xsd:1",
    "urn",
    wraps=True,
    orders=_ORDERS_1,
    wrapped=_WRAPPED_1,
    mandatory_lists={"ObjectEvent": "epc_list", "AggregationEvent": "child_epcs", "TransactionEvent": "epc_list"},
)
V2: Final = Version(
    "2.0",
    "urn:epcglobal:epcis:xsd:2",
    "urn:epcglobal:epcis-query:xsd:2",
    "urn:epcglobal:epcis-masterdata:xsd:2",
    "keep",
    wraps=False,
    orders=_ORDERS_2,
    wrapped={},
    mandatory_lists={},
)
VERSIONS: Final = (V1, V2)

#: All namespaces that are EPCIS itself.
EPCIS_NAMESPACES: Final = frozenset(
    uri for version in VERSIONS for uri in (version.document, version.query, version.master_data)
)

#: Element of each field of the model, for the fields that are one element of an event.
ELEMENTS: Final[Mapping[str, str]] = {
    "event_time": "eventTime",
    "record_time": "recordTime",
    "event_time_zone_offset": "eventTimeZoneOffset",
    "event_id": "eventID",
    "error_declaration": "errorDeclaration",
    "certification_info": "certificationInfo",
    "action": "action",
    "biz_step": "bizStep",
    "disposition": "disposition",
    "read_point": "readPoint",
    "biz_location": "bizLocation",
    "biz_transaction_list": "bizTransactionList",
    "source_list": "sourceList",
    "destination_list": "destinationList",
    "sensor_element_list": "sensorElementList",
    "persistent_disposition": "persistentDisposition",
    "epc_list": "epcList",
    "quantity_list": "quantityList",
    "ilmd": "ilmd",
    "parent_id": "parentID",
    "child_epcs": "childEPCs",
    "child_quantity_list": "childQuantityList",
    "epc_class": "epcClass",
    "quantity": "quantity",
    "input_epc_list": "inputEPCList",
    "input_quantity_list": "inputQuantityList",
    "output_epc_list": "outputEPCList",
    "output_quantity_list": "outputQuantityList",
    "transformation_id": "transformationID",
}
