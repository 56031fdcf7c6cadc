"""Each file breaks one rule; its first lines say what must be said about it, and in which line."""

from pathlib import Path

import pytest

from daemon.config import ConfigError, load_config

DATA = Path(__file__).parents[3] / "data" / "config"
FILES = sorted(DATA.glob("invalid-*.yaml"))
ENVIRON = {
    "SECRET": "hush-hush",
    "KEY": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
}


def expected_messages(path: Path) -> list[str]:
    heads = [line for line in path.read_text().splitlines() if line.startswith("# ")]
    return [f"{path}:{head.removeprefix('# ')}" for head in heads]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_broken_rule_is_reported_with_its_line_and_nothing_else_is(path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(path, ENVIRON)
    assert str(caught.value).splitlines() == expected_messages(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_message_shows_a_secret(path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(path, ENVIRON)
    said = str(caught.value) + repr(caught.value)
    assert "hush-hush" not in said
    assert "s3cret" not in said
