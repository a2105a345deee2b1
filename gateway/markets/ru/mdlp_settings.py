"""What an agreement says of MDLP's REST API besides address, user and password."""

from __future__ import annotations

from typing import Final

from gateway.options import Setting

SIGNED_CODE: Final = "SIGNED_CODE"

AUTH: Final = Setting(
    "auth-type", "SIGNED_CODE: residents sign; PASSWORD: non-residents", (SIGNED_CODE, "PASSWORD"), SIGNED_CODE
)
CLIENT_ID: Final = Setting("client-id", "client_id of the accounting system that is registered with MDLP")
CLIENT_SECRET: Final = Setting("client-secret", "its client_secret; a reference under secret-options")
LARGE_FROM: Final = Setting(
    "small-bytes", "most bytes of a document that is sent whole; MDLP is asked when it is not given"
)
SINCE: Final = Setting("income-since", "start_date of the list of incoming documents, in MDLP's form; empty for all")
PACE: Final = Setting("pace", "seconds before each call", default="0.5")
LIST_PACE: Final = Setting("list-pace", "seconds before each call that lists", default="1")

SETTINGS: Final = (AUTH, CLIENT_ID, CLIENT_SECRET, LARGE_FROM, SINCE, PACE, LIST_PACE)
