import stat
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from daemon.config import Secret
from daemon.generated_secret import (
    GeneratedSecretError,
    admin_token_path,
    ensure_admin_token,
    ensure_keys,
    keys_path,
    read_secret,
)


def test_secret_is_made_once_and_read_ever_after(tmp_path: Path) -> None:
    numbers = count()

    def make() -> str:
        return f"token-{next(numbers)}"

    first = ensure_admin_token(tmp_path / "a.db", make)
    second = ensure_admin_token(tmp_path / "a.db", make)
    assert (first.created, second.created) == (True, False)
    assert first.value == second.value == Secret("token-0")
    assert first.path == second.path == tmp_path / "a.db.admin-token"


def test_file_is_its_owners_alone_and_nothing_else_is_left(tmp_path: Path) -> None:
    made = ensure_keys(tmp_path / "a.db")
    assert stat.S_IMODE(made.path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [keys_path(tmp_path / "a.db")]


def test_made_key_seals(tmp_path: Path) -> None:
    fernet = Fernet(ensure_keys(tmp_path / "a.db").value.reveal())
    assert fernet.decrypt(fernet.encrypt(b"token")) == b"token"


def test_made_tokens_differ(tmp_path: Path) -> None:
    one, other = (ensure_admin_token(tmp_path / name).value for name in ("a.db", "b.db"))
    assert one != other
    assert len(one.reveal()) >= 32


def test_loser_of_a_race_takes_the_winners_secret(tmp_path: Path) -> None:
    database = tmp_path / "a.db"

    def make_after_another_did() -> str:
        ensure_admin_token(database, lambda: "winner")
        return "loser"

    made = ensure_admin_token(database, make_after_another_did)
    assert (made.value, made.created) == (Secret("winner"), False)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = admin_token_path(tmp_path / "a.db")
    path.write_text("hush-hush")
    path.chmod(mode)
    with pytest.raises(GeneratedSecretError, match=r"others than its owner.*chmod 600") as caught:
        ensure_admin_token(tmp_path / "a.db")
    assert "hush-hush" not in str(caught.value)


def write_private(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda path: write_private(path, b"\n"), "is empty"),
        (lambda path: write_private(path, b"\xff"), "cannot be read: it is not text"),
        (lambda path: path.mkdir(), "cannot be read: Is a directory"),
    ],
)
def test_file_without_a_secret_is_refused_and_kept(
    tmp_path: Path, break_it: Callable[[Path], None], said: str
) -> None:
    path = keys_path(tmp_path / "a.db")
    break_it(path)
    with pytest.raises(GeneratedSecretError, match=said):
        ensure_keys(tmp_path / "a.db")
    assert path.exists()


def test_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(GeneratedSecretError, match="cannot be made: No such file or directory"):
        ensure_keys(tmp_path / "none" / "a.db")


def test_file_that_is_not_there_holds_no_secret(tmp_path: Path) -> None:
    assert read_secret(tmp_path / "a.db.key") is None
