"""Writes ``docs/conversion.md``: what maps to what between the forms of EPCIS, and what each of them cannot hold.

Everything that the code decides comes from the code: orders and wrappers, mandatory keys, spellings, loss rules. What
is carried in each direction is not described but done: documents that hold every field are converted, and the losses
that the gateway reports are the table.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from gateway.convert import Request, convert
from gateway.epcis import rules as epcis_rules
from gateway.epcis.vocabulary import Field, Style, spell, words
from gateway.findings import LossMode, LossRule, LossSummary, Rule, by_code
from gateway.formats import FORMATS
from gateway.formats.epcis_json import losses as json_losses
from gateway.formats.epcis_json import rules as json_rules
from gateway.formats.epcis_xml import losses as xml_losses
from gateway.formats.epcis_xml import rules as xml_rules
from gateway.formats.epcis_xml.names import ELEMENTS, V1, V2, Version
from gateway.options import CBV, EPC, EVENT_ID, Setting
from gateway.resources import shipped
from gateway.sources import Source

ROOT: Final = Path(__file__).resolve().parent.parent
FULL_DOCUMENTS: Final = {
    "epcis-1.2-xml": "fixtures/formats/epcis_xml/every-field-1.2.xml",
    "epcis-2.0-xml": "fixtures/formats/epcis_xml/every-field-2.0.xml",
    "epcis-2.0-json": "fixtures/checks/epcis_json/every-key.jsonld",
}
TITLES: Final = {"epcis-1.2-xml": "1.2 XML", "epcis-2.0-xml": "2.0 XML", "epcis-2.0-json": "2.0 JSON"}
#: For headers that have to be built, as a user would give it.
PARTIES: Final = {"sender": "urn:epc:id:sgln:9521321.00000.0", "receiver": "urn:epc:id:sgln:9521321.00001.0"}

EVENTS: Final = {
    "ObjectEvent": "Something happened to single packs or quantities: commissioned, shipped, received, destroyed.",
    "AggregationEvent": "Packs were put into a container, or taken out of it.",
    "TransactionEvent": "Packs were tied to an order, a delivery note or another document.",
    "TransformationEvent": "Inputs were used up and outputs were made, as in repackaging.",
    "AssociationEvent": "Something was tied to a lasting thing, such as a sensor to a pallet. New in 2.0.",
    "QuantityEvent": "A number of packs of one product was seen. EPCIS 1.0; gone in 2.0.",
}
MEANINGS: Final = {
    "epc_list": "the packs, each with its serial number",
    "action": "ADD, OBSERVE or DELETE: begins, goes on, ends",
    "biz_step": "what was being done, e.g. shipping",
    "disposition": "the state after it, e.g. in transit",
    "read_point": "where it was seen",
    "biz_location": "where it is afterwards",
    "biz_transaction_list": "orders, delivery notes, invoices",
    "quantity_list": "products by lot or class, with quantity and unit",
    "source_list": "who hands over",
    "destination_list": "who takes over",
    "sensor_element_list": "measurements, e.g. temperature",
    "persistent_disposition": "states that last until they are unset",
    "ilmd": "facts of the lot or item: lot number, expiry (ILMD)",
    "parent_id": "the container",
    "parent_id AssociationEvent": "the lasting thing",
    "child_epcs": "the content, each with its serial number",
    "child_quantity_list": "the content by lot or class",
    "input_epc_list": "used up, each with its serial number",
    "input_quantity_list": "used up, by lot or class",
    "output_epc_list": "made, each with its serial number",
    "output_quantity_list": "made, by lot or class",
    "transformation_id": "ties inputs and outputs of several events",
    "epc_class": "the product",
    "quantity": "how many",
}
#: Fields that 1.2 does not have, with the rule that says what happens to them.
NOT_IN_1_2: Final = {
    "sensor_element_list": xml_losses.SENSOR_AND_PERSISTENT,
    "persistent_disposition": xml_losses.SENSOR_AND_PERSISTENT,
}
VOCABULARY: Final = {
    Field.BIZ_STEP: "business step",
    Field.DISPOSITION: "disposition",
    Field.BIZ_TRANSACTION_TYPE: "type of business document",
    Field.SOURCE_DESTINATION_TYPE: "type of party",
    Field.ERROR_REASON: "reason of a correction",
    Field.SENSOR_COMPONENT: "component of a measurement",
}
#: Rules under which a value is lost although values are to be carried: no legal place at all.
ALWAYS_LOST: Final = (xml_losses.COMMENT, xml_losses.CHARACTER, xml_losses.PART_ATTRIBUTE, epcis_rules.LINK_BESIDE_KEY)
RESPELT: Final = (
    xml_rules.NO_ZONE,
    xml_rules.MIDNIGHT,
    json_rules.UNIT_CASE,
    json_rules.PREFIX_RENAMED,
)
REFUSED: Final = (
    json_rules.UNSAYABLE,
    json_rules.NOT_A_URI,
    json_rules.VOCABULARY,
    json_rules.TIME,
    json_rules.REPEATED_EPC,
    json_rules.NUMBER,
    json_rules.UNIT,
    json_rules.CREATION_DATE,
)

INTRODUCTION: Final = """# Conversion between the forms of EPCIS

