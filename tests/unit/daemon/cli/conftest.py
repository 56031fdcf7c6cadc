from pathlib import Path

import pytest

from support.command_line import CONFIG, CommandLine


@pytest.fixture
def cli(tmp_path: Path) -> CommandLine:
    (tmp_path / "config.yaml").write_text(CONFIG)
    return CommandLine(tmp_path)
