from daemon.health.vendor_watch import VendorWatch


def tried(watch: VendorWatch, now_s: float, failed: str = "", well: str = "") -> bool | None:
    for account_id in well:
        watch.tried(account_id, now_s, failed=False)
    for account_id in failed:
        watch.tried(account_id, now_s, failed=True)
    watch.turn(now_s)
    return watch.look()


def test_most_accounts_that_were_tried_last_make_an_incident() -> None:
    watch = VendorWatch()
    assert tried(watch, 0.0, well="abcdef") is None
    assert tried(watch, 1.0, failed="ghi") is None
    assert tried(watch, 2.0, failed="abcd") is True
    assert watch.probers == frozenset("ghiab")


def test_few_accounts_make_none() -> None:
    assert tried(VendorWatch(), 0.0, failed="ab") is None


def test_one_that_is_tried_again_and_again_counts_once() -> None:
    watch = VendorWatch()
    for second in range(100):
        assert tried(watch, float(second), failed="abc", well="defg") is None


def test_what_is_old_counts_no_more() -> None:
    watch = VendorWatch()
    tried(watch, 0.0, well="abcdef")
    assert tried(watch, 121.0, failed="ghi") is True


def test_incident_is_over_when_those_that_went_on_are_well() -> None:
    watch = VendorWatch()
    assert tried(watch, 0.0, failed="abcdefghi") is True
    assert watch.probers == frozenset("abcde")
    assert tried(watch, 60.0, failed="ab", well="z") is None
    assert tried(watch, 61.0, well="cde") is False
    assert watch.probers is None


def test_incident_goes_on_while_nobody_is_tried() -> None:
    watch = VendorWatch()
    assert tried(watch, 0.0, failed="abc") is True
    assert tried(watch, 1e6) is None
    assert watch.probers is not None


def test_slow_vendor() -> None:
    watch = VendorWatch()
    for number in range(40):
        watch.called(6.0 if number % 5 == 0 else 0.2)
    assert watch.is_slow()
    assert not watch.is_very_slow()
    for _ in range(10):
        watch.called(11.0)
    assert watch.is_very_slow()
    watch.turn(60.0)
    assert watch.is_slow()
    watch.turn(120.0)
    assert not watch.is_slow()


def test_a_few_slow_calls_are_nothing() -> None:
    watch = VendorWatch()
    for _ in range(4):
        watch.called(30.0)
    assert not watch.is_slow()