EPCIS is GS1's language for what happened to packs. It has three forms that are in use: **1.2 XML** (1.0 and 1.1 are
read as well), **2.0 XML** and **2.0 JSON**. The gateway reads each of them and writes each of them. This page says
where every part of an event stands in each form, and what one form cannot hold.

Three sentences to rely on:

* **Every value of the input is kept, carried or lost, and the report says which.** *Kept*: the target has a place
  for it. *Carried*: it has none, so the value stands in a vendor place that the target's standard allows; receivers
  that do not know it pass over it, and the gateway brings it back to its place on the way back. *Lost*: it is left
  out, and stands in full in the list of losses.
* **Nothing is invented.** No time, no identifier, no zone, no business step that the input does not have.
* **Digits stay.** `1.50` stays `1.50`, and a time keeps its fraction and its zone.

A document may come as it is, as gzip (`batch.xml.gz`), or in a zip file. Of a zip file the one EPCIS document is read,
other files in it are named in the report; a zip file with several documents is refused with their names. What it
unpacks to is bounded, archives inside archives are not read.

This page is written by `docs/conversion_page.py` from the tables that the gateway itself works with. The tables under
"What is carried, by direction" are the result of converting documents that hold every field.
"""


def page() -> str:
    """The page."""
    parts = [
        INTRODUCTION,
        _modes(),
        *_directions(),
        _always_lost(),
        *_events(),
        _base(),
        _header(),
        _spellings(),
        _settings(),
        _findings(),
        _all_rules(),
    ]
    return "\n".join(parts)


def _table(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    columns = list(columns)
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _modes() -> str:
    rows = [
        (LossMode.CARRY, "carried and listed; the default", "lost and listed, where not even a vendor place exists"),
        (LossMode.DROP, "lost and listed in full", "lost and listed in full"),
        (LossMode.FAIL, "nothing is written (exit code 3), everything is listed", "the same"),
    ]
    table = _table(
        ("mode", "a value without a place in the target", "a value without any legal place"),
        ((f"`--loss {mode.value}`", *rest) for mode, *rest in rows),
    )
    return f"""## The three modes

The mode is chosen with `--loss`, or by `loss` in an agreement.

{table}
The report counts and shows examples; with `--report FILE` every single value stands in `FILE.losses.jsonl`. A value
is listed also when all of it is kept but its meaning is said in another way: a QuantityEvent becomes an ObjectEvent.
"""


def _directions() -> Iterator[str]:
    yield "## What is carried, by direction\n"
    yield "Where a rule is not listed under a direction, that direction keeps what it is about at a standard place.\n"
    for source in FULL_DOCUMENTS:
        for target in FULL_DOCUMENTS:
            if source != target:
                yield _direction(source, target)


def _direction(source: str, target: str) -> str:
    rules = by_code([*xml_losses.LOSS_RULES, *json_losses.LOSS_RULES])
    outcomes = {mode: _losses(source, target, mode) for mode in (LossMode.CARRY, LossMode.DROP)}
    rows = []
    for code in sorted({summary.code for found in outcomes.values() for summary in found}):
        cells = [", ".join(sorted({s.outcome.value for s in found if s.code == code})) for found in outcomes.values()]
        example = next(s.field for found in outcomes.values() for s in found if s.code == code)
        rows.append((f"[{code}](#{code.lower()})", rules[code].title, f"`{example.replace('gwc:', '')}`", *cells))
    table = _table(("rule", "what", "for example", "with `carry`", "with `drop`"), rows)
    return f"### {TITLES[source]} to {TITLES[target]}\n\n{table}"


def _losses(source: str, target: str, mode: LossMode) -> list[LossSummary]:
    values = PARTIES if target.endswith("-xml") else {}
    request = Request(Source.file(ROOT / FULL_DOCUMENTS[source]), to=target, loss=mode, values=values)
    with tempfile.TemporaryDirectory() as folder:
        report = convert(request, Path(folder))
    if report.failed:
        message = f"{FULL_DOCUMENTS[source]} cannot be converted: {[str(finding) for finding in report.findings]}"
        raise ValueError(message)
    return list(report.losses.summaries.values())


def _always_lost() -> str:
    rows = ((f"[{rule.code}](#{rule.code.lower()})", rule.title, rule.explain) for rule in ALWAYS_LOST)
    table = _table(("rule", "what", "why"), rows)
    return f"""## What is lost even with `carry`

