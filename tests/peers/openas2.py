"""A real OpenAS2 server (Java) as the partner, in a folder of its own, with partnerships made for a test.

Its configuration is written here.
"""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from gateway.transports.as2 import Identity, Pin
from tests.peers import java

VERSION = "2.10.1"
PEER, US = "PEER", "US"
_LOG = "-Dorg.apache.commons.logging.Log=org.openas2.logging.Log"
_START_SECONDS = 180


@dataclass(frozen=True)
class Partnership:
    """How OpenAS2 sends to one of our ids.

    Attributes:
        us: our AS2 id; one for each partnership.
        sign: e.g. ``SHA256``; empty for not at all.
        encrypt: e.g. ``AES256``; empty for not at all.
        compression: ``before``, ``after`` or empty.
        asynchronous: where receipts are to come.
    """

    us: str
    sign: str = "SHA256"
    encrypt: str = "AES256"
    compression: str = ""
    asynchronous: str = ""


@dataclass
class OpenAs2:
    """The running server.

    Attributes:
        folder: its workspace.
        port: where messages come in.
    """

    folder: Path
    port: int
    _count: int = field(default=0)

    @property
    def url(self) -> str:
        """Where to send messages."""
        return f"http://127.0.0.1:{self.port}/"

    def send(self, us: str, data: bytes) -> None:
        """Have it send a file to one of our ids."""
        self._count += 1
        outbox = self.folder / "data" / "toAny"
        part = self.folder / f"{PEER}-{us}.{self._count:04d}"
        part.write_bytes(data)
        part.rename(outbox / part.name)

    def received(self) -> list[bytes]:
        """Files that it has taken from us."""
        return [path.read_bytes() for path in sorted((self.folder / "data" / "inbox").rglob("*")) if path.is_file()]

    def receipts(self) -> list[str]:
        """Receipts that it has accepted for its own messages."""
        return [path.read_text("latin-1") for path in (self.folder / "data" / "mdn").rglob("*") if path.is_file()]

    def log(self) -> str:
        """What it said."""
        return (self.folder / "out").read_text("utf-8", "replace")


def class_path() -> str:
    """The server and all that it needs; empty if this machine cannot run it."""
    return java.class_path(f"openas2-{VERSION}", f"net.sf.openas2:openas2-server:{VERSION}")


@contextlib.contextmanager
def serve(
    folder: Path, port: int, peer: Identity, us: Pin, our_url: str, partnerships: list[Partnership]
) -> Iterator[OpenAs2]:
    """Run a server."""
    config = folder / "config"
    for name in ("config", "data/toAny", "data/inbox"):
        (folder / name).mkdir(parents=True)
    java.key_store(config / "as2_certs.p12", peer, us)
    (config / "config.xml").write_text(_config(port))
    (config / "commands.xml").write_text("<commands/>")
    stated = java.partnerships(PEER, ((one.us, _attributes(our_url, one)) for one in partnerships))
    (config / "partnerships.xml").write_text(stated)
    server = OpenAs2(folder, port)
    command = [
        "java",
        *java.QUICK_START,
        _LOG,
        "-cp",
        class_path(),
        "org.openas2.app.OpenAS2Server",
    ]
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(
            [*command, str(config / "config.xml")], stdin=subprocess.PIPE, stdout=out, stderr=out, cwd=folder
        )
        try:
            _wait(server, process)
            yield server
        finally:
            process.kill()
            process.wait()


def _wait(server: OpenAs2, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
            return
        time.sleep(0.1)
    raise RuntimeError(server.log()[-3000:])


def _config(port: int) -> str:
    return f"""<openas2>
  <properties/>
  <certificates classname="org.openas2.cert.PKCS12CertificateFactory" filename="%home%/as2_certs.p12"
      password="{java.PASSWORD}" interval="300"/>
  <partnerships classname="org.openas2.partner.XMLPartnershipFactory" filename="%home%/partnerships.xml"/>
  <loggers><logger classname="org.openas2.logging.ConsoleLogger"/></loggers>
  <commands classname="org.openas2.cmd.XMLCommandRegistry" filename="%home%/commands.xml"/>
  <commandProcessors/>
  <processor classname="org.openas2.processor.DefaultProcessor" pendingMDN="%home%/../data/pending"
      pendingMDNinfo="%home%/../data/pendinginfo">
    <module classname="org.openas2.processor.sender.AS2SenderModule"/>
    <module classname="org.openas2.processor.sender.MDNSenderModule"/>
    <module classname="org.openas2.processor.receiver.AS2DirectoryPollingModule" outboxdir="%home%/../data/toAny"
        errordir="%home%/../data/toAny/error" interval="1" delimiters="-." sendfilename="true"
        format="sender.as2_id, receiver.as2_id, attributes.fileid" mimetype="application/octet-stream"/>
    <module classname="org.openas2.processor.storage.MDNFileModule" protocol="as2" tempdir="%home%/../data/temp"
        filename="%home%/../data/mdn/$mdn.msg.receiver.as2_id$-$mdn.msg.headers.message-id$"/>
    <module classname="org.openas2.processor.storage.MessageFileModule" protocol="as2" tempdir="%home%/../data/temp"
        filename="%home%/../data/inbox/$msg.headers.message-id$"/>
    <module classname="org.openas2.processor.receiver.AS2ReceiverModule" port="{port}" address="127.0.0.1"
        errordir="%home%/../data/error" errorformat="sender.as2_id, receiver.as2_id, headers.message-id"/>
    <module classname="org.openas2.processor.receiver.AS2MDNReceiverModule" port="{port + 1}" address="127.0.0.1"/>
  </processor>
</openas2>"""


def _attributes(our_url: str, one: Partnership) -> dict[str, str]:
    options = (
        f"signed-receipt-protocol=optional, pkcs7-signature; signed-receipt-micalg=optional, {one.sign or 'SHA256'}"
    )
    return {
        "protocol": "as2",
        "content_transfer_encoding": "binary",
        "subject": "From OpenAS2",
        "as2_url": our_url,
        "as2_mdn_to": "peer@peer.example",
        "as2_mdn_options": options,
        "sign": one.sign,
        "encrypt": one.encrypt,
        "compression_type": "ZLIB" if one.compression else "",
        "compression_mode": "compress-after-signing" if one.compression == "after" else "",
        "as2_receipt_option": one.asynchronous,
        "prevent_canonicalization_for_mic": "false",
        "resend_max_retries": "0",
    }
