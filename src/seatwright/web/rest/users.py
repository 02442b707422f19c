"""`/api/identity/users`: the people of the directory."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from msgspec import UNSET, UnsetType, field

from seatwright.app.assign.newcomer import FirstProduct, create_with_products
from seatwright.app.call import Call
from seatwright.app.directory.lives import delete_user, erase_person_names, restore_user
from seatwright.app.directory.users import (
    change_user,
    find_user,
    page_of_users,
    parse_user_fields,
)
from seatwright.app.seats import SkuSeats, list_seats
from seatwright.domain.directory import (
    PersonRef,
    User,
    UserField,
    UserFields,
    UserQuery,
    text_key,
)
from seatwright.domain.errors import Reason, Refusal
from seatwright.domain.roles import Permission, roles_permitting
from seatwright.web.rest.access import TheCall, needs
from seatwright.web.rest.bodies import Body, FilterText, Page, Shape, cursor_of, keys_of, page_limit
from seatwright.web.rest.person_details import (
    DetailsBody,
    DetailsShape,
    Text,
    attribute_of,
    detail_values,
)

LICENSES_AT_ONCE_MAX = 50
PRODUCTS_SHOWN_MAX = 1000


class FirstLicense(Body, kw_only=True, frozen=True):
    """A product that a new person gets in the same call, by `skuId` or `skuPartNumber`."""

    sku_id: str | None = None
    sku_part_number: str | None = None
    disabled_service_plans: list[str] | None = None


class UserChange(DetailsBody, kw_only=True, frozen=True):
    """What to change of a person: what is left out stays, null clears it.

    `manager` is the UPN or id of a person. A license administrator may change `usageLocation`.
    """

    user_principal_name: str | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    mail: Text = UNSET
    given_name: Text = UNSET
    surname: Text = UNSET
    job_title: Text = UNSET
    department: Text = UNSET
    company_name: Text = UNSET
    cost_center: Text = UNSET
    employee_id: Text = UNSET
    external_id: Text = UNSET
    usage_location: Text = UNSET
    user_type: str | UnsetType = UNSET
    account_enabled: bool | UnsetType = UNSET
    manager: Text = UNSET
    last_sign_in_at: Text = UNSET


class NewUser(DetailsBody, kw_only=True, frozen=True):
    """A person to make; without `displayName` they are called by their names or their UPN.

    `licenses` are assigned in the same call: if one cannot be, nobody is made.
    """

    user_principal_name: str
    display_name: Text = UNSET
    mail: Text = UNSET
    given_name: Text = UNSET
    surname: Text = UNSET
    job_title: Text = UNSET
    department: Text = UNSET
    company_name: Text = UNSET
    cost_center: Text = UNSET
    employee_id: Text = UNSET
    external_id: Text = UNSET
    usage_location: Text = UNSET
    user_type: str | UnsetType = UNSET
    account_enabled: bool | UnsetType = UNSET
    manager: Text = UNSET
    last_sign_in_at: Text = UNSET
    licenses: list[FirstLicense] = field(default_factory=list)


class ManagerShape(Shape, kw_only=True, frozen=True):
    """Somebody's manager."""

    id: UUID
    user_principal_name: str
    display_name: str


class UserShape(DetailsShape, kw_only=True, frozen=True):
    """A person of the directory."""

    id: UUID
    user_principal_name: str
    display_name: str
    mail: str | None
    given_name: str | None
    surname: str | None
    job_title: str | None
    department: str | None
    company_name: str | None
    cost_center: str | None
    employee_id: str | None
    external_id: str | None
    usage_location: str | None
    user_type: str
    account_enabled: bool
    manager: ManagerShape | None
    last_sign_in_at: datetime | None
    created_at: datetime
    deleted_at: datetime | None


class SeatsLeft(Shape, kw_only=True, frozen=True):
    """How many seats of a product are free, after what this call assigned."""

    sku_id: UUID
    sku_part_number: str
    display_name: str
    free: int


class CreatedUser(UserShape, kw_only=True, frozen=True):
    """A new person, the products they were given, and the seats that are left (T-134)."""

    licenses: list[SeatsLeft]
    available_seats: list[SeatsLeft]


def user_shape(user: User) -> UserShape:
    """A person as the surface shows them."""
    return UserShape(
        id=user.id,
        user_principal_name=user.user_principal_name,
        display_name=user.display_name,
        mail=user.mail,
        given_name=user.given_name,
        surname=user.surname,
        job_title=user.job_title,
        department=user.department,
        company_name=user.company_name,
        cost_center=user.cost_center,
        employee_id=user.employee_id,
        external_id=user.external_id,
        usage_location=user.usage_location,
        user_type=user.user_type,
        account_enabled=user.account_enabled,
        manager=None if user.manager is None else _manager_shape(user.manager),
        last_sign_in_at=user.last_sign_in_at,
        created_at=user.created_at,
        deleted_at=user.deleted_at,
        **detail_values(user.details),  # type: ignore[arg-type]  # each value is of its column
    )


def _manager_shape(person: PersonRef) -> ManagerShape:
    return ManagerShape(
        id=person.id,
        user_principal_name=person.user_principal_name,
        display_name=person.display_name,
    )


_ATTRIBUTE_OF = {field: attribute_of(field.value) for field in UserField}


def _fields(body: NewUser | UserChange) -> UserFields:
    given = {name: getattr(body, attribute) for name, attribute in _ATTRIBUTE_OF.items()}
    return parse_user_fields({name: value for name, value in given.items() if value is not UNSET})


