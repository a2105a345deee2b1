"""The rules of the transports."""

from __future__ import annotations

from gateway.findings import Rule, Severity

SIZE = Rule(
    "TRANSPORT-SIZE-01",
    Severity.ERROR,
    "A file is not larger than its channel allows.",
    "The setting max-size of the channel stops files that would fill the disk. The file stays where it is.",
    "Split the file, or raise max-size in the agreement if files of this size are expected.",
)

CAPTURE = Rule(
    "TRANSPORT-CAPTURE-01",
    Severity.ERROR,
    "A capture job of the receiver's EPCIS repository ends without errors.",
    "The repository took the document (202) and then could not capture all of its events. GS1 EPCIS 2.0, 12.6.1: the "
    "job's `errors` say why, in the repository's own words.",
    "Repair what the repository complains about, or ask its operator, and replay the message.",
)

CAPTURE_UNKNOWN = Rule(
    "TRANSPORT-CAPTURE-02",
    Severity.WARNING,
    "The outcome of a capture job is known.",
    "The repository took the document (202), but its job had not ended when the time to wait for it was over, or the "
    "job could not be asked for.",
    "Ask the repository for the job that the finding names, or raise capture.wait in the agreement.",
)

MAIL_SENDER = Rule(
    "TRANSPORT-MAIL-01",
    Severity.ERROR,
    "A mail comes from a sender that the agreement names.",
    "Anybody can write to a mailbox, and the sender that a mail names can be forged. Mails of others are not taken; "
    "they move to the rejected folder, where somebody can look at them.",
    "If the sender is right, add the address to `senders` and move the mail back to the folder that is collected.",
)
MAIL_PROOF = Rule(
    "TRANSPORT-MAIL-02",
    Severity.ERROR,
    "Our mail server found the sender of a mail to be genuine.",
    "The channel sets trusted-results: a mail is taken only if that server says dmarc=pass, or dkim=pass for the "
    "sender's domain (RFC 8601). This mail says neither, so its sender may be forged.",
    "Ask the sender, by another way than mail, whether the mail is theirs; have their mail server sign with DKIM.",
)
MAIL_CLOSED = Rule(
    "TRANSPORT-MAIL-03",
    Severity.ERROR,
    "The attachments of a mail can be seen.",
    "Encrypted mails, mails wrapped in their signature (application/pkcs7-mime), Outlook's winmail.dat and mails in "
    "several pieces hide their attachments. Signatures beside the contents (multipart/signed) are no obstacle; they "
    "are not checked.",
    "Ask the sender for an ordinary mail, or for SFTP, HTTPS or AS2.",
)
MAIL_DAMAGED = Rule(
    "TRANSPORT-MAIL-04",
    Severity.ERROR,
    "A mail is whole.",
    "A part ends before its boundary, or its base64 is damaged: taking it could take half a file.",
    "Ask the sender to send it again.",
)
MAIL_EMPTY = Rule(
    "TRANSPORT-MAIL-05",
    Severity.ERROR,
    "A mail has an attachment that the channel takes.",
    "No attachment has a name that `patterns` takes. Texts and pictures of the mail itself are not attachments.",
    "Look at the mail in the rejected folder; change `patterns`, or set `body: true` if the data stand in the text.",
)
MAIL_LIMIT = Rule(
    "TRANSPORT-MAIL-06",
    Severity.ERROR,
    "A mail has no more parts, and none deeper in one another, than its channel allows.",
    "max-attachments, max-parts and max-depth stop mails that are made to use up memory and time.",
    "Look at the mail in the rejected folder; raise the limit if such mails are expected.",
)

RULES = (SIZE, CAPTURE, CAPTURE_UNKNOWN, MAIL_SENDER, MAIL_PROOF, MAIL_CLOSED, MAIL_DAMAGED, MAIL_EMPTY, MAIL_LIMIT)
