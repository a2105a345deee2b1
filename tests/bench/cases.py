"""The comparisons that conversion must pass: every "must" of the targets, with its limit.

Ratios are CPU per MB of input against a yardstick in the same minute: ``xmllint --stream --noout`` where it is
installed, and a bare ``iterparse`` loop, which always is. Absolute speeds are shown, never judged.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import as2_data
import epcis_data
import scan_data
import table_data
from paired import Case

HERE = Path(__file__).parent
GATEWAY = (sys.executable, "-m", "gateway")
BARE = (sys.executable, str(HERE / "child.py"), "bare")
XMLLINT = ("xmllint", "--stream", "--noout")
SINGLE_MIB = 64.0
ONE_EVENT_MIB = 128.0
START_SECONDS = 0.30
JOBS = 2
JOBS_WALL = 0.71  # a speed-up of 1.4
WORKER_MIB = 80.0
XLSX_RATIO = 3.0
XLSX_ROWS = 200_000
ROWS = 1_000_000
AS2_MEGABYTES = (100, 1000)
AS2_RATIO = 2.0
#: Packs in a case: as many as an event may hold, as many as a shipping case does, and so few that cases are very many.
PACKS = (1000, 50, 10)

#: Targets that were never reached yet. Whoever reaches one takes it out of here, and from then on it must hold.
OPEN = frozenset(
    {
        "JSON-LD -> 1.2 XML / bare loop",
        "JSON-LD -> 2.0 XML / bare loop",
    }
)


def has_xmllint() -> bool:
    """Whether the first yardstick is installed."""
    return shutil.which(XMLLINT[0]) is not None


@dataclass(frozen=True, slots=True)
class Files:
    """The inputs, made once in one folder.

    Attributes:
        folder: where they are.
        events: size of the everyday file.
    """

    folder: Path
    events: int

    @property
    def mixed(self) -> Path:
        """The everyday file."""
        return self.folder / "mixed.xml"

    @property
    def json(self) -> Path:
        """Its twin in JSON-LD."""
        return self.folder / "mixed.jsonld"

    @property
    def small(self) -> Path:
        """A tenth of the everyday file."""
        return self.folder / "small.xml"

    @property
    def as2_megabytes(self) -> tuple[int, ...]:
        """Sizes of the payloads that are exchanged by AS2."""
        return AS2_MEGABYTES if self.events >= ROWS else AS2_MEGABYTES[:1]

    def path(self, name: str) -> Path:
        """Any other file."""
        return self.folder / name

    def make(self) -> None:
        """Write all of them."""
        epcis_data.mixed(self.mixed, self.events)
        epcis_data.mixed(self.small, self.events // 10)
        epcis_data.mixed(self.path("start.xml"), 100)
        epcis_data.mixed(self.path("fault.xml"), 100_000, fault_at=77_777)
        epcis_data.bulk(self.path("bulk.xml"), 1000)
        epcis_data.one(self.path("one.xml"), 100_000)
        for packs in PACKS:
            table_data.generate(self.path(f"batch-{packs}.csv"), ROWS, packs=packs)
        table_data.generate_xlsx(self.path("batch.xlsx"), XLSX_ROWS, packs=PACKS[0])
        scan_data.make(self.folder)
        for megabytes in self.as2_megabytes:
            as2_data.make(self.folder, megabytes)
            as2_data.squeeze_beforehand(as2_data.payload_in(self.folder, megabytes))


def convert(source: Path, target: str, *more: str) -> tuple[str, ...]:
    """The command line of one conversion."""
    return (*GATEWAY, "convert", str(source), "--to", target, "-q", "-o", str(source.parent / f"out.{target}"), *more)


def cases(files: Files) -> list[Case]:
    """All comparisons."""
    found = [*_xml(files), *_json(files), *_large_events(files), *_jobs(files)]
    found += _tables(files)
    found += _scans(files)
    found += _as2(files)
    start = convert(files.path("start.xml"), "epcis-2.0-json")
    found.append(Case("100 events, whole process", start, (), 0, 0, 100, "events", must_wall=START_SECONDS))
    return found


def _xml(files: Files) -> list[Case]:
    checked = (sys.executable, str(HERE / "child.py"), "checked", str(files.mixed), str(files.path("out")))
    commands = (
        ("1.2 XML -> JSON-LD", convert(files.mixed, "epcis-2.0-json"), 4.0, 2.5),
        ("1.2 XML -> 2.0 XML", convert(files.mixed, "epcis-2.0-xml"), 0, 0),
        ("1.2 XML -> JSON-LD with XSD", (*checked, "epcis-2.0-json"), 5.5, 0),
    )
    found = []
    for name, command, xmllint, bare in commands:
        if has_xmllint():
            yard = (*XMLLINT, str(files.mixed))
            found.append(Case(f"{name} / xmllint", command, yard, xmllint, SINGLE_MIB, files.events, "events"))
        if bare or not has_xmllint():
            yard = (*BARE, str(files.mixed))
            found.append(Case(f"{name} / bare loop", command, yard, bare, SINGLE_MIB, files.events, "events"))
    return found


def _json(files: Files) -> list[Case]:
    """No XML tool reads JSON, so the yardstick reads the twin, and each side counts by its own size."""
    yard, limit = ((*XMLLINT, str(files.mixed)), 4.0) if has_xmllint() else ((*BARE, str(files.mixed)), 2.5)
    scale = files.mixed.stat().st_size / files.json.stat().st_size
    against = "xmllint" if has_xmllint() else "bare loop"
    return [
        Case(
            f"JSON-LD -> {number} XML / {against}",
            convert(files.json, f"epcis-{number}-xml"),
            yard,
            limit,
            SINGLE_MIB,
            files.events,
            "events",
            scale,
        )
        for number in ("1.2", "2.0")
    ]


def _tables(files: Files) -> list[Case]:
    """A sheet whose events hold a thousand identifiers must be quick; those of small cases need no more memory."""
    settings = [part for key, value in table_data.SETTINGS.items() for part in ("--set", f"{key}={value}")]
    found = []
    for packs in PACKS:
        path = files.path(f"batch-{packs}.csv")
        command = convert(path, "epcis-1.2-xml", "--mapping", table_data.MAPPING, *settings)
        reader = (sys.executable, table_data.__file__, "--child", "bare", str(path))
        must = table_data.RATIO if packs == PACKS[0] else 0
        name = f"CSV -> 1.2 XML, {packs} packs a case / csv.reader"
        found.append(Case(name, command, reader, must, SINGLE_MIB, ROWS, "rows"))
    path = files.path("batch.xlsx")
    command = convert(path, "epcis-1.2-xml", "--mapping", table_data.MAPPING, *settings)
    reader = (sys.executable, table_data.__file__, "--child", "calamine", str(path))
    found.append(Case("XLSX -> 1.2 XML / calamine", command, reader, XLSX_RATIO, 0, XLSX_ROWS, "rows"))
    return found


def _jobs(files: Files) -> list[Case]:
    """Two processes against one, by the clock on the wall."""
    if (os.cpu_count() or 1) < JOBS:
        return []
    one = convert(files.mixed, "epcis-2.0-json")
    several = convert(files.mixed, "epcis-2.0-json", "--jobs", str(JOBS))
    name = f"1.2 XML -> JSON-LD, {JOBS} processes / 1, wall"
    return [Case(name, several, one, JOBS_WALL, WORKER_MIB, files.events, "events", on_wall=True)]


def _scans(files: Files) -> list[Case]:
    """All codes of a page, or the command fails: the mapping expects them."""
    more = ("--mapping", str(files.path(scan_data.MAPPING)), *scan_data.SETTINGS)
    return [
        Case(
            f"{scan_data.CODES} codes, {name}",
            convert(files.path(file), "epcis-2.0-json", *more),
            (),
            0,
            0,
            scan_data.CODES,
            "codes",
            must_wall=scan_data.SECONDS,
        )
        for name, file in (("A4 at 300 dpi", "scan.pdf"), ("fax of 204 x 98 dpi", "fax.tif"))
    ]


def _as2(files: Files) -> list[Case]:
    """Sign, encrypt and compress, then receive; against SHA-256, zlib and AES over the same bytes."""
    found = []
    for megabytes in files.as2_megabytes:
        path = str(as2_data.payload_in(files.folder, megabytes))
        command = (sys.executable, as2_data.__file__)
        for word, what in (("packed", "compressed"), ("plain", "not compressed")):
            case, yard = ((*command, end, path, word) for end in ("both", "bare-both"))
            name = f"AS2 {megabytes:,} MB, both ends, {what} / primitives"
            must = AS2_RATIO if word == "packed" else 0
            found.append(Case(name, case, yard, must, SINGLE_MIB, megabytes, "MB"))
    return found


def _large_events(files: Files) -> list[Case]:
    bulk, one = files.path("bulk.xml"), files.path("one.xml")
    return [
        Case(
            "bulk, 1000 EPC/event / bare loop",
            convert(bulk, "epcis-2.0-json"),
            (*BARE, str(bulk)),
            0,
            SINGLE_MIB,
            1_000_000,
            "EPCs",
        ),
        Case("one event, 100k EPC", convert(one, "epcis-2.0-json"), (), 0, ONE_EVENT_MIB, 100_000, "EPCs"),
    ]


if __name__ == "__main__":
    Files(Path(sys.argv[1]), int(sys.argv[2])).make()
