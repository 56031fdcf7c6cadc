from daemon.web.pages.charts import AGE_LABELS, LINE_HEIGHT, LINE_WIDTH, histogram, line


def test_ages_are_counted_into_bars_of_the_longest_one() -> None:
    bars = histogram([0.0, 59.9, 60.0, 3600.0, 90_000.0, 1.0])
    assert [bar.count for bar in bars] == [3, 1, 0, 0, 1, 0, 1]
    assert [bar.label for bar in bars] == list(AGE_LABELS)
    assert bars[0].share == 1
    assert bars[1].share == 1 / 3


def test_no_ages_are_empty_bars() -> None:
    assert {(bar.count, bar.share) for bar in histogram([])} == {(0, 0.0)}


def test_a_line_ends_at_the_right_and_its_highest_point_touches_the_top() -> None:
    found = line([0.0, 4.0, 2.0], places=3)
    assert found.points == (
        f"0.0,{LINE_HEIGHT}.0 {LINE_WIDTH / 2},0.0 {LINE_WIDTH}.0,{LINE_HEIGHT / 2}"
    )
    assert (found.most, found.last, found.total) == (4.0, 2.0, 6.0)


def test_a_line_with_few_values_leaves_room_for_what_was_not_seen() -> None:
    first = line([1.0, 1.0], places=101).points.split()[0]
    assert first == f"{LINE_WIDTH * 0.99:.1f},0.0"


def test_a_line_without_values_or_without_height_is_drawn_too() -> None:
    assert line([], places=3).points == ""
    assert line([0.0], places=3).points == f"{LINE_WIDTH}.0,{LINE_HEIGHT}.0"
