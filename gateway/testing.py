"""The test kit that ships with the gateway: what every plugin has to prove, also one that is not ours.

A market's test file is short::

    class TestExample(MarketTests):
        market = MARKET
        package = Path(gateway.markets.example.__file__).parent
        schemas = shipped("xsd", "example")
        fixtures = Path(__file__).parent / "fixtures"

The class then fails for everything that is missing. Tests of what only this market does are added below it.
"""

# ruff: noqa: S101, D102 - the kit is run by pytest, which explains a failed assert; the names of tests say all

from __future__ import annotations

import contextlib
import io
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, ClassVar

from lxml import etree

from gateway.answers import Answer, Verdict
from gateway.findings import Findings, LossRule, Rule, by_code
from gateway.formats.base import Context
from gateway.markets.base import GRADES, STATUSES, Market, Message, Submission
from gateway.markets.simulation import Rehearsal
from gateway.options import Options
from gateway.sources import Source
from gateway.submit import MarketSettings, connect
from gateway.submit.session import MarketSession
from gateway.transports.base import Secrets
from gateway.web.simulate import Simulated, simulating


class MarketTests:
    """What holds for every market. Inherit, and set the class attributes.

    Attributes:
        market: the market.
        package: folder of its code, with README.md.
        schemas: folder with its schemas; beside each one lies a SOURCE.toml.
        fixtures: folder with ``<message key without market>/good`` and ``/bad``. The name of a bad one begins with
            the code that it breaks and two hyphens: ``TR-PTS-06--short-label.xml``.
        least_good: how many good fixtures there are at least, so that an empty folder fails.
        least_bad: the same for bad ones.
    """

    market: ClassVar[Market]
    package: ClassVar[Path]
    schemas: ClassVar[Path]
    fixtures: ClassVar[Path]
    least_good: ClassVar[int] = 1
    least_bad: ClassVar[int] = 1

    def submission(self, path: Path) -> bytes:
        """The bytes of a fixture as the market takes them. Override to wrap them, e.g. in a zip file."""
        return path.read_bytes()

    def folder(self, message: Message) -> Path:
        """The fixtures of a message."""
        return self.fixtures / message.key.removeprefix(f"{self.market.key}-")

    def test_the_market_describes_itself(self) -> None:
        assert self.market.name
        assert self.market.authority
        assert self.market.legal
        assert self.market.status in STATUSES, f"status is one of {STATUSES}"
        assert self.market.dates, "a market says since when"
        assert list(self.market.dates) == sorted(self.market.dates, key=lambda each: each.day), "dates are in order"
        assert all(each.what for each in self.market.dates)
        assert (self.market.ended is not None) == (self.market.status == "revoked"), "revoked has a day, and only it"
        assert self.market.messages, "a market has at least one message"

    def test_every_fact_has_a_source_with_the_date_read(self) -> None:
        assert self.market.references, "a market names its sources"
        for reference in self.market.references:
            assert reference.title
            assert reference.address.startswith(("https://", "http://")), reference
            assert reference.read > date(2020, 1, 1), reference

    def test_the_readme_names_messages_sources_and_gaps(self) -> None:
        readme = self.package / "README.md"
        assert readme.is_file(), f"{readme} is missing"
        text = readme.read_text("utf-8")
        for message in self.market.messages:
            assert message.key in text, f"the README does not speak of {message.key}"
        for reference in self.market.references:
            assert reference.address in text, f"the README does not name {reference.address}"
            assert reference.read.isoformat() in text, f"the README does not say when {reference.address} was read"
        for unknown in self.market.unknown:
            assert unknown in text, f"the README does not say that this is unknown: {unknown}"

    def test_every_message_says_how_good_its_evidence_is(self) -> None:
        for message in self.market.messages:
            assert message.grade in GRADES, f"{message.key}: the grade is one of {GRADES}"
            assert message.title, message.key
            assert message.suffix.startswith("."), message.key

    def test_every_message_has_a_schema(self) -> None:
        for message in self.market.messages:
            assert message.schema, f"{message.key} names no schema"
            path = self.schemas.parent.joinpath(*message.schema)
            assert path.is_file(), f"{path} is missing"
            assert path.is_relative_to(self.schemas), f"{path} is not among the market's schemas"

    def test_what_epcis_cannot_supply_has_a_place(self) -> None:
        for message in self.market.messages:
            keys = {setting.key for setting in message.settings}
            names = [need.name for need in message.needs]
            assert len(set(names)) == len(names), f"{message.key} needs something twice"
            for need in message.needs:
                assert need.title, need.name
                assert need.setting is not None or need.attribute, f"{need.name} can come from nowhere"
                assert need.setting is None or need.setting.key in keys, f"{message.key} lacks {need.setting}"

    def test_message_keys_are_unique_and_begin_with_the_market(self) -> None:
        keys = [message.key for message in self.market.messages]
        assert len(set(keys)) == len(keys)
        assert [key for key in keys if not key.startswith(f"{self.market.key}-")] == []

    def test_rule_codes_are_unique_and_explained(self) -> None:
        rules: list[Rule | LossRule] = []
        for message in self.market.messages:
            rules += [*message.rules, *message.loss_rules]
            codes = [*(rule.code for rule in message.rules), *(rule.code for rule in message.loss_rules)]
            assert len(set(codes)) == len(codes), f"{message.key} lists a rule twice"
        by_code(rules)
        for rule in rules:
            assert rule.title, rule.code
            assert rule.explain, f"{rule.code} does not say why it exists"

    def test_settings_are_unique_and_explained(self) -> None:
        for message in self.market.messages:
            keys = [setting.key for setting in message.settings]
            assert len(set(keys)) == len(keys), message.key
            assert all(setting.title for setting in message.settings), message.key

    def test_schemas_compile_and_name_their_source(self) -> None:
        schemas = sorted(path for path in self.schemas.rglob("*.*") if path.suffix in (".xsd", ".toml"))
        schemas = [path for path in schemas if path.name != "SOURCE.toml"]
        assert schemas, f"no schema under {self.schemas}"
        for schema in schemas:
            if schema.suffix == ".xsd":
                etree.XMLSchema(etree.parse(schema))
            else:
                assert tomllib.loads(schema.read_text("utf-8")), schema
            source = schema.parent / "SOURCE.toml"
            assert source.is_file(), f"{source} is missing"
            entries = tomllib.loads(source.read_text("utf-8"))["source"]
            assert entries, source
            for entry in entries:
                assert entry["title"], source
                assert entry["address"], source
                assert isinstance(entry["read"], date), source

    def test_good_fixtures_are_accepted(self) -> None:
        for message in self.market.messages:
            paths = sorted(path for path in (self.folder(message) / "good").iterdir() if path.is_file())
            assert len(paths) >= self.least_good, f"too few good fixtures for {message.key}"
            for path in paths:
                findings = Findings()
                message.check(self.submission(path), findings)
                assert not findings.errors, f"{path.name}: {[str(found) for found in findings]}"

    def test_bad_fixtures_break_the_rule_in_their_name(self) -> None:
        for message in self.market.messages:
            known = {rule.code for rule in message.rules}
            paths = sorted(path for path in (self.folder(message) / "bad").iterdir() if path.is_file())
            assert len(paths) >= self.least_bad, f"too few bad fixtures for {message.key}"
            for path in paths:
                code, separator, _ = path.name.partition("--")
                assert separator, f"{path.name} does not begin with a code and two hyphens"
                assert code in known, f"{path.name}: {message.key} has no rule {code}"
                findings = Findings()
                message.check(self.submission(path), findings)
                found = [finding.code for finding in findings]
                assert code in found, f"{path.name} breaks {found}"

    def test_parsers_refuse_nonsense_with_a_finding(self) -> None:
        for message in self.market.messages:
            if message.sniff is not None:
                assert message.sniff(b"\x00\xffnothing of ours", "x.bin") is None, message.key
            findings = Findings()
            message.check(b"\x00\xffnothing of ours", findings)
            assert findings.errors, f"{message.key} finds nothing wrong with nonsense"

    def test_every_limit_has_a_test(self) -> None:
        for message in self.market.messages:
            for limit in message.limits:
                assert limit.value > 0, limit
                assert limit.source, limit
                name = f"test_limit_{limit.key}"
                assert hasattr(self, name), f"{name} is missing: try limit - 1, limit and limit + 1"


