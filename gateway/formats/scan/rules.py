"""The rules of scanned pages. What is wrong with a GS1 number has GS1 rules, with a table the rules of tables."""

from __future__ import annotations

from gateway.findings import Rule, Severity

BROKEN = Rule(
    "SCAN-FILE-01",
    Severity.ERROR,
    "The file is not a complete PDF, TIFF, PNG or JPEG.",
    "Programs that repair a damaged document leave out pages without a word; the gateway does not.",
    "Send the file again.",
)
PASSWORD = Rule(
    "SCAN-FILE-02",
    Severity.ERROR,
    "The PDF is protected by a password.",
    "",
    "Save the PDF without a password; protect the transport instead.",
)
NO_PAGES = Rule("SCAN-FILE-03", Severity.ERROR, "The document has no pages.", "", "Send the file again.")
TOO_MANY_PAGES = Rule(
    "SCAN-LIMIT-01",
    Severity.ERROR,
    "A document must not have more pages than the limit.",
    "The limit protects the machine from hostile and broken input.",
    "Send the pages in several files, or raise the limit `pages` for this partner.",
)
TOO_LARGE = Rule(
    "SCAN-LIMIT-02",
    Severity.ERROR,
    "A page must not have more pixels than the limit.",
    "A small file can unpack to an enormous picture.",
    "Scan at 300 dpi, or raise the limit `page-pixels` for this partner if the page is genuine.",
)
TOO_MUCH_TEXT = Rule(
    "SCAN-LIMIT-03",
    Severity.ERROR,
    "A page must not have more characters than the limit.",
    "The limit protects the machine from hostile and broken input.",
    "Print the document to PDF again.",
)
TOO_MANY_CODES = Rule(
    "SCAN-LIMIT-04",
    Severity.ERROR,
    "A page must not have more codes than can be told apart.",
    "Two thousand codes on a page, or 255 on the area of a hand, are a pattern and no report.",
    "Send fewer codes a page.",
)
NOT_GS1 = Rule(
    "SCAN-CODE-01",
    Severity.WARNING,
    "A code on the page is no GS1 code: it is not converted.",
    "Only codes that GS1 marks as its own (FNC1, Digital Link) say what their digits mean.",
    "Check that the code is not one of those that should be read.",
)
NO_FNC1 = Rule(
    "SCAN-CODE-02",
    Severity.ERROR,
    "A code holds what looks like GS1 data, but is not marked as a GS1 code.",
    "Without FNC1 at its beginning a code is a text of the printer's own (GS1 General Specifications, section 5).",
    "Let the printer set the symbol to GS1; enter the codes of this page by hand.",
)
DISAGREE = Rule(
    "SCAN-CODE-03",
    Severity.ERROR,
    "A code was read twice with different results: neither is taken.",
    "The picture is too poor to say which is right.",
    "Scan the page again with a better resolution, or read the code with a hand scanner.",
)
UNREAD = Rule(
    "SCAN-CODE-04",
    Severity.ERROR,
    "There is a code at this place that cannot be read.",
    "It is damaged, or the picture is too poor. A pack would be missing.",
    "Scan the page again with a better resolution, or read the code with a hand scanner.",
)
NOT_USED = Rule(
    "SCAN-CODE-05",
    Severity.WARNING,
    "A GS1 code on the page is neither one of the things of the mapping nor their label: it is not converted.",
    "Nothing is left out silently.",
    "Check that the code is not needed, or map it.",
)
VALUE_UNUSED = Rule(
    "SCAN-AI-01",
    Severity.WARNING,
    "Codes hold an application identifier that the mapping does not name: its values are not converted.",
    "Nothing is left out silently. One that is meant to be left out stands under `ignore` in the mapping.",
    "Map the column, or list it under table.ignore in the mapping.",
)
NO_CODES = Rule(
    "SCAN-PAGE-01",
    Severity.ERROR,
    "A page has no code that could be read.",
    "Printed text on a picture proves nothing and is not read; a person has to look at the page.",
    "Look at the page; covers are left out by table.scan.covers in the mapping.",
)
BLANK = Rule("SCAN-PAGE-02", Severity.INFO, "A page is blank.", "", "")
NO_TEXT = Rule(
    "SCAN-PAGE-03",
    Severity.ERROR,
    "A page has no text, only a picture.",
    "Text that a program guessed from a picture (OCR) proves nothing and is not read.",
    "Ask for the document as it was printed to PDF, or for one with barcodes.",
)
COUNT = Rule(
    "SCAN-COUNT-01",
    Severity.ERROR,
    "A page has another number of codes than expected.",
    "A code that is covered or torn leaves no trace in the picture; only the count shows that it is missing.",
    "Compare the page with the codes that were read.",
)
LABEL = Rule(
    "SCAN-LABEL-01",
    Severity.ERROR,
    "A page must have one label with the SSCC of the container.",
    "Which container the codes of the page are in would be a guess.",
    "Check the page; put the codes of each container on a page of their own.",
)
LABEL_DIFFERS = Rule(
    "SCAN-LABEL-02",
    Severity.ERROR,
    "The label says something else than the codes on its page.",
    "A logistic label names its contents by (02), their number by (37) and their lot by (10).",
    "Compare the label with the codes on its page.",
)

RULES: tuple[Rule, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
