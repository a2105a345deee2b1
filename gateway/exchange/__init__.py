"""The exchange: the durable way of a file from a partner to its receivers."""
