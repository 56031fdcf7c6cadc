"""Users' writes that are asked for together: taken in by commits that they share, and shown together."""

from collections.abc import Awaitable, Callable, Sequence

import anyio

from daemon.action_desk import ActionDesk, Wish
from daemon.web.action_view import ActionOutcome, action_view
from daemon.web.problem import ProblemError
from store.action_models import Action
from store.errors import StoreError

TOGETHER = 25
"""So many share a commit: more would keep the loop for long."""


async def taken_together(
    take: Callable[[Wish], Awaitable[Action]], wishes: Sequence[Wish]
) -> Sequence[Action | ProblemError]:
    """Have all of them taken in, in their order; say of each what it became or why it was not taken.

    Raises:
        StoreError: what `take` raised besides problems.
    """
    taken: dict[int, Action | ProblemError] = {}
    trouble: list[StoreError] = []

    async def take_in(place: int, wish: Wish) -> None:
        try:
            taken[place] = await take(wish)
        except ProblemError as problem:
            taken[place] = problem
        except StoreError as error:
            trouble.append(error)

    async with anyio.create_task_group() as side_by_side:
        for place, wish in enumerate(wishes):
            side_by_side.start_soon(take_in, place, wish)
    if trouble:
        raise trouble[0]
    return [taken[place] for place in range(len(wishes))]


async def outcomes(
    desk: ActionDesk, taken: Sequence[Action | ProblemError], wait_s: float
) -> list[ActionOutcome]:
    """Wait for the last that was taken, and show them all as they stand then."""
    actions = [each for each in taken if isinstance(each, Action)]
    if actions:
        await desk.outcome(actions[-1], wait_s)
    return [
        ActionOutcome(problem=each.document)
        if isinstance(each, ProblemError)
        else ActionOutcome(action_view(await desk.outcome(each, 0.0)))
        for each in taken
    ]
