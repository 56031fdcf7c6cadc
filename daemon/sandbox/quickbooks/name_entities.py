"""The list types: names, accounts, items and small lists.

Property order follows recorded raw bodies (minimul/qbo_api) and payload shapes of 2026
(NangoHQ/integration-templates).
"""

from daemon.sandbox.quickbooks.entity import EntityType, Family, word_set, words

_BALANCES = "Balance BalanceWithJobs"
_PHONES = "PrimaryPhone AlternatePhone Mobile Fax PrimaryEmailAddr WebAddr"
_PERSON = "Title GivenName MiddleName FamilyName Suffix"

CUSTOMER = EntityType(
    name="Customer",
    family=Family.NAME,
    shown=words(
        "Taxable BillAddr ShipAddr Notes Job BillWithParent ParentRef Level "
        f"{_BALANCES} CurrencyRef PreferredDeliveryMethod ResaleNum IsProject ClientEntityId "
        f"domain sparse Id SyncToken MetaData {_PERSON} FullyQualifiedName CompanyName "
        f"DisplayName PrintOnCheckName Active V4IDPseudonym {_PHONES} DefaultTaxCodeRef "
        "SalesTermRef PaymentMethodRef ARAccountRef CustomerTypeRef PrimaryTaxIdentifier"
    ),
    ignored=word_set(
        "OpenBalanceDate OverDueBalance TotalRevenue TotalExpense CreditLimit AcctNum "
        "GSTRegistrationType GSTIN TaxExemptionReasonId BusinessNumber SecondaryTaxIdentifier "
        "IntuitId UserId OtherContactInfo OtherAddr Organization OverDueBalanceWithJobs Source "
        "RootCustomerRef TaxRegime JobInfo Attachments InvoiceDeliveryMethod CustomField"
    ),
    read_only=word_set(
        _BALANCES, "FullyQualifiedName Level V4IDPseudonym ClientEntityId IsProject"
    ),
    references={"ParentRef": ("Customer",)},
    name_property="DisplayName",
    not_queryable=word_set("BillAddr ShipAddr CustomerTypeRef V4IDPseudonym"),
)

VENDOR = EntityType(
    name="Vendor",
    family=Family.NAME,
    shown=words(
        "BillAddr TaxIdentifier TermRef BillRate CostRate Balance AcctNum Vendor1099 CurrencyRef "
        f"domain sparse Id SyncToken MetaData {_PERSON} CompanyName DisplayName "
        f"PrintOnCheckName Active V4IDPseudonym {_PHONES} APAccountRef"
    ),
    ignored=word_set(
        "TaxReportingBasis OtherContactInfo ShipAddr Notes OpenBalanceDate CreditLimit "
        "VendorPaymentBankDetail GSTIN GSTRegistrationType HasTPAR BusinessNumber CustomField "
        "T4AEligible T5018Eligible Source FullyQualifiedName ContactName AltContactName"
    ),
    read_only=word_set("Balance V4IDPseudonym"),
    name_property="DisplayName",
    not_queryable=word_set("BillAddr V4IDPseudonym"),
)

EMPLOYEE = EntityType(
    name="Employee",
    family=Family.NAME,
    shown=words(
        "PrimaryAddr SSN BillableTime BirthDate Gender HiredDate ReleasedDate domain sparse Id "
        f"SyncToken MetaData {_PERSON} DisplayName PrintOnCheckName Active V4IDPseudonym {_PHONES} "
        "EmployeeNumber Organization"
    ),
    ignored=word_set("BillRate CostRate HourlyRate UseTimeEntry Notes"),
    read_only=word_set("V4IDPseudonym"),
    name_property="DisplayName",
    not_queryable=word_set("PrimaryAddr V4IDPseudonym"),
)

ACCOUNT = EntityType(
    name="Account",
    family=Family.ACCOUNT,
    shown=words(
        "Name SubAccount ParentRef Description FullyQualifiedName Active Classification "
        "AccountType AccountSubType AcctNum CurrentBalance CurrentBalanceWithSubAccounts "
        "CurrencyRef TaxCodeRef domain sparse Id SyncToken MetaData"
    ),
    ignored=word_set(
        "OpeningBalance OpeningBalanceDate BankNum FIName OnlineBankingEnabled TaxAccount "
        "TxnLocationType AccountAlias JournalCodeRef"
    ),
    read_only=word_set(
        "CurrentBalance CurrentBalanceWithSubAccounts FullyQualifiedName Classification"
    ),
    required=("Name",),
    references={"ParentRef": ("Account",)},
    name_property="Name",
)

ITEM = EntityType(
    name="Item",
    family=Family.ITEM,
    shown=words(
        "Name Description Active SubItem ParentRef Level FullyQualifiedName Taxable "
        "SalesTaxIncluded UnitPrice Type IncomeAccountRef PurchaseDesc PurchaseTaxIncluded "
        "PurchaseCost ExpenseAccountRef AssetAccountRef TrackQtyOnHand QtyOnHand InvStartDate Sku "
        "SalesTaxCodeRef PurchaseTaxCodeRef DeferredRevenue domain sparse Id SyncToken MetaData"
    ),
    ignored=word_set(
        "ReorderPoint ManPartNum PrefVendorRef ClassRef AbatementRate ReverseChargeRate "
        "ServiceType ItemCategoryType Source UOMSetRef ItemGroupDetail PrintGroupedItems "
        "TaxClassificationRef RatePercent SpecialItem SpecialItemType"
    ),
    read_only=word_set("FullyQualifiedName Level"),
    required=("Name",),
    references={
        "ParentRef": ("Item",),
        "IncomeAccountRef": ("Account",),
        "ExpenseAccountRef": ("Account",),
        "AssetAccountRef": ("Account",),
    },
    name_property="Name",
)

COMPANY_INFO = EntityType(
    name="CompanyInfo",
    family=Family.COMPANY,
    shown=words(
        "CompanyName LegalName CompanyAddr CustomerCommunicationAddr LegalAddr "
        "CustomerCommunicationEmailAddr PrimaryPhone CompanyStartDate EmployerId "
        "FiscalYearStartMonth Country Email WebAddr SupportedLanguages DefaultTimeZone NameValue "
        "domain sparse Id SyncToken MetaData"
    ),
    read_only=word_set("CompanyStartDate NameValue SupportedLanguages EmployerId"),
    name_property="CompanyName",
)


def _small_list(name: str, shown: str, *, has_cdc: bool = True) -> EntityType:
    return EntityType(
        name=name,
        family=Family.LIST,
        shown=words(f"{shown} domain sparse Id SyncToken MetaData"),
        required=("Name",),
        name_property="Name",
        has_cdc=has_cdc,
    )


SMALL_LISTS = (
    _small_list("Class", "Name SubClass ParentRef FullyQualifiedName Active"),
    _small_list("Department", "Name SubDepartment ParentRef FullyQualifiedName Active"),
    _small_list("PaymentMethod", "Name Active Type"),
    _small_list("Term", "Name Active Type DueDays DiscountDays DiscountPercent"),
    _small_list("TaxCode", "Name Description Active Taxable TaxGroup Hidden", has_cdc=False),
    _small_list("TaxRate", "Name Description Active RateValue AgencyRef", has_cdc=False),
    _small_list("TaxAgency", "DisplayName Name TaxTrackedOnSales", has_cdc=False),
)

NAME_ENTITIES = (CUSTOMER, VENDOR, EMPLOYEE, ACCOUNT, ITEM, COMPANY_INFO, *SMALL_LISTS)
