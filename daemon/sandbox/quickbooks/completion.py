"""What the vendor fills in: defaults, derived names, line numbers and totals."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from daemon.sandbox.quickbooks.api_fault import duplicate_name, missing_parameter
from daemon.sandbox.quickbooks.changeset import ChangeSet
from daemon.sandbox.quickbooks.entity import EntityType, Family
from daemon.sandbox.quickbooks.generated_lists import US_DOLLAR
from daemon.sandbox.quickbooks.json_text import Document
from daemon.sandbox.quickbooks.references import reference_id, resolve
from daemon.sandbox.quickbooks.request_body import is_blank

DELETED_SUFFIX = " (deleted)"

_PERSON = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_CLASSIFICATIONS = {
    "Bank": "Asset",
    "Accounts Receivable": "Asset",
    "Other Current Asset": "Asset",
    "Fixed Asset": "Asset",
    "Other Asset": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Long Term Liability": "Liability",
    "Equity": "Equity",
    "Income": "Revenue",
    "Other Income": "Revenue",
}


@dataclass(frozen=True, slots=True)
class Draft:
    """One object on its way to be stored.

    Attributes:
        entity: Its type.
        document: Its properties as they will be.
        before: Its properties as they were; None for a new object.
        changes: The act that it is part of.
        chance: For ids that the vendor makes up.
    """

    entity: EntityType
    document: Document
    before: Document | None
    changes: ChangeSet
    chance: Random

    def default(self, **values: object) -> None:
        """Set properties that have no value yet."""
        for name, value in values.items():
            if is_blank(self.document.get(name)):
                self.document[name] = value


def complete_list_object(draft: Draft) -> None:
    """Fill in a list object, and see that its name is unique.

    Raises:
        ApiFault: 2020, it has no name; 6240, the name is taken.
    """
    document = draft.document
    completer = _COMPLETERS.get(draft.entity.name)
    if completer is not None:
        completer(draft)
    if draft.entity.has_active:
        draft.default(Active=True)
    name_property = draft.entity.name_property
    if is_blank(document.get(name_property)):
        raise missing_parameter(name_property)
    if document.get("Active") is False:
        _mark_deleted(draft)
    _check_unique(draft)
    if "FullyQualifiedName" in draft.entity.shown:
        document["FullyQualifiedName"] = _qualified_name(draft)


def _customer(draft: Draft) -> None:
    document = draft.document
    draft.default(DisplayName=_person_name(document))
    is_job = not is_blank(document.get("ParentRef"))
    draft.default(
        Taxable=True,
        BillWithParent=False,
        Balance=0,
        BalanceWithJobs=0,
        CurrencyRef=US_DOLLAR,
        PreferredDeliveryMethod="Print",
        IsProject=False,
        ClientEntityId="0",
        PrintOnCheckName=document.get("CompanyName") or document["DisplayName"],
        V4IDPseudonym=_pseudonym(draft.chance),
    )
    document["Job"] = is_job
    if is_job:
        parent = draft.changes.read("Customer", reference_id(document["ParentRef"]))
        document["Level"] = parent.get("Level", 0) + 1
    else:
        document.pop("Level", None)


def _vendor(draft: Draft) -> None:
    document = draft.document
    draft.default(DisplayName=_person_name(document) or document.get("CompanyName", ""))
    draft.default(
        Balance=0,
        Vendor1099=False,
        CurrencyRef=US_DOLLAR,
        PrintOnCheckName=document.get("CompanyName") or document["DisplayName"],
        V4IDPseudonym=_pseudonym(draft.chance),
    )


def _employee(draft: Draft) -> None:
    draft.default(DisplayName=_person_name(draft.document))
    draft.default(
        BillableTime=False,
        PrintOnCheckName=draft.document["DisplayName"],
        V4IDPseudonym=_pseudonym(draft.chance),
    )


def _account(draft: Draft) -> None:
    document = draft.document
    if is_blank(document.get("AccountType")) and is_blank(document.get("AccountSubType")):
        raise missing_parameter("AccountType")
    draft.default(AccountType="Expense")
    draft.default(
        AccountSubType="OtherMiscellaneousServiceCost",
        CurrentBalance=0,
        CurrentBalanceWithSubAccounts=0,
        CurrencyRef=US_DOLLAR,
    )
    document["SubAccount"] = not is_blank(document.get("ParentRef"))
    document["Classification"] = _CLASSIFICATIONS.get(document["AccountType"], "Expense")


def _item(draft: Draft) -> None:
    draft.default(Taxable=False, UnitPrice=0, Type="Service", PurchaseCost=0, TrackQtyOnHand=False)


_COMPLETERS: dict[str, Callable[[Draft], None]] = {
    "Customer": _customer,
    "Vendor": _vendor,
    "Employee": _employee,
    "Account": _account,
    "Item": _item,
}


def resolve_references(draft: Draft) -> None:
    """Check and print every reference of an object that was not there before.

    Raises:
        ApiFault: 2020, 2500 or 610.
    """
    before = draft.before or {}
    for name, object_types in draft.entity.references.items():
        sent = draft.document.get(name)
        if is_blank(sent):
            continue
        if name in before and reference_id(sent) == reference_id(before[name]):
            draft.document[name] = before[name]
        else:
            draft.document[name] = resolve(draft.changes, name, object_types, sent)


def _person_name(document: Document) -> str:
    return " ".join(str(document[name]) for name in _PERSON if document.get(name))


def _pseudonym(chance: Random) -> str:
    return f"00209{chance.getrandbits(104):026x}"


def _mark_deleted(draft: Draft) -> None:
    """Rename an inactive object, as the vendor does, unless it carries the suffix already."""
    name_property = draft.entity.name_property
    name = str(draft.document[name_property])
    if draft.entity.family is Family.COMPANY or DELETED_SUFFIX[:-1] in name:
        return
    names = draft.changes.company.tables[draft.entity.name].names
    renamed, number = f"{name}{DELETED_SUFFIX}", 1
    while renamed.lower() in names:
        number += 1
        renamed = f"{name}{DELETED_SUFFIX[:-1]} {number})"
    draft.document[name_property] = renamed


def _check_unique(draft: Draft) -> None:
    """Names are unique in their type; those of customers, vendors and employees together."""
    if draft.entity.family is Family.COMPANY:
        return
    name = str(draft.document[draft.entity.name_property]).lower()
    own_id = (draft.before or {}).get("Id")
    for object_type, table in draft.changes.company.tables.items():
        if object_type != draft.entity.name and (
            draft.entity.family is not Family.NAME or table.entity.family is not Family.NAME
        ):
            continue
        taken_by = table.names.get(name)
        if taken_by is not None and (object_type, taken_by) != (draft.entity.name, own_id):
            raise duplicate_name()


def _qualified_name(draft: Draft) -> str:
    name = str(draft.document[draft.entity.name_property])
    parent_id = reference_id(draft.document.get("ParentRef"))
    if not parent_id:
        return name
    parent = draft.changes.read(draft.entity.name, parent_id)
    return f"{parent['FullyQualifiedName']}:{name}"
