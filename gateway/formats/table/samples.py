"""Where the samples of a mapping lie: in the folder of its name, beside its file.

``acme-cmo/batch.yaml`` has its samples in ``acme-cmo/batch/``. Beside a sample stand what is expected of it
(``.expected.jsonld``, absent when it is refused; ``.findings.txt``, absent when nothing is to be said) and the
settings that it needs (``.set.yaml``).
"""

from __future__ import annotations

from pathlib import Path

from gateway import yamlfile
from gateway.errors import ConfigurationError
from gateway.formats.table.mappings import Mapping

EXPECTED, FINDINGS, SET = ".expected.jsonld", ".findings.txt", ".set.yaml"
_BESIDE = (EXPECTED, FINDINGS, SET)


def samples_of(mapping: Mapping) -> list[Path]:
    """The samples of a mapping, by name; none when it has no folder."""
    folder = mapping.origin.with_suffix("")
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return [path for path in files if path.is_file() and not path.name.endswith(_BESIDE) and path.name[0] != "."]


def beside(sample: Path, suffix: str) -> Path:
    """The file of this kind that belongs to a sample."""
    return sample.with_name(sample.name + suffix)


def settings_of(sample: Path) -> dict[str, str]:
    """The settings that a sample needs, as ``--set`` would give them.

    Raises:
        ConfigurationError: the file is no list of keys and texts.
    """
    path = beside(sample, SET)
    if not path.exists():
        return {}
    value, _ = yamlfile.parse(path.read_bytes(), str(path))
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        message = f'{path}: needs settings and their values as quoted texts, one a line: time-zone: "Europe/Berlin"'
        raise ConfigurationError(message)
    return value
