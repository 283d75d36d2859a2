"""Digest authentication (RFC 8760 with MD5, qop auth): what a telephone answers when it is asked for its password."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import NamedTuple


class Login(NamedTuple):
    """Name and password of a telephone."""

    user: str
    password: str


def authorization(challenges: Iterable[str], method: str, uri: str, login: Login) -> str:
    """The Authorization header line that answers the one of these WWW-Authenticate values that asks for MD5.

    Raises:
        StopIteration: none does.
    """
    asked = next(values for values in map(_values, challenges) if values.get("algorithm", "MD5").upper() == "MD5")
    secret = _md5(f"{login.user}:{asked['realm']}:{login.password}")
    response = _md5(f"{secret}:{asked['nonce']}:00000001:c:auth:{_md5(f'{method}:{uri}')}")
    given = {"username": login.user, "realm": asked["realm"], "nonce": asked["nonce"], "uri": uri}
    given |= {"response": response, "opaque": asked.get("opaque", ""), "cnonce": "c"}
    quoted = ", ".join(f'{key}="{value}"' for key, value in given.items())
    return f"Authorization: Digest {quoted}, algorithm=MD5, qop=auth, nc=00000001"


def _values(challenge: str) -> dict[str, str]:
    return {
        key.lower(): quoted or bare for key, quoted, bare in re.findall(r'(\w+)=(?:"([^"]*)"|([^",\s]+))', challenge)
    }


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
