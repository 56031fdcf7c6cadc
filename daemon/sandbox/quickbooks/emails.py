"""Sends a sales form by e-mail: what a send leaves on the form.

``EmailStatus`` and ``DeliveryInfo`` are set and LastUpdatedTime moves, SyncToken does not
(recorded: invoice 106 of 2026); ``sendTo`` replaces the form's own address.
"""

from datetime import datetime

from daemon.sandbox.quickbooks.api_fault import missing_parameter, unsupported_operation
from daemon.sandbox.quickbooks.company import Company
from daemon.sandbox.quickbooks.entity import EntityType
from daemon.sandbox.quickbooks.mutation_log import MutationKind
from daemon.sandbox.quickbooks.references import gone
from daemon.sandbox.quickbooks.timestamps import epoch_s, stamp
from daemon.sandbox.quickbooks.world import World
from daemon.sandbox.quickbooks.writes import Written


def send(
    world: World,
    company: Company,
    entity: EntityType,
    object_id: str,
    send_to: str,
    now: datetime,
) -> Written:
    """Send one form.

    Raises:
        ApiFault: 500, the type cannot be sent; 610, it is not there; 2020, it has no address.
    """
    if "DeliveryInfo" not in entity.shown:
        raise unsupported_operation("send")
    changes = world.change(company, now)
    form = changes.find(entity.name, object_id)
    if form is None:
        raise gone(company, entity, object_id)
    if send_to:
        form["BillEmail"] = {"Address": send_to}
    if not form.get("BillEmail", {}).get("Address"):
        raise missing_parameter("BillEmail")
    form["EmailStatus"] = "EmailSent"
    form["DeliveryInfo"] = {"DeliveryType": "Email", "DeliveryTime": stamp(epoch_s(now))}
    changes.touch(entity.name, object_id, MutationKind.EMAIL)
    mutations = tuple(changes.commit())
    row = company.tables[entity.name].rows[object_id]
    return Written(entity.name, object_id, mutations, row.body)
