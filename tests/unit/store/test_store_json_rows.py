import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.relational.json_rows import json_rows

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))


@given(rows=st.lists(st.tuples(TEXT, st.none() | TEXT, st.booleans(), st.integers(0, 2**53))))
def test_rows_come_back_as_they_were(rows: list[tuple[str, str | None, bool, int]]) -> None:
    assert json.loads(json_rows(rows)) == [list(row) for row in rows]


@given(before=TEXT, behind=TEXT)
def test_text_that_sqlite_would_cut_off_is_refused(before: str, behind: str) -> None:
    with pytest.raises(ValueError, match=r"U\+0000"):
        json_rows([(before + "\0" + behind,)])
