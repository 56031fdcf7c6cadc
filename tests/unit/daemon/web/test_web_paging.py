import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.web.paging import cursor_to_place, place_to_cursor
from daemon.web.problem import InvalidInputError


@settings(deadline=None)
@given(st.text().filter(lambda text: text.isprintable()))
def test_cursor_leads_back_to_its_place(place: str) -> None:
    cursor = place_to_cursor(place)
    assert cursor_to_place(cursor) == place
    assert cursor.replace("-", "").replace("_", "").isalnum() or not cursor


@settings(deadline=None)
@given(st.text())
def test_whatever_is_given_as_a_cursor_is_a_place_or_refused(cursor: str) -> None:
    try:
        place = cursor_to_place(cursor)
    except InvalidInputError:
        return
    assert place_to_cursor(place) == cursor


@pytest.mark.parametrize("cursor", ["a", "====", "é", "_-_-_", "YQ="])
def test_made_up_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidInputError):
        cursor_to_place(cursor)
