"""Bodies that the vendor's own rules don't foresee, put into the sandbox as they are.

Each `Rewrite` takes a well-formed body and spoils it in one way; the object's id and times stay.
"""

import re
from collections.abc import Callable

from daemon.sandbox.quickbooks import Mutation, MutationKind, QuickBooksSandbox
from daemon.sandbox.quickbooks.table import Row
from daemon.sandbox.quickbooks.timestamps import stamp
from support.simulation.history import SECOND_US, Key
from support.simulation.replica import instant_us

Rewrite = Callable[[bytes], bytes]

_UPDATED = re.compile(rb'"LastUpdatedTime":"[^"]*"')
_MEGABYTE = 1024 * 1024


def _with(members: bytes) -> Rewrite:
    return lambda body: body.removesuffix(b"}") + b"," + members + b"}"


def _without(name: bytes) -> Rewrite:
    member = re.compile(rb'"%s":("[^"]*"|[^,"{}\[\]]+),' % name)
    return lambda body: member.sub(b"", body)


def _retyped(name: bytes, value: bytes) -> Rewrite:
    member = re.compile(rb'"%s":("[^"]*"|[^,"{}\[\]]+)' % name)
    return lambda body: member.sub(b'"%s":%s' % (name, value), body)


HARMLESS: tuple[Rewrite, ...] = (
    _with(b'"NewIn2027":{"Deep":[1,2,{"er":null}]}'),
    _without(b"PrintOnCheckName"),
    _retyped(b"PrintOnCheckName", b'["now","a","list"]'),
    _retyped(b"SyncToken", b"17"),
    _retyped(b"sparse", b'"false"'),
    _with(b'"Huge":123456789012345678901234567890,"Tiny":-0.00000000000000000001'),
    _with(b'"Exact":1234567.12345,"Exponent":1E+400'),
    _with(b'"Notes":"first","Notes":"second"'),
    _with(b'"Notes":"\\u0000\\ud83d\\ude00 \\/ \\u00e9 \xf0\x9f\x98\x80"'),
    _with(b'"Notes":"' + b"x" * (2 * _MEGABYTE) + b'"'),
    _with(b'"Line":[' + b",".join([b'{"Amount":1.00}'] * 10_000) + b"]"),
)
"""Odd, yet JSON in UTF-8: kept as they are."""

LATIN_1: tuple[Rewrite, ...] = (_with(b'"Notes":"Caf\xe9 M\xfcller"'),)
"""Not UTF-8, as the vendor documents it for some companies."""

NO_JSON: tuple[Rewrite, ...] = (
    _with(b'"Amount":NaN'),
    _with(b'"Amount":Infinity'),
    _with(b'"Amount":01'),
    _with(b'"Notes":"a line\nbreak"'),
)
"""No JSON at all: the answer that such a row is in cannot be read."""


def body_of(sandbox: QuickBooksSandbox, realm: str, key: Key) -> bytes:
    """Return an object's present body."""
    return sandbox.company(realm).tables[key[0]].rows[key[1]].body


def put_body(
    sandbox: QuickBooksSandbox, realm: str, key: Key, body: bytes, rewrite: Rewrite = bytes
) -> None:
    """Give one object a new version: this body, with its time set and then rewritten."""
    world, company = sandbox.world, sandbox.company(realm)
    object_type, object_id = key
    older = company.tables[object_type].rows[object_id]
    company.settle(world.clock())
    at_us = instant_us(world.clock())
    updated_s = at_us // SECOND_US
    stamped = b'"LastUpdatedTime":"%s"' % stamp(updated_s).encode()
    body = rewrite(_UPDATED.sub(stamped, body))
    mutation = Mutation(
        sequence=world.log.next_sequence,
        realm_id=realm,
        object_type=object_type,
        object_id=object_id,
        kind=MutationKind.UPDATE,
        at_us=at_us,
        updated_s=updated_s,
        visible_us=company.visible_from(object_type, object_id, at_us),
        body=body,
    )
    row = Row(
        object_id,
        older.number,
        updated_s,
        older.active,
        older.sort_name,
        older.name_key,
        body,
    )
    world.log.append(mutation)
    company.apply(mutation, row)
