"""What can be wrong with requests for serial numbers and with their answers."""

from __future__ import annotations

from typing import Final

from gateway.findings import Rule, Severity

NOT_WELL_FORMED: Final = Rule(
    "SERIALS-01",
    Severity.ERROR,
    "A message must be well-formed XML",
    "XML 1.0: a parser must stop at the first such error; what follows cannot be trusted.",
    "ask for the complete message",
)
DOCTYPE: Final = Rule(
    "SERIALS-02",
    Severity.ERROR,
    "A message must not have a document type declaration",
    "A DOCTYPE can name files, network addresses and entities that grow without bound.",
    "delete the <!DOCTYPE ...> line",
)
LIMIT: Final = Rule(
    "SERIALS-03",
    Severity.ERROR,
    "A message must stay within the limits",
    "The limits protect the machine from hostile and broken input.",
    "ask for fewer numbers at once",
)
ROOT: Final = Rule(
    "SERIALS-04",
    Severity.ERROR,
    "The message must be the one that is expected",
    "Its root element, or the element in its SOAP body, has another name.",
    "check which system the message comes from",
)
FAULT: Final = Rule(
    "SERIALS-05",
    Severity.ERROR,
    "The answer must be no SOAP fault",
    "A fault says why there are no numbers.",
    "read its text and ask the operator of the service",
)
VALUE: Final = Rule(
    "SERIALS-06",
    Severity.ERROR,
    "A value must be one that the message can have",
    "Amounts are whole numbers; the codes of TraceLink are those of its schema.",
    "correct the value",
)
QUANTITY: Final = Rule(
    "SERIALS-07",
    Severity.ERROR,
    "A request must be for at least one number",
    "A request for nothing gives an answer with nothing.",
    "ask for one number or more",
)
REFUSED: Final = Rule(
    "SERIALS-10",
    Severity.ERROR,
    "The request must be granted",
    "The system answered with an error of its own.",
    "the error's text says who has to act",
)
OTHER: Final = Rule(
    "SERIALS-11",
    Severity.ERROR,
    "The answer must be about what was asked for",
    "Numbers of another product on packs would be wrong for ever.",
    "do not use the numbers; ask again",
)
AMOUNT: Final = Rule(
    "SERIALS-12",
    Severity.WARNING,
    "The answer should have as many numbers as were asked for",
    "Some systems give fewer at a time.",
    "ask again for the rest",
)
TWICE: Final = Rule(
    "SERIALS-13",
    Severity.ERROR,
    "A number must be given out once",
    "Two packs with one number cannot be told apart.",
    "do not use the numbers; ask the operator of the service",
)
NUMBER: Final = Rule(
    "SERIALS-14",
    Severity.ERROR,
    "A serial number must be one that a barcode can hold",
    "GS1 General Specifications, AI (21): 1 to 20 characters of set 82.",
    "do not use the number",
)
RULES: Final = (
    NOT_WELL_FORMED,
    DOCTYPE,
    LIMIT,
    ROOT,
    FAULT,
    VALUE,
    QUANTITY,
    REFUSED,
    OTHER,
    AMOUNT,
    TWICE,
    NUMBER,
)
