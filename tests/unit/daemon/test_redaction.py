import json
from pathlib import PurePosixPath
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config import Secret
from daemon.redaction import Redactor

# Without stars: what hides a secret could not be told from one made of them.
CHARACTERS = st.characters(exclude_characters="*", exclude_categories=["Cs"])
SECRETS = st.text(CHARACTERS, min_size=8, max_size=40)
TEXTS = st.text(CHARACTERS, max_size=40)


@given(st.lists(SECRETS, min_size=1, max_size=4), TEXTS, TEXTS)
def test_known_secret_is_never_in_a_text(secrets: list[str], before: str, after: str) -> None:
    text = before + "".join(secrets) + after
    redacted = Redactor(secrets).redact_text(text)
    assert not [secret for secret in secrets if secret in redacted]


@given(SECRETS)
def test_known_secret_is_found_in_the_ways_it_is_sent(secret: str) -> None:
    redactor = Redactor([secret])
    body = urlencode({"grant": secret})
    assert body.removeprefix("grant=") not in redactor.redact_text(body)
    url = f"https://example.com/{quote(secret, safe='')}"
    assert url.removeprefix("https://example.com/") not in redactor.redact_text(url)
    document = json.dumps({"grant": secret})
    assert json.dumps(secret)[1:-1] not in redactor.redact_text(document)


VALUES = st.recursive(
    TEXTS | st.none() | st.integers() | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@given(SECRETS, VALUES, st.sampled_from(["key", "item", "deep", "bytes", "error", "object"]))
def test_known_secret_is_never_in_a_nested_value(secret: str, other: object, place: str) -> None:
    class Held:
        def __repr__(self) -> str:
            return f"Held({secret})"

    value: object = {
        "key": {f"x{secret}": other},
        "item": [other, f"{secret}y"],
        "deep": {"a": [{"b": (secret,)}, other]},
        "bytes": [secret.encode()],
        "error": ValueError(f"refused: {secret}"),
        "object": {"held": Held()},
    }[place]
    assert secret not in repr(Redactor([secret]).redact(value))


@pytest.mark.parametrize("padding", [0, 1, 100])
@pytest.mark.parametrize("where", [0, 8_190, 8_195, 50_000 - 8_190, 50_000 - 8_195, 49_980])
def test_known_secret_is_not_shown_in_part_where_a_long_text_is_cut(
    where: int, padding: int
) -> None:
    secret = "".join(chr(0x4E00 + n) for n in range(2_000 + padding))
    text = "." * where + secret + "." * (50_000 - where)
    redacted = Redactor([secret]).redact_text(text)
    assert not set(secret) & set(redacted)


def test_long_text_keeps_its_ends() -> None:
    redacted = Redactor().redact_text("Traceback\n" + "x " * 50_000 + "\nValueError: the cause")
    assert redacted.startswith("Traceback\n")
    assert redacted.endswith("\nValueError: the cause")
    assert len(redacted) < 17_000


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("Authorization: Bearer abc.def-ghi", "Authorization: ********"),
        ("{'authorization': 'Basic aWQ6c2VjcmV0MQ=='}", "{'authorization': '********'}"),
        ("sent bearer abc~123", "sent bearer ********"),
        ("with Basic aWQ6c2VjcmV0MQ==", "with Basic ********"),
        ('{"access_token":"abc","age":3600}', '{"access_token":"********","age":3600}'),
        (r'"{\"refresh_token\": \"abc\"}"', r'"{\"refresh_token\": \"********\"}"'),
        ("grant_type=x&refresh_token=a%2Fb&y=z", "grant_type=x&refresh_token=********&y=z"),
        ("client_secret=abc", "client_secret=********"),
        ("GET /cb?code=AbCdEfGh12&realmId=9", "GET /cb?code=********&realmId=9"),
        ("refresh with RT1-39-H3-1785429816abcdef", "refresh with ********"),
        ("code AB11748594837zyxwvuABCDEFG", "code ********"),
        ("keys cs1.9f3k2l1m0n8b7v and ak1.abcdefgh12", "keys ******** and ********"),
        ("got eyJlbmMiOiJBMTI4Q0JD.x-y_z.w..v now", "got ******** now"),
        ("sealed gAAAAABmZ-abcdefghijklmnopqrstuvwxyz0=", "sealed ********"),
        ("opaque Zx9" + "aB3" * 20, "opaque ********"),
    ],
)
def test_what_looks_like_a_secret_is_hidden(text: str, redacted: str) -> None:
    assert Redactor().redact_text(text) == redacted


