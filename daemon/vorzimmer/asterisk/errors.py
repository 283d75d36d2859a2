"""What can come back from a request to Asterisk instead of an answer."""

from __future__ import annotations


class AriError(Exception):
    """Asterisk refused a request. `status` is the HTTP status."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(f"{what}: {status}")
        self.status = status


class Gone(AriError):
    """404: the channel, bridge or playback is not there (any more)."""


class Conflict(AriError):
    """409, 412, 422: it is there, but not in the state that the request needs."""


class Unavailable(AriError):
    """Asterisk could not be reached, or did not answer in time: whether the request took effect is unknown."""

    def __init__(self, what: str) -> None:
        super().__init__(0, what)


def refusal(status: int, what: str) -> AriError:
    """The error for an HTTP status that says no."""
    kinds: dict[int, type[AriError]] = {404: Gone, 409: Conflict, 412: Conflict, 422: Conflict}
    return kinds.get(status, AriError)(status, what)
