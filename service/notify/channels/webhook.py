"""A receiver of one's own: JSON, signed.

``X-Parkwatch-Signature: t=SECONDS,v1=HEX``, HEX being the HMAC-SHA256 of ``SECONDS.BODY`` under the shared secret; the
receiver checks it in constant time and refuses what is older than five minutes. ``X-Parkwatch-Id`` is the same for a
message that is sent again.
"""

import hashlib
import hmac

from service.api.answer import to_json
from service.notify.channels.base import Sending, post
from service.notify.config import WebhookConfig
from service.notify.message import Message, as_json


def signature(secret: str, seconds: int, body: bytes) -> str:
    """The header's value."""
    made = hmac.new(secret.encode(), b"%d." % seconds + body, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={made}"


class WebhookChannel:
    """Implements `service.notify.channels.base.Channel`."""

    def __init__(self, config: WebhookConfig, sending: Sending) -> None:
        self._config, self._sending = config, sending

    async def send(self, message: Message) -> str:
        """See `Channel.send`."""
        body = to_json({"park": self._sending.park, **as_json(message, self._sending.park)})
        seconds = self._sending.clock() // 1_000_000
        headers = {
            "X-Parkwatch-Id": message.id,
            "X-Parkwatch-Signature": signature(self._config.secret.get_secret_value(), seconds, body),
        }
        url = self._config.url.get_secret_value()
        answer = await post(self._sending, url, self._config.within, content=body, headers=headers)
        return f"HTTP {answer.status_code}"
