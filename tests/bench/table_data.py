"""CSV to EPCIS 1.2 XML against a bare ``csv.reader`` loop over the same file, in the same run.

``python tests/bench/table_data.py [ROWS]`` writes the input, measures both in processes of their own, and prints one
JSON object: CPU seconds, their ratio, peak memory. Limits: issue targets, ratio 3.5 and 64 MiB.
"""

from __future__ import annotations

import csv
import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

ROWS = 1_000_000
RATIO = 3.5
MEBIBYTES = 64
MAPPING = "acme-cmo/batch-us"
SETTINGS = {"event-time": "2026-11-20T08:00:00+01:00", "creation-date": "2026-11-22T00:00:00Z"}
PACKS_IN_CASE = 50
CASES_ON_PALLET = 40
ROWS_IN_LOT = 50_000
_GTIN = "08680001123452"
_HEADER = ["GTIN", "Serial Number", "Lot", "Expiration Date", "Case SSCC"]
_PALLET = "Pallet SSCC"


def generate(path: Path, rows: int = ROWS, *, pallets: bool = False, packs: int = PACKS_IN_CASE) -> None:
    """Write a batch sheet in the US dialect: about 73 bytes a row, `packs` in a case, all numbers synthetic."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*_HEADER, *([_PALLET] if pallets else [])])
        for number in range(rows):
            case = number // packs
            row = [_GTIN, _serial(number), f"LOT{number // ROWS_IN_LOT:06d}", "10/31/2029", _sscc(0, case)]
            if pallets:
                row.append(_sscc(1, case // CASES_ON_PALLET))
            writer.writerow(row)


def _serial(number: int) -> str:
    # Multiplying by a number that shares no divisor with the modulus mixes without repeating.
    return f"S{number * 7_919_317_001 % 10**15:015d}"


def _sscc(extension: int, number: int) -> str:
    digits = f"{extension}8680001{number:09d}"
    total = sum(int(digit) * (3 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(digits)))
    return f"{digits}{-total % 10}"


def bare(path: Path) -> None:
    """The yardstick: read every row and do nothing."""
    with path.open(encoding="utf-8", newline="") as stream:
        for _ in csv.reader(stream):
            pass


def convert(path: Path, target: Path) -> int:
    """The way of ``gateway convert`` without its command line; gives the number of error findings."""
    from gateway.formats import FORMATS
    from gateway.formats.base import Context
    from gateway.formats.table import load, read
    from gateway.options import Options
    from gateway.sources import Source

    context = Context(options=Options(SETTINGS), mapping=load(MAPPING))
    write = FORMATS.get("epcis-1.2-xml").write
    if write is None:
        message = "the format epcis-1.2-xml has no writer"
        raise RuntimeError(message)
    with target.open("wb") as stream:
        for block in write(read(Source.file(path), context), context):
            stream.write(block)
    return context.findings.errors


def measure(rows: int = ROWS, *, pallets: bool = False) -> dict[str, float]:
    """CPU seconds of both (the better of two runs), their ratio, peak memory in MiB and bytes written."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder, "batch.csv"), Path(folder, "batch.xml")
        generate(source, rows, pallets=pallets)
        runs = [(_child("bare", source), _child("convert", source, target)) for _ in range(2)]
        yardstick = min(bare_run["cpu"] for bare_run, _ in runs)
        ours = min((run for _, run in runs), key=lambda run: run["cpu"])
        return {
            "rows": rows,
            "bare_cpu": yardstick,
            "cpu": ours["cpu"],
            "ratio": round(ours["cpu"] / yardstick, 2),
            "mebibytes": ours["mebibytes"],
            "errors": ours["errors"],
            "bytes_in": source.stat().st_size,
            "bytes_out": target.stat().st_size,
        }


def _child(what: str, *paths: Path) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", what, *map(str, paths)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def peak_mebibytes() -> float:
    """Peak memory of this process. Linux counts the parent's memory into ru_maxrss of a child, but not here."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return round(int(line.split()[1]) / 1024, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20), 1)


def _report(errors: int) -> None:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    cpu = round(usage.ru_utime + usage.ru_stime, 3)
    print(json.dumps({"cpu": cpu, "mebibytes": peak_mebibytes(), "errors": errors}))


def main(arguments: list[str]) -> None:
    """Measure, or be one of the measured processes."""
    if arguments[:2] == ["--child", "bare"]:
        bare(Path(arguments[2]))
        _report(0)
    elif arguments[:2] == ["--child", "convert"]:
        _report(convert(Path(arguments[2]), Path(arguments[3])))
    else:
        rows = int(arguments[0]) if arguments else ROWS
        print(json.dumps(measure(rows), indent=2))


if __name__ == "__main__":
    main(sys.argv[1:])
