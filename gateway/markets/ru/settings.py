"""What MDLP asks for and EPCIS does not say."""

from __future__ import annotations

from typing import Final

from gateway.markets.base import Need
from gateway.options import Setting

#: Which document reports which business step, where nothing else is said.
DEFAULT_DOCUMENTS: Final = {"receiving": "701", "void_shipping": "251", "decommissioning": "552"}

DOCUMENTS: Final = Setting(
    "documents",
    "which document reports which business step, bizStep=number,...; an element mdlpDocument of the event comes first; "
    "else " + ", ".join(f"{step}={number}" for step, number in DEFAULT_DOCUMENTS.items()),
)
SUBJECT_IDS: Final = Setting(
    "subject-ids", "MDLP ids by GLN, GLN=id with commas between; 14 digits for a place, a GUID for a party"
)
SUBJECT_ID: Final = Setting("subject-id", "MDLP id of the reporting place or party where subject-ids has none")
COUNTERPARTY_ID: Final = Setting("counterparty-id", "MDLP id of the other side where subject-ids has none")
SELLER_ID: Final = Setting("seller-id", "GUID of the seller, for 331 and 336")
CUSTOM_RECEIVER_ID: Final = Setting("custom-receiver-id", "GUID of the place in the customs zone, for 300 and 331")
DOCUMENT_NUMBER: Final = Setting("document-number", "number of the document that goes with the goods")
DOCUMENT_DATE: Final = Setting("document-date", "its date, YYYY-MM-DD, or event-date: the local date of the event")
TURNOVER_TYPE: Final = Setting("turnover-type", "turnover_type of 415: 1 sale, 2 return, 3 return to the manufacturer")
FINANCE: Final = Setting("finance-source", "source of 415 and 416: 1 own, 2 federal, 3 regional, 4 off-budget, 5 mixed")
CONTRACT_TYPE: Final = Setting("contract-type", "contract_type: 1 sale, 2 commission, 3 agency, 4 free of charge, ...")
CONTRACT_NUMBER: Final = Setting("contract-number", "contract_num: number in the register of procurements")
CONTRACT_STATE_NUMBER: Final = Setting("contract-gos-num", "contract_gos_num: number of the state contract")
CONTRACT_STATE_DATE: Final = Setting("contract-gos-date", "contract_gos_date: its date, YYYY-MM-DD")
RECEIVE_TYPE: Final = Setting("receive-type", "receive_type of 416: 1 receipt, 2 return from the buyer")
WITHDRAWAL_TYPES: Final = Setting(
    "withdrawal-types",
    "withdrawal_type of 552 by disposition or business step, e.g. damaged=15,expired=22,decommissioning=13",
)
REASON: Final = Setting("reason", "reason of 250, 251 and 252 in words")
RECALL_ID: Final = Setting("recall-operation-id", "operation_id of 250: id that MDLP gave the document to call back")
RECALL_DOCUMENT: Final = Setting("recall-document", "recall_action_id of 250: number of the document to call back")
DESTRUCTION_ADDRESS: Final = Setting("destruction-address", "FIAS GUID of the place of destruction, for 541")
DESTRUCTION_INN: Final = Setting("destruction-inn", "INN of who destroys, for 541 and 542: 10 digits, 12 for a person")
DESTRUCTION_KPP: Final = Setting("destruction-kpp", "KPP of the company that destroys, for 541 and 542")
DESTRUCTION_METHOD: Final = Setting("destruction-method", "destruction_method of 542: 1, 2 or 3 (incineration)")
DESTRUCTION_TYPE: Final = Setting("destruction-type", "destruction_type of 541: 1 owner, 2 Roszdravnadzor, 3 court")
DESTRUCTION_REASON: Final = Setting("destruction-reason", "reason_for_destruction of 541: 1 to 7, e.g. 5 expired")
DECISION: Final = Setting("destruction-decision", "decision of Roszdravnadzor, for 541")
ACT_NUMBER: Final = Setting("act-number", "number of the act of hand-over, for 541")
ACT_DATE: Final = Setting("act-date", "its date, YYYY-MM-DD, or event-date")
EXPORT_COUNTRY: Final = Setting("export-country", "export_country_code of 552: two letters of ISO 3166")
LOOK: Final = Setting("look", "what 210 asks about a container: its content, or what it is in", ("down", "up"), "down")
CONFIRMATION: Final = Setting("confirmation-number", "confirmation_num of 313 and 342: id at Roszdravnadzor")
RELEASE_DATE: Final = Setting("release-date", "doc_date of the release record of 313 and 342, YYYY-MM-DD")
RELEASE_NUMBER: Final = Setting("release-number", "doc_num of the release record of 313 and 342")
COSTS: Final = Setting("costs", "price of one pack with VAT in roubles by GTIN, GTIN=110.00 with commas between")
VAT_VALUES: Final = Setting("vat-values", "VAT in it in roubles by GTIN, GTIN=10.00 with commas between")
AGGREGATION: Final = Setting(
    "aggregation",
    "level: one 915 for each level of packing, at the time of its last packing; event: one 911 for each packing",
    ("level", "event"),
    "level",
)
DECLARATION: Final = Setting("xml-declaration", "whether documents begin with an XML declaration", ("no", "yes"), "no")
SESSION: Final = Setting("session-ui", "session_ui of all documents: id of the process they belong to")

