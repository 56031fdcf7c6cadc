"""What can go wrong in the store.

StoreError
├── StoreUnavailableError     nothing was written; try again later
│   └── StoreFullError        ... because there is no room left
├── StaleEpochError           another owner has claimed the account; stop working on it
├── UnknownAccountError       there is no such account
└── StoreOpenError            the database cannot be used; the message says why and what to do
"""


class StoreError(Exception):
    """The store could not do what it was asked to."""


class StoreUnavailableError(StoreError):
    """The database cannot be written or read just now. Nothing was changed."""


class StoreFullError(StoreUnavailableError):
    """There is no room left for the database. Nothing was changed."""


class StaleEpochError(StoreError):
    """The account was claimed by someone else since; this owner's write was refused."""


class UnknownAccountError(StoreError):
    """There is no account with this id."""


class StoreOpenError(StoreError):
    """The database cannot be opened, and retrying will not help."""
