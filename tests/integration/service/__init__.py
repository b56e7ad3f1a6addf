"""The service as a whole on a small park: real broker, real database, real sockets."""
