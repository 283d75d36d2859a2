"""Who may listen to whom."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.core.examples import make_client
from vorzimmer.core.agent import Agent
from vorzimmer.core.supervision import Refusal, Stage, may_enter, may_hear, may_supervise

TODAY = date(2026, 11, 23)


def agent(name: str, **more: Any) -> Agent:
    """An agent."""
    return Agent.model_validate({"id": name, "name": name, "phones": [name], **more})


CHIEF = agent("chief", supervisor=True)
ANNA = agent("anna", records_since="2026-11-23")


@pytest.mark.parametrize(
    ("supervisor", "listened", "refusal"),
    [
        (CHIEF, ANNA, None),
        (None, ANNA, Refusal.NOT_SUPERVISOR),
        (agent("bert"), ANNA, Refusal.NOT_SUPERVISOR),
        (CHIEF, None, Refusal.NO_AGENT),
        (CHIEF, CHIEF, Refusal.ONESELF),
        (CHIEF, agent("bert"), Refusal.NO_CONSENT),
        (CHIEF, agent("bert", records_since="2026-11-24"), Refusal.NO_CONSENT),
    ],
)
def test_who_may_listen(supervisor: Agent | None, listened: Agent | None, refusal: Refusal | None) -> None:
    """A supervisor, to others, whose consent is on file since today at the latest; each refusal says its reason."""
    assert may_supervise(supervisor, listened, TODAY) is refusal
    assert refusal is None or refusal.text


def test_who_takes_part_in_a_recorded_talk_must_have_consented() -> None:
    """Listening and whispering is not in the recording; taking part is, and needs the supervisor's own consent."""
    assert may_enter(Stage.WHISPER, CHIEF, TODAY, recorded=True) is None
    assert may_enter(Stage.BARGE, CHIEF, TODAY, recorded=True) is Refusal.RECORDED
    assert may_enter(Stage.BARGE, CHIEF, TODAY, recorded=False) is None
    consenting = agent("chief", supervisor=True, records_since="2026-11-23")
    assert may_enter(Stage.BARGE, consenting, TODAY, recorded=True) is None


def test_who_listens_to_a_client_with_secrecy_has_pledged() -> None:
    """What agents may only hear with a pledge on file, supervisors do not overhear without one (§ 203 StGB)."""
    law, shop = make_client(secrecy=True), make_client()
    assert may_hear(CHIEF, law, TODAY) is Refusal.NO_PLEDGE
    assert may_hear(agent("chief", pledged_on="2026-11-24"), law, TODAY) is Refusal.NO_PLEDGE
    assert may_hear(agent("chief", pledged_on="2026-11-23"), law, TODAY) is None
    assert may_hear(CHIEF, shop, TODAY) is None
    assert may_hear(CHIEF, None, TODAY) is None
    assert Refusal.NO_PLEDGE.text
