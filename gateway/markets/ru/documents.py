"""The documents of MDLP XML 1.38 as tables: element, fields in their order, and what holds the goods.

The order of fields is that of the schema and differs between documents: 381 and 314 have doc_date before doc_num, 331
and 415 the other way round; 911 has sscc before operation_date, 914 behind it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

VERSION: Final = "1.38"

#: Most items in a list of goods, most SSCCs in 912, most codes in 300, most codes in 10311 and 10319.
ITEMS, UNPACKED, CUSTOMS_CODES, DEVICE_CODES = 25_000, 1_500, 10_000, 30_000


class Kind(enum.StrEnum):
    """Types of fields, named as in our schema."""

    PLACE = "place_id"  # 14 digits
    PARTY = "party_id"  # GUID
    ANYBODY = "anybody_id"  # one or the other
    TIME = "time"
    DATE = "date"
    NUMBER = "document_number"
    SSCC = "sscc"
    GTIN = "gtin"
    LOT = "series_number"
    TEXT_200 = "text_200"
    TEXT_500 = "text_500"
    TEXT_1000 = "text_1000"
    FLAG = "xs:boolean"
    COUNTRY = "country"
    INN = "inn"
    KPP = "kpp"
    CONTRACT = "contract_type"
    CONTRACT_OF_FOUR = "contract_type_1_to_4"
    TURNOVER = "turnover_type"
    FINANCE = "source"
    RECEIPT = "receive_type"
    RECEIPT_OF_TWO = "receive_type_1_to_2"
    WITHDRAWAL = "withdrawal_type"
    DESTRUCTION_METHOD = "destruction_method"
    DESTRUCTION_REASON = "reason_for_destruction"
    DESTRUCTION_TYPE = "destruction_type"
    RECALLED = "recall_action_id"


class Goods(enum.Enum):
    """How a document lists what it is about."""

    LIST = "sgtin and sscc, mixed"
    PRICED = "union items with cost and VAT"
    DECIDED = "details with the decision and the reason of destruction"
    CODES = "sgtin of one GTIN"
    QUERIED = "one sgtin or sscc"
    NONE = "none"
    OWN = "in a form of its own"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a document; ``a/b`` stands inside ``a``, which is there only when a field in it is."""

    name: str
    kind: Kind
    required: bool = True


@dataclass(frozen=True, slots=True)
class DocumentType:
    """A kind of document.

    Attributes:
        number: action_id.
        element: its element.
        fields: in order, before the goods.
        goods: how it lists the goods.
        holder: element around the goods.
        most: how many objects one document holds.
    """

    number: str
    element: str
    fields: tuple[Field, ...]
    goods: Goods = Goods.LIST
    holder: str = "order_details"
    most: int = ITEMS


def _of(*fields: tuple[str, Kind] | tuple[str, Kind, bool]) -> tuple[Field, ...]:
    return tuple(Field(*field) for field in fields)


def _from(who: Kind, *more: tuple[str, Kind] | tuple[str, Kind, bool]) -> tuple[Field, ...]:
    return _of(("subject_id", who), *more)


_TIME: Final = ("operation_date", Kind.TIME)
_NUMBER, _DATE = ("doc_num", Kind.NUMBER), ("doc_date", Kind.DATE)
_PAUSED: Final = ("confirm_paused", Kind.FLAG, False)
_CONTRACT: Final = (
    ("contract_num", Kind.NUMBER, False),
    ("contract_gos_num", Kind.NUMBER, False),
    ("contract_gos_date", Kind.DATE, False),
)
_RELEASE: Final = _from(
    Kind.PLACE,
    _TIME,
    ("release_info/doc_date", Kind.DATE),
    ("release_info/doc_num", Kind.NUMBER, False),
    ("release_info/confirmation_num", Kind.NUMBER),
)
_FOREIGN: Final = _from(
    Kind.PARTY,
    ("seller_id", Kind.PARTY, False),
    ("receiver_id", Kind.PARTY),
    ("custom_receiver_id", Kind.PARTY),
    _TIME,
    ("contract_type", Kind.CONTRACT_OF_FOUR),
    _NUMBER,
    _DATE,
)
_IMPORTED: Final = tuple(field for field in _FOREIGN if field.name != "custom_receiver_id")
_FOREIGN_IMPORT: Final = tuple(
    Field("shipper_id", field.kind) if field.name == "receiver_id" else field for field in _FOREIGN
)
_TO_OWNER: Final = _from(Kind.PLACE, ("owner_id", Kind.PLACE), _TIME, _DATE, _NUMBER)
_ORDER: Final = _from(
    Kind.PLACE,
    ("receiver_id", Kind.PLACE),
    _TIME,
    _NUMBER,
    _DATE,
    ("turnover_type", Kind.TURNOVER),
    ("source", Kind.FINANCE),
    ("contract_type", Kind.CONTRACT),
    *_CONTRACT,
)


def _received(receipt: Kind) -> tuple[Field, ...]:
    return _from(
        Kind.PLACE,
        ("shipper_id", Kind.PLACE),
        _TIME,
        _NUMBER,
        _DATE,
        ("receive_type", receipt),
        ("source", Kind.FINANCE),
        ("contract_type", Kind.CONTRACT),
        *_CONTRACT,
    )


def _refused(partner: str) -> tuple[Field, ...]:
    return _from(Kind.ANYBODY, _TIME, (partner, Kind.ANYBODY), ("reason", Kind.TEXT_1000), _PAUSED)


