"""docs/edi.md: its mapping works, its columns are made so, and all settings stand there."""

from __future__ import annotations

import io
import re
from pathlib import Path

import yaml

from gateway.formats.edi import edifact_syntax, x12_syntax
from gateway.formats.edi.columns import EDIFACT_FORMS, X12_FORMS, occurrences
from gateway.formats.edi.x12_settings import WRITER_SETTINGS
from gateway.formats.table import load
from gateway.formats.table.carriers.edi import X12

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "edi.md").read_text("utf-8")
ISA = "ISA*00*          *00*          *ZZ*MYCMO          *ZZ*RECEIVER       *261005*1015*^*00501*000000001*0*P*:~"


def test_the_mapping_on_the_page_works(tmp_path: Path) -> None:
    text = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1]
    file = tmp_path / "my-cmo" / "asn.yaml"
    file.parent.mkdir()
    file.write_text(text)
    mapping = load("my-cmo/asn", [tmp_path])
    assert mapping.name == yaml.safe_load(text)["mapping"]
    data = ISA + "GS*SH*S*R*20261005*1015*1*X*005010~ST*856*0001~BSN*00*N1~HL*1**S~"
    assert X12.head(data.encode(), None, mapping.spec, 5)
    assert not X12.head(data.replace("MYCMO", "OTHER").encode(), None, mapping.spec, 5)


def test_the_columns_on_the_page_are_those_that_are_made() -> None:
    rows = re.findall(r"^\| `([^`]+)`[^|]*\| `([a-z]+)\.([^|]*)\|", PAGE, re.MULTILINE)
    assert len(rows) >= 14
    for segment, _, columns in rows:
        named = {name.rpartition("/")[2] for name in re.findall(r"`?(?:[a-z]+\.)?([A-Z][^`,]*)`", columns)}
        if "+" in segment:
            stream = io.BytesIO(f"UNB+UNOC:3+S+R+D+1'{segment}'".encode())
            read, forms = list(edifact_syntax.segments(stream, "f"))[-1], EDIFACT_FORMS
        else:
            read, forms = list(x12_syntax.segments(io.BytesIO(f"{ISA}{segment}~".encode()), "f"))[-1], X12_FORMS
        made = {name for _, values in occurrences(read, forms) for name in values}
        assert named & made, (segment, named, made)
        assert named - made <= {"DTM*171*102"}, (segment, named, made)


def test_all_settings_of_the_writer_are_on_the_page() -> None:
    assert {setting.key for setting in WRITER_SETTINGS} <= set(re.findall(r"`(x12-[a-z-]+)", PAGE))
