"""Hypothesis runs the same examples each time: a red run can be repeated, a green one stays green."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None, database=None)
settings.load_profile("steady")
