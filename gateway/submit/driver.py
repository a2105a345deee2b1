"""Runs conversations: makes the calls, has signed, waits, and remembers before anything else happens."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, MutableMapping
from datetime import datetime
from typing import Any, TypeVar

from gateway.errors import TransportError
from gateway.markets.client import Account, Call, Conversation, Keep, Reply, Sign, Step, UncertainError, Wait
from gateway.submit import failpoints
from gateway.submit.journal import Entry
from gateway.submit.line import Line, LostReplyError
from gateway.submit.settings import MarketSettings
from gateway.submit.sign import sign
from gateway.transports.base import Secrets

T = TypeVar("T")
#: Longest pause that a conversation may ask for at once, in seconds.
LONGEST = 3600.0

#: What conversations of an account leave for the next ones in this process, e.g. tokens.
_memories: dict[str, MutableMapping[str, str]] = {}
_guard = threading.Lock()


class Driver:
    """Runs the conversations of one account.

    Args:
        settings: the system and the account.
        secrets: resolves references.
        line: makes the calls.
        sleep: lets seconds pass.
    """

    def __init__(
        self, settings: MarketSettings, secrets: Secrets, line: Line, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.line = line
        self._settings = settings
        self._sleep = sleep
        password = secrets(settings.password) if settings.password else ""
        options = {**settings.options, **{key: secrets(value) for key, value in settings.secret_options.items()}}
        today = datetime.now().astimezone().date().isoformat()
        self.account = Account(settings.user, password, options, _memory(settings, password), today)
        self.status = 0

    def run(self, conversation: Conversation[T], entry: Entry | None = None) -> T:
        """Run a conversation to its end.

        Args:
            conversation: begun.
            entry: where is remembered what it says about a submission; None for questions.

        Raises:
            TransportError: the system cannot be reached, refuses, or a reply is lost.
            ConfigurationError: the signer is not there.
        """
        self.line.begin()
        sent: Any = None
        try:
            while True:
                step = self._step(conversation, sent, entry)
                sent = None
                match step:
                    case Call():
                        sent = self._call(step, entry)
                    case Sign():
                        sent = self._sign(step)
                    case Wait():
                        self._sleep(min(max(step.seconds, 0.0), LONGEST))
                    case Keep():
                        if entry is not None:
                            entry.keep(step.reference)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        finally:
            conversation.close()

    @staticmethod
    def _step(conversation: Conversation[Any], sent: Any, entry: Entry | None) -> Step:
        try:
            return conversation.send(sent)
        except UncertainError:
            raise
        except TransportError:
            if entry is not None:
                entry.unheard()
            raise

    def _call(self, call: Call, entry: Entry | None) -> Reply:
        doubtful = entry is not None and entry.known.uncertain
        if call.once and entry is not None:
            entry.doubt()
            failpoints.reach("market.doubted")
        try:
            reply = self.line.call(call)
        except LostReplyError as error:
            if not call.once:
                raise
            hint = "the next try asks the system first, where that is possible"
            text = f"{error.message}: it is not known whether it has taken the submission"
            lost = TransportError(text, hint=hint, retryable=error.retryable)
            lost.wait = error.wait
            raise lost from error
        except TransportError:
            if call.once and entry is not None and not doubtful:
                entry.not_sent()
            raise
        self.status = reply.status
        if call.once:
            failpoints.reach("market.called")
        if entry is not None:
            if call.once:
                entry.dispel()
            if not call.secret:
                entry.take(reply.status, reply.headers.get("content-type", ""), reply.body)
        return reply

    def _sign(self, step: Sign) -> bytes:
        if self._settings.sign is None:
            message = f"{self._settings.message} wants a signature, and nobody signs"
            raise TransportError(message, hint="say who signs, under `sign` in the agreement")
        return sign(self._settings.sign, step.data, self._sleep)


def _memory(settings: MarketSettings, password: str) -> MutableMapping[str, str]:
    text = "\n".join((settings.message.partition("-")[0], settings.url, settings.user, password))
    key = hashlib.sha256(text.encode()).hexdigest()
    with _guard:
        return _memories.setdefault(key, {})
