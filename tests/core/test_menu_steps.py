"""What stands behind a key becomes steps, what cannot be done is left out with its reason; and the CDR of menus."""

from __future__ import annotations

from typing import Any

import pytest

from tests.core.examples import event
from tests.core.menus import BACK, CALLBACK, GROUP, HANGUP, QUEUE, SAY, menu, planned, to, with_menus
from vorzimmer.core.cdr import Disposition, build_cdr
from vorzimmer.core.client_menus import with_menus as changing
from vorzimmer.core.ledger import Kind
from vorzimmer.core.media import NOT_UNDERSTOOD
from vorzimmer.core.menu import Menu
from vorzimmer.core.plan import Answer, Back, CallBack, Forward, Hangup, Queue
from vorzimmer.core.plan import Menu as Enter

CHIEF = {"id": "chief", "name": "Chief", "numbers": ["+4989555001", "+49900555001", "+4989555002"], "seconds": 20}
NIGHT = {"id": "night", "name": "Night", "numbers": ["+4989555003"], "hours": {"daily": ["20:00-06:00"]}}


def contact(name: str) -> dict[str, str]:
    """Somebody of the client's."""
    return {"to": "contact", "contact": name}


def test_every_target_behind_keys() -> None:
    """Another team with the client's own demands, a contact's telephones in turn, whoever is on call, a promise."""
    keys = {
        "1": [{**QUEUE, "team": "orders"}, CALLBACK],
        "2": [contact("chief")],
        "3": [contact("rota"), HANGUP],
        "4": [to("more")],
    }
    rota = {"duties": [{"contact": "night"}, {"contact": "chief"}], "escalate": 15}
    client = with_menus(
        menu("main", keys), menu("more", {"0": [BACK]}), contacts=[CHIEF, NIGHT], rota=rota, team="law", secrecy=True
    )
    plan = planned(client)
    assert [type(step) for step in plan.steps[:2]] == [Answer, Enter]
    main = plan.menus["main"]
    queue, promise = main.keys["1"]
    assert isinstance(queue, Queue)
    assert (queue.needs.team, queue.needs.secrecy) == ("orders", True)
    assert isinstance(promise, CallBack)
    assert promise.needs.team == "law"
    forwards = [one for one in main.keys["2"] if isinstance(one, Forward)]
    assert [(one.number, one.kind, one.seconds, one.confirm) for one in forwards] == [
        ("+4989555001", "contact", 20, True),
        ("+4989555002", "contact", 20, True),
    ]
    on_call = main.keys["3"]
    assert [one.seconds for one in on_call if isinstance(one, Forward)] == [15, 15]
    assert isinstance(on_call[-1], Hangup)
    assert isinstance(plan.menus["more"].keys["0"][0], Back)
    assert [(one.what, one.reason) for one in plan.skipped] == [
        ("target 1 of menu 'main', key 2 (contact)", "premium numbers are never dialled"),
        ("target 1 of menu 'main', key 3 (contact)", "premium numbers are never dialled"),
    ]


def test_what_cannot_be_done_now_is_left_out() -> None:
    """A contact outside its hours, a menu whose prompt has no sound: the plan says so, and goes on behind."""
    client = with_menus(
        menu("main", {"1": [contact("night"), QUEUE], "2": [to("more")]}),
        menu("more", {"1": [QUEUE]}),
        contacts=[NIGHT],
    )
    silent = client.model_copy(update={"announcements": {"main": "x.wav"}})
    plan = planned(silent)
    assert [type(step) for step in plan.menus["main"].keys["1"]] == [Queue]
    assert plan.menus["main"].keys["2"] == ()
    assert list(plan.menus) == ["main"]
    assert [one.reason for one in plan.skipped] == [
        "Night of Kanzlei Huber cannot be reached at this hour",
        "the menu 'more' has no prompt that can be played now",
    ]
    mute = planned(client.model_copy(update={"announcements": {}}))
    assert mute.menus == {}
    assert [type(step).__name__ for step in mute.steps] == ["Answer", "Machine"]


def test_the_sound_after_a_wrong_key() -> None:
    """The client's own, else Asterisk's."""
    own = with_menus(menu("main", {"1": [QUEUE]}, wrong="again"))
    assert planned(own).menus["main"].wrong == ("lib:kanzlei/again",)
    assert planned(with_menus(menu("main", {"1": [QUEUE]}))).menus["main"].wrong == (NOT_UNDERSTOOD,)


def test_menus_that_nothing_leads_to_are_in_no_plan() -> None:
    """A call outside the state whose chain asks carries none of them."""
    client = with_menus(menu("main", {"1": [GROUP]}), override={"state": "closed"})
    assert planned(client).menus == {}


def test_files_that_nothing_plays_any_more_go() -> None:
    """Or the client could not be saved; those with a meaning of their own stay."""
    client = with_menus(
        menu("main", {"1": [SAY, to("more")]}), menu("more", {"1": [QUEUE]}), announcements={"lunch": "l.wav"}
    )
    kept = changing(client, [Menu.model_validate(menu("main", {"1": [QUEUE]}))])["announcements"]
    assert set(kept) == {"main", "closed", "lunch"}


ASKED = (Kind.ANNOUNCING, {"media": "lib:kanzlei/main", "menu": "main"})
GREETED = (Kind.ANNOUNCING, {"media": "lib:kanzlei/greeting"})
CHOSEN = (Kind.MENU_LEFT, {"menu": "main", "key": "1"})


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([GREETED, ASKED], Disposition.ABANDONED),
        ([ASKED, CHOSEN, ASKED], Disposition.ABANDONED),
        ([ASKED, CHOSEN, (Kind.ANNOUNCING, {"media": "lib:kanzlei/address"}), ASKED], Disposition.ANNOUNCED),
        ([ASKED, CHOSEN, (Kind.ANNOUNCING, {"media": "lib:kanzlei/address"})], Disposition.ANNOUNCED),
        ([GREETED], Disposition.ANNOUNCED),
    ],
)
def test_who_leaves_out_of_a_menu(told: list[tuple[Kind, dict[str, Any]]], expected: Disposition) -> None:
    """Nothing was heard but questions: a lost call; an answer was heard on the way: one that was told something."""
    happened = [(Kind.ARRIVED, {"dialled": "+4989"}), *told, (Kind.HANGUP, {"by": "caller"}), (Kind.ENDED, {})]
    cdr = build_cdr([event(seq, kind, seq, **data) for seq, (kind, data) in enumerate(happened)])
    assert cdr.disposition is expected
    assert cdr.ring + cdr.announcement == cdr.duration
