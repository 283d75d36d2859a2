"""What the calls process can be asked to do, each command with its fields; checked here, at the edge.

A new command is a class here and a handler in the calls process.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
)

from vorzimmer.core.model import Endpoint, Slug


class Refused(Exception):
    """The command has no effect. `code` is for programs, `text` is a sentence for a person."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def _one_line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("one line of printable characters")
    return value


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120), AfterValidator(_one_line)]
CallId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,80}$")]
RequestId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._:-]{1,64}$")]


def _new_id() -> str:
    return secrets.token_hex(12)


class Command(BaseModel):
    """What every command has.

    `id`: repeating a command under its id within `answering.REMEMBERED` seconds gives the same answer and has no second
    effect. `actor`: who asks, for the log. `deadline`: past it, the command is refused without effect.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    asks: ClassVar[bool] = False
    """Whether it only asks, so that it may be done again as often as one likes."""

    do: str
    id: RequestId = Field(default_factory=_new_id)
    actor: Text
    deadline: AwareDatetime | None = None


# Agents


class AgentLogIn(Command):
    """Log an agent in. `phone`: one of the agent's endpoints; none: the last one, or the first."""

    do: Literal["agent.login"] = "agent.login"
    agent: Slug
    phone: Endpoint | None = None


class AgentLogOut(Command):
    """Log an agent out, at once or after the call."""

    do: Literal["agent.logout"] = "agent.logout"
    agent: Slug


class AgentPause(Command):
    """Let an agent get no calls, from now on or after the present one."""

    do: Literal["agent.pause"] = "agent.pause"
    agent: Slug
    reason: Text


class AgentReady(Command):
    """End a pause or wrap-up."""

    do: Literal["agent.ready"] = "agent.ready"
    agent: Slug


class AgentMove(Command):
    """Let an agent be in this team instead of all others."""

    do: Literal["agent.move"] = "agent.move"
    agent: Slug
    team: Slug


# What there is


class Calls(Command):
    """All living calls."""

    asks: ClassVar[bool] = True
    do: Literal["calls"] = "calls"


class Wall(Command):
    """Who waits, who talks, what the agents do (`control.wall.View`)."""

    asks: ClassVar[bool] = True
    do: Literal["wall"] = "wall"


class Ledgers(Command):
    """The ledgers of all living calls so far; whoever asks after `Watch` was answered has the whole of each."""

    asks: ClassVar[bool] = True
    do: Literal["ledgers"] = "ledgers"


class Watch(Command):
    """Tell of everything that happens from now on."""

    asks: ClassVar[bool] = True
    do: Literal["watch"] = "watch"


# During a call


class CallCommand(Command):
    """About a living call, by its id. `agent`: only if that one has the talk; a call outlives the part of each."""

    call: CallId
    agent: Slug | None = None


class Hold(CallCommand):
    """Let the caller hear music."""

    do: Literal["call.hold"] = "call.hold"


class Resume(CallCommand):
    """Take the caller back from hold."""

    do: Literal["call.resume"] = "call.resume"


class Transfer(CallCommand):
    """Put the caller through to a contact, an agent or a number (`to`); attended: the agent speaks to it first."""

    do: Literal["call.transfer"] = "call.transfer"
    to: Text
    attended: bool = False


class Complete(CallCommand):
    """End an attended transfer: the agent leaves."""

    do: Literal["call.complete"] = "call.complete"


class Back(CallCommand):
    """Give an attended transfer up: the agent is with the caller again."""

    do: Literal["call.back"] = "call.back"


class Join(CallCommand):
    """Let all three talk."""

    do: Literal["call.join"] = "call.join"


class HangUp(CallCommand):
    """Hang the agent's telephone up, as the agent would."""

    do: Literal["call.hangup"] = "call.hangup"


class Move(CallCommand):
    """Let the agent talk on at another of the own telephones, or at the same one after it was lost (`phone`).

    While one rings for `agent`, that one rings in its place.
    """

    do: Literal["call.move"] = "call.move"
    phone: Endpoint


