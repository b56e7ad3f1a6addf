"""Every kind of channel against a real server: what it sends, how it signs, what it makes of the answer."""

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import TypeAdapter

from deploy.embedded.ports import free_port
from service.notify.channels import BUILDERS
from service.notify.channels.base import Channel, NotSent, Sending
from service.notify.channels.robots import _MOST_BYTES
from service.notify.config import ChannelConfig, MailConfig, Notifications
from service.notify.message import Message
from tests.integration.notify.receiver import Receiver, receiving
from tests.unit.notify.small import START_US, alert, line

KINDS = ("webhook", "wecom", "dingtalk", "feishu", "sms")
SECRET = "SEC-123"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one


@pytest.fixture
async def sending() -> AsyncIterator[Sending]:
    async with httpx.AsyncClient(trust_env=False) as http:
        yield Sending(http=http, clock=lambda: START_US, park="滨海化工园区")


def made(kind: str, receiver: Receiver, sending: Sending, **more: Any) -> Channel:
    given: dict[str, Any] = {"id": "c", "kind": kind, "url": receiver.url, **more}
    if kind == "sms":
        given |= {"body": {"to": ["{number}"], "msg": "{text}", "ref": {"id": "{id}"}}, "numbers": ["139", "138"]}
        given |= {"headers": {"Authorization": "Bearer hunter2"}}
    elif kind != "wecom":
        given["secret"] = SECRET
    config: ChannelConfig = TypeAdapter(ChannelConfig).validate_python(given)
    return BUILDERS[kind](config, sending)


def message(name: str = "1", **more: Any) -> Message:
    return Message(
        id="6f9619ff-8b86-d011-b42d-00c04fc964ff", channel="c", why="raised", lines=(line(alert(name)),), **more
    )


def test_every_kind_of_channel_is_in_the_table() -> None:
    kinds = {one.model_fields["kind"].annotation.__args__ for one in ChannelConfig.__origin__.__args__}  # type: ignore[attr-defined]
    assert {kind for some in kinds for kind in some} == set(BUILDERS)


async def test_a_webhook_is_signed_over_time_and_body(receiver: Receiver, sending: Sending) -> None:
    assert await made("webhook", receiver, sending).send(message()) == "HTTP 200"
    (heard,) = receiver.heard
    t, v1 = (one.partition("=")[2] for one in heard.headers["x-parkwatch-signature"].split(","))
    assert v1 == hmac.new(SECRET.encode(), f"{t}.".encode() + heard.body, hashlib.sha256).hexdigest()
    assert int(t) == START_US // 1_000_000
    told = heard.json
    assert (told["park"], told["colour"], told["why"]) == ("滨海化工园区", "red", "raised")
    assert told["alerts"][0] | {"enterprise": "acme", "level": "HH", "value": 10.5, "limit": 10.0} == told["alerts"][0]
    assert told["text"]["zh"].startswith("【红色】报警 安科化学")


async def test_wecom_is_told_a_text(receiver: Receiver, sending: Sending) -> None:
    await made("wecom", receiver, sending).send(message())
    (heard,) = receiver.heard
    assert heard.path == "/robot/send?key=hunter2"
    assert heard.json["msgtype"] == "text"
    assert "acme.tank.1 HH 10.5 / 10 m · 2026-11-01 08:00:00" in heard.json["text"]["content"]


async def test_dingtalk_is_signed_in_the_address(receiver: Receiver, sending: Sending) -> None:
    await made("dingtalk", receiver, sending).send(message())
    asked = parse_qs(urlsplit(receiver.heard[0].path).query)
    ms = asked["timestamp"][0]
    wanted = hmac.new(SECRET.encode(), f"{ms}\n{SECRET}".encode(), hashlib.sha256).digest()
    assert (asked["sign"][0], asked["key"][0]) == (base64.b64encode(wanted).decode(), "hunter2")
    assert int(ms) == START_US // 1_000


async def test_feishu_is_signed_in_the_body(receiver: Receiver, sending: Sending) -> None:
    await made("feishu", receiver, sending).send(message())
    told = receiver.heard[0].json
    wanted = hmac.new(f"{told['timestamp']}\n{SECRET}".encode(), b"", hashlib.sha256).digest()
    assert told["sign"] == base64.b64encode(wanted).decode()
    assert (told["msg_type"], told["content"]["text"][:5]) == ("text", "【红色】报")


