"""The faults of transports, in words for an operator. `transport_page` makes a page of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that a transport survives.

    Attributes:
        row: its name; tests carry it in ``pytest.mark.fault``.
        done: what the gateway does.
        looks: how it looks to an operator.
        act: what to do.
    """

    row: str
    done: str
    looks: str
    act: str


FAULTS = (
    Fault(
        "half-written file",
        "It is not taken before it has settled. What ends early, or is longer than it was listed, is thrown away; "
        "the original stays. Own files show under their final name only when whole.",
        "Nothing, or `ended after N of M bytes`, `does not match its checksum file`; retryable.",
        "Nothing. If it comes back for the same file, ask the sender for a marker or checksum file and set `settle`.",
    ),
    Fault(
        "growing file",
        "It is left for a later look, and holds no other file up. If it grows, shrinks, goes or is replaced while it "
        "is read, what was read is thrown away; if it is replaced while it is put away, the new version goes back.",
        "`changed or went away after it was offered`; retryable.",
        "Nothing. For slow writers raise `settle.looks`, `interval` or `min-age`.",
    ),
    Fault(
        "network cut",
        "At any byte and at any request, in both directions: nothing half is taken or shown, the session connects "
        "anew, and the next try finds what the last one did.",
        "`the connection broke`, `broke again and again`; retryable.",
        "Nothing, unless it lasts: then ask the network's people, with the time from the log.",
    ),
    Fault(
        "stalled peer",
        "Every wait has an end, and a transfer has one as a whole, however steadily it drips.",
        "`did not answer in time`, `nothing moved for N seconds`, `took more than N seconds`; retryable.",
        "Nothing. For a peer that is slow by nature raise the `timeouts`.",
    ),
    Fault(
        "slow answers",
        "They are waited for, within the timeouts. A slot whose predecessor still collects is passed over.",
        "Nothing.",
        "For far servers with many small files leave `read-ahead` on.",
    ),
    Fault(
        "disk full",
        "Here or there, before the first byte or in the middle: nothing half is shown, no file is lost, also where a "
        "server reports the failure of one block late.",
        "`No space left on device`, `cannot be stored here`, `has N bytes where M bytes were written`; retryable.",
        "Make room. Here, see `intake.free-bytes` in [the exchange](exchange.md).",
    ),
    Fault(
        "permission errors",
        "A file that may not be read does not keep the others back; a folder that may not be written to is left as it "
        "is.",
        "`permission denied`, `forbids renaming`, `the archive folder cannot be made`; waits for somebody.",
        "Give or ask for the right; or `after: keep` where nothing may be changed, `quirks: [no-rename]` with a "
        "`marker` where nothing may be renamed.",
    ),
    Fault(
        "wrong host key",
        "The connection ends before anything is sent, the password included.",
        "`is not the server expected`, with both fingerprints; waits for somebody.",
        "Ask the partner by another way whether the key changed. If it did, add the new fingerprint to the list.",
    ),
    Fault(
        "wrong certificate",
        "HTTPS and IMAP: one that has expired, is for another name, or comes from an authority that is not trusted or "
        "is not pinned ends the connection before anything is sent, also behind a proxy. So does TLS before 1.2.",
        "`its certificate is not valid`, `is not the server expected`; waits for somebody.",
        "The partner renews it; if it changed on purpose, add its SHA-256 to `pins` or its authority to `ca`.",
    ),
    Fault(
        "being led elsewhere",
        "HTTPS: no redirection to another host is followed, and no host name that leads to an address that the "
        "agreement does not allow. The address that was looked at is the one that is connected to.",
        "`sends us to`, `leads to`, `is not the host and port of the agreement`; waits for somebody.",
        "Put the right `url` into the agreement; for a peer in your own network `private-addresses: true`.",
    ),
    Fault(
        "errors of a server",
        "HTTPS: 408, 425, 429 and most 5xx are tried again, not before `Retry-After`; every other refusal is not. "
        "What is no HTTP or no TLS is an error, never an answer.",
        "`it answers 503 Service Unavailable`; what the server said stands in the ledger, not in the log.",
        "Nothing for those that are tried again; for others the hint says what.",
    ),
    Fault(
        "wrong login",
        "It is not tried again, so that the account is not locked.",
        "`refuses the login`; waits for somebody. The secret is never shown.",
        "Check user name, key and password with the partner.",
    ),
    Fault(
        "clock skew",
        "A peer's time never decides alone whether a file is whole: what lies in the future is watched for `min-age`, "
        "and what looks old must be the same in all looks.",
        "Nothing.",
        "Nothing. If a peer's times are nonsense, set `quirks: [no-mtime]`.",
    ),
    Fault(
        "oversized",
        "A file over `max-size` is not fetched, one byte over it neither; the others are.",
        "A message in state `refused` with TRANSPORT-SIZE-01; the file stays with its sender.",
        "Have it split, or raise `max-size` and `limits.input-bytes`.",
    ),
    Fault(
        "bomb",
        "A mail that is made to use up time and memory is refused by what it declares, before it is read: parts in "
        "parts, a million parts, headers without end. Archives and workbooks are bounded when they are converted.",
        "A message in state `refused` with TRANSPORT-MAIL-06.",
        "Look who sent it.",
    ),
    Fault(
        "path traversal and odd names",
        "A name never becomes a path, links are not followed, and names that lead out of the folder are passed over. "
        "All other names are taken as they are; nothing is delivered under a name that some system cannot hold.",
        "A warning `no name of a file, passed over`; for a delivery `cannot be delivered under the name`.",
        "Look who put it there. For a delivery change `name` in the agreement.",
    ),
)
