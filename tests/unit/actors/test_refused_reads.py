"""A vendor that refuses all nodes is asked again by one of them."""

from actors.refused_reads import RefusedReads
from actors.vendor_word import HeardWord, ReadsTold, ToldRefusal, VendorWord, decode, encode

MONTH = "2026-11"


def word(
    node: str,
    refusal: ToldRefusal | None = None,
    *,
    resumed_ago_s: float | None = None,
    month: str = MONTH,
) -> HeardWord:
    told = ReadsTold(month, refusal=refusal, resumed_ago_s=resumed_ago_s)
    return HeardWord(node, 5.0, VendorWord(told))


def test_what_one_node_was_refused_rests_on_all() -> None:
    ours = RefusedReads()
    ours.hear("b", [word("a", ToldRefusal(100.0, 900.0, 800.0))], MONTH, 1000.0)
    assert ours.refusal is not None
    assert ours.refusal.since_s == 895.0
    # The node before us tries first, and tells within the minute.
    assert ours.wait_s(1000.0) == 795.0 + 60.0


def test_node_of_the_lowest_id_tries_first() -> None:
    ours = RefusedReads()
    ours.refused(1000.0)
    ours.hear("a", [word("b", ToldRefusal(10.0, 900.0, 890.0))], MONTH, 1000.0)
    assert ours.wait_s(1000.0) == 900.0
    behind = RefusedReads()
    behind.refused(1000.0)
    theirs = [word(node, ToldRefusal(10.0, 900.0, 890.0)) for node in ("a", "b")]
    behind.hear("c", theirs, MONTH, 1000.0)
    behind.hear("c", theirs, MONTH, 1000.0)
    assert behind.wait_s(1000.0) == 900.0 + 120.0


def test_probe_of_another_node_counts_as_ours() -> None:
    ours = RefusedReads()
    ours.refused(1000.0)
    ours.hear("b", [word("a", ToldRefusal(905.0, 1800.0, 1795.0, 1))], MONTH, 1910.0)
    assert ours.refusal is not None
    assert (ours.refusal.wait_s, ours.refusal.probes) == (1800.0, 1)
    assert ours.wait_s(1910.0) == 1790.0 + 60.0


def test_read_that_passed_elsewhere_ends_the_rest() -> None:
    ours = RefusedReads()
    ours.refused(1000.0)
    ours.hear("b", [word("a", resumed_ago_s=10.0)], MONTH, 2000.0)
    assert ours.refusal is None
    # Whoever has not heard yet does not bring the refusal back.
    ours.hear("b", [word("c", ToldRefusal(990.0, 900.0, 0.0))], MONTH, 2005.0)
    assert ours.refusal is None
    ours.refused(2100.0)
    ours.hear("b", [word("a", resumed_ago_s=150.0)], MONTH, 2140.0)
    assert ours.refusal is not None


def test_words_of_another_month_say_nothing() -> None:
    ours = RefusedReads()
    ours.hear("b", [word("a", ToldRefusal(1.0, 900.0, 899.0), month="2026-10")], MONTH, 1000.0)
    assert ours.refusal is None


def test_words_of_another_version_are_read_as_far_as_they_are_known() -> None:
    said = VendorWord(ReadsTold(MONTH, 7, [0.5], ToldRefusal(1.0, 2.0, 3.0, 4)))
    heard = decode("a", 1.0, encode(said))
    assert heard is not None
    assert heard.word == said
    later = decode("a", 1.0, b'{"reads":{"month":"2026-11","accounts":3,"new":[1]},"more":{}}')
    assert later is not None
    assert later.word.reads is not None
    assert later.word.reads.accounts == 3
    assert decode("a", 1.0, b'{"reads":{"month":7}}') is None
    assert decode("a", 1.0, b"rubbish") is None
