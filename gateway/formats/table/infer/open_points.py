"""What a person has to know or decide besides the fields: unused columns, missing headers, company prefixes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from gateway import gs1
from gateway.formats.table.cells import header_key
from gateway.formats.table.infer import words
from gateway.formats.table.infer.looks import BARE_CODE
from gateway.formats.table.infer.proposal import Proposal
from gateway.formats.table.infer.role import DOCUMENTS, EMPTY, IGNORED, MIXED, PART, PARTIES, UNKNOWN, Role
from gateway.gs1.company_prefix import PUBLISHED

_LOOKED_AT = 500
#: Fields that say the same as an application identifier of a code.
_FIELD_OF = {"10": "lot", "11": "production", "17": "expiry"}
_SHORTEST_PREFIX = 4
_STRUCTURE = frozenset({"level", "parent", MIXED, PART})


def left_out(proposal: Proposal, roles: Sequence[Role]) -> None:
    """Say what becomes of the columns that made no field, unless they say nothing about what happened."""
    for role in roles:
        if proposal.fields_of(role) or role.kind in {*_STRUCTURE, *IGNORED, EMPTY}:
            continue
        header = role.look.header or f"column {role.look.index + 1}"
        if role.kind in DOCUMENTS:
            text = "a document's number needs the GLN of its issuer, and an event of shipping: it is not converted"
        elif role.doubt:
            text = role.doubt
        elif role.kind != UNKNOWN:
            text = f"this is the {role.title}, but no proposed event uses it: it is not converted"
        elif role.above:
            continue  # a title, or a label that nobody knows; each conversion says that it is not read
        else:
            text = "nothing says what this is: it is not converted, and each conversion says so"
        proposal.ask(header, text)


def codes(proposal: Proposal, roles: Sequence[Role], fields: Collection[str]) -> None:
    """Say what scanned codes hold besides GTIN and serial number, and no field reads."""
    for role in roles:
        if not proposal.fields_of(role) or role.kind not in {"code", "bare", MIXED}:
            continue
        found = {ai for text in role.look.distinct[:_LOOKED_AT] for ai in _further(text)}
        left = sorted(ai for ai in found if _FIELD_OF.get(ai) not in fields)
        if left:
            text = f"the codes hold {', '.join(f'({ai})' for ai in left)}, too: it is not converted"
            proposal.ask(role.look.header, text)


def _further(text: str) -> set[str]:
    """The application identifiers of a code besides those of its pack."""
    try:
        if "://" in text:
            link = gs1.read_digital_link(text)
            return {key for key, _ in link.extras if key.isdigit()} if link is not None else set()
        return {element.ai for element in gs1.parse_element_string(text)} - {"00", "01", "21"}
    except gs1.Gs1Error:
        return set()


def other_events(proposal: Proposal, roles: Sequence[Role], smallest: str, evidence: object) -> None:
    """Ask whether the proposed events are the right ones, where something speaks against them or nothing for them."""
    for role in roles:
        word = words.other_event(role.look.header)
        if word:
            text = (
                f"it says {word!r}, while making, packing and shipping is what is proposed: "
                "mappings/styles/returns.yaml and rework.yaml show other events"
            )
            proposal.ask(role.look.header or "events", text)
    if not evidence and smallest == "pack":
        proposal.ask("events", "nothing says what happened to the packs; commissioning is proposed")


def headers(proposal: Proposal, roles: Sequence[Role]) -> None:
    """Say which columns cannot be found by their header, because another has the same."""
    count = Counter(header_key(role.look.header) for role in roles if not role.above)
    for role in roles:
        if count[header_key(role.look.header)] > 1 and proposal.fields_of(role) and not role.above:
            text = "two columns have this header: rows cannot be read before one of them is renamed"
            proposal.ask(role.look.header, text)


def company_prefixes(proposal: Proposal, roles: Sequence[Role]) -> None:
    """Ask for company prefixes that the published table does not know."""
    used = [role for role in roles if proposal.fields_of(role)]
    unknown = [digits for role in used for digits in _digits(role) if not _known(digits)]
    if unknown:
        start = _common(unknown)
        begin = f"they begin with {start}" if len(start) >= _SHORTEST_PREFIX else "there are several"
        text = (
            f"the published table does not know the company prefix of the numbers ({begin}): "
            "give --set company-prefix=, or write it under company_prefixes"
        )
        proposal.ask("company prefix", text, "company-prefix")


def _digits(role: Role) -> Iterator[str]:
    """The digits of each number from the company prefix on."""
    for text in role.look.distinct[:_LOOKED_AT]:
        natures = role.look.natures.get(text, ())
        if "bare code" in natures and (match := BARE_CODE.match(text)):
            yield match[1][1:]
        elif "sgtin" in natures:
            yield gs1.Sgtin.parse(text).gtin[1:]
        elif "sscc" in natures and role.look.uris:
            yield gs1.Sscc.parse(text).sscc[1:]
        elif "sscc" in natures:
            yield text.removeprefix("(00)")[-18:][1:]
        elif role.kind in PARTIES:
            yield text
        elif role.kind in {"gtin", "outer gtin"} and text.isdigit():
            yield text.zfill(14)[1:]


def _known(digits: str) -> bool:
    try:
        PUBLISHED.length_of(digits)
    except gs1.Gs1Error:
        return False
    return True


def _common(numbers: Sequence[str]) -> str:
    """What all numbers begin with."""
    low, high = min(numbers), max(numbers)
    length = next((index for index, (a, b) in enumerate(zip(low, high, strict=False)) if a != b), len(low))
    return low[:length]
