"""The rules that `gateway.checks` knows beside those of schemas. Each is a page of ``gateway list rules``.

Clauses are of ISO/IEC 19987 (EPCIS 2.0) and ISO/IEC 19988 (CBV 2.0) unless said.
"""

from __future__ import annotations

from gateway.findings import Rule, Severity

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO

# --- required parts of an event (layer "events") ---

ACTION = Rule(
    "EPCIS-EVENT-01",
    ERROR,
    "The action of an event is ADD, OBSERVE or DELETE.",
    "EPCIS, clause 7.3.2. Every event type but TransformationEvent and QuantityEvent has one.",
    "Write ADD for commissioning and packing, OBSERVE for shipping and receiving, DELETE for decommissioning and "
    "unpacking.",
)
OBJECTS_MISSING = Rule(
    "EPCIS-EVENT-02",
    ERROR,
    "An event names the objects that it happened to.",
    "EPCIS, clause 7.4: an ObjectEvent has EPCs, quantities, or sensor data with a readPoint; an aggregation or "
    "association has children unless its action is DELETE; a TransactionEvent has EPCs or quantities unless its "
    "action is DELETE; a transformation has inputs and outputs, or a transformationID with one of them.",
    "Give the identifiers; an event about nothing changes nothing.",
)
PARENT_MISSING = Rule(
    "EPCIS-EVENT-03",
    ERROR,
    "An aggregation that adds or deletes children, and every association, names its parent.",
    "EPCIS, clauses 7.4.3 and 7.4.7. Without parentID only an aggregation with the action OBSERVE makes sense.",
    "Give the SSCC or other identifier of the container.",
)
PARENT_IS_CHILD = Rule(
    "EPCIS-EVENT-04",
    ERROR,
    "An object cannot be its own parent.",
    "The parentID stands among the children of the same event.",
    "Check that the columns of child and parent are not exchanged.",
)
REPEATED_EPC = Rule(
    "EPCIS-EVENT-05",
    ERROR,
    "A list of EPCs names each object once.",
    "EPCIS, clause 7.4: the lists are unordered sets; the JSON Schema refuses repetitions (uniqueItems).",
    "Find out whether another serial number was meant; the gateway never drops one silently.",
)
DOCUMENTS_MISSING = Rule(
    "EPCIS-EVENT-06",
    ERROR,
    "A TransactionEvent names at least one business transaction.",
    "EPCIS, clause 7.4.5.",
    "Give the purchase order, despatch advice or invoice, or use an ObjectEvent.",
)
ILMD_MISPLACED = Rule(
    "EPCIS-EVENT-07",
    ERROR,
    "Instance and lot master data stand in the event that commissions the objects.",
    "EPCIS, clause 7.4.2: ilmd of an ObjectEvent only with the action ADD; the JSON Schema refuses it elsewhere.",
    "Move lot and expiry to the commissioning event.",
)
QUANTITY_FORM = Rule(
    "EPCIS-EVENT-08",
    ERROR,
    "A quantity is a decimal number that is not negative.",
    "EPCIS, clause 7.3.3.3. A QuantityEvent has a whole number (EPCIS 1.2, clause 7.4.4).",
    "Write digits with a point, without unit and without separators of thousands.",
)
UOM_FORM = Rule(
    "EPCIS-EVENT-09",
    WARNING,
    "A unit of measure is a code of UN/ECE Recommendation 20.",
    "EPCIS, clause 7.3.3.3; the JSON Schema wants two or three capital letters or digits.",
    "Write e.g. KGM, LTR, GRM; leave uom away where trade items are counted.",
)
UOM_ALONE = Rule(
    "EPCIS-EVENT-10",
    ERROR,
    "A unit of measure belongs to a quantity.",
    "The XML Schemas refuse a uom without quantity.",
    "Give the quantity or remove the unit.",
)
VALUE_EMPTY = Rule(
    "EPCIS-EVENT-11",
    ERROR,
    "A mandatory part of an event is not empty.",
    "An identifier, a type or a class that is present but has no text.",
    "Give the value, or leave the whole field away where it is optional.",
)
DECLARATION_TIME = Rule(
    "EPCIS-EVENT-12",
    ERROR,
    "An error declaration says when it was made.",
    "EPCIS, clause 7.4.1.3: declarationTime is mandatory.",
    "Give declarationTime.",
)
DISPOSITION_BOTH = Rule(
    "EPCIS-EVENT-13",
    ERROR,
    "A persistent disposition is either set or unset by an event, not both.",
    "EPCIS, clause 7.3.8.",
    "Remove it from one of the two lists.",
)

# --- identifiers ---

