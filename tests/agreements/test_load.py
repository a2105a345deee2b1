"""Agreements are refused with file, line, key and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.agreements.load import Agreements, load
from gateway.agreements.model import Retry
from gateway.cli.init import command as init
from gateway.errors import ConfigurationError
from gateway.formats.base import Limits
from gateway.settings import load as load_settings

GOOD = """\
partner:
  id: acme
  name: ACME Packaging Ltd
  gln: "0614141000005"
channels:
  - id: acme-in
    transport: folder
    settings:
      path: data/in
    schedule:
      cron: "*/5 * * * *"
    time-zone: Europe/Berlin
    mappings: [acme-cmo/batch]
    limits: {input-bytes: 1000, rows: 10}
    targets: [one]
targets:
  - id: one
    to: epcis-1.2-xml
    transport: folder
    settings: {path: data/one}
    name: "{stem}-{date}-{message}{suffix}"
    set: {creation-date: "2026-01-01T00:00:00Z"}
    loss: drop
  - id: two
    partner: wholesaler
    to: tr-pts
    transport: sftp
    settings:
      host: sftp.example.com
      username: gateway
      path: out
      password: env:SFTP_PASSWORD
      host-key-fingerprints: ["SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"]
"""


def read(root: Path, **files: str) -> Agreements:
    (root / "agreements").mkdir(exist_ok=True)
    (root / "gateway.toml").write_text(files.pop("settings", ""))
    for name, text in files.items():
        (root / "agreements" / f"{name}.yaml").write_text(text)
    return load(load_settings(root))


def complaints(root: Path, **files: str) -> list[str]:
    with pytest.raises(ConfigurationError) as error:
        read(root, **files)
    return error.value.message.splitlines()


def test_a_good_agreement(tmp_path: Path) -> None:
    text = GOOD[: GOOD.index("  - id: two")]
    agreements = read(tmp_path, acme=text, settings="[limits]\nrows = 99\ndepth = 5\n")
    agreement, channel = agreements.channel("acme-in")
    assert (agreement.partner.id, channel.id, channel.settings.path) == ("acme", "acme-in", tmp_path / "data" / "in")
    assert [target.id for target in agreement.targets_of(channel)] == ["one"]
    assert agreements.target("one").receiver == "one"
    assert agreements.limits["acme-in"] == Limits(input_bytes=1000, rows=10, depth=5)
    assert [mapping.name for mapping in agreements.mappings["acme-in"]] == ["acme-cmo/batch"]
    assert agreements.files == {"agreements/acme.yaml": text, "gateway.toml": "[limits]\nrows = 99\ndepth = 5\n"}
    with pytest.raises(ConfigurationError, match="no agreement has the target 'gone' any more"):
        agreements.target("gone")


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (
            "id: acme\n",
            "id: Acme\n",
            "2: partner.id: 'Acme' is no id: use small letters, digits and hyphens, at most 63",
        ),
        (
            "0614141000005",
            "0614141000006",
            "4: partner.gln: '0614141000006' is no GLN: 13 digits, the last one the check digit",
        ),
        ("    time-zone", "    timezone", "12: channels.0.timezone: unknown key, did you mean 'time-zone'?"),
        (
            "Europe/Berlin",
            "Europe/Berlim",
            "12: channels.0.time-zone: there is no time zone 'Europe/Berlim'; write an IANA name, e.g. Europe/Berlin",
        ),
        (
            '"*/5 * * * *"',
            '"*/5 * * *"',
            "10: channels.0.schedule: a cron line has 5 fields (minute hour day month weekday), this has 4",
        ),
        ('cron: "*/5 * * * *"', "{}", None),
        (
            "transport: folder\n    settings:",
            "transport: foldr\n    settings:",
            "7: channels.0.transport: there is no transport 'foldr', did you mean 'folder'?",
        ),
        (
            "path: data/in",
            "pathh: data/in",
            "9: channels.0.settings.pathh: unknown key, did you mean 'path'?",
        ),
        ("acme-cmo/batch]", "acme-cmo/none]", None),
        (
            "input-bytes",
            "input-byte",
            "14: channels.0.limits.input-byte: there is no limit 'input-byte', did you mean 'input-bytes'?",
        ),
        (
            "targets: [one]",
            "targets: [won]",
            "15: channels.0.targets.0: there is no target in this agreement 'won', did you mean 'one'?",
        ),
        (
            "to: epcis-1.2-xml",
            "to: epcis-1.3-xml",
            "18: targets.0.to: there is no format or market message to write 'epcis-1.3-xml', did you mean",
        ),
        (
            "to: epcis-1.2-xml",
            "to: table",
            "18: targets.0.to: 'table' is written through a mapping: name it with `mapping`",
        ),
        (
            "to: epcis-1.2-xml",
            "to: table\n    mapping: acme-cmo/bacth",
            "19: targets.0.mapping: there is no mapping 'acme-cmo/bacth' (did you mean 'acme-cmo/batch'?",
        ),
        (
            "to: epcis-1.2-xml",
            "to: epcis-1.2-xml\n    mapping: acme-cmo/batch",
            "19: targets.0.mapping: 'epcis-1.2-xml' is written without a mapping",
        ),
        (
            "{stem}-{date}",
            "{stem}-{now}",
            "21: targets.0.name: unknown placeholder {now}; known: stem, suffix, message, date, target, index",
        ),
        (
            "{stem}-{date}",
            "{stem.upper}",
            "21: targets.0.name: unknown placeholder {stem.upper}; known: stem, suffix, message, date, target, index",
        ),
        (
            "{stem}-{date}",
            "a/{stem}",
            "21: targets.0.name: a file name must not be empty or hold a path separator",
        ),
        (
            "creation-date:",
            "creation-dat:",
            "22: targets.0.set: nothing in this conversion knows the setting 'creation-dat' (did you mean 'creation-d",
        ),
        (
            "loss: drop",
            "loss: lose",
            "23: targets.0.loss: Input should be 'carry', 'drop' or 'fail', not 'lose'",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, old: str, new: str, complaint: str | None) -> None:
    assert old in GOOD
    text = GOOD[: GOOD.index("  - id: two")].replace(old, new, 1)
    found = complaints(tmp_path, acme=text)
    if complaint:
        assert any(line.startswith(f"agreements/acme.yaml:{complaint}") for line in found), found
    assert found


def test_a_secret_by_value_is_refused_and_not_repeated(tmp_path: Path) -> None:
    found = complaints(tmp_path, acme=GOOD.replace("env:SFTP_PASSWORD", "hunter2"))
    secrets = [line for line in found if "password" in line]
    assert secrets[0].startswith(
        "agreements/acme.yaml:32: targets.1.settings.password: a secret must be given by reference"
    )
    assert "hunter2" not in "".join(found)


def test_everything_is_said_at_once_and_ids_are_unique_over_files(tmp_path: Path) -> None:
    text = GOOD[: GOOD.index("  - id: two")]
    found = complaints(tmp_path, a=text, b=text, c=text.replace("loss: drop", "loss: x"))
    assert found == [
        "agreements/c.yaml:23: targets.0.loss: Input should be 'carry', 'drop' or 'fail', not 'x'",
        "agreements/b.yaml:6: channels.0.id: the channel 'acme-in' stands in agreements/a.yaml:6 already",
        "agreements/b.yaml:17: targets.0.id: the target 'one' stands in agreements/a.yaml:17 already",
        "agreements/b.yaml:2: partner.id: the partner 'acme' stands in agreements/a.yaml:2 already",
    ]


def test_limits_of_the_workspace_are_checked_too(tmp_path: Path) -> None:
    text = GOOD[: GOOD.index("  - id: two")]
    assert complaints(tmp_path, acme=text, settings="[limits]\nrowz = 1\n") == [
        "gateway.toml: limits.rowz: there is no limit 'rowz', did you mean 'rows'?"
    ]


def test_a_workspace_without_agreements(tmp_path: Path) -> None:
    assert "holds no agreement" in complaints(tmp_path)[0]


def test_the_example_of_init_is_right(tmp_path: Path) -> None:
    result = CliRunner().invoke(init, [str(tmp_path / "ws")], catch_exceptions=False)
    assert result.exit_code == 0
    agreements = load(load_settings(tmp_path / "ws"))
    assert [channel.id for _, channel in agreements.channels()] == ["example-in"]


def test_waits_grow_end_and_are_spread() -> None:
    retry = Retry(attempts=5, first=10, factor=3, longest=100)
    assert [retry.wait(n, 0) for n in range(1, 6)] == [10, 30, 90, 100, None]
    assert retry.wait(1, 1) == 12.5


TWO = """\
partner: {id: acme}
channels:
  - {id: one, transport: folder, settings: {path: data/in}}
  - {id: two, transport: folder, settings: {path: data/out/../in/}}
