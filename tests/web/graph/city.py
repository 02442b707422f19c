"""A tenant under the preset `entra`, driven through the Graph surface, for the scenarios."""

from __future__ import annotations

from typing import Any

from tests.office import Office
from tests.web.graph.contract import Graph

ACTIVE = ("Active", "None")


class City:
    """A tenant under `entra` with products, people and groups by name."""

    def __init__(self, office: Office) -> None:
        self.office = office
        self.graph = Graph(office)
        self.plans: dict[str, str] = {}
        self.skus: dict[str, str] = {}

    async def product(self, name: str, *plans: str, units: int = 5, company: bool = False) -> None:
        """An own product with these service plans, and seats of it."""
        body = {
            "skuPartNumber": name,
            "displayName": name,
            "appliesTo": "Company" if company else "User",
            "servicePlans": [{"name": plan} for plan in plans],
        }
        made = await self.office.admin.post("/api/catalog/products", json=body)
        assert made.status_code == 201, made.text
        await self.buy(name, units)

    async def buy(self, name: str, units: int) -> str:
        """Seats of a product; its ids are known by their names from then on."""
        body = {"skuPartNumber": name, "units": units}
        made = await self.office.admin.post("/api/subscriptions", json=body)
        assert made.status_code == 201, made.text
        for sku in (await self.graph.get("/subscribedSkus"))["value"]:
            self.skus[sku["skuPartNumber"]] = sku["skuId"]
            self.plans |= {p["servicePlanName"]: p["servicePlanId"] for p in sku["servicePlans"]}
        return str(made.json()["id"])

    def order(
        self, *add: str, remove: tuple[str, ...] = (), without: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        """The body of assignLicense; `without` are service plans that stay off."""
        off = [self.plans[plan] for plan in without]
        return {
            "addLicenses": [{"skuId": self.skus[sku], "disabledPlans": off} for sku in add],
            "removeLicenses": [self.skus[sku] for sku in remove],
        }

    async def give(self, where: str, *add: str, **more: Any) -> None:
        """Assign to `users/ID` or `groups/ID`."""
        await self.graph.done("POST", f"/{where}/assignLicense", self.order(*add, **more))

    async def refuses(self, where: str, *add: str, **more: Any) -> str:
        """The message with which an assignment is refused."""
        path = f"/{where}/assignLicense"
        status, code, said = await self.graph.refused("POST", path, self.order(*add, **more))
        assert (status, code) == (400, "Request_BadRequest")
        return said

    async def join(self, group: str, person: str) -> None:
        """Put somebody into a group."""
        reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{person}"}
        await self.graph.done("POST", f"/groups/{group}/members/$ref", reference)

    async def leave(self, group: str, person: str) -> None:
        """Take somebody out of a group."""
        await self.graph.done("DELETE", f"/groups/{group}/members/{person}/$ref")

    async def off(self, person: str) -> dict[str, set[str]]:
        """What somebody holds: the service plans that are off, by product."""
        read = await self.graph.get(f"/users/{person}?$select=assignedLicenses")
        plans = {id_: name for name, id_ in self.plans.items()}
        skus = {id_: name for name, id_ in self.skus.items()}
        return {
            skus[one["skuId"]]: {plans[plan] for plan in one["disabledPlans"]}
            for one in read["assignedLicenses"]
        }

    async def states(self, person: str) -> dict[tuple[str, str | None], tuple[str, str]]:
        """State and error of each source: product and group, None where it is direct."""
        read = await self.graph.get(f"/users/{person}?$select=licenseAssignmentStates")
        skus = {id_: name for name, id_ in self.skus.items()}
        return {
            (skus[one["skuId"]], one["assignedByGroup"]): (one["state"], one["error"])
            for one in read["licenseAssignmentStates"]
        }

    async def consumed(self, name: str) -> int:
        """Units in use."""
        page = await self.graph.get("/subscribedSkus")
        return next(int(s["consumedUnits"]) for s in page["value"] if s["skuPartNumber"] == name)


async def city_of(office: Office) -> City:
    """A city without products of its own; Entra ID P1 is there, as licensing by group needs it."""
    await office.admin.patch("/api/settings", json={"preset": "entra"})
    made = City(office)
    # T-159.
    await made.buy("AAD_PREMIUM", 1)
    return made
