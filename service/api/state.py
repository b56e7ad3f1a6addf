"""What the routes of one application share."""

from fastapi import Request

from service.api.keys import Keys, LoginLimit
from service.api.live_frames import Frames
from service.api.metrics import Metrics
from service.api.sessions import Sessions
from service.api.shapes import Names, NamesNow
from service.api.status import StatusBoard
from service.api.view import ServiceView


class State:
    """Made by `service.api.app.create_app`; one an application."""

    def __init__(self, view: ServiceView, keys: Keys, *, most_listeners: int) -> None:
        self.view = view
        self.keys = keys
        self.sessions = Sessions(keys, lambda: view.clock() / 1e6)
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
