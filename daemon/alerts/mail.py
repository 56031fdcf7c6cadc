"""Alerts as e-mail, over SMTP; a batch of events is one mail."""

import smtplib
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from email.message import EmailMessage
from email.utils import format_datetime

import anyio.to_thread

from actors.clock import Clock
from actors.jobs.plain_text import one_line
from daemon.alerts.delivery_policy import DeliveryError
from daemon.alerts.document import AlertEventDocument, event_document
from daemon.config.alerts import EmailConfig
from store.watch_models import Alert, AlertEvent

Post = Callable[[EmailConfig, EmailMessage], None]
"""Hands one mail to a server, and blocks. Raises `smtplib.SMTPException` or `OSError`."""

NameOf = Callable[[str], Awaitable[str | None]]
"""Returns what an account is called; None when that is not known."""

_SUBJECT_CHARACTERS = 120
_PERMANENT = 500
"""From this SMTP code on, the same mail would be refused again."""


class AlertMail:
    """Mails alerts to the configured recipients."""

    name = "email"
    resend_every_s: float | None = None

    def __init__(
        self, config: EmailConfig, clock: Clock, name_of: NameOf, post: Post | None = None
    ) -> None:
        self._config = config
        self._clock = clock
        self._name_of = name_of
        self._post = post or hand_over

    async def send(self, events: Sequence[AlertEvent], open_alerts: Sequence[Alert]) -> None:
        """Mail these events.

        Raises:
            DeliveryError: the server did not take the mail.
        """
        told = [event_document(event) for event in events]
        accounts = {event.alert.account_id for event in told if event.alert.account_id}
        names = {each: name for each in accounts if (name := await self._name_of(each))}
        mail = self._mail(told, len(open_alerts), names)
        try:
            with anyio.fail_after(2 * self._config.timeout_s):
                await anyio.to_thread.run_sync(
                    self._post, self._config, mail, abandon_on_cancel=True
                )
        except smtplib.SMTPResponseException as error:
            refused = error.smtp_code >= _PERMANENT
            text = f"the mail server answered {error.smtp_code}"
            raise DeliveryError(text, refused=refused) from error
        except (smtplib.SMTPException, OSError, ValueError) as error:
            raise DeliveryError(f"no mail could be sent: {type(error).__name__}") from error

    def _mail(
        self, events: Sequence[AlertEventDocument], open_alerts: int, names: Mapping[str, str]
    ) -> EmailMessage:
        config, mail = self._config, EmailMessage()
        mail["From"], mail["To"] = config.sender, ", ".join(config.recipients)
        mail["Subject"] = _subject(events, names)
        mail["Date"] = format_datetime(self._clock.now().utc)
        # The same when it is sent again: most readers show it once.
        domain = config.sender.rpartition("@")[2].rstrip("> ") or "syncline"
        last = events[-1]
        mail["Message-ID"] = f"<alerts-{last.seq}.{last.at:%Y%m%d%H%M%S}@{domain}>"
        mail["Auto-Submitted"] = "auto-generated"
        texts = [_text(event, names) for event in events]
        mail.set_content("\n".join([*texts, f"Open alerts now: {open_alerts}.", ""]))
        return mail


def hand_over(config: EmailConfig, mail: EmailMessage) -> None:
    """Hand a mail to the configured server. Raises as `Post`."""
    context = ssl.create_default_context()
    if config.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            config.host, config.port, timeout=config.timeout_s, context=context
        )
    else:
        server = smtplib.SMTP(config.host, config.port, timeout=config.timeout_s)
    with server:
        if config.security == "starttls":
            server.starttls(context=context)
        if config.username is not None and config.password is not None:
            server.login(config.username, config.password.reveal())
        server.send_message(mail)


def _subject(events: Sequence[AlertEventDocument], names: Mapping[str, str]) -> str:
    first = min(events, key=lambda event: event.alert.severity)  # critical before warning
    more = f" and {len(events) - 1} more" if len(events) > 1 else ""
    whom = names.get(first.alert.account_id or "", first.alert.subject) or "the daemon"
    text = f"[syncline] {first.event} ({first.alert.severity}): {first.alert.kind}, {whom}{more}"
    return " ".join(text.split())[:_SUBJECT_CHARACTERS]


def _text(event: AlertEventDocument, names: Mapping[str, str]) -> str:
    alert = event.alert
    subject, name = alert.subject or "the daemon itself", names.get(alert.account_id or "")
    lines = [
        f"{alert.kind} is {event.event} ({alert.severity}), {event.at:%Y-%m-%d %H:%M:%S} UTC",
        f"  about:      {subject if name is None else f'{one_line(name)} ({subject})'}",
        f"  since:      {alert.since:%Y-%m-%d %H:%M:%S} UTC",
        f"  cause:      {alert.cause}",
        f"  meaning:    {alert.meaning}",
        f"  what to do: {alert.what_to_do}",
    ]
    if alert.tried:
        lines.append(f"  tried:      {alert.tried}")
    if alert.resolution:
        lines.append(f"  ended:      {alert.resolution}")
    return "\n".join([*lines, ""])
