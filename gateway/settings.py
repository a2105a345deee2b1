"""The settings of a workspace: ``gateway.toml``.

A workspace is a folder with ``gateway.toml``, ``agreements/*.yaml``, ``mappings/``, ``keys/`` and ``data/``. Every
setting has a default that suits one small machine with SQLite, so an empty file is a good file. Unknown keys are
refused by name: a misspelt limit must not be silently no limit.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gateway.errors import ConfigurationError
from gateway.tomlfile import Reader

FILE = "gateway.toml"
AGREEMENTS = "agreements"
MAPPINGS = "mappings"
KEYS = "keys"
DATA = "data"

MIN_POLL = 0.05
MIN_SILENCE = 2.0
WORKER = "GATEWAY_WORKER"  # environment variable: name of this worker
WORKER_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")
GLN = re.compile(r"\d{13}", re.ASCII)
AS2_PATH = re.compile(r"(/[A-Za-z0-9._-]+)+/?")
LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("auto", "console", "plain", "json")


@dataclass(frozen=True)
class Engine:
    """How the durable engine runs.

    Attributes:
        url: its database; by default the ledger's on PostgreSQL, a SQLite file in ``data/`` otherwise.
        worker: name of this worker. It must stay the same over restarts: the engine resumes the work of its own name.
        poll_interval: seconds between two looks at a queue.
        concurrency: messages converted at the same time.
        silence: seconds after which a worker that does not give a sign of life loses its work to the others.
    """

    url: str
    worker: str = "gateway-1"
    poll_interval: float = 0.5
    concurrency: int = 4
    silence: float = 30.0


@dataclass(frozen=True)
class Logs:
    """What is logged and how: ``auto`` is for people on a terminal and JSON lines elsewhere."""

    level: str = "info"
    format: str = "auto"


@dataclass(frozen=True)
class Web:
    """The server that partners push files into.

    Attributes:
        listen: ``HOST:PORT`` that `gateway run` listens at too; empty for none.
        certificate: PEM file with the server's certificate and its chain; None for plain HTTP.
        key: reference to its private key.
        client_ca: PEM file of the authorities whose client certificates are taken; None for no client certificates.
        behind_proxy: whether a proxy before the gateway speaks TLS, so that plain HTTP may be spoken to other machines.
        public_url: how clients reach the server, for the URLs that it gives out; empty for relative ones.
        metrics_key: reference to the key that ``/metrics`` wants; empty for none.
        most_connections: connections at the same time.
        header_seconds: for the headers of a request.
        stall_seconds: without a byte while a file is pushed.
        upload_seconds: for one whole file.
    """

    listen: str = ""
    certificate: Path | None = None
    key: str = ""
    client_ca: Path | None = None
    behind_proxy: bool = False
    public_url: str = ""
    metrics_key: str = ""
    most_connections: int = 200
    header_seconds: float = 20.0
    stall_seconds: float = 30.0
    upload_seconds: float = 3600.0


@dataclass(frozen=True)
class Verification:
    """Who may ask whether packs are genuine (US, DSCSA; GS1 Lightweight Messaging).

    Attributes:
        client: whose packs the hierarchy store is asked for; empty where nobody may ask.
        gln: responderGLN.
        requestors: GLNs that are answered.
        key: reference to a key that requests must show (Authorization: Bearer); empty where the GLN is enough.
        profile: ``us`` for the values of the GS1 US guideline too, ``gs1`` for those of the standard alone.
        verify_recalled: whether a recalled pack is verified, with Recalled beside.
        verify_expired: whether an expired pack is verified, with Expired beside.
    """

    client: str = ""
    gln: str = ""
    requestors: tuple[str, ...] = ()
    key: str = ""
    profile: str = "us"
    verify_recalled: bool = False
    verify_expired: bool = False


@dataclass(frozen=True)
class As2:
    """The server that AS2 partners send to (`gateway as2 serve`).

    Attributes:
        listen: ``HOST:PORT``.
        path: of the one URL for messages and receipts.
        certificate: PEM file with the server's certificate and its chain; None for plain HTTP.
        key: reference to its private key.
        most_bytes: largest body of one request.
    """

    listen: str = "127.0.0.1:8088"
    path: str = "/as2"
    certificate: Path | None = None
    key: str = ""
    most_bytes: int = 2 << 30


@dataclass(frozen=True)
class Alerts:
    """Who is told when something is wrong, and how. Without any way nobody is.

    Attributes:
        command: program and arguments; it gets the alert as JSON on standard input.
        webhook: URL that gets the alert as JSON.
        webhook_key: reference to a key for ``Authorization: Bearer``.
        mail_to: addresses that get an e-mail.
        mail_from: its sender.
        mail_host: ``HOST:PORT`` of the mail server.
        mail_security: ``starttls``, ``tls`` or ``none``.
        mail_user: name to log in with, empty for none.
        mail_password: reference to its password.
        repeat: seconds after which something that is still wrong is told again.
        pause: seconds for which what got worse is not told again.
        backlog_age: seconds after which a message that is still at work is wrong.
        certificate_days: days before the end of a certificate from which on it is told.
        mute: kinds that are not told.
    """

    command: tuple[str, ...] = ()
    webhook: str = ""
    webhook_key: str = ""
    mail_to: tuple[str, ...] = ()
    mail_from: str = "gateway@localhost"
    mail_host: str = "localhost:25"
    mail_security: str = "starttls"
    mail_user: str = ""
    mail_password: str = ""
    repeat: int = 86_400
    pause: int = 900
    backlog_age: int = 3600
    certificate_days: int = 30
    mute: tuple[str, ...] = ()


@dataclass(frozen=True)
class Settings:
    """The settings of one workspace.

    Attributes:
        root: the workspace folder, absolute.
        database: SQLAlchemy URL of the ledger, without a password.
        engine: the durable engine.
        logs: logging.
        limits: bounds on inputs by name (``input-bytes``), for all channels; names are checked with the agreements.
        free_bytes: space on the disk that must stay free; nothing is collected below it.
        codes_key: reference to the key of the vault of secret codes; empty when there is none.
        archive_keys: references to the keys of the archive; the first one encrypts, none means plain files.
        web: the server that partners push files into.
        as2: the server that AS2 partners send to.
        alerts: who is told when something is wrong.
        verification: who may ask whether packs are genuine.
        password: reference to the password of the database server, empty where none is needed.
    """

    root: Path
    database: str
    engine: Engine
    logs: Logs = field(default_factory=Logs)
    limits: Mapping[str, int] = field(default_factory=dict)
    free_bytes: int = 64 << 20
    archive_keys: tuple[str, ...] = ()
    codes_key: str = ""
    web: Web = field(default_factory=Web)
    as2: As2 = field(default_factory=As2)
    alerts: Alerts = field(default_factory=Alerts)
    verification: Verification = field(default_factory=Verification)
    password: str = ""

    @property
    def shared(self) -> bool:
        """Whether the store is a server (PostgreSQL), so that several workers may exchange at once."""
        return is_server(self.database)

    @property
    def data(self) -> Path:
        """Folder of the archive and of the SQLite files."""
        return self.root / DATA

    @property
    def codes(self) -> Path:
        """The vault of secret codes."""
        return self.data / "codes.sqlite"

    @property
    def agreements(self) -> Path:
        """Folder of the agreements."""
        return self.root / AGREEMENTS

    @property
    def mappings(self) -> Path:
        """Folder of the workspace's own mappings."""
        return self.root / MAPPINGS


