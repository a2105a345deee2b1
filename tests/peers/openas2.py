"""A real OpenAS2 server (Java) as the partner, in a folder of its own, with partnerships made for a test.

It is installed by Maven, into Maven's own cache. Its configuration is written here.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from gateway.transports.as2 import Identity, Pin

VERSION = "2.10.1"
PEER, US = "PEER", "US"
_PASSWORD = "only-for-tests"
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>peer</artifactId><version>1</version><dependencies><dependency>
<groupId>net.sf.openas2</groupId><artifactId>openas2-server</artifactId><version>{version}</version>
</dependency></dependencies></project>"""
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


@functools.cache
def class_path() -> str:
    """The server and all that it needs; empty if this machine has no Java, no Maven, or cannot fetch it."""
    if not (shutil.which("java") and shutil.which("mvn")):
        return ""
    folder = (
        Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "epcis-gateway-tests" / f"openas2-{VERSION}"
    )
    found = folder / "class-path"
    if not (found.exists() and all(Path(jar).exists() for jar in found.read_text().split(os.pathsep))):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pom.xml").write_text(_POM.format(version=VERSION))
        command = ["mvn", "-B", "-q", "dependency:build-classpath", f"-Dmdep.outputFile={found}.part"]
        for _ in range(3):  # what was fetched stays, so that a second try has less to do
            done = subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=300)
            if not done.returncode:
                break
        else:
            return ""
        Path(f"{found}.part").rename(found)
    return found.read_text()


@contextlib.contextmanager
def serve(
    folder: Path, port: int, peer: Identity, us: Pin, our_url: str, partnerships: list[Partnership]
) -> Iterator[OpenAs2]:
    """Run a server."""
    config = folder / "config"
    for name in ("config", "data/toAny", "data/inbox"):
        (folder / name).mkdir(parents=True)
    _keys(config, peer, us)
    (config / "config.xml").write_text(_config(port))
    (config / "commands.xml").write_text("<commands/>")
    (config / "partnerships.xml").write_text(_partnerships(our_url, partnerships))
    server = OpenAs2(folder, port)
    command = [
        "java",
        "-Xmx256m",
        "-XX:TieredStopAtLevel=1",
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


def _keys(config: Path, peer: Identity, us: Pin) -> None:
    """Its key and our certificate in one store, in the old form that its library reads."""
    form = PrivateFormat.PKCS12.encryption_builder().key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
    encryption = form.hmac_hash(hashes.SHA1()).build(_PASSWORD.encode())
    ours = [pkcs12.PKCS12Certificate(us.certificate, b"us")]
    data = pkcs12.serialize_key_and_certificates(b"peer", peer.key, peer.certificate, ours, encryption)
    (config / "as2_certs.p12").write_bytes(data)


def _config(port: int) -> str:
    return f"""<openas2>
  <properties/>
  <certificates classname="org.openas2.cert.PKCS12CertificateFactory" filename="%home%/as2_certs.p12"
      password="{_PASSWORD}" interval="300"/>
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


def _partnerships(our_url: str, partnerships: list[Partnership]) -> str:
    partners = [f'<partner name="{PEER}" as2_id="{PEER}" x509_alias="peer" email="peer@peer.example"/>']
    partners += [
        f'<partner name="{p.us}" as2_id="{p.us}" x509_alias="us" email="us@us.example"/>' for p in partnerships
    ]
    for one in partnerships:
        options = (
            f"signed-receipt-protocol=optional, pkcs7-signature; signed-receipt-micalg=optional, {one.sign or 'SHA256'}"
        )
        values = {
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
        attributes = "".join(f"<attribute name={quoteattr(k)} value={quoteattr(v)}/>" for k, v in values.items() if v)
        for sender, receiver in ((PEER, one.us), (one.us, PEER)):
            partners.append(
                f'<partnership name="{sender}-{receiver}"><sender name="{sender}"/><receiver name="{receiver}"/>'
                f"{attributes}</partnership>"
            )
    return f"<partnerships>{''.join(partners)}</partnerships>"