NOT_A_URI = Rule(
    "EPCIS-ID-01",
    ERROR,
    "An identifier in an event is a URI.",
    "EPCIS, clause 6.4: EPC URN, GS1 Digital Link or a URI of one's own; never a bare number.",
    "Write the number as EPC URN or Digital Link.",
)
CLASS_AS_INSTANCE = Rule(
    "EPCIS-ID-02",
    ERROR,
    "A list of EPCs and a parent hold identifiers of single objects.",
    "A class (GTIN without serial number), a lot or a party is not an object (EPCIS, clause 7.3.3).",
    "Add the serial number, or move the class to the quantity list.",
)
INSTANCE_AS_CLASS = Rule(
    "EPCIS-ID-03",
    ERROR,
    "A quantity is of a class or a lot, not of a single object.",
    "EPCIS, clause 7.3.3.3: epcClass is an LGTIN, a GTIN pattern or another class.",
    "Move the serialized object to the list of EPCs.",
)
LOCATION_KIND = Rule(
    "EPCIS-ID-04",
    ERROR,
    "A readPoint, a bizLocation and a source or destination of type location is an SGLN, or a URI that is no GS1 key.",
    "CBV, clause 8.3.",
    "Give the SGLN of the place.",
)
PARTY_KIND = Rule(
    "EPCIS-ID-05",
    ERROR,
    "A source or destination is a party or a place: a PGLN, an SGLN, or a URI that is no GS1 key.",
    "CBV, clauses 8.6 and 8.7. CBV 1.x names parties with SGLNs, CBV 2.0 with PGLNs.",
    "Give the GLN of the party as PGLN or SGLN.",
)
PLACE_AS_OBJECT = Rule(
    "EPCIS-ID-06",
    WARNING,
    "A list of EPCs holds things, not places.",
    "An SGLN is an EPC, but only in an AssociationEvent is a place an object.",
    "Check whether the readPoint stands in the wrong field.",
)

EPC_SCHEME = Rule(
    "EPCIS-ID-07",
    WARNING,
    "An EPC URN in an event is a pure identity of a known scheme.",
    "GS1 EPC Tag Data Standard, section 6.3. EPCIS, clause 6.4, does not allow tag and raw URIs.",
    "Write urn:epc:id:... of the object; check the spelling of the scheme.",
)

# --- vocabulary ---

BARE_WORD = Rule(
    "EPCIS-CBV-01",
    ERROR,
    "A bare word in a vocabulary field is a standard value of CBV.",
    "CBV, clause 7: a value that is not standard is a URI, so that its owner is known.",
    "Use the standard word, or write the own value as a URI under an own domain.",
)
NOT_STANDARD = Rule(
    "EPCIS-CBV-02",
    ERROR,
    "Only GS1 defines values under the prefixes of CBV.",
    "The value stands under urn:epcglobal:cbv: or https://ref.gs1.org/cbv/ but is not in the list of its field.",
    "Correct the spelling, or write the own value as a URI under an own domain.",
)

# --- time ---

TIME_FORM = Rule(
    "EPCIS-TIME-01",
    ERROR,
    "A time is an xsd:dateTime.",
    "EPCIS, clause 7.4.1: date, T, time with seconds, and a zone.",
    "Write e.g. 2026-03-01T13:45:00+01:00.",
)
OFFSET_FORM = Rule(
    "EPCIS-TIME-02",
    ERROR,
    "eventTimeZoneOffset has the form +hh:mm or -hh:mm.",
    "EPCIS, clause 7.4.1.2.",
    "Write e.g. +01:00; +00:00 instead of Z.",
)
TIME_NAIVE = Rule(
    "EPCIS-TIME-03",
    WARNING,
    "A time has a zone.",
    "EPCIS 2.0 requires it. EPCIS 1.x does not, but a time without zone says nothing to a reader elsewhere.",
    "Add the zone. The gateway uses eventTimeZoneOffset where a target needs one.",
)
OFFSET_DIFFERS = Rule(
    "EPCIS-TIME-04",
    INFO,
    "The zone of eventTime and eventTimeZoneOffset differ.",
    "It is legal: the offset is the local one of the place, eventTime may be written in UTC. Both are kept.",
    "Nothing to do, unless the offset is wrong.",
)
TIME_ORDER = Rule(
    "EPCIS-TIME-05",
    WARNING,
    "Nothing is recorded or declared wrong before it happened.",
    "recordTime and declarationTime are not before eventTime (EPCIS, clause 7.4.1).",
    "Check clock and zone of the line.",
)
TIME_UNSORTED = Rule(
    "EPCIS-TIME-06",
    INFO,
    "The events stand in the order of their times.",
    "EPCIS does not require it; some receivers process events as they stand. Reported once a document.",
    "Sort the events by eventTime if a receiver needs it.",
)
TIME_FUTURE = Rule(
    "EPCIS-TIME-07",
    WARNING,
    "An event is not in the future.",
    "EPCIS events say what has happened.",
    "Check clock and zone of the line.",
)
TIME_MIDNIGHT = Rule(
    "EPCIS-TIME-08",
    INFO,
    "The end of a day is written as the start of the next.",
    "24:00:00 is legal in EPCIS 1.x and not in 2.0, where the gateway writes the same instant.",
    "Nothing to do.",
)

