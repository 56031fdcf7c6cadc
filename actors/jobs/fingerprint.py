"""What makes two jobs the same. Pure."""

import hashlib
import json
from decimal import Decimal

from actors.jobs.phone import comparable_phone
from actors.jobs.plain_text import folded
from store.job_models import Address, Homeowner


def job_fingerprint(
    account_id: str,
    technician_id: str,
    summary: str,
    homeowner: Homeowner,
    address: Address,
    revenue: Decimal | None,
) -> str:
    """Return the same text for jobs that mean the same.

    Case, blanks, the spelling of a phone number and zeros at the end of an amount don't count.
    """
    parts = [
        account_id,
        technician_id,
        folded(summary),
        folded(homeowner.name),
        comparable_phone(homeowner.phone),
        folded(homeowner.email),
        *(
            folded(part)
            for part in (
                address.street,
                address.unit,
                address.city,
                address.state,
                address.zip,
                address.country,
            )
        ),
        "" if revenue is None else f"{revenue.normalize():f}",
    ]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()