targets:
  - {id: t, to: epcis-2.0-json, transport: folder, settings: {path: data/out}}
"""


def test_two_channels_must_not_take_the_same_files(tmp_path: Path) -> None:
    (found,) = complaints(tmp_path, acme=TWO)
    assert found == (
        "agreements/acme.yaml:4: channels.1.settings: channel 'one' (agreements/acme.yaml:3)"
        " takes the same files of this folder; give both their own `patterns`"
    )
    parted = TWO.replace("path: data/in}", 'path: data/in, patterns: ["*.csv"]}')
    assert complaints(tmp_path, acme=parted)
    parted = parted.replace("in/}", 'in/, patterns: ["*.xml"]}')
    assert len(list(read(tmp_path, acme=parted).channels())) == 2
    left = parted.replace('["*.xml"]', '["*"], ignore: ["*.CSV"]')
    assert len(list(read(tmp_path, acme=left).channels())) == 2


def test_what_is_delivered_must_not_come_in_again(tmp_path: Path) -> None:
    loop = TWO.replace("in/}", "in/x}").replace("data/out}", "data/in}")
    (found,) = complaints(tmp_path, acme=loop)
    assert found == (
        "agreements/acme.yaml:6: targets.0.settings: channel 'one' collects from this folder:"
        " what is delivered would come in again; use another one"
    )
    on = loop.replace("settings: {path: data/in}}", "settings: {path: data/in}, targets: [u]}", 1)
    on += "  - {id: u, to: epcis-2.0-json, transport: folder, settings: {path: data/u}}\n"
    on = on.replace("in/x}}", "in/x}, targets: [t]}")
    assert read(tmp_path, acme=on).target("t")  # from one channel into the folder of another one


def test_a_tab_is_called_a_tab(tmp_path: Path) -> None:
    (found,) = complaints(tmp_path, acme="partner: {id: acme}\nchannels:\n\t- id: x\n")
    assert found == "agreements/acme.yaml:3: not YAML: a tab stands where YAML wants spaces"
