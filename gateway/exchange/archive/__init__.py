"""The archive: bytes under their SHA-256, plain or encrypted. Knows nothing of messages."""
