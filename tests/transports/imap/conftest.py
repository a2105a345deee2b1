"""A real mail server for the tests of IMAP, and mails to put there."""

from __future__ import annotations

import pytest

from gateway.transports.imap import IMAP
from gateway.transports.secrets import secrets
from tests.peers import dovecot


@pytest.fixture(scope="session")
def mail_server(identity):
    dovecot.require()
    with dovecot.serve(identity) as server:
        yield server


@pytest.fixture(scope="session")
def poor_server(identity):
    """A server that can neither MOVE nor delete single mails."""
    dovecot.require()
    with dovecot.serve(identity, imap_capability="IMAP4rev1") as server:
        yield server


@pytest.fixture
def box(mail_server):
    return mail_server.mailbox()


@pytest.fixture
def connect(authority, tmp_path):
    """Open a session with a mailbox; the test's authority is trusted."""

    def open_(box, password=dovecot.PASSWORD, **settings):
        values = box.server.settings(box, ca=str(authority.certificate), **settings)
        model = IMAP.settings.model_validate(values, context={"root": tmp_path})
        return IMAP.connect(model, secrets(tmp_path, {"MAIL_PASSWORD": password}))

    return open_
