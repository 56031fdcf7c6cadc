"""Templates to HTML, and how times and numbers read there."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from actors.status import AccountState
from daemon.version import VERSION

_HERE = Path(__file__).parent
_ASSETS = _HERE / "assets"

_MEDIA = (
    ("syncline.css", "text/css"),
    ("live.js", "text/javascript"),
    ("icon.svg", "image/svg+xml"),
)

_ROUNDED_FROM = 10

_STATE_NAMES = {
    AccountState.REAUTH_REQUIRED: "needs its owner",
}


class Pages:
    """Renders pages and parts of them. Everything that is put in is escaped.

    Attributes:
        assets: the files that pages need, by name.
    """

    def __init__(self) -> None:
        self.assets = {name: Asset(_ASSETS / name, media_type) for name, media_type in _MEDIA}
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        filters: Mapping[str, Callable[..., str]] = {
            "instant": instant,
            "count": lambda number: f"{number:,}",
            "rate": rate,
            "percent": lambda share: f"{share:.0%}",
            "state_name": state_name,
            "span": span,
        }
        self._kept: dict[str, tuple[object, str]] = {}
        self._environment.filters |= filters
        self._environment.globals |= {
            "version": VERSION,
            "assets": {asset.name: asset.path for asset in self.assets.values()},
        }

    def render(self, template: str, values: Mapping[str, object]) -> str:
        """Return the template's HTML."""
        return self._environment.get_template(template).render(values)

    def render_once(
        self, template: str, source: object, values: Callable[[], Mapping[str, object]]
    ) -> str:
        """Return the template's HTML, made once for all who look while it is of the same source."""
        kept = self._kept.get(template)
        if kept is None or kept[0] is not source:
            kept = self._kept[template] = (source, self.render(template, values()))
        return kept[1]


class Asset:
    """A file that pages need. Its path names its content, so that browsers may keep it for ever."""

    def __init__(self, path: Path, media_type: str) -> None:
        self.name = path.name
        self.content = path.read_bytes()
        self.media_type = media_type
        self.digest = sha256(self.content).hexdigest()[:16]
        self.path = f"/assets/{self.digest}/{self.name}"


def instant(at: datetime | None, none: str = "never") -> Markup | str:
    """Return an instant as an element whose age the browser keeps up to date."""
    if at is None:
        return none
    utc = at.astimezone(UTC)
    return Markup('<time datetime="{}">{}</time>').format(
        f"{utc:%Y-%m-%dT%H:%M:%SZ}", f"{utc:%Y-%m-%d %H:%M:%S} UTC"
    )


def rate(per_second: float) -> str:
    """Return a number per second, short."""
    return f"{per_second:.1f}" if 0 < per_second < _ROUNDED_FROM else f"{per_second:,.0f}"


def state_name(state: AccountState) -> str:
    """Return a state as people say it."""
    return _STATE_NAMES.get(state, state.value)


def span(seconds: float | None) -> str:
    """Return a duration in its largest unit that leaves something."""
    if seconds is None:
        return "-"
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"
