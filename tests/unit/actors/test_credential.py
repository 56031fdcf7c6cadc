from dataclasses import replace
from datetime import UTC, datetime

import pytest
from cryptography.fernet import Fernet

from actors.credential import Credential, Sealer, token_hash
from actors.errors import CredentialError

OLD_KEY, NEW_KEY = Fernet.generate_key().decode(), Fernet.generate_key().decode()

CREDENTIAL = Credential(
    access_token="access-secret",
    refresh_token="refresh-secret",
    obtained_at=datetime(2026, 3, 1, 12, 0, tzinfo=UTC),
    access_expires_at=datetime(2026, 3, 1, 13, 0, tzinfo=UTC),
    refresh_expires_at=datetime(2026, 6, 10, tzinfo=UTC),
    refresh_hard_expires_at=datetime(2031, 3, 1, tzinfo=UTC),
)


def test_what_was_sealed_is_unsealed_whole() -> None:
    sealer = Sealer([NEW_KEY])
    assert sealer.unseal(sealer.seal(CREDENTIAL)) == CREDENTIAL


def test_the_sealed_form_shows_ends_but_no_token() -> None:
    sealed = Sealer([NEW_KEY]).seal(CREDENTIAL)
    assert b"secret" not in sealed.sealed
    assert sealed.access_expires_at == CREDENTIAL.access_expires_at
    assert sealed.refresh_expires_at == CREDENTIAL.refresh_expires_at
    assert sealed.refresh_hard_expires_at == CREDENTIAL.refresh_hard_expires_at


def test_a_credential_does_not_show_its_tokens() -> None:
    assert "secret" not in repr(CREDENTIAL)
    assert "secret" not in f"{CREDENTIAL}"


def test_keys_can_be_rotated() -> None:
    sealed = Sealer([OLD_KEY]).seal(CREDENTIAL)
    rotated = Sealer([NEW_KEY, OLD_KEY])
    assert rotated.unseal(sealed) == CREDENTIAL
    assert Sealer([NEW_KEY]).unseal(rotated.seal(CREDENTIAL)) == CREDENTIAL


def test_a_key_that_is_gone_is_told() -> None:
    sealed = Sealer([OLD_KEY]).seal(CREDENTIAL)
    with pytest.raises(CredentialError, match="a key that is not here"):
        Sealer([NEW_KEY]).unseal(sealed)


@pytest.mark.parametrize("keys", [[], ["short"], ["not base64 at all, and far too long to be"]])
def test_keys_that_cannot_seal_are_refused(keys: list[str]) -> None:
    with pytest.raises(CredentialError):
        Sealer(keys)


def test_a_proof_tells_whether_the_first_key_alone_is_needed() -> None:
    proof = Sealer([OLD_KEY]).proof()
    rotated = Sealer([NEW_KEY, OLD_KEY])
    assert not rotated.is_current(proof)
    assert rotated.is_current(rotated.proof())


def test_tokens_sealed_with_an_older_key_are_sealed_anew_with_the_first() -> None:
    sealed = Sealer([OLD_KEY]).seal(CREDENTIAL)
    anew = Sealer([NEW_KEY, OLD_KEY]).rotate(sealed.sealed)
    assert Sealer([NEW_KEY]).unseal(replace(sealed, sealed=anew)) == CREDENTIAL


def test_what_no_key_opens_stays_as_it_is() -> None:
    sealed = Sealer([OLD_KEY]).seal(CREDENTIAL).sealed
    assert Sealer([NEW_KEY]).rotate(sealed) == sealed


def test_a_token_is_named_by_its_sha256() -> None:
    assert token_hash("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_keys_that_are_still_there_prove_it() -> None:
    proof = Sealer([OLD_KEY]).proof()
    Sealer([NEW_KEY, OLD_KEY]).check(proof)


def test_keys_that_are_not_there_any_more_are_told_by_the_proof() -> None:
    proof = Sealer([OLD_KEY]).proof()
    with pytest.raises(CredentialError, match="a key that is not here"):
        Sealer([NEW_KEY]).check(proof)
