"""AS2 over HTTP: the thin ends around `gateway.transports.as2`.

`sending.Sender` posts messages and takes receipts; `reception.Reception` takes messages and answers;
`server.application` puts it behind one URL. What must survive a crash lies in folders that change by one rename:
`store.Store`. The transport ``as2`` joins them with the exchange: what the server has taken is collected.
"""

from __future__ import annotations

from gateway.transports.as2_http.session import connect
from gateway.transports.as2_http.settings import As2Settings, address
from gateway.transports.base import Transport

AS2 = Transport("as2", "AS2 partners: signed, encrypted, proven by receipts", As2Settings, connect, address)
