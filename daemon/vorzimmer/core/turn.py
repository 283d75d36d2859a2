"""Passwords for a TURN server that last for a while: the scheme of coturn's `use-auth-secret`.

See draft-uberti-behave-turn-rest: the user's name holds when it ends, the password is an HMAC of the name.
"""

from __future__ import annotations

import base64
import hmac


def credentials(secret: str, user: str, until: int) -> tuple[str, str]:
    """Name and password for a user until an instant (seconds since 1970)."""
    name = f"{until}:{user}"
    return name, base64.b64encode(hmac.digest(secret.encode(), name.encode(), "sha1")).decode()
