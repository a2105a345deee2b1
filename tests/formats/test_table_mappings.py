"""Mapping files: loading, names, and complaints that say where."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.errors import ConfigurationError, UsageError
from gateway.formats.table import RULES, all_mappings, load
from gateway.formats.table.references import SETTINGS
from gateway.resources import shipped

BATCH = shipped("mappings") / "acme-cmo" / "batch.yaml"


def broken(tmp_path: Path, old: str, new: str) -> str:
    text = BATCH.read_text("utf-8")
    assert old in text
    path = tmp_path / "x.yaml"
    path.write_text(text.replace(old, new, 1), "utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(str(path))
    return str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("version: 1", "verson: 1", "did you mean 'version'?"),
        ("transform: gtin", "transform: gtn", "there is no transform 'gtn'; did you mean 'gtin'?"),
        ("zone: Europe/Berlin", "zone: Europe/Berln", "there is no time zone"),
        ("otherwise: event-time", "otherwise: event-tim", "there is no setting 'event-tim'"),
        ("encoding: cp1252", "encoding: cp9999", "there is no encoding"),
        ("ilmd: {lotNumber: lot", "ilmd: {lotNumber: lott", "there is no field or constant 'lott'"),
        ("epcs: pack", "epcs: packs", "there is no object 'packs'; did you mean 'pack'?"),
        ("formats: [DD.MM.YYYY, MM.YYYY]", "formats: [DD.YYYY]", "needs YYYY"),
        ("transform: lot,", "transform: lot, zone: Europe/Paris,", "does not know 'zone'"),
        ("inside: pallet", "inside: pack", "smallest to the largest"),
        ("    children: pack\n", "    epcs: pack\n", "AggregationEvent needs parent and children"),
        ("counts: case", "counts: box", "there is no object 'box'"),
        ("action: ADD", "action: ADDED", "events.0.action"),
    ],
)
def test_complaints_name_file_line_and_key(tmp_path: Path, old: str, new: str, says: str) -> None:
    message = broken(tmp_path, old, new)
    assert says in message
    line = BATCH.read_text("utf-8").replace(old, new, 1).split("\n")
    numbers = [int(part.split(":")[1]) for part in message.split("\n") if part.startswith(str(tmp_path))]
    assert numbers
    assert all(1 <= number <= len(line) for number in numbers)


def test_a_complaint_points_at_the_line(tmp_path: Path) -> None:
    message = broken(tmp_path, "transform: gtin", "transform: gtn")
    wanted = next(n for n, line in enumerate(BATCH.read_text("utf-8").split("\n"), 1) if "transform: gtin" in line)
    assert message.startswith(f"{tmp_path / 'x.yaml'}:{wanted}: fields.gtin.transform:")


def test_a_workspace_wins_and_places_must_fit(tmp_path: Path) -> None:
    own = tmp_path / "acme-cmo"
    own.mkdir()
    (own / "batch.yaml").write_text(BATCH.read_text("utf-8").replace("version: 1", "version: 9"), "utf-8")
    assert load("acme-cmo/batch", [tmp_path]).spec.version == 9
    assert load("acme-cmo/batch").spec.version == 1
    (own / "other.yaml").write_text(BATCH.read_text("utf-8"), "utf-8")
    with pytest.raises(ConfigurationError, match="the file's place says 'acme-cmo/other'"):
        all_mappings([tmp_path])


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'acme-cmo/batch'"):
        load("acme-cmo/bach")
    with pytest.raises(ConfigurationError, match="No such file"):
        load("nowhere.yaml")


def test_every_shipped_mapping_loads_and_describes_itself() -> None:
    mappings = all_mappings()
    assert len(mappings) >= 2
    for mapping in mappings:
        assert mapping.title
        assert set(SETTINGS) <= set(mapping.settings)


def test_rules_have_unique_codes() -> None:
    assert len({rule.code for rule in RULES}) == len(RULES) >= 30


@pytest.mark.parametrize(
    ("right", "wrong", "near"),
    [
        ("biz_step: packing", "biz_step: pakcing", "there is no CBV bizStep 'pakcing'; did you mean 'packing'?"),
        ("disposition: active", "disposition: activ", "did you mean 'active'?"),
        ("type: desadv", "type: desdav", "there is no CBV bizTransactionType 'desdav'; did you mean 'desadv'?"),
        ("type: owning_party", "type: owner_party", "did you mean 'owning_party'?"),
    ],
)
def test_words_that_cbv_does_not_have_are_refused(tmp_path: Path, right: str, wrong: str, near: str) -> None:
    text = load("acme-cmo/batch").origin.read_text(encoding="utf-8")
    path = tmp_path / "batch.yaml"
    path.write_text(text.replace(right, wrong, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load(str(path))
    assert near in str(caught.value)