For these no legal place exists. They are listed in full; `--loss fail` refuses the file.

{table}"""


def _events() -> Iterator[str]:
    yield "## Where everything stands: events\n"
    yield (
        "XML has a fixed order, which the numbers give; the parts that all events have come first, vendor elements\n"
        'last. "in `extension`" means: inside the element of that name. JSON has no order; "always" marks keys that\n'
        "must be there. A field that is absent in the input stays absent.\n"
    )
    definitions = json.loads(shipped("xsd", *FORMATS.get("epcis-2.0-json").schema).read_text("utf-8"))["$defs"]
    for name, meaning in EVENTS.items():
        yield f"### {name}\n\n{meaning}\n"
        if name not in V1.orders:
            rule = xml_losses.ASSOCIATION
            yield f"1.2 does not have it: see [{rule.code}](#{rule.code.lower()}).\n"
        if name not in V2.orders:
            rule = xml_losses.QUANTITY_EVENT
            yield f"2.0 does not have it: see [{rule.code}](#{rule.code.lower()}).\n"
        fields = list(V2.orders.get(name, V1.orders.get(name, ())))
        rows = [
            (
                MEANINGS.get(f"{field} {name}", MEANINGS[field]),
                f"`{ELEMENTS[field]}`",
                _xml_place(V1, name, field),
                _xml_place(V2, name, field),
                _json_place(definitions, name, field),
            )
            for field in fields
        ]
        yield _table(("what", "name", "1.2 XML", "2.0 XML", "2.0 JSON"), rows)
        if name in definitions:
            yield "".join(
                f"JSON asks for: {rule['title']}.\n" for rule in definitions[name]["allOf"] if "title" in rule
            )


def _xml_place(version: Version, event: str, field: str) -> str:
    if event not in version.orders:
        return "with the event" if version is V1 else "in an ObjectEvent"
    order, wrapped = version.orders[event], version.wrapped.get(event, ())
    if field in order:
        always = ", always, even when empty" if version.mandatory_lists.get(event) == field else ""
        return f"{order.index(field) + 1}{always}"
    if field in wrapped:
        return f"in `extension`, {wrapped.index(field) + 1}"
    rule = NOT_IN_1_2[field]
    return f"none: [{rule.code}](#{rule.code.lower()})"


def _json_place(definitions: dict[str, Any], event: str, field: str) -> str:
    if event not in definitions:
        return "in an ObjectEvent"
    definition, shared = definitions[event], definitions["business"]
    key = ELEMENTS[field]
    if key not in definition["properties"] and key not in shared["properties"]:
        message = f"the JSON Schema lacks {key} in {event}"
        raise LookupError(message)
    return "always" if key in definition.get("required", ()) else "yes"


def _base() -> str:
    certification = xml_losses.CERTIFICATION
    rows = (
        ("when it happened", "`eventTime`", "1", "1, zone needed", "always, zone needed"),
        ("when a system recorded it", "`recordTime`", "2", "2", "yes"),
        ("the local zone", "`eventTimeZoneOffset`", "3", "3", "always; `Z` is written `+00:00`"),
        ("the event's own number", "`eventID`", "in `baseExtension`, 1", "4", "yes"),
        ("that the event was wrong", "`errorDeclaration`", "in `baseExtension`, 2", "5", "yes, needs its time"),
        (
            "certificates",
            "`certificationInfo`",
            f"none: [{certification.code}](#{certification.code.lower()})",
            "6, one only",
            "one or a list",
        ),
    )
    return "### What all events have\n\n" + _table(("what", "name", "1.2 XML", "2.0 XML", "2.0 JSON"), rows)


def _header() -> str:
    remainder = json_losses.SBDH_REMAINDER
    link = f"[{remainder.code}](#{remainder.code.lower()})"
    rows = (
        ("sender, receiver, number of the message", "in the StandardBusinessDocumentHeader (SBDH)", "the same",
         "`sender`, `receiver`, `instanceIdentifier`; one each"),
        ("the rest of the SBDH", "yes", "yes", f"none: {link}"),
        ("master data: names, addresses, products", "yes", "yes", "`epcisHeader.epcisMasterData`"),
        ("date of the document", "`creationDate`", "`creationDate`", "`creationDate`, zone needed"),
        ("results of a query", "`EPCISQueryDocument`", "`EPCISQueryDocument`", "`EPCISQueryDocument`"),
        ("vendor content", "with a namespace, or inside `extension`", "the same, but not in the header itself",
         "keys `prefix:name`, declared in `@context`"),
    )  # fmt: skip
    return "## Where everything stands: document\n\n" + _table(("what", "1.2 XML", "2.0 XML", "2.0 JSON"), rows)


def _spellings() -> str:
    rows = []
    for field, meaning in VOCABULARY.items():
        word = words(field)[0]
        urn = spell(field, word, Style.URN)
        shown = "none" if urn == word else f"`{urn}`"
        rows.append((meaning, str(len(words(field))), shown, f"`{spell(field, word, Style.URI)}`", f"`{word}`"))
    table = _table(("field", "standard words", "1.2 XML", "2.0 XML, also as in 1.2", "2.0 JSON"), rows)
    return f"""## Spelling of standard values

