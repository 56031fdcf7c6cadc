"""What was noted of an object before a write is read by whoever comes after, older or newer."""

import msgspec
import pytest

from actors.vendors.quickbooks.write_request import base_of, read_base, request_of
from actors.vendors.writing import Intent

CHANGE = b'{"object_type":"Invoice","object_id":"7","PrivateNote":"new"}'
RECORD = b'{"Id":"7","SyncToken":"3","CustomerRef":{"value":"1"},"Line":[]}'


@pytest.mark.parametrize("note", [None, '{"version":"3"}', '{"version":"3","kept":{}}'])
def test_a_note_without_some_of_its_parts_is_read(note: str | None) -> None:
    intent = Intent("a" * 32, "object.update", CHANGE, 0, note)
    assert read_base(intent).kept == {}
    assert b'"PrivateNote":"new' in request_of(intent).content


def test_all_parts_of_a_note_are_written_for_who_does_not_know_what_they_are_else() -> None:
    note = base_of("object.void", b'{"object_type":"Invoice","object_id":"7"}', RECORD)
    assert msgspec.json.decode(note) == {"version": "3", "delivered": "", "kept": {}}
