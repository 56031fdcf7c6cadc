"""The switches of the sandbox: where the vendor is ambiguous, has modes, or changed over time."""

from dataclasses import dataclass

HOUR_S = 3600
DAY_S = 24 * HOUR_S


@dataclass(slots=True)
class Behaviour:
    """How this sandbox behaves; every field may be set at any time.

    Attributes:
        latency_s: Bounds of the server time of an API call, drawn evenly.
        token_latency_s: Server time of a token call. A second refresh of a grant that arrives
            within it overlaps the first.
        commit_delay_s: Bounds of how long after its LastUpdatedTime a change stays invisible to
            queries and change data capture; by id it is seen at once.
        access_token_life_s: Life of an access token.
        code_life_s: Life of an authorization code.
        refresh_idle_life_s: Life of a refresh token since its last use.
        refresh_hard_life_s: Life of a grant since its consent.
        rotate_after_s: Age of a refresh value from which a refresh replaces it; 0 always does.
        rotation_grace_s: How long a replaced value still works: 0, or 24 h.
        strict_refresh: An overlapping refresh, or a code used twice, also revokes the grant.
        describe_invalid_grant: ``invalid_grant`` comes with a description.
        invalid_client_status: 401, or 400 as also seen.
        cdc_inclusive: ``changedSince`` includes its own second; the vendor leaves it open.
        request_id_life_s: How long a reply is kept for a ``requestid``; None keeps it for good.
        request_id_replays_faults: A repeated ``requestid`` also repeats a refusal.
        request_id_ignored: ``requestid`` has no effect, to prove the client's own guard.
        batch_unordered: The items of a batch are carried out, and answered, in an order of chance:
            the vendor promises none.
        batch_metered_by_item: Each query of a batch is a metered read; else the whole batch is one.
            The vendor leaves it open.
        deleted_company_status: 404 or 403, how a deleted company answers.
        merge_leaves_inactive: The loser of a merge stays as an inactive object instead of going.
        merge_touches_transactions: Re-pointed transactions get a new LastUpdatedTime; the vendor
            leaves it open.
    """

    latency_s: tuple[float, float] = (0.0, 0.0)
    token_latency_s: float = 0.2
    commit_delay_s: tuple[float, float] = (0.0, 0.0)
    access_token_life_s: int = HOUR_S
    code_life_s: int = 300
    refresh_idle_life_s: int = 101 * DAY_S
    refresh_hard_life_s: int = 5 * 365 * DAY_S
    rotate_after_s: int = DAY_S
    rotation_grace_s: int = 0
    strict_refresh: bool = True
    describe_invalid_grant: bool = False
    invalid_client_status: int = 401
    cdc_inclusive: bool = True
    request_id_life_s: float | None = None
    request_id_replays_faults: bool = False
    request_id_ignored: bool = False
    batch_unordered: bool = False
    batch_metered_by_item: bool = True
    deleted_company_status: int = 404
    merge_leaves_inactive: bool = False
    merge_touches_transactions: bool = True
