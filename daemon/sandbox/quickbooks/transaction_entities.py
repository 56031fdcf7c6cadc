"""The transaction types.

Property order follows recorded raw bodies (minimul/qbo_api) and payload shapes of 2026
(NangoHQ/integration-templates).
"""

from typing import Any

from daemon.sandbox.quickbooks.entity import EntityType, Family, VoidForm, word_set, words

_ENVELOPE = "domain sparse Id SyncToken MetaData"
_ONLINE = "AllowIPNPayment AllowOnlinePayment AllowOnlineCreditCardPayment AllowOnlineACHPayment"
_IGNORED = word_set(
    "ExchangeRate GlobalTaxCalculation HomeBalance HomeTotalAmt TxnSource TxnStatus "
    "TransactionLocationType DepartmentRef ClassRef RecurDataRef TaxExemptionRef AutoDocNumber "
    "AttachableRef Tag CustomExtensions TaxFormType TaxFormNum TxnApprovalInfo LessCIS "
    "RecurringInfo"
)
_SALES_IGNORED = _IGNORED | word_set(
    "InvoiceLink EInvoiceStatus ECloudStatusTimeStamp callToAction invoiceStatusLog InvoiceEx "
    "FOB PONumber ShipDate TrackingNum ShipMethodRef PaymentMethodRef SalesRepRef RemitToRef "
    "PaymentRefNum PaymentDetailsMessage ConvenienceFeeDetail DiscountRate DiscountAmt "
    "BillEmailCc BillEmailBcc DepositToAccountRef Deposit TotalCostAmount PaymentType"
)
_SALES_SHOWN = (
    f"{_ENVELOPE} CustomField DocNumber TxnDate CurrencyRef PrivateNote "
    "LinkedTxn Line TxnTaxDetail CustomerRef CustomerMemo BillAddr ShipAddr ShipFromAddr "
    "FreeFormAddress SalesTermRef DueDate TotalAmt ApplyTaxAfterDiscount PrintStatus EmailStatus "
    "BillEmail Balance DeliveryInfo"
)
_OPAQUE = word_set("Line LinkedTxn TxnTaxDetail CustomField PrivateNote BillAddr ShipAddr")

INVOICE = EntityType(
    name="Invoice",
    family=Family.TRANSACTION,
    shown=words(f"{_ONLINE} {_SALES_SHOWN}"),
    ignored=_SALES_IGNORED,
    read_only=word_set("Balance LinkedTxn DeliveryInfo TotalAmt"),
    required=("CustomerRef", "Line"),
    references={"CustomerRef": ("Customer",)},
    gives_total_count=True,
    void=VoidForm.OPERATION,
    not_queryable=_OPAQUE,
)

BILL = EntityType(
    name="Bill",
    family=Family.TRANSACTION,
    shown=words(
        f"DueDate VendorAddr Balance {_ENVELOPE} DocNumber TxnDate CurrencyRef PrivateNote "
        "LinkedTxn Line VendorRef APAccountRef SalesTermRef TotalAmt"
    ),
    ignored=_IGNORED | word_set("TxnTaxDetail RemitToAddr ShipAddr PayerRef Memo DueDays"),
    read_only=word_set("Balance LinkedTxn TotalAmt"),
    required=("VendorRef", "Line"),
    required_in_update=("VendorRef",),
    references={"VendorRef": ("Vendor",), "APAccountRef": ("Account",)},
    gives_total_count=True,
    not_queryable=_OPAQUE | word_set("VendorAddr"),
)

PAYMENT = EntityType(
    name="Payment",
    family=Family.TRANSACTION,
    shown=words(
        "CustomerRef DepositToAccountRef PaymentMethodRef PaymentRefNum TotalAmt UnappliedAmt "
        f"ProcessPayment {_ENVELOPE} TxnDate CurrencyRef PrivateNote LinkedTxn Line"
    ),
    ignored=_IGNORED | word_set("ARAccountRef CreditCardPayment DocNumber"),
    read_only=word_set("UnappliedAmt LinkedTxn"),
    required=("CustomerRef", "TotalAmt"),
    references={"CustomerRef": ("Customer",), "DepositToAccountRef": ("Account",)},
    void=VoidForm.INCLUDE,
    not_queryable=_OPAQUE,
)

BILL_PAYMENT = EntityType(
    name="BillPayment",
    family=Family.TRANSACTION,
    shown=words(
        f"VendorRef PayType CheckPayment CreditCardPayment TotalAmt {_ENVELOPE} DocNumber TxnDate "
        "CurrencyRef PrivateNote Line"
    ),
    ignored=_IGNORED | word_set("APAccountRef ProcessBillPayment LinkedTxn"),
    required=("VendorRef", "TotalAmt", "PayType"),
    references={"VendorRef": ("Vendor",)},
    gives_total_count=True,
    void=VoidForm.INCLUDE,
    not_queryable=_OPAQUE | word_set("CheckPayment CreditCardPayment"),
)

