"""Generated accounts, items, customers, vendors and the company's own record."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from daemon.sandbox.quickbooks import sample_words
from daemon.sandbox.quickbooks.catalogue import ENTITIES
from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.json_text import Document, money, rate
from daemon.sandbox.quickbooks.timestamps import stamp

US_DOLLAR = {"value": "USD", "name": "United States Dollar"}
DAY_S = 86_400

Finished = dict[str, Iterable[tuple[Document, int]]]
"""Documents and the second of their last change, by type."""


@dataclass(slots=True)
class Member:
    """One list object under construction.

    Attributes:
        document: Its properties, balances not yet set.
        updated_s: Second of its last change.
        balance: What the ledger says of it.
        with_jobs: The same with its sub-customers.
        parent: The customer above it.
    """

    document: Document
    updated_s: int
    balance: Decimal = Decimal(0)
    with_jobs: Decimal = Decimal(0)
    parent: "Member | None" = None

    @property
    def reference(self) -> Document:
        """How transactions refer to it."""
        name = self.document.get("DisplayName") or self.document["Name"]
        return {"value": self.document["Id"], "name": name}

    def post(self, amount: Decimal, second: int) -> None:
        """Move its balance, and its parent's, at a second."""
        self.balance += amount
        member: Member | None = self
        while member is not None:
            member.with_jobs += amount
            member.updated_s = max(member.updated_s, second)
            member = member.parent