def read_back(message: Message, data: bytes, name: str, settings: dict[str, str]) -> tuple[list[object], Context]:
    """Parse a submission: its events, and the context with findings. For round-trip tests of markets."""
    assert message.parse is not None, f"{message.key} cannot be parsed"
    context = Context(options=Options.check(settings, message.settings))
    document = message.parse(Source.memory(data, name), context)
    return list(document.events), context


@contextlib.contextmanager
def simulated(market: Market, *faults: str, rehearsal: Rehearsal | None = None) -> Iterator[Simulated]:
    """The simulator of a market as a server on a free port of this machine, while the body lasts.

    Args:
        market: one with a simulation.
        faults: as ``gateway simulate --fault`` takes them.
        rehearsal: how it is to behave.
    """
    assert market.simulation is not None, f"{market.key} has no simulator"
    with simulating(market.simulation, rehearsal, faults) as running:
        yield running


@contextlib.contextmanager
def spoken_to(
    running: Simulated, message: Message, memory: Path, secrets: Secrets = str, **settings: Any
) -> Iterator[MarketSession]:
    """A session with a simulator, as the exchange has it with a regulator's system.

    Args:
        running: the simulator.
        message: what is submitted.
        memory: folder of what is remembered; a second session with the same one knows what the first one did.
        secrets: resolves references.
        settings: further settings of the transport `market`, with underscores for hyphens.
    """
    values = {"url": running.url, "plain-http": True, "message": message.key, "memory": memory, **settings}
    model = MarketSettings.model_validate({key.replace("_", "-"): value for key, value in values.items()})
    with connect(model, secrets) as session:
        yield session


def submitted(session: MarketSession, submission: Submission) -> Answer:
    """The answer to a submission; what is pending is asked for a few times."""
    kind, data = submission.kind, submission.data
    receipt = session.submit(submission.name, io.BytesIO(data), len(data), kind)
    for _ in range(20):
        if receipt.answer is None or receipt.answer.verdict is not Verdict.PENDING:
            break
        receipt = session.ask(submission.name, io.BytesIO(data), len(data), kind)
    assert receipt.answer is not None
    return receipt.answer
