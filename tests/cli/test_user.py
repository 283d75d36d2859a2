"""`vorzimmer user`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from click.testing import Result

from tests.cli.conftest import Vorzimmer
from vorzimmer.web import passwords
from vorzimmer.web.sessions import TOKEN, digest_of

BOOK = """
[[agent]]
id = "anna"
name = "Anna"
phones = ["desk"]

[[client]]
id = "mueller"
name = "Kanzlei Müller"
hours = "always"
dids = ["089 123456"]
open.chain = [{ to = "machine" }]
"""

Sql = Callable[..., Any]


@pytest.fixture
def user(vorzimmer: Vorzimmer, tmp_path: Path) -> Callable[..., Result]:
    """Run `vorzimmer user …` in a house with an agent and a client."""
    (tmp_path / "book.toml").write_text(BOOK)
    assert vorzimmer("import", tmp_path / "book.toml").exit_code == 0

    def command(*arguments: object) -> Result:
        result: Result = vorzimmer("user", *arguments)
        assert "Traceback" not in result.output
        return result

    return command


@pytest.fixture
def sql(dsn: str) -> Sql:
    """The first value of a query."""

    async def value(query: str, *arguments: Any) -> Any:
        conn = await asyncpg.connect(dsn)
        try:
            return await conn.fetchval(query, *arguments)
        finally:
            await conn.close()

    return lambda *arguments: asyncio.run(value(*arguments))


def add(user: Callable[..., Result], name: str, role: str, *more: str) -> str:
    """Add a user; the password that was shown."""
    result = user("add", name, "--name", name.title(), "--role", role, *more)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def fits(sql: Sql, name: str, password: str) -> bool:
    """Whether this is the user's password."""
    return asyncio.run(passwords.fits(sql("SELECT password FROM web_user WHERE id = $1", name), password))


def test_the_first_admin(user: Callable[..., Result], sql: Sql) -> None:
    """An empty house says how to begin; the password is shown once and is the right one."""
    assert "vorzimmer user add" in user("list").stdout
    password = add(user, "root", "admin")
    assert fits(sql, "root", password)
    assert password not in user("list").stdout
    shown = user("list").stdout
    assert "root" in shown
    assert "may log in" in shown
    [listed] = [json.loads(line) for line in user("list", "--json").stdout.splitlines()]
    del listed["password_at"]
    assert listed == {
        "id": "root",
        "name": "Root",
        "role": "admin",
        "agent": None,
        "client": None,
        "language": "de",
        "totp": False,
        "email": None,
        "disabled": False,
    }


NO_USERS: list[tuple[tuple[str, ...], int, str]] = [
    (("anna", "--name", "Anna", "--role", "agent"), 2, "needs an agent"),
    (("anna", "--name", "Anna", "--role", "agent", "--agent", "ben"), 1, "there is no agent 'ben'"),
    (("m", "--name", "M", "--role", "client", "--client", "meier"), 1, "there is no client 'meier'"),
    (("Anna", "--name", "Anna", "--role", "admin"), 2, "--id: "),
    (("anna", "--name", "a\x1b[2J", "--role", "admin"), 2, "--name: "),
    (("anna", "--name", "Anna", "--role", "boss"), 2, "boss"),
    (("anna", "--name", "Anna", "--role", "admin", "--language", "zh"), 2, "--language: "),
]


def test_what_cannot_be_a_user(user: Callable[..., Result]) -> None:
    """One sentence says what is wrong, and nobody is added."""
    for arguments, code, sentence in NO_USERS:
        result = user("add", *arguments)
        assert (result.exit_code, result.stdout) == (code, "")
        assert sentence in result.stderr
    assert user("list", "--json").stdout == ""


def test_an_id_is_given_once(user: Callable[..., Result], sql: Sql) -> None:
    """The second of a name is refused and the first keeps the password."""
    password = add(user, "anna", "agent", "--agent", "anna")
    result = user("add", "anna", "--name", "Other", "--role", "admin")
    assert (result.exit_code, result.stderr) == (1, "there is a user 'anna' already\n")
    assert fits(sql, "anna", password)