async def test_a_text_message_goes_to_every_number_once(receiver: Receiver, sending: Sending) -> None:
    channel = made("sms", receiver, sending)
    receiver.once = [(200, b"ok"), (503, b"busy")]
    with pytest.raises(NotSent, match="1 of 2 numbers: HTTP 503"):
        await channel.send(message())
    assert await channel.send(message()) == "2 numbers"
    assert [one.json["to"] for one in receiver.heard] == [["139"], ["138"], ["138"]]
    assert receiver.heard[0].headers["authorization"] == "Bearer hunter2"
    assert receiver.heard[0].json["ref"] == {"id": message().id}


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
async def test_a_robot_that_answers_200_and_a_code_has_not_taken_it(
    kind: str, receiver: Receiver, sending: Sending
) -> None:
    receiver.answer = b'{"errcode": 310000, "errmsg": "sign not match", "code": 19021, "msg": "sign not match"}'
    with pytest.raises(NotSent, match="sign not match") as refused:
        await made(kind, receiver, sending).send(message())
    assert not refused.value.again


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("status", "again"), [(500, True), (429, True), (404, False)])
async def test_what_the_other_side_answers_says_whether_to_try_again(
    kind: str, status: int, again: bool, receiver: Receiver, sending: Sending
) -> None:
    receiver.status, receiver.answer = status, b"no, key=hunter2"
    with pytest.raises(NotSent, match=f"HTTP {status}") as refused:
        await made(kind, receiver, sending).send(message())
    assert refused.value.again is again
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("kind", KINDS)
async def test_nobody_listening_is_an_error_that_names_no_token(kind: str, sending: Sending) -> None:
    nobody = Receiver(port=free_port())
    with pytest.raises(NotSent) as refused:
        await made(kind, nobody, sending).send(message())
    assert refused.value.again
    assert "hunter2" not in str(refused.value)


async def test_a_robot_gets_no_longer_text_than_it_takes(receiver: Receiver, sending: Sending) -> None:
    many = Message(id="x", channel="c", why="digest", lines=tuple(line(alert("报" * 60 + str(n))) for n in range(10)))
    await made("wecom", receiver, sending).send(many)
    content = receiver.heard[0].json["text"]["content"]
    assert len(content.encode()) <= _MOST_BYTES
    assert content.endswith("…")


class Mailbox:
    """What an SMTP server was given."""

    def __init__(self, answer: str = "250 taken") -> None:
        self.answer = answer
        self.got: list[Envelope] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """One mail."""
        self.got.append(envelope)
        return self.answer


def mail(port: int, sending: Sending) -> Channel:
    config = MailConfig(
        id="c",
        kind="mail",
        host="127.0.0.1",
        port=port,
        encryption="none",
        sender="park@example.org",
        to=("duty@example.org",),
    )
    return BUILDERS["mail"](config, sending)


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def smtp_port(mailbox: Mailbox) -> Any:
    controller = Controller(mailbox, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller.port
    controller.stop()


async def test_a_mail_carries_subject_text_and_an_id(mailbox: Mailbox, smtp_port: int, sending: Sending) -> None:
    await mail(smtp_port, sending).send(message())
    (envelope,) = mailbox.got
    assert envelope.rcpt_tos == ["duty@example.org"]
    assert isinstance(envelope.content, bytes)
    assert b"Auto-Submitted: auto-generated" in envelope.content
    assert message().id.encode() in envelope.content
    assert b"Date: Sun, 01 Nov 2026 00:00:00 +0000" in envelope.content


@pytest.mark.parametrize(("answer", "again"), [("452 full", True), ("554 no", False)])
async def test_a_mail_that_is_not_taken_says_so(
    answer: str, again: bool, mailbox: Mailbox, smtp_port: int, sending: Sending
) -> None:
    mailbox.answer = answer
    with pytest.raises(NotSent, match=answer.split()[0]) as refused:
        await mail(smtp_port, sending).send(message())
    assert refused.value.again is again


def test_secrets_are_never_shown() -> None:
    section = Notifications.model_validate(
        {
            "channels": [
                {"id": "a", "kind": "wecom", "url": "https://x/?key=hunter2"},
                {
                    "id": "b",
                    "kind": "sms",
                    "url": "https://x/hunter2",
                    "headers": {"K": "hunter2"},
                    "body": {},
                    "numbers": ["1"],
                },
            ],
            "heartbeat": {"url": "https://x/hunter2"},
        }
    )
    assert "hunter2" not in repr(section)
    assert "hunter2" not in section.model_dump_json()
