"""A market for tests, as a plugin that is not ours: log-in with a token, notes of packs, answers at once or later.

A note is text: its kind, then one element string in a line. Notes of kind ``later`` are answered by a ticket.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date

from gateway.answers import Answer, Reason, SerialAnswer, Verdict, of_serials, unreadable
from gateway.epcis.document import Document
from gateway.epcis.events import AggregationEvent, ObjectEvent
from gateway.errors import TransportError
from gateway.findings import Findings, Rule, Severity
from gateway.formats.base import Context
from gateway.gs1 import parse_any
from gateway.markets.base import LegalDate, Market, Message, Reference, Submission
from gateway.markets.client import (
    Account,
    Call,
    Client,
    Conversation,
    Keep,
    Known,
    Question,
    Reply,
    Sign,
    UncertainError,
    Wait,
    Waiting,
)
from gateway.markets.kit.ids import IdPool
from gateway.markets.simulation import Fault, Rehearsal, Simulation, Simulator
from gateway.options import Setting

KINDS = ("make", "ship", "later")
MOST = 100
BAD = Rule("XX-NOTE-01", Severity.ERROR, "A note has a kind and packs.", "This is a market for tests.")
EMPTY = Rule("XX-NOTE-02", Severity.ERROR, "A container is known.", "This is a market for tests.")
LATER = Setting("later", "answers come later", ("yes", "no"), "no")
SIGNED = Setting("signed", "notes are signed", ("yes", "no"), "no")
BRANCH = Setting("branch", "number of the branch")


def compose(document: Document, context: Context) -> Iterator[Submission]:
    later = context.options.get(LATER) == "yes"
    for event in document.events:
        if isinstance(event, AggregationEvent):
            continue
        if isinstance(event, ObjectEvent):
            kind = "later" if later else "make" if event.action == "ADD" else "ship"
            packs: list[str] = []
            for epc in event.epc_list or ():
                inside = context.hierarchy.contents(epc) if ":sscc:" in epc and context.hierarchy else [epc]
                if not inside:
                    context.findings.report(EMPTY, "nobody packed it", value=epc)
                packs += inside
            for start in range(0, len(packs), MOST):
                some = packs[start : start + MOST]
                lines = [kind, *(parse_any(epc).as_element_string() for epc in some)]
                data = "\n".join(lines).encode()
                yield Submission(f"{kind}-{IdPool(data).text(8)}.txt", data, len(some), kind)


def check(data: bytes, findings: Findings) -> None:
    lines = data.decode("utf-8", "replace").split("\n")
    if lines[0] not in KINDS or len(lines) < 2 or not all(line.startswith("(01)") for line in lines[1:]):
        findings.report(BAD, "this is no note")


def identifiers(submission: Submission) -> list[str]:
    return submission.data.decode().split("\n")[1:]


def _token(account: Account) -> Conversation[str]:
    if "token" not in account.memory:
        body = json.dumps({"user": account.user, "password": account.password}).encode()
        reply = yield Call("POST", "/token", body=body, secret=True)
        if reply.status != 200:
            message = f"the log-in is refused: {reply.status}"
            raise TransportError(message, hint="check user and password")
        account.memory["token"] = json.loads(reply.body)["token"]
    return account.memory["token"]


def submit(submission: Submission, account: Account, known: Known) -> Conversation[Answer]:
    token = yield from _token(account)
    headers = {"authorization": f"Bearer {token}", "note-id": known.id, "kind": submission.kind}
    if account.option(BRANCH):
        headers["branch"] = account.option(BRANCH)
    if known.uncertain and not known.reference:
        reply = yield Call("GET", f"/notes?note-id={known.id}", {"authorization": f"Bearer {token}"})
        if reply.status == 501:
            message = "it is not known whether the note was taken"
            raise UncertainError(message)
        if reply.status == 200:
            answer = read(reply)
            yield Keep(answer.reference)
            return answer
    if known.reference:
        return (yield from ask(submission, account, known))
    if account.option(SIGNED) == "yes":
        headers["signature"] = (yield Sign(submission.data)).hex()
    reply = yield Call("POST", "/notes", headers, submission.data, once=True)
    if reply.status == 401:
        account.memory.clear()
    answer = read(reply)
    if answer.reference:
        yield Keep(answer.reference)
    return answer


def ask(submission: Submission, account: Account, known: Known) -> Conversation[Answer]:
    token = yield from _token(account)
    yield Wait(0)
    return read((yield Call("GET", f"/notes/{known.reference}", {"authorization": f"Bearer {token}"})))


def read(reply: Reply) -> Answer:
    try:
        found = json.loads(reply.body)
        if found["state"] == "pending":
            return Answer(Verdict.PENDING, reference=found["id"])
        serials = [
            SerialAnswer(line["pack"], Verdict.ACCEPTED)
            if line["code"] == "0"
            else SerialAnswer(line["pack"], Verdict.REJECTED, (Reason(line["code"], MEANINGS.get(line["code"], "")),))
            for line in found["lines"]
        ]
        return of_serials(serials, found["id"])
    except (ValueError, KeyError, TypeError):
        return unreadable(f"a reply of status {reply.status} that is no answer")


MEANINGS = {"7": "already reported", "9": "unknown pack"}


def waiting(account: Account) -> Conversation[list[Waiting]]:
    token = yield from _token(account)
    reply = yield Call("GET", "/inbox", {"authorization": f"Bearer {token}"})
    return [Waiting(each, f"{each}.txt", 0) for each in json.loads(reply.body)]


def fetch(what: Waiting, account: Account) -> Conversation[bytes]:
    token = yield from _token(account)
    return (yield Call("GET", f"/inbox/{what.key}", {"authorization": f"Bearer {token}"})).body


def status(values: Mapping[str, str], account: Account) -> Conversation[list[dict[str, str]]]:
    token = yield from _token(account)
    reply = yield Call("GET", f"/packs/{values['pack']}", {"authorization": f"Bearer {token}"})
    return [{"pack": values["pack"], "times": reply.body.decode()}]


class NoteSimulator:
    def __init__(self, rehearsal: Rehearsal) -> None:
        self.rehearsal = rehearsal
        self.reports: dict[str, int] = {}
        self.notes: dict[str, dict[str, object]] = {}
        self.by_client: dict[str, str] = {}
        self.asked: dict[str, int] = {}
        self.branches: list[str] = []
        self.signatures: list[str] = []
        self.inbox = {"n1": b"first", "n2": b"second"}
        self.posts = 0

    def reply(self, call: Call) -> Reply:  # noqa: PLR0911
        path, _, query = call.path.partition("?")
        if path == "/token":
            given = json.loads(call.body)
            right = (self.rehearsal.user or given["user"], self.rehearsal.password or given["password"])
            if (given["user"], given["password"]) != right:
                return Reply(401, {}, b"no")
            return Reply(200, {}, json.dumps({"token": "t1"}).encode())
        if call.headers.get("authorization") != "Bearer t1":
            return Reply(401, {}, b"{}")
        parts = path.strip("/").split("/")
        if call.method == "POST" and path == "/notes":
            return self._note(call)
        if parts[0] == "notes" and len(parts) == 1:
            if "unaskable" in self.rehearsal.faults:
                return Reply(501, {}, b"")
            note = self.by_client.get(query.removeprefix("note-id="))
            return self._told(note) if note else Reply(404, {}, b"")
        if parts[0] == "notes":
            return self._told(parts[1], asked=True)
        if parts[0] == "packs":
            return Reply(200, {}, str(self.reports.get(parts[1], 0)).encode())
        if parts == ["inbox"]:
            return Reply(200, {}, json.dumps(list(self.inbox)).encode())
        return Reply(200, {}, self.inbox.get(parts[-1], b""))

    def _note(self, call: Call) -> Reply:
        self.posts += 1
        lines = []
        for pack in call.body.decode().split("\n")[1:]:
            times = self.reports.get(pack, 0)
            code = "9" if pack.rpartition("(21)")[2] in self.rehearsal.refuse else "0"
            kind = call.body.partition(b"\n")[0].decode()
            if kind == "make" and code == "0":
                code = "7" if times else code
            if code in {"0", "7"}:
                self.reports[pack] = times + (kind in {"make", "later"})
            lines.append({"pack": pack, "code": code})
        if "signature" in call.headers:
            self.signatures.append(call.headers["signature"])
        self.branches.append(call.headers.get("branch", ""))
        key = self.rehearsal.ids()
        self.by_client[call.headers["note-id"]] = key
        self.notes[key] = {"id": key, "state": "done", "lines": lines, "later": call.body.startswith(b"later")}
        return self._told(key)

    def _told(self, key: str, *, asked: bool = False) -> Reply:
        note = dict(self.notes[key])
        self.asked[key] = self.asked.get(key, 0) + asked
        if note.pop("later") and (self.asked[key] < 2 or "never" in self.rehearsal.faults):
            note = {"id": key, "state": "pending"}
        return Reply(200, {"content-type": "application/json"}, json.dumps(note).encode())

    def state(self) -> Mapping[str, object]:
        return {"reports": self.reports, "posts": self.posts, "asked": self.asked}


def start(rehearsal: Rehearsal) -> Simulator:
    return NoteSimulator(rehearsal)


CLIENT = Client(
    "notes over HTTP",
    submit,
    ask,
    settings=(BRANCH, SIGNED),
    waiting=waiting,
    fetch=fetch,
    questions=(Question("status", "How often a pack was reported", (Setting("pack", "element string"),), status),),
    identifiers=identifiers,
)
NOTE = Message(
    key="xx-note",
    title="note of packs, for tests",
    suffix=".txt",
    compose=compose,
    check=check,
    settings=(LATER,),
    rules=(BAD, EMPTY),
    client=CLIENT,
)
MARKET = Market(
    key="xx",
    name="Nowhere",
    authority="tests",
    status="in force",
    legal="none",
    references=(Reference("tests", "https://example.org", date(2026, 11, 26)),),
    messages=(NOTE,),
    dates=(LegalDate(date(2026, 1, 1), "tests"),),
    simulation=Simulation(
        start, (Fault("unaskable", "notes cannot be asked for"), Fault("never", "no answer ever")), ("it is no system",)
    ),
)
