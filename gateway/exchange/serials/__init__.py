"""The hierarchy store: what happened to which serial number, over all messages of a client."""
