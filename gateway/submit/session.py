"""A session with a regulator's system, in the form of all transports, and what only regulators have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO

from gateway.answers import Answer, Verdict, settled, unreadable
from gateway.errors import TransportError, UsageError
from gateway.markets.base import Submission
from gateway.markets.client import Question, Waiting
from gateway.options import Options
from gateway.submit.driver import Driver
from gateway.submit.journal import Entry, digest
from gateway.submit.settings import MarketSettings, address
from gateway.transports import names
from gateway.transports.base import Offer, Receipt
from gateway.transports.files import blocks


class MarketSession:
    """A session with one system.

    Args:
        settings: the system and the account.
        driver: runs conversations.
    """

    def __init__(self, settings: MarketSettings, driver: Driver) -> None:
        self._settings = settings
        self._driver = driver
        self._client = settings.client
        self._place = address(settings)
        self._journal = settings.journal

    # ---- submissions --------------------------------------------------------------------------------------------

    def deliver(self, name: str, source: BinaryIO, size: int) -> Receipt:
        """Bring a submission to the system; the receipt has its answer.

        Raises:
            TransportError: it did not arrive as far as we know; `retryable` says whether to try again.
        """
        return self.submit(name, source, size)

    def submit(self, name: str, source: BinaryIO, size: int, kind: str = "", *, again: bool = False) -> Receipt:
        """The same, for one of several kinds of submissions of a message.

        Args:
            name: what it is known by, here.
            source: its bytes.
            size: their number.
            kind: `Submission.kind`.
            again: whatever was said before, the system has nothing of it: somebody has found that out.
        """
        submission = _submission(name, source, size, kind)
        with self._journal.entry(name, digest(submission.data, submission.kind)) as entry:
            if again:
                entry.forget()
            if entry.answer is not None:
                return Receipt(name, size, repeated=True, answer=entry.answer, reply=entry.last)
            answer = self._driver.run(self._client.submit(submission, self._driver.account, entry.known), entry)
            return self._receipt(submission, entry, answer)

    def ask(self, name: str, source: BinaryIO, size: int, kind: str = "") -> Receipt:
        """Ask for the answer to a submission that comes later; the answer is PENDING still, or another one.

        Raises:
            TransportError: the system cannot be asked.
        """
        submission = _submission(name, source, size, kind)
        with self._journal.entry(name, digest(submission.data, submission.kind)) as entry:
            found = entry.heard
            if found is not None and found.verdict != "pending":
                return Receipt(name, size, repeated=True, answer=found, reply=entry.last)
            if self._client.ask is None:
                text = f"{self._place} cannot be asked for an answer, and gave none"
                return self._receipt(submission, entry, unreadable(text))
            if found is None:
                message = f"nothing is known of {name!r} at {self._place}: it was not sent from here"
                raise TransportError(message, hint="is `memory` the folder that it was sent with?")
            answer = self._driver.run(self._client.ask(submission, self._driver.account, entry.known), entry)
            self._sure(answer)
            return self._receipt(submission, entry, answer)

    def _sure(self, answer: Answer) -> None:
        """Raise where a question has no answer: a page of HTML, or an error about the question, ends no waiting."""
        refused = answer.verdict is Verdict.REJECTED and self._driver.status not in range(200, 300)
        if answer.verdict is Verdict.UNREADABLE or refused:
            why = answer.unexpected or "; ".join(map(str, answer.reasons)) or f"HTTP {self._driver.status}"
            message = f"{self._place} was asked what became of a submission, and gave no answer: {why}"
            raise TransportError(message, retryable=True)

    def _receipt(self, submission: Submission, entry: Entry, answer: Answer) -> Receipt:
        if self._client.identifiers is not None and answer.verdict != "pending":
            answer = settled(answer, self._client.identifiers(submission))
        if not answer.reference:
            answer = replace(answer, reference=entry.known.reference)
        entry.close(answer, refused=self._driver.status in range(400, 500))
        return Receipt(submission.name, len(submission.data), answer=answer, reply=entry.last)

    # ---- what the system holds for us -----------------------------------------------------------------------------

    def offers(self) -> Iterator[Offer]:
        """What the system holds for us.

        Raises:
            TransportError: it cannot be listed.
        """
        if self._client.waiting is None:
            return
        for waiting in self._driver.run(self._client.waiting(self._driver.account)):
            key = f"{self._settings.message}|{waiting.key}"
            yield Offer(waiting.name, waiting.key, waiting.size, stays=True, key=key)

    def fetch(self, offer: Offer, target: BinaryIO) -> int:
        """Fetch one of them."""
        if self._client.fetch is None:
            message = f"nothing is collected from {self._place}"
            raise TransportError(message)
        waiting = Waiting(offer.path, offer.name, offer.size)
        data = self._driver.run(self._client.fetch(waiting, self._driver.account))
        return target.write(data)

    def acknowledge(self, offer: Offer) -> None:
        """It stays with the regulator."""

    # ---- questions ------------------------------------------------------------------------------------------------

    def question(self, key: str, values: Mapping[str, str]) -> list[dict[str, str]]:
        """Ask something that is no submission.

        Raises:
            UsageError: there is no such question, or an argument is unknown or missing.
            TransportError: the system cannot be asked.
        """
        asked = question(self._settings, key, values)
        return self._driver.run(asked.ask(values, self._driver.account))

    def probe(self) -> list[str]:
        """Connect, and look at the system's certificate. Nothing is sent."""
        return self._driver.line.probe()


def question(settings: MarketSettings, key: str, values: Mapping[str, str]) -> Question:
    """A question of a market, its arguments checked.

    Raises:
        UsageError: there is no such question, or an argument is unknown or missing.
    """
    known = {each.key: each for each in settings.client.questions}
    if key not in known:
        message = f"{settings.message} knows no question {key!r}"
        raise UsageError(message, hint=f"known: {', '.join(known) or 'none'}")
    found = known[key]
    Options.check(values, found.arguments)
    missing = [each.key for each in found.arguments if not (values.get(each.key) or each.default)]
    if missing:
        message = f"the question {key!r} wants {', '.join(missing)}"
        raise UsageError(message, hint="; ".join(f"{each.key}: {each.title}" for each in found.arguments))
    return found


def _submission(name: str, source: BinaryIO, size: int, kind: str) -> Submission:
    names.plain(name)
    return Submission(name, b"".join(blocks(source, size, name)), kind=kind)
