"""The one entry of all benchmarks: ``make bench``, or ``python tests/bench/run.py [--full] [--pairs N]``.

Prints a table, writes ``tests/bench/results/latest.json``, and ends with 1 when a limit that has been reached once does
not hold any more. Limits that were never reached yet are in `cases.OPEN` and shown as missed. Ratios and memory are
judged; events a second are shown only, since they depend on the machine and its other users.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from cases import GATEWAY, OPEN, SINGLE_MIB, Files, cases, convert, has_xmllint  # noqa: E402
from paired import Result, measure, run_once  # noqa: E402

QUICK, FULL = 100_000, 1_000_000
TIME_GROWTH, MEMORY_GROWTH_MIB = 1.15, 5.0
FAULT_EVENT, FAULT_CODE = 77_777, 1
STORE = "hierarchy store"
MARKETS = "market messages"
AS2_SERVER = "AS2 server: 1,000 messages of 100 kB, signed receipts"
COLUMNS = "{:44} {:>7} {:>6} {:>9} {:>7} {:>7} {:>12}  {}"


def main(arguments: list[str]) -> int:
    """Run everything; gives the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help=f"{FULL:,} events instead of {QUICK:,}")
    parser.add_argument("--pairs", type=int, default=3, help="runs of each comparison")
    parser.add_argument("--only", default="", help="only comparisons whose name holds this text")
    options = parser.parse_args(arguments)
    if not has_xmllint():
        print("xmllint is not installed; the bare iterparse loop is the only yardstick")
    print(COLUMNS.format("what", "ratio", "must", "MiB", "must", "wall s", "a second", ""))
    results: list[Result] = []
    with tempfile.TemporaryDirectory() as folder:
        files = Files(Path(folder), FULL if options.full else QUICK)
        # In a process of its own: what this one has used once counts as peak memory of the processes it starts.
        run_once([sys.executable, str(HERE / "cases.py"), folder, str(files.events)])
        run_once([*convert(files.mixed, "epcis-2.0-json")[:-1], str(files.json)])
        chosen = [case for case in cases(files) if options.only in case.name]
        results += [_shown(measure(case, options.pairs)) for case in chosen]
        if not options.only:
            results += [_shown(result) for result in (*_growth(files), _validate(files))]
        if options.only in AS2_SERVER:
            results.append(_shown(_as2_server()))
        # Behind all processes: what is imported here would count as their peak memory.
        if options.only in STORE:
            results += [_shown(result) for result in _serials(options.pairs)]
        if options.only in MARKETS:
            results += [_shown(result) for result in _markets()]
    _save(results)
    missed = [result.name for result in results if not result.passed and result.name in OPEN]
    failed = [result.name for result in results if not result.passed and result.name not in OPEN]
    if missed:
        print(f"not reached yet: {', '.join(missed)}")
    print(f"failed: {', '.join(failed)}" if failed else "everything that was reached before holds")
    return 1 if failed else 0


def _shown(result: Result) -> Result:
    print(
        COLUMNS.format(
            result.name,
            f"{result.ratio:.2f}" if result.ratio else "",
            f"{result.must_ratio:g}" if result.must_ratio else "",
            f"{result.peak_mib:.1f}",
            f"{result.must_mib:g}" if result.must_mib else "",
            f"{result.wall:.2f}" + (f"<{result.must_wall:g}" if result.must_wall else ""),
            f"{result.per_second:,} {result.unit}",
            "" if result.passed else "missed" if result.name in OPEN else "FAILED",
        ),
        flush=True,
    )
    return result


