"""What the routes of one application share."""

import asyncio

from fastapi import Request

from service.api.keys import Keys, LoginLimit
from service.api.live_frames import Frames
from service.api.metrics import Metrics
from service.api.sessions import Sessions
from service.api.shapes import Names, NamesNow
from service.api.status import StatusBoard
from service.api.view import ServiceView
from service.identity.accounts import Accounts


class State:
    """Made by `service.api.app.create_app`; one an application."""

    def __init__(
        self, view: ServiceView, keys: Keys, accounts: Accounts, *, most_listeners: int, session_s: int
    ) -> None:
        self.view = view
        self.keys = keys
        self.accounts = accounts
        self.sessions = Sessions(keys, accounts, lambda: view.clock() / 1e6, session_s=session_s)
        #: Hashing takes a core and 64 MiB: a few at once, whoever knocks.
        self.hashing = asyncio.Semaphore(2)
        self.logins = LoginLimit()
        self.status = StatusBoard(view)
        self.frames = Frames(view, self.status, lambda: self.names)
        self.metrics = Metrics(view)
        self.most_listeners = most_listeners
        self._names = NamesNow(lambda: view.tags, view.live_rules)

    @property
    def names(self) -> Names:
        """Of the park and the rules in force."""
        return self._names()


def state_of(request: Request) -> State:
    """The application's `State`."""
    state: State = request.app.state.parkwatch
    return state