# --- the story of a batch ---

COMMISSIONED_TWICE = Rule(
    "STORY-01",
    ERROR,
    "An object is commissioned once.",
    "Two objects with one serial number cannot be told apart; regulators refuse the second.",
    "Find the duplicate serial number at its source.",
)
TWO_PARENTS = Rule(
    "STORY-02",
    ERROR,
    "An object is in one container at a time.",
    "The child was packed into another parent and not unpacked from it.",
    "Correct the parent, or send the unpacking first.",
)
PACKED_AGAIN = Rule(
    "STORY-03",
    WARNING,
    "An object is packed into its container once.",
    "The child is in this parent already; the event changes nothing.",
    "Check whether the same aggregation was sent twice.",
)
PACKED_BEFORE_BORN = Rule(
    "STORY-04",
    WARNING,
    "An object is commissioned before it is packed.",
    "The eventTime of its commissioning is later than that of its packing.",
    "Check the times of the two events.",
)
PACKED_UNBORN = Rule(
    "STORY-05",
    WARNING,
    "What is packed was commissioned.",
    "The document commissions objects, but not these. They may have been commissioned in another document.",
    "Check that no serial number is missing or misspelt in the commissioning.",
)
USED_AFTER_END = Rule(
    "STORY-06",
    ERROR,
    "An object does nothing more after it was decommissioned.",
    "An ObjectEvent with the action DELETE ends the life of its objects (EPCIS, clause 7.3.2).",
    "Remove the object from the later event, or correct the decommissioning.",
)
UNPACKED_ELSEWHERE = Rule(
    "STORY-07",
    WARNING,
    "An object is unpacked from the container that it is in.",
    "The document packed the child into another parent.",
    "Correct the parent of the unpacking.",
)
OWN_ANCESTOR = Rule(
    "STORY-08",
    ERROR,
    "A container does not contain itself.",
    "The parent of this event is, over one or more levels, inside one of its children.",
    "Check that child and parent are not exchanged.",
)
EVENT_ID_TWICE = Rule(
    "STORY-09",
    ERROR,
    "An eventID names one event.",
    "EPCIS, clause 7.4.1: only an error declaration repeats the eventID of the event that it withdraws.",
    "Remove the repeated event, or give it its own eventID.",
)
STORY_CAPPED = Rule(
    "STORY-10",
    INFO,
    "Containers inside themselves are looked for among a limited number of nested containers.",
    "They must be looked at together, which takes memory. All other rules of the story have no such limit.",
    "Check the document in parts.",
)

#: What the text of the standard forbids and the official XML schemas let pass. Documents with it are in use and can be
#: said in every XML target; where JSON cannot say it, the writer of JSON refuses. `gateway validate` is strict.
LET_PASS: frozenset[str] = frozenset(
    rule.code
    for rule in (
        OBJECTS_MISSING,
        PARENT_MISSING,
        PARENT_IS_CHILD,
        REPEATED_EPC,
        ILMD_MISPLACED,
        DISPOSITION_BOTH,
        CLASS_AS_INSTANCE,
        INSTANCE_AS_CLASS,
        LOCATION_KIND,
        PARTY_KIND,
        NOT_STANDARD,
    )
)

RULES: tuple[Rule, ...] = (
    ACTION,
    OBJECTS_MISSING,
    PARENT_MISSING,
    PARENT_IS_CHILD,
    REPEATED_EPC,
    DOCUMENTS_MISSING,
    ILMD_MISPLACED,
    QUANTITY_FORM,
    UOM_FORM,
    UOM_ALONE,
    VALUE_EMPTY,
    DECLARATION_TIME,
    DISPOSITION_BOTH,
    NOT_A_URI,
    CLASS_AS_INSTANCE,
    INSTANCE_AS_CLASS,
    LOCATION_KIND,
    PARTY_KIND,
    PLACE_AS_OBJECT,
    EPC_SCHEME,
    BARE_WORD,
    NOT_STANDARD,
    TIME_FORM,
    OFFSET_FORM,
    TIME_NAIVE,
    OFFSET_DIFFERS,
    TIME_ORDER,
    TIME_UNSORTED,
    TIME_FUTURE,
    TIME_MIDNIGHT,
    COMMISSIONED_TWICE,
    TWO_PARENTS,
    PACKED_AGAIN,
    PACKED_BEFORE_BORN,
    PACKED_UNBORN,
    USED_AFTER_END,
    UNPACKED_ELSEWHERE,
    OWN_ANCESTOR,
    EVENT_ID_TWICE,
    STORY_CAPPED,
)