GS1's Core Business Vocabulary (CBV) defines words for steps, states and types. Each form spells them in its own way;
they mean the same. The gateway reads every spelling in every form and writes the target's own (2.0 XML allows
several, so there the spelling of the input stays). Values of a company's own, which are URIs, are never touched. The
first word of each list, as an example:

{table}"""


def _settings() -> str:
    def choices(setting: Setting) -> str:
        return ", ".join(f"`{choice}`" for choice in setting.choices)

    rows = ((f"`--set {s.key}=`", s.title, choices(s), f"`{s.default}`") for s in (EPC, CBV, EVENT_ID))
    table = _table(("setting", "what", "choices", "unless set"), rows)
    rule = epcis_rules.LINK_BESIDE_KEY
    return f"""## Identifiers and other choices

A pack's identifier can be written as an EPC URN (`urn:epc:id:sgtin:...`) or as a GS1 Digital Link
(`https://id.gs1.org/01/...`). As long as nobody asks, identifiers stay as they are. From a Digital Link to a URN the
length of the GS1 company prefix must be known; it is never guessed. What a Digital Link says beside its key is
reported under [{rule.code}](#{rule.code.lower()}).

{table}"""


def _findings() -> str:
    def rows(rules: Iterable[Rule]) -> Iterator[tuple[str, str, str]]:
        return ((f"[{rule.code}](rules.md#{rule.code.lower()})", rule.title, rule.explain) for rule in rules)

    columns = ("rule", "what", "why")
    return f"""## What is written in another way

These values change their form and not their meaning; each is reported.

{_table(columns, rows(RESPELT))}
## What is refused

JSON asks for more than XML does. An event that breaks one of these cannot be written as JSON; it is an error in any
mode, for the gateway would have to invent or drop something.

{_table(columns, rows(REFUSED))}"""


def _all_rules() -> str:
    """Every rule under which a value can be carried or lost."""
    rules: list[LossRule] = [*xml_losses.LOSS_RULES, *json_losses.LOSS_RULES, *epcis_rules.LOSS_RULES]
    parts = ["## All rules of loss\n", "The codes stand in reports and never change their meaning.\n"]
    parts += [f"### {rule.code}\n\n{_sentence(rule.title)} {rule.explain}\n" for rule in sorted(rules, key=_code)]
    return "\n".join(parts).rstrip("\n") + "\n"


def _code(rule: LossRule) -> str:
    return rule.code


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."
