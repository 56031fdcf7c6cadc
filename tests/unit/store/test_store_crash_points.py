import pytest

from store.crash_points import CRASH_POINTS, CrashPoint, Place, UnknownCrashPointError


def test_process_dies_at_the_named_passing_and_at_no_other_place() -> None:
    deaths: list[str] = []
    point = CrashPoint("page.after_commit", 2, die=lambda: deaths.append("dead"))
    point.passed("page", Place.AFTER_COMMIT)
    point.passed("page", Place.BEFORE_COMMIT)
    point.passed("connect", Place.AFTER_COMMIT)
    assert deaths == []
    point.passed("page", Place.AFTER_COMMIT)
    assert deaths == ["dead"]


@pytest.mark.parametrize("name", CRASH_POINTS)
def test_every_point_can_be_armed(name: str) -> None:
    CrashPoint.parse(name)
    CrashPoint.parse(f"{name}:3")


@pytest.mark.parametrize(
    "text", ["", "page", "page.somewhere", "other.before_commit", "page.after_commit:0", "x:1"]
)
def test_what_is_no_point_is_refused_with_the_names_of_all(text: str) -> None:
    with pytest.raises(UnknownCrashPointError, match=r"name one.*migration\.after_commit"):
        CrashPoint.parse(text)
