"""Two nodes, and accounts with something to see, for tests that play the whole API at both."""

from dataclasses import dataclass
from uuid import uuid4

from daemon.web.operation import AnyOperation
from support.serving_nodes import Json, ServingNodes
from support.web_house import TOKEN

NOBODY = "00000000-0000-4000-8000-000000000000"
OURS = {"Sec-Fetch-Site": "same-origin"}


@dataclass
class Stage:
    """The nodes, and accounts with something to see.

    Attributes:
        company: at QuickBooks, with a write and a comparison behind it.
        business: at Housecall Pro; a job that it entered goes to `partner`.
        parts: what stands for the parts of a path.
    """

    nodes: ServingNodes
    company: Json
    business: Json
    partner: Json
    technician: str
    session: dict[str, str]
    parts: dict[str, str]

    def path(self, operation: AnyOperation, **other: str) -> str:
        return operation.path.format(**{**self.parts, **other})

    def job(self) -> Json:
        return {
            "created_by": {"account_id": self.business["id"], "technician_id": self.technician},
            "summary": "Replace the water heater",
            "homeowner": {"name": "Ada Park", "phone": "+1 555 0100", "email": ""},
            "address": {"street": "1 Main", "city": "Springfield", "state": "IL", "zip": "62701"},
            "revenue": "850.00",
        }


async def staged(nodes: ServingNodes) -> Stage:
    """Connect them, have one write and one comparison made, and one job delivered."""
    company = await nodes.live()
    business, partner = await nodes.live_business(), await nodes.live_business()
    visitor, here = nodes.owner.visitor, f"/integrations/{company['id']}"
    employees = await visitor.get(f"/integrations/{business['id']}/objects/employees")
    login = await nodes.owner.http.post("/dashboard/login", data={"token": TOKEN}, headers=OURS)
    session = {"Cookie": login.headers["set-cookie"].partition(";")[0], **OURS}
    technician = employees["items"][0]["object_id"]
    stage = Stage(nodes, company, business, partner, technician, session, {})
    action = await visitor.post(f"{here}/actions?wait=10", customer())
    await visitor.post(f"{here}/verify?wait=10")
    invoices = await visitor.get(f"{here}/objects/Invoice")
    job = await visitor.post("/jobs", stage.job(), expect=201)
    job = await nodes.until(
        nodes.owner, f"/jobs/{job['id']}", lambda it: it["routings"][0]["status"] == "synced"
    )
    stage.parts |= {
        "account_id": company["id"],
        "action_id": action["id"],
        "object_type": "Invoice",
        "object_id": invoices["items"][0]["object_id"],
        "job_id": job["id"],
        "routing_id": job["routings"][0]["id"],
        "alert_id": NOBODY,
        "token": "nobody's",
    }
    await nodes.seen_live(company["id"])
    return stage


def customer() -> Json:
    """Return the wish for a customer that nobody else has."""
    return {"type": "customer.create", "payload": {"DisplayName": f"Somebody {uuid4()}"}}
