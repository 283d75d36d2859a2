"""Passwords for a TURN server."""

from __future__ import annotations

from vorzimmer.core import turn


def test_the_password_is_what_coturn_expects() -> None:
    """HMAC-SHA1 of "until:user" in base64; the vector is by `openssl dgst -sha1 -hmac north -binary | base64`."""
    assert turn.credentials("north", "anna", 1790000000) == ("1790000000:anna", "BJgThbZOfmj9HaIeoLL5k/sz9G4=")


def test_nothing_is_said_of_the_secret() -> None:
    """Another user, another time, another secret: another password each, or one could be made of another."""
    made = {turn.credentials(*given)[1] for given in (("a", "u", 1), ("b", "u", 1), ("a", "v", 1), ("a", "u", 2))}
    assert len(made) == 4
