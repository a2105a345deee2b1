"""Two servers beside each other on one PostgreSQL ledger: a key counts for both, whoever takes the file."""

from __future__ import annotations

import copy
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.exchange.site import document
from tests.web.served import ServedSite, free_port
from tests.web.test_inbox import push


def test_one_key_at_two_servers(tmp_path: Path, postgres) -> None:
    site = ServedSite(tmp_path / "ws", postgres=postgres).make()
    other = copy.copy(site)
    other.port = free_port()
    with site.serving(), other.serving(), ThreadPoolExecutor(8) as pool:
        for number in range(5):
            key = str(uuid.uuid4())

            def send(server: ServedSite, number: int = number, key: str = key):
                return push(server, document(number), content_type="application/xml", idempotency_key=key)

            answers = list(pool.map(send, [site, other] * 4))
            assert {answer.status_code for answer in answers} == {202}
            assert len({answer.content for answer in answers}) == 1
        with other.client() as client:
            assert len(client.get("/capture").json()) == 5
    assert not site.once()
    assert sorted(message.state for message in site.messages()) == ["done"] * 5
    assert [len(names) for names in site.delivered().values()] == [5, 5]
