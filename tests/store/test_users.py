"""Users, their sessions and tokens in a real PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from tests.store.books import book
from vorzimmer.core.role import Role
from vorzimmer.store import phones, sessions, tokens, users
from vorzimmer.store.book import save_book
from vorzimmer.store.users import Account, Identity, UnknownOwner, User, UserTaken

AT = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
SOMEBODY_WAITS = """
DO $$ BEGIN LOOP EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE NOT granted); PERFORM pg_sleep(0.01); END LOOP; END $$
"""
ANNA = {"id": "anna", "name": "Anna", "phones": ["desk"]}


@pytest.fixture
async def staffed(conn: Any) -> Any:
    """A database with an agent and three users."""
    await save_book(conn, book(agents=(ANNA,)))
    await users.add(conn, Account("anna", "Anna", Role.AGENT, agent="anna"), "hash")
    await users.add(conn, Account("boss", "Boss", Role.ADMIN, agent="anna", language="en"), "hash")
    await users.add(conn, Account("chief", "Chief", Role.SUPERVISOR), "hash")
    return conn


async def user(conn: Any, name: str) -> User:
    """This user, who exists."""
    found = await users.find(conn, name)
    assert found is not None
    return found


async def logged_in(conn: Any, name: str, digest: bytes = b"\1" * 32) -> bool:
    """Whether the session is there."""
    found = await sessions.find(conn, [digest])
    return digest in found and found[digest].identity.user == name


async def log_in(conn: Any, name: str, digest: bytes = b"\1" * 32) -> None:
    """Begin a session."""
    assert await sessions.add(conn, digest, await user(conn, name), "192.0.2.1", AT)


async def test_a_user_is_read_as_it_was_written(staffed: Any) -> None:
    """Nothing is lost on the way, and nobody has a second factor without having set one up."""
    assert (await user(staffed, "boss")).identity == Identity("boss", "Boss", Role.ADMIN, "anna", None, "en", False)
    assert [one.identity.user for one in await users.load(staffed)] == ["anna", "boss", "chief"]
    assert await users.find(staffed, "nobody") is None
    assert "hash" not in repr(await user(staffed, "boss"))


async def test_an_id_is_given_once_and_agents_must_exist(staffed: Any) -> None:
    """A second user of an id would take over the first one's rights; a made-up agent has none."""
    with pytest.raises(UserTaken):
        await users.add(staffed, Account("anna", "Other", Role.ADMIN), "hash")
    with pytest.raises(UnknownOwner):
        await users.add(staffed, Account("ben", "Ben", Role.AGENT, agent="ben"), "hash")
    with pytest.raises(asyncpg.CheckViolationError):
        await users.add(staffed, Account("ben", "Ben", Role.AGENT), "hash")


async def test_a_removed_agent_takes_its_user_along(staffed: Any) -> None:
    """Who has left the house cannot log in; an admin who was an agent too stays an admin."""
    await save_book(staffed, book(agents=()), prune=True)
    assert [one.identity.user for one in await users.load(staffed)] == ["boss", "chief"]
    assert (await user(staffed, "boss")).identity.agent is None


async def test_an_import_keeps_the_users(staffed: Any) -> None:
    """An agent's user is the same after a change of the agent."""
    await save_book(staffed, book(agents=({**ANNA, "name": "Anna Weber"},)))
    assert len(await users.load(staffed)) == 3


@pytest.mark.parametrize(
    ("account", "over"),
    [
        (Account("anna", "Anna Weber", Role.AGENT, agent="anna", language="en"), False),
        (Account("anna", "Anna", Role.SUPERVISOR, agent="anna"), True),
        (Account("anna", "Anna", Role.SUPERVISOR), True),
        (Account("anna", "Anna", Role.AGENT, agent="anna", disabled=True), True),
    ],
)
async def test_whose_rights_change_is_logged_out(staffed: Any, account: Account, over: bool) -> None:  # noqa: FBT001 - a table
    """A session never goes on with rights that were taken away; a new name disturbs nobody."""
    await log_in(staffed, "anna")
    async with staffed.transaction():
        before = await users.find(staffed, "anna", to_change=True)
        assert before is not None
        assert await users.change(staffed, before, account, AT) is over
    assert await logged_in(staffed, "anna") is not over
    after = await user(staffed, "anna")
    assert (after.identity.name, after.identity.role) == (account.name, account.role)
    assert (after.disabled_at == AT) is account.disabled


async def test_a_disabled_users_session_and_tokens_count_no_more(staffed: Any) -> None:
    """Even a row that is left over lets nobody in."""
    await log_in(staffed, "anna")
    await tokens.add(staffed, b"\2" * 32, "anna", "wall", AT, None)
    await staffed.execute("UPDATE web_user SET disabled_at = now() WHERE id = 'anna'")
    assert await sessions.find(staffed, [b"\1" * 32]) == {}
    assert await tokens.find(staffed, [b"\2" * 32]) == {}


@pytest.mark.parametrize(
    ("account", "void"),
    [
        (Account("anna", "Anna Weber", Role.SUPERVISOR, agent="anna"), False),
        (Account("anna", "Anna", Role.SUPERVISOR), True),
        (Account("anna", "Anna", Role.AGENT, agent="anna", disabled=True), True),
    ],
)
async def test_who_may_not_come_in_has_no_telephone_either(staffed: Any, account: Account, void: bool) -> None:  # noqa: FBT001 - a table
    """A telephone's password outlives every session: it goes with the user, and is not back with the user."""
    await phones.set_digest(staffed, "desk", "0" * 32)
    before = await user(staffed, "anna")
    await users.change(staffed, before, account, AT)
    assert (await phones.digest_of(staffed, "desk", "anna") is None) is void
    await users.change(staffed, await user(staffed, "anna"), users.account_of(before), AT)
    assert (await phones.digest_of(staffed, "desk", "anna") is None) is void