SETTINGS: Final = (
    DOCUMENTS,
    SUBJECT_IDS,
    SUBJECT_ID,
    COUNTERPARTY_ID,
    SELLER_ID,
    CUSTOM_RECEIVER_ID,
    DOCUMENT_NUMBER,
    DOCUMENT_DATE,
    TURNOVER_TYPE,
    FINANCE,
    CONTRACT_TYPE,
    CONTRACT_NUMBER,
    CONTRACT_STATE_NUMBER,
    CONTRACT_STATE_DATE,
    RECEIVE_TYPE,
    WITHDRAWAL_TYPES,
    REASON,
    RECALL_ID,
    RECALL_DOCUMENT,
    DESTRUCTION_ADDRESS,
    DESTRUCTION_INN,
    DESTRUCTION_KPP,
    DESTRUCTION_METHOD,
    DESTRUCTION_TYPE,
    DESTRUCTION_REASON,
    DECISION,
    ACT_NUMBER,
    ACT_DATE,
    EXPORT_COUNTRY,
    LOOK,
    CONFIRMATION,
    RELEASE_DATE,
    RELEASE_NUMBER,
    COSTS,
    VAT_VALUES,
    AGGREGATION,
    DECLARATION,
    SESSION,
)

#: Where each field comes from. Elements of the event have the field's own name.
_FIELDS: Final = (
    ("subject_id", "who reports, by its GLN in subject-ids", SUBJECT_ID),
    ("receiver_id", "who receives, by its GLN in subject-ids", COUNTERPARTY_ID),
    ("owner_id", "who owns the goods, by its GLN in subject-ids", COUNTERPARTY_ID),
    ("shipper_id", "who shipped, by its GLN in subject-ids", COUNTERPARTY_ID),
    ("counterparty_id", "the other side, by its GLN in subject-ids", COUNTERPARTY_ID),
    ("seller_id", "who sells", SELLER_ID),
    ("custom_receiver_id", "place in the customs control zone", CUSTOM_RECEIVER_ID),
    ("doc_num", "number of the document", DOCUMENT_NUMBER),
    ("doc_date", "date of the document", DOCUMENT_DATE),
    ("turnover_type", "kind of turnover", TURNOVER_TYPE),
    ("source", "source of finance", FINANCE),
    ("contract_type", "kind of contract", CONTRACT_TYPE),
    ("contract_num", "number in the register of procurements", CONTRACT_NUMBER),
    ("contract_gos_num", "number of the state contract", CONTRACT_STATE_NUMBER),
    ("contract_gos_date", "date of the state contract", CONTRACT_STATE_DATE),
    ("receive_type", "kind of receipt", RECEIVE_TYPE),
    ("withdrawal_type", "why packs are withdrawn", WITHDRAWAL_TYPES),
    ("reason", "why, in words", REASON),
    ("release_info/doc_date", "date of the release record", RELEASE_DATE),
    ("release_info/doc_num", "number of the release record", RELEASE_NUMBER),
    ("release_info/confirmation_num", "id of the record at Roszdravnadzor", CONFIRMATION),
    ("operation_id", "id that MDLP gave the document to call back", RECALL_ID),
    ("recall_action_id", "number of the document to call back", RECALL_DOCUMENT),
    ("destruction_org/fias_addr", "place of destruction", DESTRUCTION_ADDRESS),
    ("destruction_org/ul/inn", "INN of who destroys", DESTRUCTION_INN),
    ("destruction_org/ul/kpp", "KPP of the company that destroys", DESTRUCTION_KPP),
    ("destruction_method", "how packs are destroyed", DESTRUCTION_METHOD),
    ("destruction_type", "who decided the destruction", DESTRUCTION_TYPE),
    ("reason_for_destruction", "why packs are destroyed", DESTRUCTION_REASON),
    ("decision", "decision of Roszdravnadzor", DECISION),
    ("act_number", "number of the act of hand-over", ACT_NUMBER),
    ("act_date", "date of the act of hand-over", ACT_DATE),
    ("export_country_code", "where packs are exported to", EXPORT_COUNTRY),
    ("cost", "price of one pack with VAT", COSTS),
    ("vat_value", "VAT in the price", VAT_VALUES),
)
_OPTIONAL: Final = frozenset(
    {
        "seller_id",
        "contract_num",
        "contract_gos_num",
        "contract_gos_date",
        "release_info/doc_num",
        "reason_for_destruction",
        "decision",
        "export_country_code",
    }
)
NEEDS: Final = tuple(
    Need(name, title, setting, name.rpartition("/")[2], required=name not in _OPTIONAL)
    for name, title, setting in _FIELDS
)
NEED_OF: Final = {need.name: need for need in NEEDS}