def test_a_user_is_changed(user: Callable[..., Result], sql: Sql) -> None:
    """Each command does its own thing, and what takes rights away ends the sessions."""
    old = add(user, "anna", "agent", "--agent", "anna")
    sql("UPDATE web_user SET totp_secret = 'X'")

    def logged_out_by(*arguments: str) -> bool:
        sql(
            "INSERT INTO web_session SELECT sha256('x'), 'anna', '192.0.2.1', now(), now()"
            " ON CONFLICT DO NOTHING RETURNING 1"
        )
        assert user(*arguments).exit_code == 0
        return bool(sql("SELECT count(*) = 0 FROM web_session"))

    assert logged_out_by("role", "anna", "supervisor", "--agent", "anna")
    assert sql("SELECT role FROM web_user") == "supervisor"
    assert logged_out_by("disable", "anna")
    assert "disabled" in user("list").stdout
    assert not logged_out_by("enable", "anna")
    assert sql("SELECT disabled_at FROM web_user") is None
    assert logged_out_by("reset-totp", "anna")
    assert sql("SELECT totp_secret FROM web_user") is None
    assert user("token", "anna", "--name", "wall").exit_code == 0
    assert logged_out_by("password", "anna")
    assert sql("SELECT count(*) FROM web_token") == 0
    assert not fits(sql, "anna", old)
    assert fits(sql, "anna", user("password", "anna").stdout.strip())
    assert user("role", "anna", "client").exit_code == 2
    assert user("role", "anna", "client", "--client", "meier").exit_code == 1
    assert user("role", "anna", "client", "--client", "mueller").exit_code == 0


def test_nobody_is_changed(user: Callable[..., Result]) -> None:
    """A slip of the pen is said, with what helps."""
    for arguments in (
        ("password", "nobody"),
        ("disable", "nobody"),
        ("enable", "nobody"),
        ("reset-totp", "nobody"),
        ("role", "nobody", "admin"),
        ("token", "nobody", "--name", "wall"),
    ):
        result = user(*arguments)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == "no user 'nobody'; `vorzimmer user list` names all\n"


def test_a_token_is_shown_once(user: Callable[..., Result], sql: Sql) -> None:
    """The database holds its digest; days that are none and names that are none are refused."""
    add(user, "root", "admin")
    token = user("token", "root", "--name", "wall", "--days", "30").stdout.strip()
    assert TOKEN.fullmatch(token)
    assert sql("SELECT digest FROM web_token") == digest_of(token)
    assert sql("SELECT expires_at - created_at = interval '30 days' FROM web_token") is True
    for wrong in (("--name", "wall", "--days", "0"), ("--name", "a\nb")):
        result = user("token", "root", *wrong)
        assert (result.exit_code, result.stdout) == (2, "")
    sql(
        "INSERT INTO web_token (digest, user_id, name, created_at)"
        " SELECT sha256(n::text::bytea), 'root', 'wall', now() FROM generate_series(1, 19) AS n"
    )
    assert "20 tokens already" in user("token", "root", "--name", "wall").stderr


def test_an_invitation_goes_by_mail(user: Callable[..., Result], sql: Sql) -> None:
    """A new user of a client, or one that there is, chooses the password by a link; nothing is printed that opens."""
    invited = user("invite", "otto", "--name", "Otto", "--client", "mueller", "--mail", "otto@mueller.example")
    assert (invited.exit_code, invited.output) == (0, "a link is on its way to otto; it is good for a week\n")
    assert sql("SELECT password FROM web_user WHERE id = 'otto'") == passwords.NOBODYS
    letter = sql("SELECT payload FROM outbox WHERE recipient = 'otto@mueller.example'")
    token = json.loads(letter)["data"]["url"].rpartition("#invite=")[2]
    assert sql("SELECT user_id FROM web_password_link WHERE digest = $1", digest_of(token)) == "otto"
    assert user("invite", "otto").exit_code == 0
    assert sql("SELECT count(*) FROM audit WHERE what = 'user.invite' AND client_id = 'mueller'") == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nobody"], "--name NAME adds one"),
        (["new", "--name", "New"], "needs a client"),
        (["new", "--name", "New", "--client", "mueller"], "--mail ADDRESS gives one"),
        (["new", "--name", "New", "--client", "nowhere", "--mail", "a@b.example"], "no agent or client 'nowhere'"),
        (["new", "--name", "New", "--client", "mueller", "--mail", "no address"], "--email"),
    ],
)
def test_an_invitation_that_cannot_be(user: Callable[..., Result], sql: Sql, arguments: list[str], told: str) -> None:
    """Each is said in a sentence, and nobody is half added."""
    refused = user("invite", *arguments)
    assert refused.exit_code != 0
    assert told in refused.output
    assert sql("SELECT count(*) FROM web_user") == 0
