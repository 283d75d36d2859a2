"""Telephones in browsers: which of an agent's open pages is the telephone, and what it registers with.

Kept in memory: with the database away a page that is loaded again becomes the telephone again.
"""

from __future__ import annotations


class PhonePages:
    """The page of each agent, by the id that the page has chosen for itself, as long as it is open.

    A page whose line was broken, or whose server was, claims it anew.

    `digests`: of the passwords of telephones that were asked for, by endpoint, as they were last known.
    """

    def __init__(self) -> None:
        self._pages: dict[str, str] = {}
        self.digests: dict[str, str] = {}

    def of(self, agent: str) -> str | None:
        """The page that is this agent's telephone."""
        return self._pages.get(agent)

    def claim(self, agent: str, page: str) -> None:
        """From now on it is this one."""
        self._pages[agent] = page

    def leave(self, agent: str, page: str) -> None:
        """The page was closed; if it was the telephone, none is it now."""
        if self._pages.get(agent) == page:
            del self._pages[agent]
