"""Times as the HTTP interface shows them: RFC 3339, in UTC."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

Instant = Annotated[datetime, Meta(tz=True)]