class ListMaker:
    """Makes the list objects of one company.

    Attributes:
        ready_s: Second after which transactions can use them.
        accounts: Accounts by name.
        items: Items.
        customers: Customers, sub-customers included.
        vendors: Vendors.
    """

    def __init__(self, company: Company, chance: Random, opened_s: int) -> None:
        self.ready_s = opened_s + 30 * DAY_S
        self.accounts: dict[str, Member] = {}
        self.items: list[Member] = []
        self.customers: list[Member] = []
        self.vendors: list[Member] = []
        self._company = company
        self._chance = chance
        self._opened_s = opened_s
        self._taken: set[str] = set()
        self._addresses = 0

    def make(self, sizes: Mapping[str, int]) -> None:
        """Make as many of each type as asked."""
        self._make_accounts(sizes["Account"])
        for number in range(sizes["Item"]):
            self.items.append(self._item(number))
        for number in range(sizes["Customer"]):
            self.customers.append(self._customer(number, sizes["Customer"]))
        for number in range(sizes["Vendor"]):
            self.vendors.append(self._vendor(number, sizes["Vendor"]))

    def address(self) -> Document:
        """Make one address, with its own id and now and then without usable coordinates."""
        self._addresses += 1
        city, state, postal_code, latitude, longitude = self._chance.choice(sample_words.CITIES)
        street = self._chance.choice(sample_words.STREETS)
        return {
            "Id": str(self._addresses),
            "Line1": f"{self._chance.randrange(1, 9999)} {street}",
            "City": city,
            "CountrySubDivisionCode": state,
            "PostalCode": postal_code,
            "Lat": latitude,
            "Long": longitude,
        }

    def expenses(self) -> list[Member]:
        """Return the accounts that bills can be booked to."""
        return [
            member
            for member in self.accounts.values()
            if member.document["Classification"] == "Expense"
        ]

    def finished(self) -> Finished:
        """Set the balances and return all documents."""
        for member in self.accounts.values():
            member.document["CurrentBalance"] = money(member.balance)
            member.document["CurrentBalanceWithSubAccounts"] = money(member.balance)
        for member in self.customers:
            member.document["Balance"] = money(member.balance)
            member.document["BalanceWithJobs"] = money(member.with_jobs)
        for member in self.vendors:
            member.document["Balance"] = money(member.balance)
        made = {
            "Account": list(self.accounts.values()),
            "Item": self.items,
            "Customer": self.customers,
            "Vendor": self.vendors,
            "CompanyInfo": [self._company_info()],
        }
        return {
            object_type: [_finished(object_type, member) for member in members]
            for object_type, members in made.items()
        }

    def _make_accounts(self, number: int) -> None:
        rows = list(sample_words.ACCOUNTS)
        extra = number - len(rows)
        rows += [
            (f"Job Expenses {place:02}", "Expense", "Expense", "OtherMiscellaneousServiceCost")
            for place in range(1, extra + 1)
        ]
        for name, classification, account_type, sub_type in rows:
            document: Document = {
                "Name": name,
                "SubAccount": False,
                "FullyQualifiedName": name,
                "Active": True,
                "Classification": classification,
                "AccountType": account_type,
                "AccountSubType": sub_type,
                "CurrencyRef": US_DOLLAR,
            }
            self.accounts[name] = self._member("Account", document, self._opened_s)

    def _item(self, number: int) -> Member:
        service = number % 3 != 0
        words = sample_words.SERVICES if service else sample_words.GOODS
        name, description, price, *cost = words[number // 2 % len(words)]
        document: Document = {
            "Name": self._unique(name, number),
            "Active": True,
            "Taxable": not service,
            "UnitPrice": rate(price),
            "Type": "Service" if service else "NonInventory",
            "IncomeAccountRef": self.accounts[
                "Services" if service else "Sales of Product Income"
            ].reference,
            "PurchaseCost": rate(cost[0]) if cost else 0,
            "TrackQtyOnHand": False,
        }
        document["FullyQualifiedName"] = document["Name"]
        if description:
            document["Description"] = description
        if cost:
            document["Sku"] = f"SKU-{number:05}"
            document["ExpenseAccountRef"] = self.accounts["Cost of Goods Sold"].reference
        return self._member("Item", document, self._opened_s + number * 60)

    def _customer(self, number: int, total: int) -> Member:
        parent = self.customers[number - number % 8] if number % 8 in (5, 6) else None
        person = self._person()
        trade = self._chance.choice(sample_words.TRADES)
        company = f"{person['FamilyName']} {trade}" if number % 3 else ""
        name = f"{number} {self._chance.choice(sample_words.STREETS)}" if parent else company
        display = self._unique(name or f"{person['GivenName']} {person['FamilyName']}", number)
        address = self.address()
        document: Document = {
            "Taxable": number % 4 != 0,
            "BillAddr": address,
            "ShipAddr": address,
            "Job": parent is not None,
            "BillWithParent": False,
            "CurrencyRef": US_DOLLAR,
            "PreferredDeliveryMethod": self._chance.choice(("Print", "Email", "None")),
            "IsProject": False,
            "ClientEntityId": "0",
            **person,
            "FullyQualifiedName": display,
            "DisplayName": display,
            "PrintOnCheckName": display,
            "Active": True,
            "V4IDPseudonym": f"00209{self._chance.randrange(16**26):026x}",
            **self._contact(person),
        }
        if company:
            document["CompanyName"] = company
        if parent is not None:
            document["ParentRef"] = {"value": parent.document["Id"]}
            document["Level"] = 1
            document["FullyQualifiedName"] = f"{parent.document['FullyQualifiedName']}:{display}"
        member = self._member("Customer", document, self._spread(number, total))
        member.parent = parent
        return member

    def _vendor(self, number: int, total: int) -> Member:
        person = self._person()
        supply = self._chance.choice(sample_words.SUPPLIES)
        company = self._unique(f"{person['FamilyName']} {supply}", number)
        document: Document = {
            "Vendor1099": number % 5 == 0,
            "CurrencyRef": US_DOLLAR,
            "CompanyName": company,
            "DisplayName": company,
            "PrintOnCheckName": company,
            "Active": True,
            "V4IDPseudonym": f"00209{self._chance.randrange(16**26):026x}",
        }
        if number % 2:
            document |= {"BillAddr": self.address(), **person, **self._contact(person)}
        if number % 3 == 0:
            document["AcctNum"] = str(self._chance.randrange(10**6, 10**9))
        return self._member("Vendor", document, self._spread(number, total))

    def _company_info(self) -> Member:
        address = self.address() | {"Country": "USA"}
        del address["Lat"], address["Long"]
        name = self._company.name
        values = {
            "NeoEnabled": "true",
            "IndustryType": "Landscaping Services",
            "IndustryCode": "561730",
            "SubscriptionStatus": self._company.subscription.value,
            "OfferingSku": "QuickBooks Online Plus",
            "PayrollFeature": "false",
            "AccountantFeature": "false",
            "IsQbdtMigrated": "false",
            "QBOIndustryType": "Landscaping Services",
            "AssignedTime": stamp(self._opened_s),
        }
        document: Document = {
            "CompanyName": name,
            "LegalName": name,
            "CompanyAddr": address,
            "CustomerCommunicationAddr": address,
            "LegalAddr": address,
            "CustomerCommunicationEmailAddr": {"Address": "noreply@quickbooks.example"},
            "PrimaryPhone": {},
            "CompanyStartDate": stamp(self._opened_s)[:10],
            "FiscalYearStartMonth": "January",
            "Country": "US",
            "Email": {"Address": "office@company.example"},
            "WebAddr": {},
            "SupportedLanguages": "en",
            "NameValue": [{"Name": key, "Value": value} for key, value in values.items()],
        }
        return self._member("CompanyInfo", document, self._opened_s)

    def _member(self, object_type: str, document: Document, created_s: int) -> Member:
        entity = ENTITIES[object_type]
        document |= {
            "domain": "QBO",
            "sparse": False,
            "Id": self._company.next_id(entity.family),
            "SyncToken": "0",
            "MetaData": {"CreateTime": stamp(created_s)},
        }
        return Member(document, created_s)

    def _person(self) -> Document:
        return {
            "GivenName": self._chance.choice(sample_words.GIVEN_NAMES),
            "FamilyName": self._chance.choice(sample_words.FAMILY_NAMES),
        }

    def _contact(self, person: Document) -> Document:
        phone = f"({self._chance.randrange(201, 989)}) 555-{self._chance.randrange(10**4):04}"
        contact: Document = {"PrimaryPhone": {"FreeFormNumber": phone}}
        if self._chance.random() < 0.4:  # noqa: PLR2004 - a share of the people
            contact["Mobile"] = {"FreeFormNumber": phone[:-1] + "0"}
        local = f"{person['GivenName']}.{person['FamilyName']}".encode("ascii", "ignore").decode()
        contact["PrimaryEmailAddr"] = {"Address": f"{local.replace(' ', '')}@mail.example"}
        return contact

    def _unique(self, name: str, number: int) -> str:
        unique = name
        while unique.lower() in self._taken:
            unique = f"{name} {number}" if unique == name else f"{unique}a"
        self._taken.add(unique.lower())
        return unique

    def _spread(self, number: int, total: int) -> int:
        return self._opened_s + DAY_S + number * (28 * DAY_S) // total


def _finished(object_type: str, member: Member) -> tuple[Document, int]:
    document = member.document
    document["MetaData"]["LastUpdatedTime"] = stamp(member.updated_s)
    return ENTITIES[object_type].ordered(document), member.updated_s