def is_server(url: str) -> bool:
    """Whether a database URL names a PostgreSQL server."""
    return url.partition("://")[0].partition("+")[0] in ("postgresql", "postgres")


def load(root: Path, worker: str = "") -> Settings:
    """Read ``gateway.toml`` of the workspace at `root`.

    Args:
        root: the workspace.
        worker: name of this worker, in place of the one in the file.

    Raises:
        ConfigurationError: no workspace there, no TOML, an unknown key or a value of a wrong type.
    """
    path = root / FILE
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        message = f"{root} is no workspace: it has no {FILE}"
        raise ConfigurationError(message, hint="make one with `gateway init DIR`, or name it with -C DIR") from error
    except OSError as error:
        message = f"{path}: {error.strerror or error}"
        raise ConfigurationError(message) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"{path}: not TOML: {error}"
        raise ConfigurationError(message) from error
    return _settings(root.resolve(), Reader(path, values), worker or os.environ.get(WORKER, ""))


def _settings(root: Path, top: Reader, worker: str) -> Settings:
    engine, logs = top.table("engine"), top.table("logs")
    intake, database = top.table("intake"), top.table("database")
    limits, archive = top.table("limits"), top.table("archive")
    keys = tuple(key for key in (archive.text("key", ""), *archive.texts("old-keys")) if key)
    web, as2, alerts = top.table("web"), top.table("as2"), top.table("alerts")
    verification = top.table("verification")
    codes = top.table("codes")
    url = database.url("url", "sqlite:///data/ledger.sqlite")
    engine_url = engine.url("url", url if is_server(url) else "sqlite:///data/engine.sqlite")
    if is_server(url) != is_server(engine_url):
        text = "the ledger (database.url) and the engine must both be on SQLite or on PostgreSQL"
        engine.refuse("url", text)
    named = engine.text("worker", Engine.worker)
    settings = Settings(
        root=root,
        database=_url(url, root),
        password=database.reference("password"),
        engine=Engine(
            url=_url(engine_url, root),
            worker=worker or named,
            poll_interval=engine.number("poll-interval", Engine.poll_interval, MIN_POLL),
            concurrency=engine.whole("concurrency", Engine.concurrency, 1),
            silence=engine.number("silence", Engine.silence, MIN_SILENCE),
        ),
        logs=Logs(
            level=logs.choice("level", Logs.level, LEVELS), format=logs.choice("format", Logs.format, LOG_FORMATS)
        ),
        limits={key: limits.whole(key, 0, 1) for key in list(limits.values)},
        free_bytes=intake.whole("free-bytes", Settings.free_bytes, 0),
        archive_keys=keys,
        codes_key=_codes_key(codes, encrypted=bool(keys)),
        web=_web(web, root),
        as2=_as2(as2, root),
        alerts=_alerts(alerts),
        verification=_verification(verification),
    )
    if not WORKER_NAME.fullmatch(settings.engine.worker):
        engine.refuse("worker", "must be of small letters, digits, hyphens and dots, at most 63")
    for table in (top, engine, logs, intake, database, limits, archive, web, as2, alerts, verification, codes):
        table.refuse_rest()
    return settings


