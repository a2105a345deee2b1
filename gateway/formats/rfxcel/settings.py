"""What rfXcel's envelope needs and EPCIS does not say. Values of qualifiers, types and versions are not public."""

from __future__ import annotations

from typing import Final

from gateway.options import COMPACT, CREATION_DATE, INSTANCE_IDENTIFIER, RECEIVER, SENDER, Setting

CONTENT_VERSION: Final = Setting("content-struct-ver", "contentStructVer of processMessages, as rfXcel tells it")
REQUEST_ID: Final = Setting("request-id", "requestId of processMessages; left out when not given")
SENDER_ID: Final = Setting("sender-id", "senderId of the envelope, as rfXcel tells it")
SENDER_QUALIFIER: Final = Setting("sender-qualifier", "qlfr of senderId")
SENDER_TYPE: Final = Setting("sender-type", "type of senderId")
RECEIVER_ID: Final = Setting("receiver-id", "receiverId of the envelope, as rfXcel tells it")
RECEIVER_QUALIFIER: Final = Setting("receiver-qualifier", "qlfr of receiverId")
RECEIVER_TYPE: Final = Setting("receiver-type", "type of receiverId")
MESSAGE_ID: Final = Setting("message-id", "msgId of the envelope; left out when not given")
FILE_NAME: Final = Setting("file-name", "fileName of the envelope; left out when not given")
ENV_NAMESPACE: Final = Setting(
    "events-env-namespace", "namespace of the element XML_SYS_EVENTS_ENV, as rfXcel tells it; none for no namespace"
)
NONE: Final = "none"
SCHEMA_VERSION: Final = Setting("schema-version", "schemaVersion of the EPCIS document", ("1.0", "1.1", "1.2"), "1.0")
ILMD_NAMESPACE: Final = Setting(
    "ilmd-namespace", "namespace of lot and expiry in ILMD", ("gs1ushc", "cbvmda"), "gs1ushc"
)
SOAP_ENVELOPE: Final = Setting(
    "soap", "around processMessages: a SOAP 1.1 envelope without header, or nothing", ("envelope", "none"), "envelope"
)

SETTINGS: Final = (
    CONTENT_VERSION,
    REQUEST_ID,
    SENDER_ID,
    SENDER_QUALIFIER,
    SENDER_TYPE,
    RECEIVER_ID,
    RECEIVER_QUALIFIER,
    RECEIVER_TYPE,
    MESSAGE_ID,
    FILE_NAME,
    ENV_NAMESPACE,
    SCHEMA_VERSION,
    ILMD_NAMESPACE,
    SOAP_ENVELOPE,
    COMPACT,
    CREATION_DATE,
    SENDER,
    RECEIVER,
    INSTANCE_IDENTIFIER,
)
