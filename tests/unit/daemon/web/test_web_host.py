import pytest

from daemon.web.host import HostRules, split_host


@pytest.mark.parametrize(
    ("host", "name", "port"),
    [
        ("example.com", "example.com", None),
        ("example.com:8321", "example.com", 8321),
        ("[::1]", "::1", None),
        ("[::1]:8321", "::1", 8321),
        ("example.com:", "", None),
        ("example.com:80x", "", None),
        ("example.com:٣", "", None),
        ("a:1:2", "a:1", 2),
        ("", "", None),
    ],
)
def test_host_is_split(host: str, name: str, port: int | None) -> None:
    assert split_host(host) == (name, port)


def test_configured_host_is_ours_on_our_port() -> None:
    rules = HostRules.of("Box.local", "http://localhost:8321", ())
    assert rules.accept("box.LOCAL:8321", "10.0.0.5", 8321)
    assert not rules.accept("box.local:8322", "10.0.0.5", 8321)


def test_address_that_was_called_is_ours() -> None:
    rules = HostRules.of("0.0.0.0", "http://localhost:8321", ())  # noqa: S104 - nothing is bound
    assert rules.accept("10.0.0.5:8321", "10.0.0.5", 8321)
    assert not rules.accept("10.0.0.6:8321", "10.0.0.5", 8321)


def test_host_without_a_port_means_port_80() -> None:
    rules = HostRules.of("127.0.0.1", "http://localhost", ())
    assert rules.accept("127.0.0.1", "127.0.0.1", 80)
    assert not rules.accept("127.0.0.1", "127.0.0.1", 8321)


def test_proxy_in_front_may_have_any_port() -> None:
    rules = HostRules.of("127.0.0.1", "https://sync.example.com", ("Other.Example",))
    assert rules.accept("sync.example.com", "127.0.0.1", 8321)
    assert rules.accept("other.example:444", "127.0.0.1", 8321)
    assert not rules.accept("example.com", "127.0.0.1", 8321)
