"""Why a push was not taken, for the route to answer."""


class PushRefused(Exception):
    """Nothing was kept. ``str()`` says why and what to do."""


class TooMany(PushRefused):
    """The key sends more than it may; ``wait_s``: until it may again."""

    def __init__(self, detail: str, wait_s: float) -> None:
        super().__init__(detail)
        self.wait_s = wait_s


class Busy(PushRefused):
    """The service cannot take it now; the same request may be sent again, and what it held is stored once."""


class Unpushable(PushRefused):
    """The body holds no rows at all, or is not what its headers say; it was kept as a dead letter."""


class KeyReused(PushRefused):
    """The Idempotency-Key came with another request before."""


class InProgress(PushRefused):
    """The same Idempotency-Key is being worked on."""


class NoPush(PushRefused):
    """No connector of kind http is configured."""
