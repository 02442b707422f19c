"""Tenants, tokens and clients, made on the database."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from seatwright.cli.endings import Ending
from seatwright.cli.program import program

Environment = dict[str, str]


def run(environment: Environment, *arguments: str) -> Result:
    return CliRunner().invoke(program, list(arguments), env=environment, prog_name="seatwright")


def made(environment: Environment, *arguments: str) -> dict[str, Any]:
    result = run(environment, *arguments, "--json")
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def test_a_tenant_is_made_listed_suspended_and_deleted(operator_environment: Environment) -> None:
    tenant = made(
        operator_environment, "tenant", "create", "Fabrikam", "--usage-location", "no",
        "--preset", "entra",
    )  # fmt: skip
    assert str(tenant["token"]).startswith("swt_")
    assert tenant["domain"] == "fabrikam.example"
    row = made(operator_environment, "tenant", "list")["value"][0]
    assert (row["name"], row["state"], row["preset"]) == ("Fabrikam", "active", "entra")
    assert run(operator_environment, "tenant", "suspend", "fabrikam").exit_code == 0
    assert "suspended" in run(operator_environment, "tenant", "list").stdout
    assert "works again" in run(operator_environment, "tenant", "resume", "fabrikam").stdout
    kept = run(operator_environment, "tenant", "delete", "fabrikam")
    assert kept.exit_code == Ending.USAGE
    assert kept.stderr.rstrip().endswith("--confirm")
    assert run(operator_environment, "tenant", "delete", "fabrikam", "--confirm").exit_code == 0
    assert "There is no tenant yet" in run(operator_environment, "tenant", "list").stdout


def test_a_domain_is_taken_from_a_tenant_and_given_to_another(
    operator_environment: Environment,
) -> None:
    tenant = made(operator_environment, "tenant", "create", "Fabrikam")
    made(operator_environment, "tenant", "create", "Contoso")
    taken = run(operator_environment, "tenant", "give-domain", "contoso", "FABRIKAM.example")
    assert taken.exit_code == Ending.REFUSED
    assert "belongs to another tenant" in taken.stderr
    done = run(operator_environment, "tenant", "take-domain", "Fabrikam", "fabrikam.example")
    assert done.stdout == (
        "fabrikam.example is no domain of Fabrikam any more; its default domain is"
        f" tenant-{tenant['tenantId']}.example.\n"
    )
    given = run(operator_environment, "tenant", "give-domain", "contoso", "fabrikam.example")
    assert given.stdout == "fabrikam.example is a domain of contoso.\n"
    again = run(operator_environment, "tenant", "take-domain", "Fabrikam", "fabrikam.example")
    assert again.exit_code == Ending.REFUSED


def test_a_token_is_alone_on_stdout(operator_environment: Environment) -> None:
    made(operator_environment, "tenant", "create", "Fabrikam")
    result = run(operator_environment, "token", "create", "nightly", "--role", "global-reader")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip().startswith("swt_")
    assert len(result.stdout.split()) == 1
    assert "shown this once" in result.stderr


def test_a_token_is_rotated_and_revoked_by_name(operator_environment: Environment) -> None:
    made(operator_environment, "tenant", "create", "Fabrikam")
    first = made(operator_environment, "token", "create", "nightly", "--role", "reader")
    assert list(first) == ["token"]
    second = made(operator_environment, "token", "rotate", "nightly")
    assert second["token"] != first["token"]
    assert run(operator_environment, "token", "revoke", "nightly").exit_code == 0
    again = run(operator_environment, "token", "revoke", "nightly")
    assert again.exit_code == Ending.REFUSED
    assert "`seatwright token list`" in again.stderr


def test_a_client_has_an_id_and_a_secret(operator_environment: Environment) -> None:
    tenant = made(operator_environment, "tenant", "create", "Fabrikam")
    client = made(
        operator_environment, "client", "create", "sync", "--role", "license-administrator",
        "--role", "user-administrator", "--permission", "User.Read.All",
    )  # fmt: skip
    assert list(client) == ["tenantId", "clientId", "clientSecret"]
    assert client["tenantId"] == tenant["tenantId"]
    listed = run(operator_environment, "client", "list")
    assert "license-administrator" in listed.stdout
    assert "user-administrator" in listed.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("token", "create", "t", "--role", "king"), "There is no role “king”"),
        (("token", "create", "local administrator", "--role", "reader"), "already"),
        (("token", "create", "t", "--role", "reader", "--tenant", "X"), "There is no tenant “X”"),
        (("tenant", "create", "FABRIKAM"), "choose another name"),
        (("tenant", "create", "B", "--usage-location", "XX"), "two-letter"),
    ],
)
def test_a_refusal_is_a_sentence_and_exit_code_one(
    operator_environment: Environment, arguments: tuple[str, ...], sentence: str
) -> None:
    made(operator_environment, "tenant", "create", "Fabrikam")
    result = run(operator_environment, *arguments)
    assert result.exit_code == Ending.REFUSED, result.output
    assert sentence in result.stderr
    assert result.stdout == ""


def test_two_tenants_must_be_told_apart(operator_environment: Environment) -> None:
    made(operator_environment, "tenant", "create", "Fabrikam")
    made(operator_environment, "tenant", "create", "Contoso")
    result = run(operator_environment, "token", "list")
    assert result.exit_code == Ending.REFUSED
    assert "--tenant: there are Fabrikam, Contoso" in result.stderr
    assert run(operator_environment, "token", "list", "--tenant", "contoso").exit_code == 0


def test_signing_keys_are_listed_rotated_and_withdrawn(operator_environment: Environment) -> None:
    made(operator_environment, "tenant", "create", "Fabrikam")
    none = run(operator_environment, "signing-key", "list")
    assert "There is no key yet" in none.stdout + none.stderr
    first = made(operator_environment, "signing-key", "rotate")
    second = made(operator_environment, "signing-key", "rotate")
    listed = made(operator_environment, "signing-key", "list")["value"]
    assert [key["kid"] for key in listed] == [first["kid"], second["kid"]]
    said = run(operator_environment, "signing-key", "rotate", "--withdraw")
    assert said.exit_code == 0, said.output
    assert "0 access tokens" in said.stdout + said.stderr
    (left,) = made(operator_environment, "signing-key", "list")["value"]
    assert left["kid"] in said.stdout + said.stderr
    assert "PRIVATE" not in said.output
