"""One file a family of channels; ``BUILDERS`` is the table of them."""

from collections.abc import Callable, Mapping
from typing import Any

from service.notify.channels.base import Channel, Sending
from service.notify.channels.mail import MailChannel
from service.notify.channels.robots import DingTalkChannel, FeishuChannel, WeComChannel
from service.notify.channels.sms import SmsChannel
from service.notify.channels.webhook import WebhookChannel

BUILDERS: Mapping[str, Callable[[Any, Sending], Channel]] = {
    "webhook": WebhookChannel,
    "mail": MailChannel,
    "wecom": WeComChannel,
    "dingtalk": DingTalkChannel,
    "feishu": FeishuChannel,
    "sms": SmsChannel,
}
