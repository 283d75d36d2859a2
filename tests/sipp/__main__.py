"""`python -m tests.sipp`: calls and called sides for testers, against any PBX that takes calls over UDP.

Prints a line per result; the exit status is 0 if all went as expected, 1 if not, 2 for wrong options.
"""

from __future__ import annotations

import asyncio
import math
import socket
from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import typer

from tests.sipp import harness, sip, sound
from tests.sipp.agent import Agent
from tests.sipp.harness import CallResult, LoadResult
from tests.sipp.scenario import AGENTS, CALLERS, Scenario
from tests.sipp.sipp import SippError
from tests.sipp.trace import TracedCall
from tests.sipp.wire import Address

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)

_SCORE = 0.9
"""How sure the ear must be that it heard the expected file; a wrong one scores under 0.1."""

_Result = TypeVar("_Result")

File = Annotated[Path | None, typer.Option(exists=True, dir_okay=False)]


@app.command("list")
def show() -> None:
    """What a caller and a called side can do."""
    for title, scenarios in (("call --scenario", CALLERS), ("agent --behaviour", AGENTS)):
        for name, scenario in scenarios.items():
            delay = f"; --after sets {scenario.after}, now {scenario.values[scenario.after]}" if scenario.after else ""
            typer.echo(f"{title} {name:9} {scenario.about}{delay}")


@app.command()
def call(  # noqa: PLR0913  # a command line's options
    *,
    target: Annotated[str, typer.Option(help="the PBX, HOST:PORT")],
    to: Annotated[str, typer.Option(help="number dialled, as the carrier writes it")],
    from_: Annotated[str, typer.Option("--from", help="number of the caller, or a whole From value")],
    scenario: Annotated[str, typer.Option(help="see `list`")] = "talks",
    after: Annotated[int | None, typer.Option(help="ms: how long it talks or rings")] = None,
    speak: File = None,
    dtmf: Annotated[str, typer.Option(help="keys to press once answered")] = "",
    expect: File = None,
    expect_status: Annotated[int | None, typer.Option(help="final SIP status that is right")] = None,
    record: Annotated[Path | None, typer.Option(help="wav to write what was heard into")] = None,
    diverted_from: Annotated[str, typer.Option(help="number that forwarded the call (Diversion)")] = "",
    history_from: Annotated[str, typer.Option(help="the same as History-Info")] = "",
    withheld: Annotated[bool, typer.Option(help="withhold the caller's number (Privacy: id)")] = False,
    header: Annotated[list[str] | None, typer.Option(help="further header line")] = None,
    count: Annotated[int, typer.Option(min=1, help="calls in all; more than one is load, without sound")] = 1,
    rate: Annotated[float, typer.Option(min=0.1, help="calls started per second")] = 1.0,
) -> None:
    """Make a call, or many."""
    pbx = _address(target)
    headers = list(header or ())
    if diverted_from:
        headers.append(sip.diverted_from(diverted_from))
    if history_from:
        headers.append(sip.history_info(history_from, to))
    shown = from_
    if withheld:
        headers += sip.withheld(from_)
        shown = sip.ANONYMOUS
    with_delay = _known(scenario, CALLERS, after)
    host = _own_address(pbx)
    if count > 1:
        load = harness.run_load(
            pbx, [(to, shown)], count=count, rate=rate, scenario=with_delay, after_ms=after, headers=headers, host=host
        )
        _finish(right=_report_load(_run(load)))
    one = harness.run_caller(
        pbx, to, shown, scenario=with_delay, after_ms=after, headers=headers, host=host, patience=600,
        speak=sound.load(speak) if speak else sound.SILENCE, press=dtmf,
    )  # fmt: skip
    result = _run(one)
    typer.echo(result.call.ladder())
    if record:
        sound.write_wav(record, result.heard)
    _finish(right=_report(result, expect, expect_status))


@app.command()
def agent(
    *,
    port: Annotated[int, typer.Option(help="UDP port to listen on")],
    behaviour: Annotated[str, typer.Option(help="see `list`")] = "answer",
    after: Annotated[int | None, typer.Option(help="ms: how long it rings, or talks before it hangs up")] = None,
    press: Annotated[str, typer.Option(help="keys to press once answered")] = "",
    speak: File = None,
    host: Annotated[str, typer.Option(help="address to listen on")] = "127.0.0.1",
    calls: Annotated[int, typer.Option(min=0, help="end after so many calls; 0: at Ctrl-C")] = 0,
    within: Annotated[float, typer.Option(help="seconds in which they must have come")] = 600.0,
) -> None:
    """Be called: an agent's telephone, a mobile, a partner."""
    played = Agent(
        _known(behaviour, AGENTS, after), after_ms=after, port=port, host=host, press=press, at_once=8,
        speak=sound.load(speak) if speak else sound.SILENCE,
    )  # fmt: skip
    try:
        _run(_serve(played, calls, within))
    except KeyboardInterrupt:
        _finish(right=calls == 0)
    _finish(right=True)


async def _serve(played: Agent, calls: int, within: float) -> None:
    async with played:
        typer.echo(f"listening on {played.host}:{played.port}")
        told: set[str] = set()
        while not calls or len(told) < calls:
            await played.until("a call to end", lambda: played.ended > len(told), within if calls else math.inf)
            for ended in played.calls:
                if ended.over and ended.id not in told:
                    told.add(ended.id)
                    typer.echo(f"{ended.invite['From']} {_summary(ended)}")


def _summary(call: TracedCall) -> str:
    ringing = f", rang after {call.rang_at - call.trace[0].at:.3f} s" if call.rang_at else ""
    return f"-> {call.dialled}: {call.status}{ringing}, talked {call.talked:.3f} s, ended by {call.ended_by}"


def _report(result: CallResult, expect: Path | None, expect_status: int | None) -> bool:
    """Print how the call went and say whether that is right."""
    typer.echo(_summary(result.call))
    right = result.status == expect_status if expect_status else result.ok
    if expect:
        score, at = sound.locate(result.heard, sound.load(expect))
        right = right and score >= _SCORE
        typer.echo(f"{expect.name}: {'heard' if score >= _SCORE else 'NOT heard'}, score {score:.3f} at {at:.2f} s")
    return right


def _report_load(load: LoadResult) -> bool:
    """Print how the calls went and say whether all did."""
    typer.echo(
        f"{load.succeeded} right, {load.failed} wrong in {load.seconds:.1f} s; answered after "
        f"{load.percentile(50):.0f} ms (p50), {load.percentile(99):.0f} ms (p99)"
    )
    return load.failed == 0


def _run(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run it, and turn what can go wrong outside into a sentence."""
    try:
        return asyncio.run(work)
    except (TimeoutError, OSError, SippError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def _finish(*, right: bool) -> NoReturn:
    typer.echo("ok" if right else "FAILED")
    raise typer.Exit(0 if right else 1)


def _known(name: str, scenarios: Mapping[str, Scenario], after: int | None) -> str:
    if name not in scenarios:
        raise typer.BadParameter(f"there is no {name!r}, but {', '.join(scenarios)}")
    if after is not None and not scenarios[name].after:
        raise typer.BadParameter(f"{name!r} has no delay that --after could set")
    return name


def _address(text: str) -> Address:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise typer.BadParameter("write the target as HOST:PORT")
    return socket.gethostbyname(host), int(port)


def _own_address(target: Address) -> str:
    """Find the address from which this machine reaches the PBX."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(target)
        host: str = probe.getsockname()[0]
        return host


if __name__ == "__main__":
    app()
