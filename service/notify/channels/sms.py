"""Text messages by whatever HTTP gateway the park has: its JSON body is a template of the configuration."""

from service.api.answer import to_json
from service.notify.channels.base import NotSent, Sending, post
from service.notify.config import SmsConfig
from service.notify.message import Message, text


class SmsChannel:
    """Implements `service.notify.channels.base.Channel`: one request a number."""

    def __init__(self, config: SmsConfig, sending: Sending) -> None:
        self._config, self._sending = config, sending
        #: By message: the numbers that have it already, so that trying again does not ring them twice.
        self._done: dict[str, set[str]] = {}

    async def send(self, message: Message) -> str:
        """See `Channel.send`."""
        told = " ".join(text(message, self._config.language, self._sending.park).split())
        told = told if len(told) <= self._config.most_characters else told[: self._config.most_characters - 1] + "…"
        done = self._done.setdefault(message.id, set())
        headers = {name: value.get_secret_value() for name, value in self._config.headers.items()}
        failed: list[NotSent] = []
        for number in self._config.numbers:
            if number in done:
                continue
            body = to_json(filled(self._config.body, {"number": number, "text": told, "id": message.id}))
            try:
                url = self._config.url.get_secret_value()
                await post(self._sending, url, self._config.within, content=body, headers=headers)
                done.add(number)
            except NotSent as error:
                failed.append(error)
        if failed:
            again = any(one.again for one in failed)
            if not again:
                del self._done[message.id]
            raise NotSent(f"{len(failed)} of {len(self._config.numbers)} numbers: {failed[0]}", again=again)
        del self._done[message.id]
        return f"{len(self._config.numbers)} numbers"


def filled(template: object, values: dict[str, str]) -> object:
    """The template with ``{name}`` replaced in every text of it; other braces stay as they are."""
    if isinstance(template, dict):
        return {key: filled(value, values) for key, value in template.items()}
    if isinstance(template, list):
        return [filled(one, values) for one in template]
    if isinstance(template, str):
        for name, value in values.items():
            template = template.replace(f"{{{name}}}", value)
    return template
