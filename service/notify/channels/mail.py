"""E-mail by SMTP: STARTTLS unless told otherwise; certificates are checked."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

import aiosmtplib

from service.notify.channels.base import NotSent, Sending
from service.notify.config import MailConfig
from service.notify.message import Message, text, title


class MailChannel:
    """Implements `service.notify.channels.base.Channel`: one mail to all addresses."""

    def __init__(self, config: MailConfig, sending: Sending) -> None:
        self._config, self._sending = config, sending

    async def send(self, message: Message) -> str:
        """See `Channel.send`."""
        config = self._config
        try:
            refused, said = await aiosmtplib.send(
                self._mail(message),
                hostname=config.host,
                port=config.port,
                start_tls=config.encryption == "starttls",
                use_tls=config.encryption == "tls",
                username=config.user,
                password=config.password.get_secret_value() if config.password else None,
                timeout=config.within / 1e6,
            )
        except aiosmtplib.SMTPResponseException as error:
            # 4xx: later perhaps; 5xx: not like this.
            raise NotSent(f"{error.code} {error.message}"[:200], again=error.code < 500) from None
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise NotSent(f"{type(error).__name__}: {error}"[:200]) from None
        if refused:
            raise NotSent(f"refused for {', '.join(sorted(refused))}", again=False)
        return said[:100]

    def _mail(self, message: Message) -> EmailMessage:
        config = self._config
        mail = EmailMessage()
        mail["From"], mail["To"] = config.sender, ", ".join(config.to)
        mail["Subject"] = title(message, config.language, self._sending.park)
        mail["Date"] = format_datetime(datetime.fromtimestamp(self._sending.clock() / 1e6, UTC))
        mail["Message-ID"] = make_msgid(idstring=message.id, domain="parkwatch.local")
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(text(message, config.language, self._sending.park))
        return mail