_ACCEPTED: Final = _from(Kind.ANYBODY, ("counterparty_id", Kind.ANYBODY), _TIME, _PAUSED)
_DESTROYER: Final = (
    ("destruction_org/ul/inn", Kind.INN, False),
    ("destruction_org/ul/kpp", Kind.KPP, False),
    ("destruction_org/fl/inn", Kind.INN, False),
)
#: What stands in each detail of 541, besides its object.
DECISION: Final = _of(
    ("decision", Kind.NUMBER, False),
    ("destruction_type", Kind.DESTRUCTION_TYPE),
    ("reason_for_destruction", Kind.DESTRUCTION_REASON, False),
)
_CONTENT: Final = "content"

#: What we send, and what MDLP sends us that has the same form.
DOCUMENTS: Final = {
    document.number: document
    for document in (
        DocumentType("210", "query_kiz_info", _from(Kind.ANYBODY), Goods.QUERIED, most=1),
        DocumentType("220", "query_hierarchy_info", _from(Kind.ANYBODY), Goods.QUERIED, most=1),
        DocumentType(
            "250",
            "recall",
            _from(
                Kind.ANYBODY,
                _TIME,
                ("operation_id", Kind.TEXT_200),
                ("recall_action_id", Kind.RECALLED),
                ("reason", Kind.TEXT_500, False),
            ),
            Goods.NONE,
        ),
        DocumentType("251", "refusal_sender", _refused("receiver_id")),
        DocumentType("252", "refusal_receiver", _refused("shipper_id")),
        DocumentType(
            "300",
            "transfer_code_to_custom",
            _from(Kind.PARTY, _TIME, ("custom_receiver_id", Kind.PARTY), ("gtin", Kind.GTIN)),
            Goods.CODES,
            "signs",
            CUSTOMS_CODES,
        ),
        DocumentType("313", "register_product_emission", _RELEASE, holder="signs"),
        DocumentType("314", "move_to_release", _TO_OWNER),
        DocumentType("331", "foreign_shipment", _FOREIGN),
        DocumentType("336", "import_info", _IMPORTED),
        DocumentType("342", "release_in_circulation", _RELEASE, holder="signs"),
        DocumentType("381", "move_owner", _TO_OWNER),
        DocumentType("415", "move_order", _ORDER, Goods.PRICED),
        DocumentType("416", "receive_order", _received(Kind.RECEIPT_OF_TWO), Goods.PRICED),
        DocumentType("431", "move_place", _from(Kind.PLACE, ("receiver_id", Kind.PLACE), _TIME, _NUMBER, _DATE)),
        DocumentType(
            "541",
            "move_destruction",
            _from(
                Kind.PLACE,
                _TIME,
                ("destruction_org/fias_addr", Kind.PARTY),
                *_DESTROYER,
                _NUMBER,
                _DATE,
                ("act_number", Kind.NUMBER),
                ("act_date", Kind.DATE),
            ),
            Goods.DECIDED,
        ),
        DocumentType(
            "542",
            "destruction",
            _from(Kind.PLACE, _TIME, ("destruction_method", Kind.DESTRUCTION_METHOD), *_DESTROYER, _NUMBER, _DATE),
        ),
        DocumentType(
            "552",
            "withdrawal",
            _from(
                Kind.ANYBODY,
                _TIME,
                (*_NUMBER, False),
                (*_DATE, False),
                ("withdrawal_type", Kind.WITHDRAWAL),
                ("export_country_code", Kind.COUNTRY, False),
                ("destruction_method", Kind.DESTRUCTION_METHOD, False),
                ("reason_for_destruction", Kind.DESTRUCTION_REASON, False),
                ("unpack", Kind.FLAG, False),
            ),
        ),
        DocumentType("601", "move_order_notification", _ORDER, Goods.PRICED),
        DocumentType("602", "receive_order_notification", _received(Kind.RECEIPT), Goods.PRICED),
        DocumentType("603", "move_owner_notification", _TO_OWNER),
        DocumentType("605", "refusal_sender_notification", _refused("receiver_id")),
        DocumentType("606", "refusal_receiver_notification", _refused("shipper_id")),
        DocumentType("607", "accept_notification", _ACCEPTED),
        DocumentType("613", "foreign_shipment_notification", _FOREIGN),
        DocumentType("614", "foreign_import_notification", _FOREIGN_IMPORT),
        DocumentType("618", "move_to_release_notification", _TO_OWNER),
        DocumentType("620", "import_info_notification", _IMPORTED),
        DocumentType(
            "627",
            "posting_notification",
            _from(
                Kind.PLACE,
                ("inn", Kind.INN),
                ("organisation_name", Kind.TEXT_1000),
                ("owner_id", Kind.ANYBODY),
                ("shipper_id", Kind.PLACE, False),
                _TIME,
                ("receive_type", Kind.RECEIPT, False),
                (*_NUMBER, False),
                (*_DATE, False),
            ),
        ),
        DocumentType("701", "accept", _ACCEPTED),
        DocumentType("911", "unit_pack", _from(Kind.ANYBODY, ("sscc", Kind.SSCC), _TIME), holder=_CONTENT),
        DocumentType("912", "unit_unpack", _from(Kind.ANYBODY, _TIME), Goods.OWN, most=UNPACKED),
        DocumentType("913", "unit_extract", _from(Kind.ANYBODY, _TIME), holder=_CONTENT),
        DocumentType("914", "unit_append", _from(Kind.ANYBODY, _TIME, ("sscc", Kind.SSCC)), holder=_CONTENT),
        DocumentType("915", "multi_pack", _from(Kind.ANYBODY, _TIME), Goods.OWN),
        DocumentType("916", "multi_unit_append", _from(Kind.ANYBODY, _TIME), Goods.OWN),
    )
}
