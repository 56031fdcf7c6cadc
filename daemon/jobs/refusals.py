"""Why a job, or a routing's retry, was not taken."""

from collections.abc import Sequence

from actors.jobs.flaw import Flaw


class JobRefusedError(Exception):
    """Nothing was stored, and nothing is sent. The text says why and what to do."""


class BadJobError(JobRefusedError):
    """The job is not sound; `flaws` says all that is wrong with it."""

    def __init__(self, flaws: Sequence[Flaw]) -> None:
        super().__init__("the job is not sound")
        self.flaws = flaws


class NothingToRetryError(JobRefusedError):
    """The routing did not fail, or its company is to be offered nothing."""


class NothingToCancelError(JobRefusedError):
    """All companies have the job, or had: it can be called off only there. `companies` says how it stands."""

    def __init__(self, companies: Sequence[str]) -> None:
        super().__init__(
            "all companies that were offered it have it: it can be called off only there"
        )
        self.companies = companies
