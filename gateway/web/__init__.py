"""The server: partners push files and EPCIS documents into channels, and watchers look after the gateway."""
