"""The configuration's section of alerts."""

from dataclasses import dataclass
from typing import Annotated, Literal

from daemon.config.rule import between, http_url, signing_secret
from daemon.config.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookConfig:
    """A signed request for what happens to alerts.

    Attributes:
        secret: what it is signed with; with `whsec_` before it, base64.
    """

    url: Annotated[str, http_url("")]
    secret: Annotated[Secret, signing_secret()]
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailConfig:
    """Mail for what happens to alerts.

    Attributes:
        security: how the connection is protected; `starttls` refuses a server without it.
    """

    host: str
    port: Annotated[int, between(1, 65_535, "a port from 1 to 65535")] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: Secret | None = None
    sender: str
    recipients: tuple[str, ...]
    timeout_s: float = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertmanagerConfig:
    """A Prometheus Alertmanager that is told of alerts. `url` is without `/api/v2`."""

    url: Annotated[str, http_url()]
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class AlertsConfig:
    """Who is told of alerts, besides the log.

    Attributes:
        escalate_after_s: how long an alert that nobody acknowledged may stay before it is critical
            and told again; None leaves it.
    """

    escalate_after_s: float | None = 3_600.0
    webhook: WebhookConfig | None = None
    email: EmailConfig | None = None
    alertmanager: AlertmanagerConfig | None = None
