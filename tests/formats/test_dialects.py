"""What vendors make of EPCIS: read as they mean it, by rules that are named, reported and can be switched off."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.convert import Request, convert
from gateway.sources import Source


def run(path: Path, out: Path, target: str, **values: str):
    keys = {key.replace("_", "-"): value for key, value in values.items()}
    report = convert(Request(Source.file(path), to=target, values=keys, now="2026-03-02T11:00:00Z"), out)
    data = Path(report.outputs[0].path).read_bytes() if report.outputs else b""
    return data, [f.code for f in report.findings if f.code.startswith(("EPCIS-ILMD", "EPCIS-ACTION"))], report


@pytest.mark.parametrize(
    ("name", "values", "codes"),
    [
        ("optel", {}, ["EPCIS-ILMD-01"]),
        ("optel", {"legacy_ilmd": "keep"}, []),
        ("gs1ushc-in-ilmd", {}, ["EPCIS-ILMD-01"]),
        ("tracekey", {}, ["EPCIS-ACTION-01"]),
        ("tracekey", {"commissioning_action": "add"}, ["EPCIS-ACTION-02", "EPCIS-ILMD-01"]),
    ],
)
def test_a_dialect(fixtures: Path, tmp_path: Path, golden, name: str, values: dict[str, str], codes: list[str]) -> None:
    folder = fixtures / "formats" / "dialects"
    data, found, report = run(folder / f"{name}.xml", tmp_path, "epcis-2.0-json", layout="pretty", **values)
    assert sorted(found) == codes
    assert not report.failed
    suffix = "-".join([name, *(f"{value}" for value in values.values())])
    golden(folder / "expected" / f"{suffix}.jsonld", data)


def test_from_xml_to_xml_all_stays_at_its_place(fixtures: Path, tmp_path: Path) -> None:
    for name in ("optel", "gs1ushc-in-ilmd", "tracekey"):
        out = tmp_path / name
        out.mkdir()
        data, _, report = run(fixtures / "formats" / "dialects" / f"{name}.xml", out, "epcis-1.2-xml")
        assert b"cbvmda" not in data
        assert report.losses.count == 0


def test_lot_and_expiry_of_every_dialect_are_the_same(fixtures: Path, tmp_path: Path) -> None:
    """Whoever looks for lot and expiry finds them, whoever wrote them."""
    import json

    for name in ("optel", "gs1ushc-in-ilmd", "tracekey"):
        out = tmp_path / name
        out.mkdir()
        path = fixtures / "formats" / "dialects" / f"{name}.xml"
        data, _, _ = run(path, out, "epcis-2.0-json", commissioning_action="add")
        for event in json.loads(data)["epcisBody"]["eventList"]:
            ilmd = event["ilmd"]
            assert (ilmd["cbvmda:lotNumber"], ilmd["cbvmda:itemExpirationDate"]) == ("LOT-A1", "2028-02-29"), name


def test_a_dialect_becomes_a_message_of_tracelink(fixtures: Path, tmp_path: Path) -> None:
    values = {
        "sender": "9521321000018",
        "receiver": "9521321000025",
        "instance_identifier": "I-1",
        "packaging_levels": "0=EA",
        "production_line_id": "L1",
        "line_manager_name": "Manager",
        "country_drug_code": "US_NDC532:1234567890",
    }
    data, found, _ = run(fixtures / "formats" / "dialects" / "optel.xml", tmp_path, "tracelink-snx", **values)
    assert found == ["EPCIS-ILMD-01"]
    assert b"<cmn:LotNumber>LOT-A1</cmn:LotNumber><cmn:ExpirationDate>2028-02-29</cmn:ExpirationDate>" in data
