"""App permissions of Microsoft Graph by their own names, and which of them our roles imply.

A client that was made with `--permission` has those it names and no others; every other principal
has those that its roles imply. On top of them the roles decide in any case: a permission never
lets anybody do what none of their roles may (`entra-graph.md` ASN-009 to ASN-011).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from seatwright.domain.roles import Permission, Role, permissions_of


class GraphPermission(StrEnum):
    """One app permission; the value is the name that Microsoft gives it."""

    USER_READ_BASIC_ALL = "User.ReadBasic.All"
    USER_READ_ALL = "User.Read.All"
    USER_READ_WRITE_ALL = "User.ReadWrite.All"
    USER_ENABLE_DISABLE_ACCOUNT_ALL = "User.EnableDisableAccount.All"
    USER_DELETE_RESTORE_ALL = "User.DeleteRestore.All"
    GROUP_CREATE = "Group.Create"
    GROUP_READ_ALL = "Group.Read.All"
    GROUP_READ_WRITE_ALL = "Group.ReadWrite.All"
    GROUP_MEMBER_READ_ALL = "GroupMember.Read.All"
    GROUP_MEMBER_READ_WRITE_ALL = "GroupMember.ReadWrite.All"
    DIRECTORY_READ_ALL = "Directory.Read.All"
    DIRECTORY_READ_WRITE_ALL = "Directory.ReadWrite.All"
    ORGANIZATION_READ_ALL = "Organization.Read.All"
    ORGANIZATION_READ_WRITE_ALL = "Organization.ReadWrite.All"
    DOMAIN_READ_ALL = "Domain.Read.All"
    DOMAIN_READ_WRITE_ALL = "Domain.ReadWrite.All"
    LICENSE_ASSIGNMENT_READ_ALL = "LicenseAssignment.Read.All"
    LICENSE_ASSIGNMENT_READ_WRITE_ALL = "LicenseAssignment.ReadWrite.All"
    CLOUD_LICENSING_READ_ALL = "CloudLicensing.Read.All"


_EVERY_DIRECTORY_WRITE: Final = frozenset(
    {
        Permission.READ_DIRECTORY,
        Permission.WRITE_USERS,
        Permission.WRITE_GROUPS,
        Permission.READ_LICENSES,
        Permission.ASSIGN_TO_USERS,
        Permission.ASSIGN_TO_GROUPS,
    }
)

STANDS_FOR: Final[Mapping[GraphPermission, frozenset[Permission]]] = {
    GraphPermission.USER_READ_BASIC_ALL: frozenset({Permission.READ_DIRECTORY}),
    GraphPermission.USER_READ_ALL: frozenset({Permission.READ_DIRECTORY}),
    GraphPermission.USER_READ_WRITE_ALL: frozenset({Permission.WRITE_USERS}),
    GraphPermission.USER_ENABLE_DISABLE_ACCOUNT_ALL: frozenset({Permission.WRITE_USERS}),
    GraphPermission.USER_DELETE_RESTORE_ALL: frozenset({Permission.WRITE_USERS}),
    GraphPermission.GROUP_CREATE: frozenset({Permission.WRITE_GROUPS}),
    GraphPermission.GROUP_READ_ALL: frozenset({Permission.READ_DIRECTORY}),
    GraphPermission.GROUP_READ_WRITE_ALL: frozenset({Permission.WRITE_GROUPS}),
    GraphPermission.GROUP_MEMBER_READ_ALL: frozenset({Permission.READ_DIRECTORY}),
    GraphPermission.GROUP_MEMBER_READ_WRITE_ALL: frozenset({Permission.WRITE_GROUPS}),
    GraphPermission.DIRECTORY_READ_ALL: frozenset(
        {Permission.READ_DIRECTORY, Permission.READ_LICENSES}
    ),
    GraphPermission.DIRECTORY_READ_WRITE_ALL: _EVERY_DIRECTORY_WRITE,
    GraphPermission.ORGANIZATION_READ_ALL: frozenset({Permission.READ_LICENSES}),
    GraphPermission.ORGANIZATION_READ_WRITE_ALL: frozenset({Permission.WRITE_SETTINGS}),
    GraphPermission.DOMAIN_READ_ALL: frozenset({Permission.READ_LICENSES}),
    GraphPermission.DOMAIN_READ_WRITE_ALL: frozenset({Permission.WRITE_SETTINGS}),
    GraphPermission.LICENSE_ASSIGNMENT_READ_ALL: frozenset({Permission.READ_LICENSES}),
    GraphPermission.LICENSE_ASSIGNMENT_READ_WRITE_ALL: frozenset(
        {Permission.READ_LICENSES, Permission.ASSIGN_TO_USERS, Permission.ASSIGN_TO_GROUPS}
    ),
    GraphPermission.CLOUD_LICENSING_READ_ALL: frozenset({Permission.READ_LICENSES}),
}
"""What the roles must permit, all of it, so that they imply the Graph permission."""


def implied_by(roles: Iterable[Role]) -> tuple[GraphPermission, ...]:
    """The Graph permissions that these roles imply, in the order of the table."""
    may = permissions_of(roles)
    return tuple(name for name in GraphPermission if STANDS_FOR[name] <= may)
