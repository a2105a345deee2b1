"""What an XML schema can find wrong with a document."""

from __future__ import annotations

from typing import Final

from gateway.findings import Rule, Severity

NOT_WELL_FORMED: Final = Rule(
    "XSD-01",
    Severity.ERROR,
    "A document must be well-formed XML",
    "XML 1.0: a parser must stop at the first such error; what follows cannot be trusted.",
    "ask the sender for the complete file; transfers that were cut are the most frequent cause",
)
DOCTYPE: Final = Rule(
    "XSD-02",
    Severity.ERROR,
    "A document must not have a document type declaration",
    "A DOCTYPE can name files, network addresses and entities that grow without bound.",
    "delete the <!DOCTYPE ...> line",
)
ROOT: Final = Rule(
    "XSD-03",
    Severity.ERROR,
    "The root element must be one that the schema declares",
    "XML Schema 1.0, 5.2. Most often the namespace of the root element is wrong.",
    "compare the root element and its namespace with the schema",
)
STRUCTURE: Final = Rule(
    "XSD-04",
    Severity.ERROR,
    "Elements must stand where the schema has them",
    "XML Schema 1.0, cvc-complex-type. An element is missing, repeated, out of order, or has an unknown name.",
    "the finding names the elements that the schema has at this place",
)
VALUE: Final = Rule(
    "XSD-05",
    Severity.ERROR,
    "Values must be of the type that the schema gives them",
    "XML Schema 1.0 part 2: dates, numbers, code lists, patterns and lengths.",
    "the finding names the type or the allowed values",
)
ATTRIBUTE: Final = Rule(
    "XSD-06",
    Severity.ERROR,
    "Attributes must be those of the schema",
    "XML Schema 1.0, cvc-complex-type.3 and 4: an attribute is missing or unknown.",
    "add the attribute that is missing, or delete the unknown one",
)
IDENTITY: Final = Rule(
    "XSD-07",
    Severity.ERROR,
    "Keys must be unique and references must point at them",
    "XML Schema 1.0, cvc-identity-constraint.",
    "find the repeated or missing key",
)
TOO_MANY: Final = Rule(
    "XSD-08",
    Severity.ERROR,
    "A document has more errors than are worth listing",
    "Checking stopped; the first errors are most often the cause of the others.",
    "repair the errors that are listed and check again",
)
RULES: Final = (NOT_WELL_FORMED, DOCTYPE, ROOT, STRUCTURE, VALUE, ATTRIBUTE, IDENTITY, TOO_MANY)
