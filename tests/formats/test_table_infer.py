"""Mappings that are proposed for unknown tables: they run as they are and give the events that are right."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gateway import gs1
from gateway.convert import Request, convert
from gateway.formats.table.infer import infer, render
from gateway.formats.table.mappings import load
from gateway.sources import Source

FOLDER = Path(__file__).resolve().parents[2] / "fixtures" / "infer"
AMOUNT = ("epcClass", "quantity", "uom")
NOW = "2026-01-01T00:00:00Z"
SAMPLES = sorted(path for path in FOLDER.iterdir() if path.suffix in {".csv", ".tsv", ".txt", ".xlsx"})


def proposed(sample: Path, tmp_path: Path):
    """Proposal, and the loaded mapping as it was written."""
    proposal = infer(Source.file(sample), f"new/{sample.stem}")
    path = tmp_path / "proposed.yaml"
    path.write_text(render(proposal), encoding="utf-8")
    return proposal, load(str(path))


def events(sample: Path, mapping, values: dict[str, str], tmp_path: Path) -> list[dict]:
    out = tmp_path / "out"
    out.mkdir()
    source = Source.file(sample)
    request = Request(
        source, to="epcis-2.0-json", from_="table", mapping=mapping, values=values, now="2026-01-01T00:00:00Z"
    )
    report = convert(request, out)
    assert not report.failed, [finding.message for finding in report.findings]
    document = json.loads(Path(report.outputs[0].path).read_bytes())
    return sorted((bare(event) for event in document["epcisBody"]["eventList"]), key=json.dumps)


def bare(event: dict) -> dict:
    """An event in the form of the expected files (fixtures/infer/kit.py)."""
    out = {
        "type": event["type"], "action": event["action"], "step": event["bizStep"],
        "disposition": event["disposition"], "time": event["eventTime"],
    }  # fmt: skip
    amounts = event.get("quantityList") or event.get("childQuantityList") or []
    parts = {
        "readPoint": event.get("readPoint", {}).get("id"),
        "bizLocation": event.get("bizLocation", {}).get("id"),
        "epcs": sorted(event.get("epcList", [])),
        "parent": event.get("parentID"),
        "children": sorted(event.get("childEPCs", [])),
        "amounts": sorted(
            " ".join(str(one[k]) for k in ("epcClass", "quantity", "uom") if k in one) for one in amounts
        ),
        "ilmd": {key.split(":")[-1]: value for key, value in event.get("ilmd", {}).items()},
        "transactions": [[one["type"], one["bizTransaction"]] for one in event.get("bizTransactionList", [])],
        "sources": [[one["type"], one["source"]] for one in event.get("sourceList", [])],
        "destinations": [[one["type"], one["destination"]] for one in event.get("destinationList", [])],
    }
    return dict(sorted((out | {key: value for key, value in parts.items() if value}).items()))


def test_there_are_samples_of_many_kinds() -> None:
    assert len(SAMPLES) >= 20
    assert {path.suffix for path in SAMPLES} == {".csv", ".tsv", ".txt", ".xlsx"}


def test_the_script_writes_what_is_committed(tmp_path: Path) -> None:
    for script in ("make.py", "make_more.py"):
        subprocess.run([sys.executable, FOLDER / script, tmp_path], check=True)
    made = sorted(path for path in tmp_path.iterdir() if path.is_file())
    assert len(made) == 3 * len(SAMPLES)
    for path in made:
        assert path.read_bytes() == (FOLDER / path.name).read_bytes(), path.name


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_the_proposal_runs_without_edits_and_gives_the_right_events(sample: Path, tmp_path: Path) -> None:
    proposal, mapping = proposed(sample, tmp_path)
    values = yaml.safe_load((FOLDER / f"{sample.name}.set.yaml").read_text("utf-8"))
    expected = json.loads((FOLDER / f"{sample.name}.events.json").read_bytes())
    actual = events(sample, mapping, values, tmp_path)
    assert actual == sorted((dict(sorted(event.items())) for event in expected), key=json.dumps)
    # What a person has to give is what the proposal asks for, no more. The table knows the example company prefix.
    assert set(proposal.settings) == set(values) - {"company-prefix"}


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_every_column_has_a_reason_and_what_is_not_sure_is_asked(sample: Path, tmp_path: Path) -> None:
    proposal, _ = proposed(sample, tmp_path)
    asked = {question.about for question in proposal.questions}
    for role in proposal.roles:
        assert role.reasons, role.look.header
        if role.doubt and proposal.fields_of(role):
            assert role.look.header in asked
    document = proposal.as_dict()
    assert json.loads(json.dumps(document)) == document
    assert len(document["columns"]) == len(proposal.roles)


SHIPPED = [
    ("mappings/styles/levels/report-vx2601.csv", "styles/levels", "Europe/Vienna"),
    ("mappings/styles/box-blocks/protocol-2026-10-05.xlsx", "styles/box-blocks", "Europe/Zurich"),
    ("mappings/styles/quantities/packing-2026-10-05.csv", "styles/quantities", "Europe/Zurich"),
    ("fixtures/mappings/acme-cmo/batch-us.csv", "acme-cmo/batch-us", "America/New_York"),
    ("fixtures/mappings/acme-cmo/batch-tr.xlsx", "acme-cmo/batch", "Europe/Berlin"),
]


@pytest.mark.parametrize(("name", "shipped", "zone"), SHIPPED, ids=[one[1] for one in SHIPPED])
def test_a_proposal_says_the_same_as_the_mapping_that_a_person_wrote(
    name: str, shipped: str, zone: str, tmp_path: Path
) -> None:
    sample = FOLDER.parents[1] / name
    _, mapping = proposed(sample, tmp_path)
    written = load(shipped)
    prefixes = ",".join(written.spec.company_prefixes)
    for folder in ("one", "other"):
        (tmp_path / folder).mkdir()
    ours = events(sample, mapping, {"company-prefix": prefixes, "time-zone": zone}, tmp_path / "one")
    theirs = events(sample, written, {}, tmp_path / "other")
    # The place is a constant that the person knew, and that the receiver becomes the owner; no column says it.
    places = {"readPoint", "bizLocation", "destinations"}
    stripped = [[{k: v for k, v in event.items() if k not in places} for event in some] for some in (ours, theirs)]
    assert stripped[0] == stripped[1]


def test_a_proposal_claims_its_own_sample(tmp_path: Path) -> None:
    for sample in SAMPLES:
        _, mapping = proposed(sample, tmp_path)
        source = Source.file(sample)
        claim = mapping.claims(source.head(), source.name, source)
        # A missing time comes from a setting; the header is found without it.
        assert claim, sample.name


def test_the_numbers_of_the_samples_are_right() -> None:
    text = (FOLDER / "de-protokoll.csv.events.json").read_text("utf-8")
    found = {part for event in json.loads(text) for part in [*event.get("epcs", []), *event.get("children", [])]}
    assert len(found) == 18
    for urn in found:
        gs1.parse_urn(urn)
