"""What can go wrong in the store.

StoreError
├── StoreUnavailableError     nothing was written; try again later
│   ├── StoreFullError        ... because there is no room left
│   └── DamagedRowError       ... because a row is damaged: it is named
├── StaleEpochError           another owner has claimed the account; stop working on it
├── UnknownAccountError       there is no such account
├── ChangesForgottenError     some of the changes that were asked for are kept no more
├── ActionConflictError       an action stands in the way; nothing was changed
├── JobConflictError          another job stands in the way; nothing was changed
├── ActionLimitError          there were as many such actions as there may be; nothing was changed
├── ErrandLimitError          as many errands of an account wait as may; nothing was changed
└── StoreOpenError            the database cannot be used; the message says why and what to do
    ├── MoveError             ... to be moved from, or to be moved to
    └── NewerSchemaError      ... because a later version changed it, beside which this one can't work
"""

from datetime import datetime


class StoreError(Exception):
    """The store could not do what it was asked to."""


class StoreUnavailableError(StoreError):
    """The database cannot be written or read just now. Nothing was changed."""


class StoreFullError(StoreUnavailableError):
    """There is no room left for the database. Nothing was changed."""


class DamagedRowError(StoreUnavailableError):
    """A row of the replica cannot be read. Verifying its account mends it.

    Attributes:
        object_id: as much of it as can be read.
    """

    def __init__(self, account_id: str, object_type: str, object_id: str) -> None:
        super().__init__(f"{object_type} {object_id!r} of the account {account_id} is damaged")
        self.account_id = account_id
        self.object_type = object_type
        self.object_id = object_id


class StaleEpochError(StoreError):
    """The account was claimed by someone else since; this owner's write was refused."""


class UnknownAccountError(StoreError):
    """There is no account with this id."""


class ChangesForgottenError(StoreError):
    """Changes behind the given number were forgotten.

    Attributes:
        horizon: the newest of those that were; what is behind it is all there.
    """

    def __init__(self, horizon: int) -> None:
        super().__init__(f"the changes up to {horizon} are kept no more")
        self.horizon = horizon


class ActionLimitError(StoreError):
    """There were as many of an account's actions of a kind within 24 hours as there may be.

    Attributes:
        most: how many there may be.
        free_at: when there may be another.
    """

    def __init__(self, most: int, free_at: datetime) -> None:
        super().__init__(f"there were {most} within 24 hours")
        self.most = most
        self.free_at = free_at


class ErrandLimitError(StoreError):
    """As many errands of an account wait as may."""


class ActionConflictError(StoreError):
    """What was asked for does not go together with an action that is stored.

    Attributes:
        action_id: which one.
    """

    def __init__(self, message: str, action_id: str) -> None:
        super().__init__(message)
        self.action_id = action_id


class JobConflictError(StoreError):
    """The key stands for another job, or the same was entered without one not long ago.

    Attributes:
        job_id: which one.
    """

    def __init__(self, message: str, job_id: str) -> None:
        super().__init__(message)
        self.job_id = job_id


class StoreOpenError(StoreError):
    """The database cannot be opened, and retrying will not help."""


class MoveError(StoreOpenError):
    """What one database holds cannot be moved into another. What was moved already stays there."""


class NewerSchemaError(StoreOpenError):
    """A later version of the program changed the database, and this one cannot work with that."""


def store_is_unusable(error: Exception) -> bool:
    """Tell whether it is a `StoreOpenError`, or one is in the groups that task groups wrap it in."""
    if isinstance(error, ExceptionGroup):
        return error.subgroup(StoreOpenError) is not None
    return isinstance(error, StoreOpenError)
