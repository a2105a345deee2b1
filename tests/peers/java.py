"""What AS2 servers in Java need: their libraries from Maven, a key store, and a file of partnerships."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from gateway.transports.as2 import Identity, Pin

PASSWORD = "only-for-tests"
QUICK_START = ("-Xmx256m", "-XX:TieredStopAtLevel=1")
_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>peer</artifactId><version>1</version><dependencies>{}</dependencies></project>"""


@functools.cache
def class_path(name: str, *artifacts: str) -> str:
    """Artifacts (``group:name:version``) and all that they need; empty if this machine cannot run or fetch them.

    They are installed by Maven, into Maven's own cache.
    """
    if not all(shutil.which(program) for program in ("java", "javac", "mvn")):
        return ""
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "epcis-gateway-tests" / name
    found = folder / "class-path"
    if not (found.exists() and all(Path(jar).exists() for jar in found.read_text().split(os.pathsep))):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "pom.xml").write_text(_POM.format("".join(map(_dependency, artifacts))))
        command = ["mvn", "-B", "-q", "dependency:build-classpath", f"-Dmdep.outputFile={found}.part"]
        for _ in range(3):  # what was fetched stays, so that a second try has less to do
            done = subprocess.run(command, cwd=folder, check=False, capture_output=True, timeout=300)
            if not done.returncode:
                break
        else:
            return ""
        Path(f"{found}.part").rename(found)
    return found.read_text()


def _dependency(artifact: str) -> str:
    group, name, version = artifact.split(":")
    return (
        f"<dependency><groupId>{group}</groupId><artifactId>{name}</artifactId>"
        f"<version>{version}</version></dependency>"
    )


def key_store(path: Path, peer: Identity, us: Pin) -> None:
    """The peer's key and our certificate in one store, under ``peer`` and ``us``, in the old form that all can read."""
    form = PrivateFormat.PKCS12.encryption_builder().key_cert_algorithm(pkcs12.PBES.PBESv1SHA1And3KeyTripleDESCBC)
    encryption = form.hmac_hash(hashes.SHA1()).build(PASSWORD.encode())
    ours = [pkcs12.PKCS12Certificate(us.certificate, b"us")]
    path.write_bytes(pkcs12.serialize_key_and_certificates(b"peer", peer.key, peer.certificate, ours, encryption))


def partnerships(peer: str, us: Iterable[tuple[str, Mapping[str, str]]], *, aliases: bool = True) -> str:
    """A file of partnerships: the peer with each of our ids, in both directions, with these attributes.

    Args:
        peer: the peer's AS2 id.
        us: our ids.
        aliases: state whose key is used.
    """

    def partner(name: str, key: str) -> str:
        alias = f' x509_alias="{key}"' if aliases else ""
        return f'<partner name="{name}" as2_id="{name}"{alias} email="{key}@{key}.example"/>'

    lines = [partner(peer, "peer")]
    for ours, values in us:
        lines.append(partner(ours, "us"))
        attributes = "".join(f"<attribute name={quoteattr(k)} value={quoteattr(v)}/>" for k, v in values.items() if v)
        for sender, receiver in ((peer, ours), (ours, peer)):
            lines.append(
                f'<partnership name="{sender}-{receiver}"><sender name="{sender}"/><receiver name="{receiver}"/>'
                f"{attributes}</partnership>"
            )
    # Partners have to stand before the partnerships that name them.
    return f"<partnerships>{''.join(sorted(lines, key=lambda line: line.startswith('<partnership ')))}</partnerships>"
