"""Names of rfXcel's Traceability API 3.1.3, messaging service."""

from __future__ import annotations

from typing import Final

SOAP: Final = "http://schemas.xmlsoap.org/soap/envelope/"
CORE: Final = "http://xmlns.rfxcel.com/traceability/3"
API: Final = "http://xmlns.rfxcel.com/traceability/api/3"
MESSAGING: Final = "http://xmlns.rfxcel.com/traceability/messagingService/3"
#: All namespaces of the API; envelopes are read by local name in any of them.
NAMESPACES: Final = frozenset({CORE, API, MESSAGING, "http://xmlns.rfxcel.com/traceability/serializationService/3"})
PREFIXES: Final = {SOAP: "soap", CORE: "t", API: "a", MESSAGING: "ms"}

#: Roots that hold a list of envelopes, inside of SOAP or bare.
ROOTS: Final = ("processMessages", "getMessagesResponse", "msgEnvelopeList", "envelope")
ENVELOPES: Final = "msgEnvelopeList"
BODY: Final = "body"
#: What stands between body and EPCIS. Its namespace is not known.
EVENTS_ENV: Final = "XML_SYS_EVENTS_ENV"
MSG_FORMAT: Final = "XML"
MSG_TYPE: Final = "SYS_EVENTS_ENV"
MSG_TYPE_VERSION: Final = "1.1"
