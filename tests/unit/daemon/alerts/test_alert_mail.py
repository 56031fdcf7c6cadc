"""Mail over a real socket, to a small server that speaks SMTP."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email import message_from_string

import pytest

from actors.clock import SystemClock
from daemon.alerts.delivery_policy import DeliveryError
from daemon.alerts.mail import AlertMail
from store.watch_models import Alert, AlertEvent, AlertHappening, Severity
from support.alert_house import EMAIL

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
ALERT = Alert(
    3, "owner_needed", "a", Severity.CRITICAL, "the grant was revoked", AT, "quickbooks", "a"
)
EVENT = AlertEvent(7, AlertHappening.RAISED, AT, ALERT)
OTHER = AlertEvent(
    8, AlertHappening.RESOLVED, AT, replace(ALERT, severity=Severity.WARNING, resolution="mended")
)


@pytest.fixture
def anyio_backend() -> str:
    """A socket answers in real time."""
    return "asyncio"


@dataclass
class MailServer:
    answer_to_data: str = "250 taken"
    mails: list[str] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(text: str) -> None:
            writer.write(f"{text}\r\n".encode())

        say("220 here")
        while line := (await reader.readline()).decode().strip():
            match line.split()[0].upper():
                case "RCPT":
                    self.recipients.append(line)
                    say("250 ok")
                case "DATA":
                    say("354 go on")
                    text = (await reader.readuntil(b"\r\n.\r\n")).decode()
                    self.mails.append(text)
                    say(self.answer_to_data)
                case "QUIT":
                    say("221 bye")
                    break
                case _:
                    say("250 ok")
        writer.close()


@asynccontextmanager
async def mail_server(answer: str = "250 taken") -> AsyncIterator[MailServer]:
    server = MailServer(answer)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    yield server
    listening.close()
    await listening.wait_closed()


def channel(port: int, security: str = "none") -> AlertMail:
    config = replace(EMAIL, host="127.0.0.1", port=port, security=security, timeout_s=5.0)  # type: ignore[arg-type]
    return AlertMail(config, SystemClock(), name_of)


async def name_of(account_id: str) -> str | None:
    return {"named": "Valley\nAir"}.get(account_id)


async def test_one_mail_tells_of_all_that_happened() -> None:
    async with mail_server() as server:
        await channel(server.port).send([OTHER, EVENT], [ALERT])
    (text,) = server.mails
    mail = message_from_string(text)
    assert mail["Subject"] == "[syncline] raised (critical): owner_needed, a and 1 more"
    assert mail["To"] == "ops@example.com"
    assert mail["Message-ID"] == "<alerts-7.20260301120000@example.com>"
    assert "the grant was revoked" in text
    assert "what to do: Have its owner connect it again" in text
    assert "ended:      mended" in text
    assert server.recipients == ["rcpt TO:<ops@example.com>"]


async def test_a_company_is_told_by_its_name() -> None:
    alert = replace(ALERT, subject="named", account_id="named")
    async with mail_server() as server:
        await channel(server.port).send([replace(EVENT, alert=alert)], [alert])
    (text,) = server.mails
    assert "owner_needed, Valley Air" in message_from_string(text)["Subject"]
    assert "about:      Valley Air (named)" in text


@pytest.mark.parametrize(("answer", "refused"), [("451 later", False), ("554 never", True)])
async def test_server_that_does_not_take_it(answer: str, refused: bool) -> None:
    async with mail_server(answer) as server:
        with pytest.raises(DeliveryError) as caught:
            await channel(server.port).send([EVENT], [])
    assert caught.value.refused is refused
    assert "example.com" not in str(caught.value)


async def test_server_without_starttls_gets_nothing() -> None:
    async with mail_server() as server:
        with pytest.raises(DeliveryError):
            await channel(server.port, "starttls").send([EVENT], [])
    assert server.mails == []


async def test_no_server() -> None:
    async with mail_server() as server:
        port = server.port
    with pytest.raises(DeliveryError, match="ConnectionRefusedError"):
        await channel(port).send([EVENT], [])
