"""F14: memory runs out in the middle of writing."""

import os
import subprocess
import sys
from pathlib import Path

from support import short_memory
from support.store_fixtures import all_changes, all_objects, open_quick


def played(path: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, str(short_memory.__file__), str(path)],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


async def test_a_page_that_there_is_no_memory_for_is_refused_and_the_others_are_stored(
    path: Path,
) -> None:
    said = played(path)
    assert [line for line in said if line.startswith("stored")] == [
        f"stored small {number}" for number in range(3)
    ]
    refused = [line for line in said if line.startswith("refused large")]
    assert len(refused) == 3
    assert all("not enough memory" in line for line in refused)
    async with await open_quick(path) as store:
        held = await all_objects(store, "account of realm-1")
        assert list(held) == [f"small {number}" for number in range(3)]
        assert [change.seq for change in await all_changes(store)] == [1, 2, 3]
