"""Assigning to people: one by one and in bulk, both through `fulfil`."""

from seatwright.app.assign.fulfil import Fulfilled, Fulfilment, fulfil
from seatwright.app.assign.person import Assigned, AssignOrder, assign, unassign, update_license
from seatwright.app.assign.refusals import refusals_of

__all__ = [
    "AssignOrder",
    "Assigned",
    "Fulfilled",
    "Fulfilment",
    "assign",
    "fulfil",
    "refusals_of",
    "unassign",
    "update_license",
]
