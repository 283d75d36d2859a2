"""What belongs to each role."""

from __future__ import annotations

import pytest

from vorzimmer.core.role import Role, misfit


@pytest.mark.parametrize(
    ("role", "agent", "client", "fits"),
    [
        (Role.ADMIN, None, None, True),
        (Role.ADMIN, "anna", None, True),
        (Role.ADMIN, None, "mueller", False),
        (Role.SUPERVISOR, None, None, True),
        (Role.SUPERVISOR, "anna", None, True),
        (Role.SUPERVISOR, "anna", "mueller", False),
        (Role.AGENT, "anna", None, True),
        (Role.AGENT, None, None, False),
        (Role.AGENT, "anna", "mueller", False),
        (Role.CLIENT, None, "mueller", True),
        (Role.CLIENT, None, None, False),
        (Role.CLIENT, "anna", "mueller", False),
    ],
)
def test_who_belongs_to_what(role: Role, agent: str | None, client: str | None, fits: bool) -> None:  # noqa: FBT001 - a table
    """A client's user is never an agent, an agent's user never nobody: rights follow from these."""
    assert (misfit(role, agent, client) is None) is fits
