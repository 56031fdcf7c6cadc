"""The object types that can be replicated. Adding one is one line here."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One kind of record (housecallpro facts §2.2 to §2.5).

    Attributes:
        name: as the vendor spells it in its URLs, and as the member of a list that holds the rows.
        has_time: whether a row says when it was changed, and lists can be sorted by that.
        has_single_read: whether a company's key may read one by its id.
    """

    name: str
    has_time: bool = False
    has_single_read: bool = True


OBJECT_TYPES: Mapping[str, ObjectType] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            ObjectType("customers", has_time=True),
            ObjectType("employees", has_single_read=False),
            ObjectType("estimates", has_time=True, has_single_read=False),
            ObjectType("invoices", has_single_read=False),
            ObjectType("jobs", has_time=True),
            ObjectType("leads"),
        )
    }
)