async def test_a_new_password_logs_out(staffed: Any) -> None:
    """Who knew the old one is out, everybody else stays in; nobody's password is not set."""
    await log_in(staffed, "anna")
    await log_in(staffed, "chief", b"\3" * 32)
    assert await users.set_password(staffed, "anna", "new")
    assert not await logged_in(staffed, "anna")
    assert await logged_in(staffed, "chief", b"\3" * 32)
    assert not await users.set_password(staffed, "nobody", "new")


async def test_a_session_does_not_begin_on_what_is_void(staffed: Any, dsn: str) -> None:
    """A login that was being checked while the password was changed does not outlive the change."""
    before = await user(staffed, "anna")
    other = await asyncpg.connect(dsn)
    try:
        async with staffed.transaction():
            await users.set_password(staffed, "anna", "new")
            beginning = asyncio.create_task(sessions.add(other, b"\1" * 32, before, "192.0.2.1", AT))
            async with asyncio.timeout(10):
                await staffed.execute(SOMEBODY_WAITS)
        assert not await beginning
    finally:
        await other.close()
    assert not await logged_in(staffed, "anna")


async def test_a_rehash_loses_against_a_new_password(staffed: Any) -> None:
    """The old password does not come back under a new hash; a rehash disturbs no session."""
    await log_in(staffed, "anna")
    await users.rehash(staffed, "anna", "hash", "hash2")
    await users.rehash(staffed, "anna", "hash", "hash3")
    assert (await user(staffed, "anna")).password == "hash2"
    assert await logged_in(staffed, "anna")


async def test_a_second_factor_is_offered_confirmed_and_reset(staffed: Any) -> None:
    """Only the last offer can be confirmed, it ends all sessions, and an offer does not replace what counts."""
    assert await users.offer_totp(staffed, "boss", "FIRST")
    assert await users.offer_totp(staffed, "boss", "SECOND")
    await log_in(staffed, "boss")
    assert not await users.confirm_totp(staffed, "boss", "FIRST", 7)
    assert await logged_in(staffed, "boss")
    assert await users.confirm_totp(staffed, "boss", "SECOND", 7)
    assert not await logged_in(staffed, "boss")
    boss = await user(staffed, "boss")
    assert (boss.totp_secret, boss.totp_offered, boss.totp_step, boss.identity.totp) == ("SECOND", None, 7, True)
    assert not await users.offer_totp(staffed, "boss", "THIRD")
    assert await users.reset_totp(staffed, "boss")
    assert not (await user(staffed, "boss")).identity.totp
    assert not await users.reset_totp(staffed, "nobody")


async def test_a_step_is_used_once(staffed: Any, dsn: str) -> None:
    """Of two logins with one code at the same moment one succeeds."""
    other = await asyncpg.connect(dsn)
    try:
        both = await asyncio.gather(*(users.use_step(conn, "boss", 100) for conn in (staffed, other)))
    finally:
        await other.close()
    assert sorted(both) == [False, True]
    assert not await users.use_step(staffed, "boss", 99)
    assert await users.use_step(staffed, "boss", 101)


async def test_old_sessions_are_removed(staffed: Any) -> None:
    """The table does not grow for ever; what was used lately stays, and a late note does not make it older."""
    for number, (created, used) in enumerate([(0, 0), (5, 1), (13, 1), (6, 5)], 1):
        await log_in(staffed, "anna", bytes([number]) * 32)
        await staffed.execute(
            "UPDATE web_session SET created_at = $2, used_at = $3 WHERE digest = $1",
            bytes([number]) * 32,
            AT - timedelta(hours=created),
            AT - timedelta(hours=used),
        )
    await sessions.touch(staffed, {b"\1" * 32: AT - timedelta(hours=20), b"\2" * 32: AT})
    await sessions.remove_old(staffed, AT - timedelta(hours=12), AT - timedelta(hours=4))
    found = await sessions.find(staffed, [bytes([number]) * 32 for number in range(1, 5)])
    assert {digest[0]: session.used_at for digest, session in found.items()} == {1: AT, 2: AT}


async def test_tokens_belong_to_one_user(staffed: Any) -> None:
    """Nobody deletes another's token; one has a limited number; the last use is noted forwards only."""
    made = await tokens.add(staffed, b"\2" * 32, "anna", "wall", AT, AT + timedelta(days=1))
    assert await tokens.of_user(staffed, "anna") == (made,)
    assert await tokens.of_user(staffed, "boss") == ()
    assert await tokens.remove(staffed, "boss", made.id) is None
    await tokens.touch(staffed, {b"\2" * 32: AT})
    await tokens.touch(staffed, {b"\2" * 32: AT - timedelta(hours=1)})
    bearer = (await tokens.find(staffed, [b"\2" * 32]))[b"\2" * 32]
    assert (bearer.identity.user, bearer.used_at, bearer.expires_at) == ("anna", AT, AT + timedelta(days=1))
    assert await tokens.remove(staffed, "anna", made.id) == b"\2" * 32
    with pytest.raises(KeyError):
        await tokens.add(staffed, b"\2" * 32, "nobody", "wall", AT, None)
    for number in range(tokens.MOST):
        await tokens.add(staffed, bytes([number]) * 32, "anna", "wall", AT, None)
    with pytest.raises(tokens.TooMany):
        await tokens.add(staffed, b"\xff" * 32, "anna", "wall", AT, None)
    await tokens.remove_all(staffed, "anna")
    assert await tokens.of_user(staffed, "anna") == ()
