"""What passes from the event loop to the network thread: acknowledgements, messages, the word to stop."""

import socket
from collections import deque
from collections.abc import Iterable, Iterator

from connectors.mqtt.events import Arrived, Message


class Orders:
    """One side gives orders, the other polls ``descriptor`` and takes them."""

    def __init__(self) -> None:
        self._acks: deque[tuple[int, int]] = deque()
        self._outgoing: deque[Message] = deque()
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)
        #: The network thread is to send what is due and end.
        self.closing = False

    def acknowledge(self, messages: Iterable[Arrived]) -> None:
        """Tell the broker that it may forget these."""
        self._acks.extend((one.identifier, one.qos) for one in messages if one.qos)
        self.nudge()

    def publish(self, message: Message) -> None:
        """Send a message."""
        self._outgoing.append(message)
        self.nudge()

    def close(self) -> None:
        """Disconnect, after the acknowledgements and messages given so far."""
        self.closing = True
        self.nudge()

    def nudge(self) -> None:
        """Have the network thread look again, at room too."""
        try:
            self._writer.send(b"\0")
        except OSError:  # full, so it will look; or closed, so it has ended
            return

    @property
    def descriptor(self) -> int:
        """Readable when there are orders."""
        return self._reader.fileno()

    def heard(self) -> None:
        """Forget the nudges so far; call before looking at the orders."""
        self._reader.recv(4096)

    def due(self) -> Iterator[tuple[int, int]]:
        """(identifier, QoS) to acknowledge, in order."""
        while self._acks:
            yield self._acks.popleft()

    def outgoing(self) -> Iterator[Message]:
        """Messages to send, in order."""
        while self._outgoing:
            yield self._outgoing.popleft()

    def dismiss(self) -> None:
        """No more orders are taken."""
        self._reader.close()
        self._writer.close()
