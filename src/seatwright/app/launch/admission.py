"""Who may launch what for whom: the refusals that come before any rule of licensing."""

from __future__ import annotations

from seatwright.app.launch.orders import LaunchOrder
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.platform import LaunchTarget
from seatwright.domain.roles import Permission, roles_permitting
from seatwright.domain.tenants import Principal
from seatwright.postgres.launch_read import Someone


def refusal_of(order: LaunchOrder, principal: Principal, someone: Someone | None) -> Refusal | None:
    """Why there is no launch: not allowed, or for nobody who is here; None when there is one.

    Whoever may launch for themselves only learns of nobody else whether they exist.
    """
    if not principal.may(Permission.LAUNCH):
        return role_missing(principal, Permission.LAUNCH)
    may_for_anyone = principal.may(Permission.LAUNCH_FOR_ANYONE)
    is_self = someone is not None and someone.state.user_no == principal.user_no
    if not may_for_anyone and not is_self:
        if order.user is None:
            return _nobody_named(principal)
        return role_missing(principal, Permission.LAUNCH_FOR_ANYONE)
    if order.user is None and someone is None:
        return _nobody_named(principal)
    if someone is None or someone.state.is_deleted:
        who = order.user or principal.name
        return Refusal(
            Reason.UNKNOWN_USER,
            f"There is nobody “{who}” in the directory. Give a user principal name, an id, or the"
            " mail address of one person.",
            context={"user": who},
        )
    return None


def refusal_of_owner(
    principal: Principal, owner: Someone | None, target: LaunchTarget
) -> Refusal | None:
    """Why there is no launch by the license of a flow's owner; None when there is one.

    A person launches for themselves only, and so gives no license to the owner of a flow.
    """
    if not principal.may(Permission.LAUNCH_FOR_ANYONE):
        return role_missing(principal, Permission.LAUNCH_FOR_ANYONE)
    if owner is None or owner.state.is_deleted:
        return Refusal(
            Reason.UNKNOWN_USER,
            f"“{target.name}” runs by the license of its owner, who is not in the directory any"
            " more: give the flow another owner.",
            context={"flow": str(target.id)},
        )
    return None


def role_missing(principal: Principal, permission: Permission) -> Refusal:
    """The refusal of somebody whose roles do not suffice, naming those that do."""
    held = ", ".join(principal.roles) or "none"
    needed = [role.value for role in roles_permitting(permission)]
    return Refusal(
        Reason.ROLE_MISSING,
        f"“{principal.name}” may not {permission.value}: its roles are {held}."
        f" Use a principal with one of: {', '.join(needed)}.",
        context={"rolesNeeded": needed},
    )


def _nobody_named(principal: Principal) -> Refusal:
    return Refusal(
        Reason.INVALID_VALUE,
        f"“{principal.name}” is no person of the directory: name the person in the field user.",
    )
