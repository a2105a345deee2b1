"""A session with an SFTP server: collect from, or deliver to, the channel's folder."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO

from gateway.errors import TransportError
from gateway.transports import names
from gateway.transports.base import Offer, Receipt
from gateway.transports.files import CHECKSUM_FILE_BYTES, changed, check_size, pour, settled_offers
from gateway.transports.settle import Entry, Settling
from gateway.transports.sftp.ahead import Ahead
from gateway.transports.sftp.away import Away
from gateway.transports.sftp.connection import Link
from gateway.transports.sftp.publish import publish
from gateway.transports.sftp.remote import Remote, filled
from gateway.transports.sftp.settings import SftpSettings


class SftpSession:
    """An open connection to an SFTP server.

    Args:
        settings: the channel's.
        link: a connection that is made anew when it breaks.
        clock: seconds since 1970.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        settings: SftpSettings,
        link: Link,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._settings = settings
        self._remote = Remote(settings, link)
        self._settling = Settling(settings.settle, fold_names=settings.fold_names)
        self._ahead = Ahead(self._remote)
        self._away = Away(self._remote, clock)
        self._clock = clock
        self._sleep = sleep

    def offers(self) -> Iterator[Offer]:
        """Settled files, oldest first, then by name in natural order.

        What was listed stays listed: when the connection breaks while files are fetched, the next `fetch` connects
        anew and the offers go on. What settled in looks before a break has settled.
        """
        return self._ahead.watch(
            settled_offers(self._listing, self._settings, self._settling, self._clock, self._sleep)
        )

    def _listing(self) -> Iterator[Entry]:
        with self._remote.operation("list the folder"):
            yield from self._remote.listing()

    def fetch(self, offer: Offer, target: BinaryIO) -> int:
        """Write the file's bytes to `target`."""
        check_size(offer, self._settings.max_size)
        name = names.to_bytes(offer.path)
        place = self._remote.place
        checksum = self._checksum(offer, name)
        what = f"read {offer.name!r}"
        prefetch = not self._remote.quirk("no-prefetch")
        with self._remote.operation(what), self._remote.gone_means_changed(offer):
            data = self._ahead.take(offer)
            if data is not None:
                pieces = iter((data,))
                return pour(lambda _: next(pieces, b""), target, offer, place)
            with self._remote.client.reading(self._remote.at(name), offer.size, prefetch=prefetch) as read:

                def next_block(size: int) -> bytes:
                    self._remote.progress()
                    with self._remote.explained(what):
                        return read(size)

                count = pour(next_block, target, offer, place, checksum)
            if not self._remote.is_offered(offer, self._remote.state(self._remote.at(name))):
                raise changed(offer, place)
        return count

    def _checksum(self, offer: Offer, name: bytes) -> bytes:
        template = self._settings.settle.checksum
        if not template:
            return b""
        path = self._remote.at(filled(template, name))
        with (
            self._remote.operation(f"read the checksum file of {offer.name!r}"),
            self._remote.client.reading(path, CHECKSUM_FILE_BYTES, prefetch=False) as read,
        ):
            return read(CHECKSUM_FILE_BYTES)

    def acknowledge(self, offer: Offer) -> None:
        """Archive, rename or delete the original, as the settings say."""
        (trouble,) = self.acknowledge_all([offer])
        if trouble is not None:
            raise trouble

    def acknowledge_all(self, offers: Sequence[Offer]) -> list[TransportError | None]:
        """Put away many originals at a time."""
        first = offers[0].name if offers else ""
        with self._remote.operation(f"put away {first!r}"):
            return self._away.put_away(offers)

    def deliver(self, name: str, source: BinaryIO, size: int) -> Receipt:
        """Put a file there under `name`, visible only when whole."""
        with self._remote.operation(f"write {name!r}"):
            return publish(self._remote, name, source, size)

    def probe(self) -> list[str]:
        """Say what was checked while connecting, and list the folder."""
        count = sum(1 for _ in self._listing())
        return [*self._remote.facts, f"{self._remote.place}: {count} files"]
