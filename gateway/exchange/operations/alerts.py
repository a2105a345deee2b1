"""Telling somebody what is wrong, once: when it begins, when it gets worse, now and then while it lasts, when it ends.

What was told by which way stands in the ledger, so a restart tells nothing twice. A way that fails is tried again at
the next look, without those that did not fail. A crash between telling and remembering may tell a thing twice. What
comes and goes is one trouble: its end is told only when it has been over for `pause` seconds.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import sqlalchemy as sa

from gateway import logs
from gateway.agreements import certificates
from gateway.agreements.load import Agreements
from gateway.bounded import bounded
from gateway.errors import ConfigurationError, GatewayError, UsageError
from gateway.exchange.clock import moment, stamp
from gateway.exchange.ledger import audit
from gateway.exchange.ledger.audit_work import SEEN
from gateway.exchange.ledger.database import StoreError
from gateway.exchange.ledger.tables import AlertRow
from gateway.exchange.operations.alarm import BLIND, Alarm
from gateway.exchange.operations.alert_ways import Notice, Way, ways
from gateway.exchange.operations.troubles import WAY, Trouble, troubles
from gateway.exchange.workspace import Workspace
from gateway.transports.secrets import secrets

#: Bytes of the subject of a row of the audit trail.
SUBJECT = 64

AS2 = "as2"

#: Seconds between two looks.
LOOK = 60.0

log = logs.get(__name__)


class Alerting:
    """Looks for troubles of a workspace and tells them.

    Args:
        workspace: the workspace.

    Raises:
        ConfigurationError: a way to tell is set wrongly.
    """

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._settings = workspace.settings.alerts
        self._ways: Sequence[Way] = ways(self._settings, secrets(workspace.settings.root))
        self._alarm = Alarm(workspace.settings, self._ways, workspace.clock)
        self._thread: threading.Thread | None = None

    def look_aside(self) -> None:
        """Look, in a thread of its own: a mail server that does not answer must hold nothing up."""
        self._aside(self._look_safely)

    def broken_aside(self) -> None:
        """The ledger does not work: tell that, in a thread of its own."""
        self._aside(self._alarm.broken)

    def _aside(self, work: Callable[[], None]) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=work, name="alerts", daemon=True)
            self._thread.start()

    def look(self) -> list[Notice]:
        """Look once; returns what was told by at least one way."""
        now = self._workspace.clock()
        rows = self._remember(self.troubles(now), now)
        told: dict[str, Notice] = {}
        failing: dict[str, str] = {}
        for way in self._ways:
            due = [notice for row in rows if (notice := self._due(row, way.name, now)) is not None]
            if not due:
                continue
            try:
                way.tell(str(self._workspace.settings.root), due)
            except GatewayError as error:
                log.warning("alert not told", way=way.name, error=str(error))
                failing[way.name] = str(error)
                continue
            self._told(due, way.name, now)
            told |= {notice.key: notice for notice in due}
        self._note_failing(failing, now)
        self._forget()
        for notice in told.values():
            log.warning("alert", kind=notice.kind, what=notice.what, text=notice.text)
        return list(told.values())

    def test(self) -> dict[str, str]:
        """Tell a trial alert by every way: what went wrong, empty where nothing did.

        Raises:
            ConfigurationError: no way is set.
        """
        if not self._ways:
            message = "nobody would be told: no way is set under [alerts] in gateway.toml"
            raise ConfigurationError(message, hint="set command, webhook or mail-to; docs/alerts.md")
        trial = Notice("test", "test", "new", "this is a trial, nothing is wrong", 1, stamp(self._workspace.clock()))
        outcome = {}
        for way in self._ways:
            try:
                way.tell(str(self._workspace.settings.root), [trial])
                outcome[way.name] = ""
            except GatewayError as error:
                outcome[way.name] = str(error)
        return outcome

    def troubles(self, now: datetime) -> list[Trouble]:
        """What is wrong now, without what is mute."""
        return troubles_now(self._workspace, now)

    def _remember(self, found: Sequence[Trouble], now: datetime) -> list[AlertRow]:
        at, keys = stamp(now), {trouble.key for trouble in found}
        with self._workspace.database.write() as session:
            for trouble in found:
                row = session.get(AlertRow, trouble.key)
                if row is None or (row.ended_at and self._over(row, now)):
                    row = session.merge(_fresh(trouble, at))
                row.text, row.count, row.ended_at = trouble.text, trouble.count, ""
            for row in session.scalars(sa.select(AlertRow).where(AlertRow.ended_at == "")):
                if row.key not in keys and row.kind != WAY:
                    row.ended_at = at
            session.flush()
            return list(session.scalars(sa.select(AlertRow).order_by(AlertRow.first_at, AlertRow.key)))

    def _note_failing(self, failing: Mapping[str, str], now: datetime) -> None:
        """Keep which ways do not work: the others tell that at the next look, and `gateway status` shows it."""
        if WAY in self._settings.mute:
            return
        with self._workspace.database.write() as session:
            for way in self._ways:
                trouble = Trouble(WAY, way.name, f"{failing.get(way.name, '')}: gateway alerts test")
                row = session.get(AlertRow, trouble.key)
                if way.name in failing:
                    if row is None or row.ended_at:
                        row = session.merge(_fresh(trouble, stamp(now)))
                    row.text, row.count = trouble.text, 1
                elif row is not None and not row.ended_at:
                    row.ended_at = stamp(now)

    def seen(self, key: str) -> AlertRow:
        """Note that the operator of this workspace sees to a trouble: it is told again only when it gets worse or anew.

        Raises:
            UsageError: nothing of this key is wrong now.
        """
        now = self._workspace.clock()
        found = {trouble.key: trouble for trouble in self.troubles(now)}
        if key not in found:
            message = f"nothing that is called {key!r} is wrong now"
            raise UsageError(message, hint="`gateway alerts list` lists what is wrong, with keys")
        self._remember(list(found.values()), now)
        actor = self._workspace.actor
        with self._workspace.database.write() as session:
            row = session.get_one(AlertRow, key)
            row.seen_at, row.seen_by, row.seen_why, row.seen_count = stamp(now), actor.who, actor.why, row.count
            subject = bounded(key, SUBJECT)
            audit.note(session, audit.Entry(stamp(now), SEEN, subject, {"key": key, "count": row.count}))
            return row

    def _due(self, row: AlertRow, way: str, now: datetime) -> Notice | None:
        last = row.told.get(way)
        if row.key == Trouble(WAY, way, "").key:
            return None  # that it does not work cannot be told by itself
        if row.ended_at:
            what = "ended" if last and not last["ended"] and self._over(row, now) else ""
        elif last is None:
            what = "new" if not row.seen_at or row.count > row.seen_count else ""
        else:
            since = _passed(moment(last["at"]), now, self._settings.pause)
            worse = row.count > max(last["count"], row.seen_count)
            worse = worse and since >= timedelta(seconds=self._settings.pause)
            still = not row.seen_at and since >= timedelta(seconds=self._settings.repeat)
            what = "worse" if worse else "still" if still else ""
        return Notice(row.key, row.kind, what, row.text, row.count, row.first_at) if what else None

    def _over(self, row: AlertRow, now: datetime) -> bool:
        pause = self._settings.pause
        return _passed(moment(row.ended_at), now, pause) >= timedelta(seconds=pause)

    def _told(self, notices: Sequence[Notice], way: str, now: datetime) -> None:
        with self._workspace.database.write() as session:
            for notice in notices:
                row = session.get(AlertRow, notice.key)
                if row is not None:
                    last = {"at": stamp(now), "count": notice.count, "ended": notice.what == "ended"}
                    row.told = {**row.told, way: last}

    def _forget(self) -> None:
        """Drop what is over and of which nobody has to hear any more."""
        names = [way.name for way in self._ways]
        with self._workspace.database.write() as session:
            for row in session.scalars(sa.select(AlertRow).where(AlertRow.ended_at != "")):
                if all(row.told[name]["ended"] for name in names if name in row.told):
                    session.delete(row)

    def _look_safely(self) -> None:
        try:
            self.look()
            self._alarm.works()
        except StoreError as error:
            log.warning("no look for alerts", error=str(error))
            self._alarm.broken()
        except Exception as error:  # noqa: BLE001 - the next look may work; the exchange goes on
            log.warning("no look for alerts", error=type(error).__name__)
            self._alarm.broken(BLIND)


def troubles_now(workspace: Workspace, now: datetime) -> list[Trouble]:
    """What is wrong now, without what is mute."""
    settings = workspace.settings.alerts
    try:
        agreements = workspace.agreements
    except ConfigurationError:
        agreements = None  # `in_force` and `gateway check` tell that
    ends = certificates_in_use(workspace) if agreements is not None else ()
    with workspace.database.read() as session:
        found = list(troubles(session, now, settings, agreements, ends))
    if agreements is not None and _speaks_as2(agreements):
        from gateway.exchange.operations import as2_watch  # noqa: PLC0415 - 18 MiB of libraries, for nothing without AS2

        found += as2_watch.troubles(workspace, now)
    free, least = shutil.disk_usage(workspace.settings.data).free, workspace.settings.free_bytes
    if free < least:
        text = f"the disk of data/ has {free:,} bytes free, {least:,} must stay free: nothing is collected"
        found.append(Trouble("disk", "data", text))
    return [trouble for trouble in found if trouble.kind not in settings.mute]


def _passed(at: datetime, now: datetime, slack: float) -> timedelta:
    """How long ago something was. What lies ahead was noted while the clock was wrong: for ever ago."""
    return timedelta.max if at - now > timedelta(seconds=slack) else now - at


def _fresh(trouble: Trouble, at: str) -> AlertRow:
    row = AlertRow(key=trouble.key, kind=trouble.kind, text="", count=0, first_at=at, ended_at="", told={})
    row.seen_at = row.seen_by = row.seen_why = ""
    row.seen_count = 0
    return row


def certificates_in_use(workspace: Workspace) -> Iterator[tuple[str, datetime]]:
    """Where each certificate is that agreements or the server use, and when it ends. What cannot be read is out."""
    resolve = secrets(workspace.settings.root)
    parts: list[object] = []
    for agreement in workspace.agreements.all:
        parts.append(agreement.partner)
        parts += [channel.settings for channel in agreement.channels]
        parts += [target.settings for target in agreement.targets]
    parts += [workspace.settings.web, workspace.settings.as2]
    texts: dict[str, Callable[[], str]] = {}
    for part in parts:
        texts |= {reference: partial(resolve, reference) for _, reference in certificates.references(part)}
        texts |= {str(path): partial(path.read_text, "utf-8", "replace") for _, path in certificates.files(part)}
    for reference, read in texts.items():
        try:
            found = certificates.read(read())
        except (ConfigurationError, OSError):
            continue
        if found:
            # Of several the last to end counts: old ones stand beside new ones for a while.
            yield reference, max(one.ends for one in found)


def _speaks_as2(agreements: Agreements) -> bool:
    channels = any(channel.transport == AS2 for _, channel in agreements.channels())
    return channels or any(target.transport == AS2 for one in agreements.all for target in one.targets)
