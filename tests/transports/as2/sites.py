"""Gateways that speak AS2 to each other over loopback, each with its own folder, server and partners."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gateway.transports.as2 import Content, File
from gateway.transports.as2.partner import Partner
from gateway.transports.as2.settings import PartnerSettings
from gateway.transports.as2.validity import Listed, Use
from gateway.transports.as2_http.post import poster
from gateway.transports.as2_http.receipts import Receipts
from gateway.transports.as2_http.reception import Reception
from gateway.transports.as2_http.sending import Post, Sender, State
from gateway.transports.as2_http.server import Limits, Site, application
from gateway.transports.as2_http.serving import serving
from gateway.transports.as2_http.store import Entry, Store
from tests.transports.as2.ends import identity, pin

ALL = frozenset({Use.SIGN, Use.ENCRYPT})


@dataclass
class Gateway:
    """One end. `partners` may be changed while it runs."""

    name: str
    folder: Path
    limits: Limits = field(default_factory=Limits)
    partners: dict[str, Partner] = field(default_factory=dict)
    urls: dict[str, str] = field(default_factory=dict)
    now: dt.datetime = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)
    url: str = ""

    def __post_init__(self) -> None:
        for name in ("scratch", "quarantine"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.inbox, self.outbox = Store(self.folder / "in"), Store(self.folder / "out")
        self.reception = Reception(self.inbox, self.partner, lambda: self.now, self.folder / "scratch")

    def partner(self, them: str, us: str) -> Partner | None:
        found = self.partners.get(them)
        return found if found and found.settings.us == us else None

    def knows(self, them: str, **settings: object) -> None:
        """Make somebody a partner, whose certificate is the test's."""
        names = {name.replace("_", "-"): value for name, value in settings.items()}
        stated = PartnerSettings.model_validate({"us": self.name, "them": them} | names)
        self.partners[them] = Partner(stated, (Listed(identity(self.name), ALL),), (Listed(pin(them), ALL),))

    @contextlib.contextmanager
    def running(self) -> Iterator[Gateway]:
        """Serve, and be able to post."""
        post = Later()
        self.sender = Sender(self.outbox, post, lambda: self.now, self.folder / "scratch")
        receipts = Receipts(post, self.folder / "scratch", (0.0, 0.05))
        quarantine = self.folder / "quarantine"
        site = Site(self.reception, self.sender, quarantine, receipts, self.limits, stop=receipts.stop)
        self.post = post
        try:
            with serving(application(site)) as url:
                self.url = f"{url}/as2"
                yield self
        finally:
            site.close()

    def send(self, them: str, data: bytes, delivery: str = "1") -> State:
        entry = self.prepare(them, data, delivery)
        return self.sender.send(entry, self.partners[them], self.urls[them])

    def prepare(self, them: str, data: bytes, delivery: str = "1") -> Entry:
        file = File(Content.of(data), "application/xml", "batch.xml")
        return self.sender.prepare(self.partners[them], (file,), delivery)

    def taken(self) -> list[bytes]:
        """All files that have come in."""
        return [
            (entry.path / payload["file"]).read_bytes()
            for entry in self.inbox.entries()
            for payload in entry.json("record")["payloads"]
        ]


class Later:
    """Posts; connections are opened when they are needed, to any loopback address that a test uses."""

    def __init__(self) -> None:
        self.posts: list[str] = []

    def __call__(self, url: str, *arguments: object) -> object:
        self.posts.append(url)
        with poster({url: True}, answer=120) as post:
            found: Post = post
            return found(url, *arguments)


@contextlib.contextmanager
def two(folder: Path, limits: Limits | None = None, **settings: object) -> Iterator[tuple[Gateway, Gateway]]:
    """Acme and Brand, who know each other."""
    one = Gateway("acme", folder / "acme")
    other = Gateway("brand", folder / "brand", limits or Limits())
    with one.running(), other.running():
        one.urls["brand"], other.urls["acme"] = other.url, one.url
        asynchronous = settings.pop("asynchronous", False)
        receipt = {"mode": "async", "url": one.url} if asynchronous else {"mode": "sync"}
        one.knows("brand", **({"receipt": receipt} | settings))
        other.knows("acme", receipt_url=one.url)
        yield one, other
