"""What users of a company ask for: writes of every kind, about objects that the vendor has."""

from random import Random

import msgspec

from support.company_house import Bodies

KINDS = (
    *("payment.create",) * 5,
    *("billpayment.create", "invoice.send", "customer.create", "object.update"),
    *("object.void", "bill.create"),
)
"""Payments most of all."""

PAYMENTS = frozenset({"payment.create", "billpayment.create"})
"""What moves money."""


def wish(random: Random, truth: Bodies) -> tuple[str, dict[str, object]]:
    """Return the type and payload of something that a user could want of this company."""
    action_type = random.choice(KINDS)
    return action_type, _payload(random, action_type, truth)


def _payload(random: Random, action_type: str, truth: Bodies) -> dict[str, object]:
    def some(object_type: str) -> dict[str, object]:
        bodies = truth[object_type]
        chosen = random.choice(sorted(bodies, key=int))
        found: dict[str, object] = msgspec.json.decode(bodies[chosen])
        return found

    amount = random.randint(1, 99_999) / 100
    tag = f"{random.getrandbits(48):x}"
    invoice, bill, customer = some("Invoice"), some("Bill"), some("Customer")
    about = {"object_type": "Invoice", "object_id": invoice["Id"]}
    link = {"TxnId": bill["Id"], "TxnType": "Bill"}
    payloads: dict[str, dict[str, object]] = {
        "payment.create": {
            "CustomerRef": {"value": customer["Id"]},
            "TotalAmt": amount,
            "PaymentRefNum": tag,
        },
        "billpayment.create": {
            "VendorRef": bill["VendorRef"],
            "TotalAmt": amount,
            "PayType": "Check",
            "CheckPayment": {"BankAccountRef": {"value": _bank(truth)}},
            "Line": [{"Amount": amount, "LinkedTxn": [link]}],
        },
        "bill.create": {"VendorRef": bill["VendorRef"], "Line": bill["Line"]},
        "customer.create": {"DisplayName": f"Customer {tag}"},
        "invoice.send": {"object_id": invoice["Id"], "send_to": f"{tag}@example.com"},
        "object.update": {**about, "CustomerMemo": {"value": tag}},
        "object.void": about,
    }
    return payloads[action_type]


def _bank(truth: Bodies) -> str:
    return next(
        key for key, body in sorted(truth["Account"].items()) if b'"AccountType":"Bank"' in body
    )
