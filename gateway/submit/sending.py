"""Sends the files of a conversion to a regulator in their order, and waits for what it says later."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from gateway.answers import Answer, Verdict
from gateway.errors import TransportError
from gateway.report import Output
from gateway.submit.session import MarketSession
from gateway.submit.settings import Asking

#: Verdicts after which what follows may be sent: it may build on what came before.
_GO_ON = frozenset({Verdict.ACCEPTED, Verdict.WARNING, Verdict.PARTIAL})


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of one file.

    Attributes:
        output: the file.
        answer: what the regulator says; None where it was not sent.
        repeated: it was sent before, and nothing was sent now.
        error: why it could not be sent.
    """

    output: Output
    answer: Answer | None = None
    repeated: bool = False
    error: TransportError | None = None

    @property
    def good(self) -> bool:
        """Whether all of it is accepted."""
        return self.answer is not None and self.answer.good


Connect = Callable[[], AbstractContextManager[MarketSession]]


@dataclass(frozen=True, slots=True)
class Sending:
    """How files are sent.

    Attributes:
        connect: opens a session.
        asking: how often an answer that comes later is asked for, and a busy system tried again.
        wait: seconds for one file; then what is pending stays so.
        again: send also what was sent before.
        keep_going: go on when a file is refused as a whole.
        sleep: lets seconds pass.
    """

    connect: Connect
    asking: Asking
    wait: float
    again: bool = False
    keep_going: bool = False
    sleep: Callable[[float], None] = time.sleep

    def send(self, outputs: Sequence[Output]) -> Iterator[Sent]:
        """Send files; what follows one that is not accepted is not sent, unless `keep_going`."""
        stopped = False
        for output in outputs:
            sent = Sent(output) if stopped else self._one(output)
            yield sent
            stopped = stopped or self._stops(sent)

    def _stops(self, sent: Sent) -> bool:
        if sent.answer is None:
            return True
        return sent.answer.verdict not in _GO_ON and not (
            self.keep_going and sent.answer.verdict is not Verdict.PENDING
        )

    def _one(self, output: Output) -> Sent:
        end = time.monotonic() + self.wait
        again, asked = self.again, 0
        sent = Sent(output)
        while True:
            try:
                with self.connect() as session, Path(output.path).open("rb") as stream:
                    if sent.answer is None:
                        receipt = session.submit(output.name, stream, output.bytes, output.kind, again=again)
                    else:
                        receipt = session.ask(output.name, stream, output.bytes, output.kind)
                again = False
                sent = Sent(output, receipt.answer, receipt.repeated)
                if receipt.answer is None or receipt.answer.verdict is not Verdict.PENDING:
                    return sent
                pause = self.asking.wait(asked)
            except TransportError as error:
                again = False  # it was forgotten already; what this try leaves counts
                sent = Sent(output, sent.answer, sent.repeated, error)
                if not error.retryable:
                    return sent
                pause = max(self.asking.wait(asked), error.wait)
            asked += 1
            if time.monotonic() + pause > end:
                return sent
            self.sleep(pause)
