"""The rules of GS1 identifiers. Each is a page of ``gateway list rules``."""

from __future__ import annotations

from gateway.findings import Rule, Severity

GTIN_FORM = Rule(
    "GS1-GTIN-01",
    Severity.ERROR,
    "A GTIN has 8, 12, 13 or 14 digits.",
    "GS1 General Specifications, AI (01): N14; shorter GTINs are filled with zeros on the left.",
    "Give all digits of the GTIN as text; spreadsheets drop leading zeros and write long numbers as 9.50E+12.",
)
GTIN_CHECK = Rule(
    "GS1-GTIN-02",
    Severity.ERROR,
    "The last digit of a GTIN is its check digit.",
    "GS1 General Specifications, section 7.9: modulo 10 over all digits, weights 3 and 1 from the right.",
    "Compare the GTIN with the one printed on the pack; one digit is wrong or two are exchanged.",
)
SERIAL_CHARACTERS = Rule(
    "GS1-SERIAL-01",
    Severity.ERROR,
    "A serial number consists of characters of GS1 AI encodable character set 82.",
    "GS1 General Specifications, figure 7.11-1: digits, Latin letters and !\"%&'()*+,-./:;<=>?_ ; no space.",
    "Remove spaces, line ends and letters outside A-Z and a-z from the serial number.",
)
SERIAL_LENGTH = Rule(
    "GS1-SERIAL-02",
    Severity.ERROR,
    "A serial number has at least one character and at most as many as its application identifier allows.",
    "GS1 General Specifications, section 3: AI (21) 1 to 20, others as their own section says.",
    "Give the serial number alone, without GTIN, lot or filler.",
)
LOT_CHARACTERS = Rule(
    "GS1-LOT-01",
    Severity.ERROR,
    "A lot number consists of characters of GS1 AI encodable character set 82.",
    "GS1 General Specifications, AI (10).",
    "Remove spaces and letters outside A-Z and a-z from the lot number.",
)
LOT_LENGTH = Rule(
    "GS1-LOT-02",
    Severity.ERROR,
    "A lot number has 1 to 20 characters.",
    "GS1 General Specifications, AI (10): X..20.",
    "Give the lot number as it is encoded in the barcode.",
)
SSCC_FORM = Rule(
    "GS1-SSCC-01",
    Severity.ERROR,
    "An SSCC has 18 digits.",
    "GS1 General Specifications, AI (00): N18.",
    "Give all 18 digits as text, without the application identifier (00).",
)
SSCC_CHECK = Rule(
    "GS1-SSCC-02",
    Severity.ERROR,
    "The last digit of an SSCC is its check digit.",
    "GS1 General Specifications, section 7.9.",
    "Compare the SSCC with the label of the case or pallet.",
)
GLN_FORM = Rule(
    "GS1-GLN-01",
    Severity.ERROR,
    "A GLN has 13 digits.",
    "GS1 General Specifications, AI (410) to (417): N13.",
    "Give all 13 digits of the GLN as text.",
)
GLN_CHECK = Rule(
    "GS1-GLN-02",
    Severity.ERROR,
    "The last digit of a GLN is its check digit.",
    "GS1 General Specifications, section 7.9.",
    "Compare the GLN with the partner's GS1 registration.",
)
KEY_FORM = Rule(
    "GS1-KEY-01",
    Severity.ERROR,
    "A GS1 key has the digits and the length that its application identifier says.",
    "GS1 General Specifications, section 3.",
    "Give the complete key as it is encoded in the barcode.",
)
KEY_CHECK = Rule(
    "GS1-KEY-02",
    Severity.ERROR,
    "The check digit of a GS1 key must fit its other digits.",
    "GS1 General Specifications, section 7.9.",
    "Compare the key with the label.",
)
KEY_OTHER = Rule(
    "GS1-KEY-03",
    Severity.ERROR,
    "Another kind of GS1 key was expected here.",
    "For example an SSCC where only a GTIN with a serial number makes sense.",
    "Check that the value stands in the right field or column.",
)
PREFIX_UNKNOWN = Rule(
    "GS1-PREFIX-01",
    Severity.ERROR,
    "The length of the GS1 company prefix in this number is not known.",
    "An EPC URN separates company prefix and reference with a dot. The number alone does not say where, and a "
    "guessed place makes another, wrong identifier.",
    "Name the owner's company prefix in the setting company-prefix, e.g. --set company-prefix=9521321.",
)
PREFIX_CONFIGURED = Rule(
    "GS1-PREFIX-02",
    Severity.ERROR,
    "A configured company prefix has 6 to 12 digits.",
    "GS1 EPC Tag Data Standard: an EPC URN holds a company prefix of 6 to 12 digits.",
    "Correct the setting company-prefix: digits only, without check digit, comma between several.",
)
URN_FORM = Rule(
    "GS1-URN-01",
    Severity.ERROR,
    "An EPC URN has the parts that its scheme says.",
    "GS1 EPC Tag Data Standard, section 6: pure identity EPC URI; class and pattern forms.",
    "Write e.g. urn:epc:id:sgtin:9521321.012345.A1: company prefix, reference without check digit, serial number.",
)
URN_LENGTH = Rule(
    "GS1-URN-02",
    Severity.ERROR,
    "Company prefix and reference of an EPC URN have a fixed number of digits together; the prefix has 6 to 12.",
    "GS1 EPC Tag Data Standard, section 6.3: 13 digits in an SGTIN, 17 in an SSCC, 12 in an SGLN.",
    "The check digit does not belong into an EPC URN; leading zeros do.",
)
URN_ESCAPE = Rule(
    "GS1-URN-03",
    Severity.ERROR,
    "An EPC URN writes seven characters of a serial number as escapes, all others as themselves.",
    'GS1 EPC Tag Data Standard, section 6.3: %22 " %25 % %26 & %2F / %3C < %3E > %3F ?',
    "Escape exactly these characters; the component/part reference also has %23 for #.",
)
URN_SCHEME = Rule(
    "GS1-URN-04",
    Severity.ERROR,
    "This URI is not an EPC URN of a GS1 key.",
    "GS1 EPC Tag Data Standard, section 6.3 lists the schemes. Others pass through the gateway unchanged.",
    "Give an EPC URN such as urn:epc:id:sgtin:...",
)
LINK_FORM = Rule(
    "GS1-DL-01",
    Severity.ERROR,
    "A GS1 Digital Link URI has a path of a primary key and its key qualifiers.",
    "GS1 Digital Link: URI Syntax, section 4: https://id.gs1.org/01/{GTIN}/21/{serial}.",
    "Write the application identifiers and values as pairs of path segments.",
)
LINK_QUALIFIER = Rule(
    "GS1-DL-02",
    Severity.ERROR,
    "The key qualifiers of a GS1 Digital Link URI stand in a fixed order, each at most once.",
    "GS1 Digital Link: URI Syntax, section 4.9: after 01 come 22, 10, 21, or 235 alone.",
    "Put the qualifiers into the order of the standard.",
)
LINK_ESCAPE = Rule(
    "GS1-DL-03",
    Severity.ERROR,
    "A percent sign in a GS1 Digital Link URI is followed by two hexadecimal digits.",
    "RFC 3986, section 2.1.",
    "Write a percent sign that belongs to a serial number as %25.",
)
ELEMENTS_FORM = Rule(
    "GS1-ES-01",
    Severity.ERROR,
    "A GS1 element string consists of application identifiers, each with its value.",
    "GS1 General Specifications, sections 3 and 7.8.",
    "Give the complete content of the barcode, e.g. (01)09521321123453(21)A1.",
)
ELEMENTS_AI = Rule(
    "GS1-ES-02",
    Severity.ERROR,
    "An application identifier that GS1 does not define.",
    "GS1 General Specifications, section 3.2.",
    "Check the barcode content from the left; a missing separator (FNC1) shifts all that follows.",
)
ELEMENTS_VALUE = Rule(
    "GS1-ES-03",
    Severity.ERROR,
    "The value does not fit its application identifier.",
    "GS1 General Specifications, section 3: format of each application identifier.",
    "Check length, characters and check digit of the value.",
)
ELEMENTS_AMBIGUOUS = Rule(
    "GS1-ES-04",
    Severity.ERROR,
    "An element string without separators can be read in more than one way.",
    "GS1 General Specifications, section 7.8.6: a value of variable length ends at the FNC1 separator. Without it "
    "nobody can tell the end of a serial or lot number from the next application identifier.",
    "Send brackets or the separator (ASCII 29), put values of variable length last, or name the application "
    "identifiers in the mapping.",
)
ELEMENTS_TWICE = Rule(
    "GS1-ES-05",
    Severity.ERROR,
    "An application identifier occurs twice with different values.",
    "GS1 General Specifications, section 4.14.",
    "One barcode content describes one object.",
)
DATE_FORM = Rule(
    "GS1-DATE-01",
    Severity.ERROR,
    "A GS1 date has the form YYMMDD; day 00 means the last day of the month.",
    "GS1 General Specifications, AI (11) to (17) and section 7.12 for the century.",
    "Give year, month and day with two digits each.",
)

RULES = (
    GTIN_FORM,
    GTIN_CHECK,
    SERIAL_CHARACTERS,
    SERIAL_LENGTH,
    LOT_CHARACTERS,
    LOT_LENGTH,
    SSCC_FORM,
    SSCC_CHECK,
    GLN_FORM,
    GLN_CHECK,
    KEY_FORM,
    KEY_CHECK,
    KEY_OTHER,
    PREFIX_UNKNOWN,
    PREFIX_CONFIGURED,
    URN_FORM,
    URN_LENGTH,
    URN_ESCAPE,
    URN_SCHEME,
    LINK_FORM,
    LINK_QUALIFIER,
    LINK_ESCAPE,
    ELEMENTS_FORM,
    ELEMENTS_AI,
    ELEMENTS_VALUE,
    ELEMENTS_AMBIGUOUS,
    ELEMENTS_TWICE,
    DATE_FORM,
)
