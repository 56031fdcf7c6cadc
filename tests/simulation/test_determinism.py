"""One seed is one run: else a failing seed could not be repeated."""

import os
import subprocess
import sys
from pathlib import Path

from support.simulation.fingerprint import fingerprint
from support.simulation.scenarios import SCENARIOS

SCENARIO = SCENARIOS["F24_swizzle"]
SEED = 4
PRINT = f"""
import sys
from pathlib import Path
from support.simulation.fingerprint import fingerprint
from support.simulation.scenarios import SCENARIOS
print(fingerprint(SCENARIOS[{SCENARIO.name!r}], {SEED}, Path(sys.argv[1])))
"""


def test_same_seed_gives_the_same_run_in_another_process(tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    printed = subprocess.run(
        [sys.executable, "-c", PRINT, str(there)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout
    assert printed.strip() == fingerprint(SCENARIO, SEED, here)


def test_another_seed_gives_another_run(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    brief = SCENARIOS["F20_latin_1"]
    assert fingerprint(brief, SEED, one) != fingerprint(brief, SEED + 1, other)
