"""The journal: the one durable, ordered log that store and engine both read, each by its own position."""
