"""Coverage-guided fuzzing of readers, checks and writers: ``make fuzz``, or ``python tests/fuzz/run.py --seconds N``.

Bytes that grew out of the fixtures are validated, and converted into every EPCIS format. Whatever they are, there must
be findings and no traceback; what failed has no output; and what was written of a document that is valid must be valid
by the schema of its format. An input that breaks this is kept in ``tests/fuzz/found/``; running with its path repeats
it alone.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

try:
    import atheris
except ImportError:
    sys.exit("atheris is not installed: pip install -e '.[fuzz]'")

with atheris.instrument_imports(include=["gateway"], enable_loader_override=False):
    from gateway.convert import Request, check_output, convert, validate
    from gateway.findings import Findings
    from gateway.formats.base import Limits
    from gateway.sources import Source

TARGETS = ("epcis-1.2-xml", "epcis-2.0-xml", "epcis-2.0-json")
SEEDS = ("formats/epcis_xml", "formats/epcis_json", "checks", "epcis")
LARGEST = 20_000
LIMITS = Limits(input_bytes=1 << 20, unpacked_bytes=4 << 20, event_bytes=1 << 20)
NOW = "2026-01-01T00:00:00Z"


def one_input(data: bytes) -> None:
    """Validate and convert one input; an exception or a failed assertion is a find."""
    source = Source.memory(data, "fuzz")
    report = validate(Request(source, now=NOW, limits=LIMITS))
    assert not report.failed or len(report.findings), "failed without a finding"
    if report.format_in not in TARGETS:
        return
    of_input = Findings()
    check_output(source, report.format_in, of_input)
    for target in TARGETS:
        with tempfile.TemporaryDirectory() as folder:
            report = convert(Request(source, to=target, now=NOW, limits=LIMITS), Path(folder))
            written = list(Path(folder).iterdir())
            assert bool(written) is not report.failed, (target, written, report.as_dict())
            if written and not of_input.errors:
                findings = Findings()
                check_output(Source.file(written[0]), target, findings)
                # What is a URI is not the same to the two kinds of schemas.
                wrong = [str(finding) for finding in findings if "anyURI" not in finding.message]
                assert not wrong, (target, wrong)


def main(arguments: list[str]) -> None:
    """Fuzz for some time, or run inputs that were found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=600, help="how long")
    parser.add_argument("inputs", nargs="*", type=Path, help="inputs to run once, instead of fuzzing")
    options = parser.parse_args(arguments)
    if options.inputs:
        for path in options.inputs:
            one_input(path.read_bytes())
            print(f"{path}: nothing wrong")
        return
    found = Path(__file__).parent / "found"
    found.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(_seeds()):
            shutil.copyfile(seed, Path(corpus) / f"{number}-{seed.name}")
        flags = [f"-max_total_time={options.seconds}", f"-max_len={LARGEST}", "-timeout=60", "-rss_limit_mb=4096"]
        atheris.Setup([sys.argv[0], *flags, f"-artifact_prefix={found}/", corpus], one_input)
        atheris.Fuzz()


def _seeds() -> list[Path]:
    files = [path for seed in SEEDS for path in sorted((ROOT / "fixtures" / seed).rglob("*")) if path.is_file()]
    seeds = [path for path in files if path.suffix in {".xml", ".json", ".jsonld"} and path.stat().st_size < LARGEST]
    assert len(seeds) > 10, "the fixtures have moved"
    return seeds


if __name__ == "__main__":
    main(sys.argv[1:])
