"""The plugin door: lazy, strict, one clear error."""

from __future__ import annotations

from importlib.metadata import EntryPoint

import pytest

from gateway.errors import PluginError, UsageError
from gateway.formats import FORMATS
from gateway.formats.base import Format
from gateway.plugins import Registry

GROUP = "gateway.formats"


def registry(*points: tuple[str, str], built_in: dict[str, str] | None = None) -> Registry[Format]:
    own = {"own": f"{__name__}:OWN"} if built_in is None else built_in
    return Registry(GROUP, "format", Format, own, [EntryPoint(name, value, GROUP) for name, value in points])


OWN = Format("own", "Ours", ".own")
STRANGER = Format("stranger", "Theirs", ".their")
WRONG_KEY = Format("else", "Calls itself else", ".x")
NOT_A_FORMAT = 3


@pytest.fixture(autouse=True)
def importable(monkeypatch):
    """Make this test module importable under its own name, as an installed plugin would be."""
    import sys

    monkeypatch.setitem(sys.modules, __name__, sys.modules[__name__])


def test_a_stranger_stands_beside_the_built_ins(monkeypatch):
    formats = registry(("stranger", f"{__name__}:STRANGER"))
    assert formats.keys() == ["own", "stranger"]
    assert formats.get("stranger") is STRANGER
    assert [f.key for f in formats] == ["own", "stranger"]
    assert "stranger" in formats
    assert "nobody" not in formats


@pytest.mark.parametrize(
    ("points", "key", "text"),
    [
        ([("own", "other:X")], "own", "two plugins offer the format 'own': the gateway itself and other:X"),
        ([("a", "m:X"), ("a", "n:X")], "a", "two plugins offer the format 'a': m:X and n:X"),
        ([("a", "no_such_module_at_all:X")], "a", "cannot be loaded: ModuleNotFoundError"),
        ([("a", f"{__name__}:MISSING")], "a", "cannot be loaded: AttributeError"),
        ([("a", f"{__name__}:NOT_A_FORMAT")], "a", "is a int, not a Format"),
        ([("a", f"{__name__}:WRONG_KEY")], "a", "calls itself 'else'"),
    ],
)
def test_a_bad_plugin_stops_the_run_with_one_clear_error(points, key, text):
    with pytest.raises(PluginError) as caught:
        registry(*points).get(key)
    assert text in str(caught.value)
    assert caught.value.exit_code == 4


def test_an_unknown_key_is_answered_with_the_nearest_and_the_list():
    with pytest.raises(UsageError) as caught:
        FORMATS.get("epcis-1.2-xm")
    assert caught.value.message == "there is no format 'epcis-1.2-xm'"
    assert caught.value.hint.startswith("did you mean 'epcis-1.2-xml'? known: epcis-1.2-xml, epcis-2.0-xml")


def test_every_built_in_format_loads_and_describes_itself():
    keys = [format_.key for format_ in FORMATS]
    assert keys[:4] == ["epcis-1.2-xml", "epcis-2.0-xml", "epcis-2.0-json", "table"]
    for format_ in FORMATS:
        assert format_.title
        assert format_.read or format_.write
