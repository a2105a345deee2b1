"""How a regulator's system is spoken to, without a socket: conversations that ask for calls and are given replies.

A conversation is a generator. It yields what it wants done (`Call`, `Sign`, `Wait`, `Keep`) and is sent what came of
it; at its end it returns an `Answer`. Who runs it (`gateway.submit`) owns the connection, the clock, the secrets and
the memory that outlives a crash. So a conversation can be played against a simulator, byte by byte, in a test::

    def submit(submission: Submission, account: Account, known: Known) -> Conversation[Answer]:
        reply = yield Call("POST", "/product/app/supplynotification/", body=submission.data, once=True)
        return read_reply(reply)

A call that has an effect at the regulator says ``once``. When its reply is lost, its fate is unknown, and it is not
simply made again: the next conversation is begun with `Known.uncertain`, and asks first, where the system can be asked.

Some replies never reach a conversation, because they say the same in every system: 429 and 503 (come later; nothing was
done) and 502 and 504 (somebody before the system answers; whether it did anything is unknown). What runs the
conversation ends it then and tries again later. All other replies do reach it, whatever their status. A conversation
may itself raise a `TransportError`, ``retryable`` where nothing was taken and a later try can help.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from gateway.answers import Answer
from gateway.errors import TransportError
from gateway.options import Setting

if TYPE_CHECKING:
    from gateway.markets.base import Submission

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request.

    Attributes:
        method: ``GET``, ``POST`` or ``PUT``.
        path: below the account's address, beginning with ``/``, with its query; or a whole URL that the system gave,
            which is followed only to a host that the agreement registers.
        headers: by name; values may hold secrets, so they are never logged.
        body: the bytes.
        once: it has an effect at the regulator, so it is not repeated when its reply is lost.
        secret: the body or the reply holds a password or a token: neither is kept nor shown.
    """

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    once: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back.

    Attributes:
        status: of HTTP.
        headers: by name in small letters.
        body: the bytes, whole.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Sign:
    """Have bytes signed by the agreement's signer; it is sent the signature (a detached CMS in DER)."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Let some seconds pass; nothing is sent back."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Keep:
    """Remember the regulator's reference of this submission durably, before anything else happens."""

    reference: str


Step = Call | Sign | Wait | Keep
#: What a conversation is sent differs by step: a `Reply` for a `Call`, bytes for a `Sign`, None for the others.
Conversation = Generator[Step, Any, T]


@dataclass(frozen=True, slots=True)
class Account:
    """Who speaks, as the agreement says.

    Attributes:
        user: name for the log-in, e.g. a GLN.
        password: resolved from its reference.
        options: the settings that the client declares.
        memory: what one conversation leaves for the next ones of the same account, e.g. a token. Not durable.
        today: the day that it is where the account's holder is, YYYY-MM-DD, for systems that are asked for periods;
            empty where nobody says it.
    """

    user: str = ""
    password: str = field(default="", repr=False)
    options: Mapping[str, str] = field(default_factory=dict)
    memory: MutableMapping[str, str] = field(default_factory=dict, repr=False)
    today: str = ""

    def option(self, setting: Setting) -> str:
        """The value given for a setting, else its default."""
        return self.options.get(setting.key) or setting.default


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of earlier tries of the same submission.

    Attributes:
        id: the same for all tries of one submission, and for no other: a UUID in text.
        reference: what the regulator gave it, from `Keep`; empty when it gave none.
        uncertain: a call with an effect was made and its reply never came.
    """

    id: str
    reference: str = ""
    uncertain: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that the regulator holds for us: a package, a notification.

    Attributes:
        key: how it is fetched, and what tells it from others.
        name: a file name for it.
        size: bytes, 0 when unknown.
    """

    key: str
    name: str
    size: int = 0


@dataclass(frozen=True, slots=True)
class Question:
    """Something to ask a regulator that is no submission: the status of packs, its list of error codes.

    Attributes:
        key: a word, e.g. ``status``.
        title: what it asks, in one line.
        arguments: what has to be given.
        ask: the conversation; it returns rows of named values for a person or a table.
    """

    key: str
    title: str
    arguments: tuple[Setting, ...]
    ask: Callable[[Mapping[str, str], Account], Conversation[list[dict[str, str]]]]


@dataclass(frozen=True, slots=True)
class Client:
    """How one message is brought to a regulator's system.

    Attributes:
        title: the protocol, in one line.
        submit: brings a submission there. The answer is `Verdict.PENDING` with a reference where the system answers
            later; then `ask` is called from time to time.
        ask: asks for the answer to a submission that has a reference; None where answers come at once.
        settings: what the agreement may say besides address, user and password.
        waiting: lists what the regulator holds for us; None where nothing is collected.
        fetch: fetches one of these.
        questions: what else can be asked.
        signs: whether an agreement has to name a signer.
        identifiers: the packs and containers that a submission names, in the regulator's spelling; what runs the
            conversations then says a word about each (`gateway.answers.settled`). None where the answers of
            `submit` and `ask` do so themselves, or are about the message only.
    """

    title: str
    submit: Callable[[Submission, Account, Known], Conversation[Answer]]
    ask: Callable[[Submission, Account, Known], Conversation[Answer]] | None = None
    settings: tuple[Setting, ...] = ()
    waiting: Callable[[Account], Conversation[list[Waiting]]] | None = None
    fetch: Callable[[Waiting, Account], Conversation[bytes]] | None = None
    questions: tuple[Question, ...] = ()
    signs: bool = False
    identifiers: Callable[[Submission], Iterable[str]] | None = None


class UncertainError(TransportError):
    """The regulator may or may not have taken a submission, and it cannot be asked: a person has to look.

    Not retryable: sending it again could report packs twice.
    """


def play(
    conversation: Conversation[T], answer: Callable[[Call], Reply], sign: Callable[[bytes], bytes] | None = None
) -> T:
    """Run a conversation against a function that replies, at once and without a network: for tests and rehearsals.

    Raises:
        ValueError: it wants a signature, and nobody signs.
    """
    sent: Any = None
    while True:
        try:
            step = conversation.send(sent)
        except StopIteration as end:
            return end.value  # type: ignore[no-any-return]
        sent = None
        if isinstance(step, Call):
            sent = answer(replace(step, headers={name.lower(): value for name, value in step.headers.items()}))
        elif isinstance(step, Sign):
            if sign is None:
                message = "this conversation wants a signature"
                raise ValueError(message)
            sent = sign(step.data)
