"""Group robots of WeCom (企业微信), DingTalk (钉钉) and Feishu (飞书): a text to a webhook, each signed in its own way.

Their answers are HTTP 200 whatever happened; the code in the body says whether the message was taken.
"""

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

from service.api.answer import to_json
from service.notify.channels.base import NotSent, Sending, json_of, post
from service.notify.config import RobotConfig
from service.notify.message import Message, text

#: DingTalk refuses longer texts; the others take as many.
_MOST_BYTES = 2_000


class _Robot:
    #: Field of the answer that is 0 where the message was taken; and of the sentence beside it.
    _code, _said = "errcode", "errmsg"
    #: Codes of "too often": to be tried again.
    _too_often: frozenset[int] = frozenset()

    def __init__(self, config: RobotConfig, sending: Sending) -> None:
        self._config, self._sending = config, sending

    def _address(self, url: str, now_us: int) -> str:
        return url

    def _body(self, told: str, now_us: int) -> dict[str, Any]:
        return {"msgtype": "text", "text": {"content": told}}

    async def send(self, message: Message) -> str:
        """See `service.notify.channels.base.Channel.send`."""
        now_us = self._sending.clock()
        told = _cut(text(message, self._config.language, self._sending.park))
        url = self._address(self._config.url.get_secret_value(), now_us)
        body = to_json(self._body(told, now_us))
        answer = json_of(await post(self._sending, url, self._config.within, content=body))
        code = answer.get(self._code, 0)
        if code != 0:
            raise NotSent(f"{self._code} {code}: {answer.get(self._said, '')}", again=code in self._too_often)
        return f"{self._code} 0"


class WeComChannel(_Robot):
    """``{"msgtype": "text", …}``; the key in the address is all there is."""

    _too_often = frozenset({45009, -1})


class DingTalkChannel(_Robot):
    """``timestamp`` (ms) and ``sign`` go into the address: Base64(HMAC-SHA256(secret, "timestamp\\nsecret"))."""

    _too_often = frozenset({130101, 130102, -1})

    def _address(self, url: str, now_us: int) -> str:
        if self._config.secret is None:
            return url
        secret, ms = self._config.secret.get_secret_value(), now_us // 1_000
        made = hmac.new(secret.encode(), f"{ms}\n{secret}".encode(), hashlib.sha256).digest()
        return (
            f"{url}{'&' if '?' in url else '?'}{urlencode({'timestamp': ms, 'sign': base64.b64encode(made).decode()})}"
        )


class FeishuChannel(_Robot):
    """``timestamp`` (s) and ``sign`` in the body: Base64(HMAC-SHA256("timestamp\\nsecret", "")), an empty message."""

    _code, _said = "code", "msg"
    _too_often = frozenset({11232, 9499})

    def _body(self, told: str, now_us: int) -> dict[str, Any]:
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": told}}
        if self._config.secret is not None:
            seconds = now_us // 1_000_000
            key = f"{seconds}\n{self._config.secret.get_secret_value()}".encode()
            made = hmac.new(key, b"", hashlib.sha256).digest()
            body |= {"timestamp": str(seconds), "sign": base64.b64encode(made).decode()}
        return body


def _cut(told: str) -> str:
    """Within what robots take, at a whole character."""
    raw = told.encode()
    return told if len(raw) <= _MOST_BYTES else raw[: _MOST_BYTES - 3].decode("utf-8", "ignore") + "…"
