"""F1: a process killed at a commit of routed work leaves all of it or nothing, and a repeat completes it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from store.action_models import Action, ActionFilter
from store.crash_points import Commit, Place
from store.job_models import Company, Job
from store.ports import Store
from support import job_process
from support.job_process import COMPANIES, DEEDS, account_id, prepare
from support.store_fixtures import open_quick


def die(path: Path, arming: str) -> int:
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    return subprocess.run(
        [sys.executable, str(job_process.__file__), str(path), arming],
        env=environment,
        check=False,
    ).returncode


Held = tuple[list[Job | None], list[Action], list[Company], list[str], int]


async def all_held(store: Store) -> Held:
    jobs = [await store.job(job_id) for job_id in ("job", "over", "entered")]
    accounts = [account_id(number) for number in range(COMPANIES)]
    actions = [action for each in accounts for action in await store.actions(ActionFilter(each))]
    names = [(await store.account(each)).name for each in accounts]
    return jobs, actions, list(await store.companies()), names, await store.followed_seq()


@pytest.mark.parametrize("place", [Place.BEFORE_COMMIT, Place.AFTER_COMMIT])
@pytest.mark.parametrize("commit", DEEDS)
async def test_all_of_it_is_there_or_nothing(
    path: Path, tmp_path: Path, commit: Commit, place: Place
) -> None:
    deed = DEEDS[commit]
    async with await open_quick(tmp_path / "undisturbed.db") as store:
        await prepare(store)
        before = await all_held(store)
        await deed(store)
        after = await all_held(store)
    assert before != after
    async with await open_quick(path) as store:
        await prepare(store)
    assert die(path, f"{commit}.{place}") == -signal.SIGKILL
    async with await open_quick(path) as store:
        assert await all_held(store) == (after if place is Place.AFTER_COMMIT else before)
        await deed(store)
        assert await all_held(store) == after