def _growth(files: Files) -> Iterator[Result]:
    """Ten times the events: the same time for each, and the same memory."""
    events = files.events
    pairs = []
    for _ in range(3):
        small = run_once(convert(files.small, "epcis-2.0-json"))
        large = run_once(convert(files.mixed, "epcis-2.0-json"))
        pairs.append((large.cpu / events) / (small.cpu / (events // 10)))
    result = Result(f"time of an event, {events // 10:,} -> {events:,}", must_ratio=TIME_GROWTH)
    result.ratios = [round(ratio, 3) for ratio in pairs]
    result.ratio = sorted(result.ratios)[1]
    result.passed = result.ratio <= TIME_GROWTH
    yield result
    result = Result(f"memory, {events // 10:,} -> {events:,} events: growth", must_mib=MEMORY_GROWTH_MIB)
    result.peak_mib = round(large.peak_mib - small.peak_mib, 1)
    result.passed = result.peak_mib <= MEMORY_GROWTH_MIB
    yield result


def _serials(pairs: int) -> Iterator[Result]:
    """The hierarchy store: both sides in one process, so that neither start nor test data count."""
    import serials_data

    runs = []
    for _ in range(pairs):
        done = subprocess.run([sys.executable, serials_data.__file__], check=True, capture_output=True, text=True)
        runs.append(json.loads(done.stdout))
    result = Result(f"{STORE}: 1,000,000 serials / executemany", must_ratio=serials_data.RATIO, unit="serials")
    result.ratios = [round(run["store"] / run["bare"], 3) for run in runs]
    result.ratio = sorted(result.ratios)[len(runs) // 2]
    result.cpu = round(min(run["store"] for run in runs), 2)
    result.per_second = round(serials_data.SERIALS / result.cpu)
    result.passed = result.ratio <= serials_data.RATIO
    yield result
    result = Result(f"{STORE}: a pallet of 50,000 packs", must_wall=serials_data.EXPAND_SECONDS, unit="packs")
    result.cpu = round(min(run["expand_cpu"] for run in runs), 2)
    result.wall = result.cpu  # one process works alone; on a busy machine the clock on the wall tells of the others
    result.per_second = round(serials_data.PACKS / result.cpu)
    result.passed = result.wall <= serials_data.EXPAND_SECONDS
    yield result


def _as2_server() -> Result:
    """Throughput and latencies of the server; shown, not judged, since they depend on the machine."""
    done = subprocess.run([sys.executable, str(HERE / "as2_load.py")], check=True, capture_output=True, text=True)
    run = json.loads(done.stdout.splitlines()[-1])
    result = Result(AS2_SERVER, unit="messages", passed=True, more=run)
    result.cpu, result.wall, result.peak_mib = run["server_cpu_s"], run["wall_s"], run["server_peak_mib"]
    result.per_second = round(run["per_second"])
    print(f"  median {run['median_ms']} ms, p95 {run['p95_ms']} ms, longest {run['longest_ms']} ms")
    return result


def _markets() -> Iterator[Result]:
    """Composing and checking 100,000 serial numbers for each market, against a hundred times 1,000."""
    import markets_data

    for market in markets_data.MARKETS:
        done = subprocess.run(
            [sys.executable, markets_data.__file__, market],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
        )
        run = json.loads(done.stdout)
        result = Result(f"{MARKETS}: {market}, 100 x 1,000 -> 100,000", must_ratio=markets_data.GROWTH, unit="serials")
        result.must_mib, result.must_wall = markets_data.MIB, markets_data.SECONDS
        result.ratio = round(run["growth"], 2)
        result.cpu = result.wall = round(run["cpu"], 2)
        result.peak_mib = round(run["peak_mib"], 1)
        result.per_second = round(markets_data.LARGE / run["cpu"])
        result.passed = (
            result.ratio <= markets_data.GROWTH
            and result.peak_mib <= markets_data.MIB
            and result.wall <= markets_data.SECONDS
        )
        yield result


def _validate(files: Files) -> Result:
    """100,000 events with one error: it is named with event and line."""
    path = files.path("fault.xml")
    command = [*GATEWAY, "validate", str(path), "--json"]
    usage = run_once(command, allowed=[FAULT_CODE])
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    errors = [f for f in json.loads(done.stdout)["findings"] if f["severity"] == "error"]
    line = _line_of_event(path, FAULT_EVENT)
    named = any(e["where"].get("event") == FAULT_EVENT and e["where"].get("line") == line for e in errors)
    result = Result("validate 100k events, error in 77,777", must_mib=SINGLE_MIB, unit="events")
    result.cpu, result.wall = round(usage.cpu, 2), round(usage.wall, 2)
    result.peak_mib = round(usage.peak_mib, 1)
    result.per_second = round(100_000 / usage.cpu)
    result.passed = named and result.peak_mib <= SINGLE_MIB
    if not named:
        print(f"  event {FAULT_EVENT:,} in line {line:,} is not named: {errors[:2]}")
    return result


def _line_of_event(path: Path, event: int) -> int:
    found = 0
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if line.lstrip().startswith((b"<ObjectEvent>", b"<AggregationEvent>")):
                found += 1
                if found == event:
                    return number
    raise ValueError(event)


def _save(results: list[Result]) -> None:
    folder = HERE / "results"
    folder.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "system": platform.platform()}
    content = {"machine": machine, "load": os.getloadavg(), "results": [result.as_dict() for result in results]}
    (folder / "latest.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
