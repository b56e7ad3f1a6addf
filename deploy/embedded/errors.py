"""What can go wrong with the embedded parts. Every message says what failed and what to do about it."""


class EmbeddedError(Exception):
    """An embedded part could not be made, found, started or stopped."""


class NotProvided(EmbeddedError):
    """Neither this machine nor the private root has the program, and it could not be fetched."""


class NotStarted(EmbeddedError):
    """A server was started and did not become ready."""