class CallResult(Command):
    """Say what a call was, for instance `spam`; it may have ended."""

    do: Literal["call.result"] = "call.result"
    call: CallId
    result: Slug


# Recording


class RecordingStart(CallCommand):
    """Record the talk. `consent`: the agent has heard the caller say yes, or the caller is asked to press a key."""

    do: Literal["recording.start"] = "recording.start"
    consent: Literal["agent", "key"]


class RecordingPause(CallCommand):
    """Leave out what is said from now on."""

    do: Literal["recording.pause"] = "recording.pause"


class RecordingResume(CallCommand):
    """Record on."""

    do: Literal["recording.resume"] = "recording.resume"


class RecordingWithdraw(CallCommand):
    """The consent is withdrawn: stop, and delete what there is."""

    do: Literal["recording.withdraw"] = "recording.withdraw"


# Supervisors


class Supervision(Command):
    """Ring the supervisor's telephone and let it into an agent's talk."""

    supervisor: Endpoint
    agent: Slug


class Listen(Supervision):
    """Heard by nobody."""

    do: Literal["supervise.listen"] = "supervise.listen"


class Whisper(Supervision):
    """Heard by the agent only."""

    do: Literal["supervise.whisper"] = "supervise.whisper"


class Barge(Supervision):
    """Heard by both."""

    do: Literal["supervise.barge"] = "supervise.barge"


# Callbacks


class CallbackList(Command):
    """Who waits to be called back."""

    asks: ClassVar[bool] = True
    do: Literal["callback.list"] = "callback.list"


class CallbackCancel(Command):
    """Call nobody back; `callback` is the id that the list shows."""

    do: Literal["callback.cancel"] = "callback.cancel"
    callback: CallId


# Clients' own numbers


class NumberCheck(Command):
    """Ring a client's own number, and tell where it comes back."""

    do: Literal["number.check"] = "number.check"
    client: Slug
    number: Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{4,14}$")]


# Faxes


FaxReference = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]


class FaxSend(Command):
    """Fax the pages that lie in `paths.fax` under this reference; under one that goes already, nothing happens.

    `header`: the name at the top of each page; `station`: the number there, or none: the client's DID.
    """

    do: Literal["fax.send"] = "fax.send"
    reference: FaxReference
    client: Slug
    to: Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{4,14}$")]
    header: Annotated[str, StringConstraints(pattern=r"^[ -~]{0,40}$")]
    station: Annotated[str, StringConstraints(pattern=r"^\+[1-9][0-9]{4,14}$")] | None = None


class FaxState(Command):
    """How it stands with a fax: `running`, `result` (which stands in `paths.fax`), or `unknown`."""

    asks: ClassVar[bool] = True
    do: Literal["fax.state"] = "fax.state"
    reference: FaxReference


class _Head(BaseModel):
    """What says which command a line is."""

    do: str


def _named(base: type[Command]) -> Iterator[tuple[str, type[Command]]]:
    for kind in base.__subclasses__():
        name = kind.model_fields["do"].default
        if isinstance(name, str):
            yield name, kind
        yield from _named(kind)


COMMANDS: Mapping[str, type[Command]] = dict(_named(Command))
"""All commands, by what a request calls them."""


def parse(line: bytes) -> Command:
    """The command that a line of JSON is.

    Raises:
        Refused: it is none: `bad_request`, or `unknown_command`.
    """
    try:
        kind = COMMANDS.get(_Head.model_validate_json(line).do)
        if kind is not None:
            return kind.model_validate_json(line)
    except ValidationError as error:
        wrong = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, wrong["loc"]))
        raise Refused("bad_request", f"{where}: {wrong['msg']}" if where else wrong["msg"]) from None
    raise Refused("unknown_command", f"there is no such command; there are {', '.join(COMMANDS)}")
