"""`vorzimmer check`: can the operator's own words be used?"""

from __future__ import annotations

from vorzimmer.cli.context import reason
from vorzimmer.cli.report import Report
from vorzimmer.notify import own_words
from vorzimmer.notify.own_words import OwnWordsError
from vorzimmer.settings import Settings

PART = "own words"


def templates(settings: Settings) -> Report:
    """Every file of the folder; a wrong one keeps the worker from starting."""
    folder = settings.notify.templates
    if folder is None:
        return Report(PART, "none: notify.templates is not set")
    try:
        found = {channel: own_words.read_folder(folder, channel) for channel in ("email", "sms")}
    except (OwnWordsError, OSError) as error:
        return Report(PART, findings=(f"{reason(error)}; see docs/templates.md",))
    told = [f"{channel} ({', '.join(words)})" for channel, words in found.items() if words]
    return Report(PART, ", ".join(told) or f"none in {folder}")