@get("/api/identity/users", opt=needs(Permission.READ_DIRECTORY), summary="List people")
async def list_all_users(
    call: TheCall,
    *,
    search: FromQuery[str | None] = None,
    department: FromQuery[str | None] = None,
    enabled: FromQuery[bool | None] = None,
    user_type: Annotated[str | None, QueryParameter(name="userType")] = None,
    deleted: FromQuery[bool] = False,
    filter_text: FilterText = None,
    cursor: FromQuery[str | None] = None,
    limit: FromQuery[int | None] = None,
) -> Page[UserShape]:
    """People by display name.

    `search` finds people by the beginnings of their names, UPN or mail: each word of it must
    begin one of theirs. `deleted=true` lists those who can be restored. `filter` is an OData
    filter on what people have, such as `city eq 'Oslo' and not (userType eq 'Guest')`; the page of
    queries in the reference lists what each property takes.
    """
    size = page_limit(limit)
    keys = keys_of(cursor, str, int)
    query = UserQuery(
        search=search,
        department=department,
        is_enabled=enabled,
        user_type=_user_type(user_type),
        is_deleted=deleted,
        filter=filter_text,
    )
    after = None if keys is None else (str(keys[0]), int(keys[1]))
    users = await page_of_users(call, query, after=after, limit=size)
    page = users[:size]
    more = len(users) > size
    return Page(
        value=[user_shape(user) for user in page],
        next_cursor=cursor_of(text_key(page[-1].display_name), page[-1].user_no) if more else None,
    )


def _user_type(text: str | None) -> str | None:
    if text is None:
        return None
    return str(parse_user_fields({UserField.USER_TYPE: text})[UserField.USER_TYPE])


@post("/api/identity/users", opt=needs(Permission.WRITE_USERS), summary="Create a person")
async def create_one_user(call: TheCall, data: JSONBody[NewUser]) -> CreatedUser:
    """The person can get products in the same call; the answer says how many seats are left."""
    _may_assign(call, data.licenses)
    products = [
        FirstProduct(sku=_sku_text(one), disabled=one.disabled_service_plans)
        for one in data.licenses
    ]
    user, assigned = await create_with_products(call, _fields(data), products)
    seats = await list_seats(call, is_all=False, after=0, limit=PRODUCTS_SHOWN_MAX)
    left = [_seats_left(one) for one in seats if one.sku.is_assignable_to_users]
    shape = user_shape(user)
    return CreatedUser(
        **{name: getattr(shape, name) for name in UserShape.__struct_fields__},
        licenses=[_seats_left(one) for one in seats if one.sku.sku_no in assigned],
        available_seats=left,
    )


def _may_assign(call: Call, licenses: list[FirstLicense]) -> None:
    if len(licenses) > LICENSES_AT_ONCE_MAX:
        raise Refusal(
            Reason.INVALID_VALUE,
            f"licenses names {len(licenses)} products: give {LICENSES_AT_ONCE_MAX} or fewer.",
        )
    if licenses and not call.principal.may(Permission.ASSIGN_TO_USERS):
        needed = [role.value for role in roles_permitting(Permission.ASSIGN_TO_USERS)]
        raise Refusal(
            Reason.ROLE_MISSING,
            f"“{call.principal.name}” may create people and not assign products: leave licenses"
            f" out, or use a principal with one of: {', '.join(needed)}.",
            context={"rolesNeeded": needed},
        )


def _sku_text(license_: FirstLicense) -> str:
    text = license_.sku_id or license_.sku_part_number
    if not text:
        raise Refusal(
            Reason.INVALID_VALUE, "Each of licenses needs a skuId or a skuPartNumber: name one."
        )
    return text


def _seats_left(seats: SkuSeats) -> SeatsLeft:
    return SeatsLeft(
        sku_id=seats.sku.sku_id,
        sku_part_number=seats.sku.part_number,
        display_name=seats.sku.display_name,
        free=seats.free,
    )


@get("/api/identity/users/{user:str}", opt=needs(Permission.READ_DIRECTORY), summary="A person")
async def get_user(call: TheCall, user: FromPath[str]) -> UserShape:
    """By id or UPN, whatever its case."""
    return user_shape(await find_user(call, user))


@patch(
    "/api/identity/users/{user:str}",
    opt=needs(Permission.SET_USAGE_LOCATION),
    summary="Change a person",
)
async def change_one_user(
    call: TheCall, user: FromPath[str], data: JSONBody[UserChange]
) -> UserShape:
    """What is left out stays, null clears. Licenses follow a new usage location at once."""
    return user_shape(await change_user(call, user, _fields(data)))


@delete("/api/identity/users/{user:str}", opt=needs(Permission.WRITE_USERS), summary="Delete")
async def delete_one_user(call: TheCall, user: FromPath[str]) -> None:
    """Seats are free at once. Until the purge the person can be restored with what they had."""
    await delete_user(call, user)


@post(
    "/api/identity/users/{user:str}/restore",
    opt=needs(Permission.WRITE_USERS),
    summary="Restore a deleted person",
    status_code=200,
)
async def restore_one_user(call: TheCall, user: FromPath[str]) -> UserShape:
    """With assignments, memberships and licenses, even where no seat is free."""
    return user_shape(await restore_user(call, user))


@post(
    "/api/identity/users/{user:str}/erase-names",
    opt=needs(Permission.WRITE_USERS),
    summary="Erase the names of somebody who is gone",
    status_code=204,
)
async def erase_names_of_user(call: TheCall, user: FromPath[str]) -> None:
    """By id only. Names and addresses leave the history too; ids and facts stay."""
    await erase_person_names(call, user)


USER_ROUTES = (
    list_all_users,
    create_one_user,
    get_user,
    change_one_user,
    delete_one_user,
    restore_one_user,
    erase_names_of_user,
)
