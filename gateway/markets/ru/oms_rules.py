"""What can be wrong with messages to the order management station. No finding quotes a code."""

from __future__ import annotations

from typing import Final

from gateway.findings import LossRule, Rule, Severity

SCHEMA: Final = Rule(
    "RU-OMS-01",
    Severity.ERROR,
    "the JSON is not a message of the order management station, API 3.0",
    "The structure is checked against xsd/ru/oms/3.0. The finding names the place and not the value: it may be secret.",
    "compare the field with the table of the market's page",
)
FORM: Final = Rule(
    "RU-OMS-02",
    Severity.ERROR,
    "something is no full code of a pack",
    "A full code is 01 GTIN 21 serial number GS 91 and 4 characters GS 92 and 44 characters. XML cannot hold GS: write "
    "<GS> or {GS} for it, or brackets, (01)...(21)...(91)...(92)...",
    "correct the code; without its crypto tail it cannot be reported",
)
NO_CODE: Final = Rule(
    "RU-OMS-03",
    Severity.ERROR,
    "the full code of a pack is not known",
    "Commissioning names GTIN and serial number; a utilisation report wants the crypto tail, too.",
    "give the codes of the order with --codes, or as ILMD fullCode, or cryptoKey and cryptoCode (columns of a mapping)",
)
TWICE: Final = Rule(
    "RU-OMS-04",
    Severity.ERROR,
    "a pack stands in a message twice",
    "Each pack is reported once.",
    "remove the repetition",
)
TWO_CODES: Final = Rule(
    "RU-OMS-05",
    Severity.ERROR,
    "two different codes are given for a pack",
    "The code in the document and the one that was ordered differ: one of them is not of this pack.",
    "ask the packer which code is printed",
)
ID: Final = Rule(
    "RU-OMS-06",
    Severity.ERROR,
    "the id of a place or party, or a code of a list, has not the right form",
    "Made in Russia: the place of 14 digits. Made abroad: GUIDs.",
    "correct the setting",
)
BATCH: Final = Rule(
    "RU-OMS-07",
    Severity.ERROR,
    "lot or expiry of packs is missing or has not the right form",
    "A report has one lot of 1 to 20 characters and one expiry YYYY-MM-DD.",
    "give lotNumber and itemExpirationDate in the ILMD of the commissioning",
)
NOTHING: Final = Rule(
    "RU-OMS-08",
    Severity.ERROR,
    "there is nothing to report or to order",
    "The order management station is told of commissioning; an order names packs or amounts of a GTIN.",
    "give a document with commissioning",
)
AMOUNT: Final = Rule(
    "RU-OMS-09",
    Severity.ERROR,
    "an amount of codes is no whole number, or more than an order may ask for",
    "An order of one GTIN asks for at most 2,000,000 codes, one of several GTINs for at most 150,000 of each.",
    "correct the amount",
)
RULES: Final = (SCHEMA, FORM, NO_CODE, TWICE, TWO_CODES, ID, BATCH, NOTHING, AMOUNT)

PRODUCTION_LOST: Final = LossRule(
    "LOSS-RU-OMS-01",
    "a production date without time and zone is not told",
    "productionDate is optional and wants a time with zone; none is invented.",
)
EVENT_LOST: Final = LossRule(
    "LOSS-RU-OMS-02",
    "amounts without serial numbers are not reported",
    "A utilisation report lists packs.",
)
LOSS_RULES: Final = (PRODUCTION_LOST, EVENT_LOST)
