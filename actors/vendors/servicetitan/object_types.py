"""The object types that can be replicated. Adding one is one line here."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One kind of record (servicetitan facts §1.9).

    Attributes:
        name: as the vendor spells it in its URLs.
        module: which of the vendor's modules has it.
        export: where its export feed is, below the tenant.
        show_all: the parameter that has lists show inactive rows as well. One that a list does not
            know is ignored (§1.3).
        has_single_read: whether there is a call for one object by its id.
    """

    name: str
    module: str
    export: str
    show_all: tuple[str, str] = ("active", "Any")
    has_single_read: bool = True


OBJECT_TYPES: Mapping[str, ObjectType] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            ObjectType("appointments", "jpm", "export/appointments"),
            ObjectType("bookings", "crm", "export/bookings"),
            ObjectType("business-units", "settings", "export/business-units"),
            ObjectType("customers", "crm", "export/customers"),
            ObjectType("employees", "settings", "export/employees"),
            ObjectType("estimates", "sales", "estimates/export"),
            ObjectType(
                "invoices",
                "accounting",
                "export/invoices",
                show_all=("activeState", "All"),
                has_single_read=False,
            ),
            ObjectType("jobs", "jpm", "export/jobs"),
            ObjectType("leads", "crm", "export/leads"),
            ObjectType("locations", "crm", "export/locations"),
            ObjectType("technicians", "settings", "export/technicians"),
        )
    }
)