@pytest.mark.parametrize(
    "text",
    [
        "page_stored",
        "account 8f14e45f-ceea-467f-a0e6-a1b2c3d4e5f6 is live",
        "intuit_tid 1-5f733ac0-27c460634b12a135710292c6",
        "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        '{"Fault":{"Error":[{"code":"3200","Message":"Stale Object Error"}]}}',
        "invalid_grant: Incorrect or invalid refresh token",
        "basic authentication failed",
        "/usr/lib/python3.11/site-packages/aiohttp/web_protocol.py, line 42",
        "test_half_open_probe_failure_reopens_and_says_so_once_2",
    ],
)
def test_what_helps_to_understand_stays(text: str) -> None:
    assert Redactor().redact_text(text) == text


@pytest.mark.parametrize(
    "key", ["access_token", "Refresh-Token", "client_secret", "Authorization", "code", "Set-Cookie"]
)
def test_value_under_a_secrets_name_is_hidden_whatever_it_looks_like(key: str) -> None:
    hidden = {key: "********", "nested": {key: "********"}}
    assert Redactor().redact({key: "x", "nested": {key: ["y"]}}) == hidden


def test_numbers_and_absent_values_under_a_secrets_name_stay() -> None:
    assert Redactor().redact({"code": 3200, "token": None}) == {"code": 3200, "token": None}


def test_values_become_what_json_can_write() -> None:
    account = UUID("8f14e45f-ceea-467f-a0e6-a1b2c3d4e5f6")
    value = {
        "id": account,
        "path": PurePosixPath("/a"),
        "error": OSError("gone"),
        "body": b"payload",
    }
    assert Redactor().redact(value) == {
        "id": str(account),
        "path": "/a",
        "error": "OSError: gone",
        "body": "(7 bytes)",
    }


def test_secret_of_the_configuration_hides_itself() -> None:
    assert Redactor().redact([Secret("x")]) == ["********"]


def test_secret_is_hidden_until_all_who_added_it_discard_it() -> None:
    redactor = Redactor(["hush-hush"])
    redactor.add("hush-hush")
    redactor.discard("hush-hush")
    assert redactor.redact_text("hush-hush") == "********"
    redactor.discard("hush-hush")
    assert redactor.redact_text("hush-hush") == "hush-hush"
    redactor.discard("hush-hush")
    redactor.add("hush-hush")
    assert redactor.redact_text("hush-hush") == "********"


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["aaaa1", "aaaa2", "aaaa11", "bbbb"]))))
def test_what_is_hidden_is_what_was_added_more_often(steps: list[tuple[bool, str]]) -> None:
    redactor, held = Redactor(), dict.fromkeys(["aaaa1", "aaaa2", "aaaa11", "bbbb"], 0)
    for adding, secret in steps:
        if adding:
            redactor.add(secret)
            held[secret] += 1
        else:
            redactor.discard(secret)
            held[secret] = max(0, held[secret] - 1)
    for secret, count in held.items():
        inside = any(other in secret for other, n in held.items() if n)
        assert (redactor.redact_text(f"<{secret}>") != f"<{secret}>") == (count > 0 or inside)


def test_nesting_without_end_ends() -> None:
    endless: list[object] = []
    endless.append(endless)
    assert len(repr(Redactor().redact(endless))) < 100


def test_work_on_one_event_is_bounded_by_its_characters_and_its_values() -> None:
    many = {"texts": ["x" * 30_000] * 1_000, "numbers": list(range(1_000_000))}
    assert len(repr(Redactor().redact(many))) < 70_000
    assert len(repr(Redactor().redact(list(range(1_000_000))))) < 20_000


def test_thousands_of_secrets_with_one_beginning_cost_no_more_than_one() -> None:
    redactor = Redactor(f"RT1x{n:08}" for n in range(20_000))
    text = "RT1x00012345 RT1x99999999 " * 500
    assert redactor.redact_text(text) == "******** RT1x99999999 " * 500