DEPOSIT = EntityType(
    name="Deposit",
    family=Family.TRANSACTION,
    shown=words(
        f"DepositToAccountRef TotalAmt {_ENVELOPE} DocNumber TxnDate CurrencyRef PrivateNote Line"
    ),
    ignored=_IGNORED | word_set("CashBack TxnTaxDetail HomeTotalAmt"),
    read_only=word_set("TotalAmt"),
    required=("DepositToAccountRef", "Line"),
    references={"DepositToAccountRef": ("Account",)},
    gives_total_count=True,
    not_queryable=_OPAQUE,
)


def _transaction(name: str, shown: str, **rules: Any) -> EntityType:  # noqa: ANN401
    return EntityType(
        name=name,
        family=Family.TRANSACTION,
        shown=words(shown),
        ignored=_SALES_IGNORED,
        not_queryable=_OPAQUE,
        **rules,
    )


_CUSTOMER = {"CustomerRef": ("Customer",)}
_VENDOR = {"VendorRef": ("Vendor",)}
_PURCHASE_SHOWN = f"{_ENVELOPE} DocNumber TxnDate CurrencyRef PrivateNote LinkedTxn Line TotalAmt"

OTHER_TRANSACTIONS = (
    _transaction(
        "Estimate",
        f"{_SALES_SHOWN} TxnStatus ExpirationDate AcceptedBy AcceptedDate",
        required=("CustomerRef", "Line"),
        references=_CUSTOMER,
        read_only=word_set("TotalAmt LinkedTxn"),
    ),
    _transaction(
        "CreditMemo",
        f"RemainingCredit {_SALES_SHOWN}",
        required=("CustomerRef", "Line"),
        references=_CUSTOMER,
        read_only=word_set("TotalAmt Balance RemainingCredit"),
    ),
    _transaction(
        "SalesReceipt",
        f"{_SALES_SHOWN} PaymentMethodRef PaymentRefNum DepositToAccountRef",
        required=("Line",),
        references=_CUSTOMER,
        read_only=word_set("TotalAmt Balance"),
        void=VoidForm.INCLUDE,
    ),
    _transaction(
        "RefundReceipt",
        f"{_SALES_SHOWN} DepositToAccountRef",
        required=("Line", "DepositToAccountRef"),
        references=_CUSTOMER,
        read_only=word_set("TotalAmt Balance"),
    ),
    _transaction(
        "Purchase",
        f"AccountRef PaymentMethodRef PaymentType EntityRef Credit {_PURCHASE_SHOWN}",
        required=("AccountRef", "PaymentType", "Line"),
        required_in_update=("PaymentType",),
        references={"AccountRef": ("Account",)},
        read_only=word_set("TotalAmt"),
    ),
    _transaction(
        "PurchaseOrder",
        f"VendorAddr ShipAddr POStatus {_PURCHASE_SHOWN} VendorRef APAccountRef EmailStatus",
        required=("VendorRef", "Line"),
        references=_VENDOR,
        read_only=word_set("TotalAmt"),
        gives_total_count=True,
    ),
    _transaction(
        "VendorCredit",
        f"Balance {_PURCHASE_SHOWN} VendorRef APAccountRef",
        required=("VendorRef", "Line"),
        references=_VENDOR,
        read_only=word_set("TotalAmt Balance"),
    ),
    _transaction(
        "JournalEntry",
        f"Adjustment {_ENVELOPE} DocNumber TxnDate CurrencyRef PrivateNote Line TxnTaxDetail "
        "TotalAmt",
        required=("Line",),
        read_only=word_set("TotalAmt"),
        gives_total_count=True,
    ),
    _transaction(
        "Transfer",
        f"FromAccountRef ToAccountRef Amount {_ENVELOPE} TxnDate CurrencyRef PrivateNote",
        required=("FromAccountRef", "ToAccountRef", "Amount"),
        references={"FromAccountRef": ("Account",), "ToAccountRef": ("Account",)},
    ),
    _transaction(
        "TimeActivity",
        "TxnDate NameOf EmployeeRef VendorRef CustomerRef ItemRef BillableStatus Taxable "
        f"HourlyRate Hours Minutes StartTime EndTime Description {_ENVELOPE}",
        references={**_CUSTOMER, **_VENDOR, "EmployeeRef": ("Employee",)},
        has_cdc=False,
    ),
)

TRANSACTION_ENTITIES = (INVOICE, BILL, PAYMENT, BILL_PAYMENT, DEPOSIT, *OTHER_TRANSACTIONS)