def _web(web: Reader, root: Path) -> Web:
    found = Web(
        listen=web.text("listen", Web.listen),
        certificate=web.file("certificate", root),
        key=web.text("key", Web.key),
        client_ca=web.file("client-ca", root),
        behind_proxy=web.flag("behind-proxy"),
        public_url=web.text("public-url", Web.public_url).rstrip("/"),
        metrics_key=web.text("metrics-key", Web.metrics_key),
        most_connections=web.whole("most-connections", Web.most_connections, 1),
        header_seconds=web.number("header-seconds", Web.header_seconds, 0.1),
        stall_seconds=web.number("stall-seconds", Web.stall_seconds, 0.1),
        upload_seconds=web.number("upload-seconds", Web.upload_seconds, 0.1),
    )
    if (found.certificate is None) != (not found.key):
        web.refuse("certificate", "certificate and key belong together")
    if found.client_ca is not None and found.certificate is None:
        web.refuse("client-ca", "client certificates need a certificate of the server")
    return found


def _codes_key(codes: Reader, *, encrypted: bool) -> str:
    key = codes.reference("key")
    if key and not encrypted:
        codes.refuse("key", "secret codes want an encrypted archive: give a key under [archive], too")
    return key


def _verification(table: Reader) -> Verification:
    found = Verification(
        client=table.text("client", ""),
        gln=table.text("gln", ""),
        requestors=tuple(table.texts("requestors")),
        key=table.reference("key"),
        profile=table.choice("profile", Verification.profile, ("us", "gs1")),
        verify_recalled=table.flag("verify-recalled"),
        verify_expired=table.flag("verify-expired"),
    )
    for key, glns in (("gln", [found.gln]), ("requestors", found.requestors)):
        if found.client and not (glns and all(GLN.fullmatch(gln) for gln in glns)):
            table.refuse(key, "must be a GLN of 13 digits where somebody may ask, or several of them")
    return found


def _as2(as2: Reader, root: Path) -> As2:
    found = As2(
        listen=as2.text("listen", As2.listen),
        path=as2.text("path", As2.path),
        certificate=as2.file("certificate", root),
        key=as2.reference("key"),
        most_bytes=as2.whole("most-bytes", As2.most_bytes, 1),
    )
    if (found.certificate is None) != (not found.key):
        as2.refuse("certificate", "certificate and key belong together")
    if not AS2_PATH.fullmatch(found.path):
        as2.refuse("path", "must begin with / and be of letters, digits, dots, hyphens, underscores and slashes")
    return found


def _alerts(alerts: Reader) -> Alerts:
    return Alerts(
        command=tuple(alerts.texts("command")),
        webhook=alerts.text("webhook", ""),
        webhook_key=alerts.reference("webhook-key"),
        mail_to=tuple(alerts.texts("mail-to")),
        mail_from=alerts.text("mail-from", Alerts.mail_from),
        mail_host=alerts.text("mail-host", Alerts.mail_host),
        mail_security=alerts.choice("mail-security", Alerts.mail_security, ("starttls", "tls", "none")),
        mail_user=alerts.text("mail-user", ""),
        mail_password=alerts.reference("mail-password"),
        repeat=alerts.whole("repeat", Alerts.repeat, 60),
        pause=alerts.whole("pause", Alerts.pause, 0),
        backlog_age=alerts.whole("backlog-age", Alerts.backlog_age, 60),
        certificate_days=alerts.whole("certificate-days", Alerts.certificate_days, 1),
        mute=tuple(alerts.texts("mute")),
    )


def _url(url: str, root: Path) -> str:
    """Make the path of a relative SQLite URL absolute, so that the working folder does not matter."""
    scheme, separator, path = url.partition(":///")
    if scheme.startswith("sqlite") and separator and not path.startswith("/"):
        return f"{scheme}:///{root / path}"
    return url
