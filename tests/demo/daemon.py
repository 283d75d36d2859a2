"""The daemon of the demo: the real one, but for its calls it is the demo's day and hour.

python -m tests.demo.daemon SETTINGS 2026-12-25T12:30:00+01:00
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from vorzimmer import app, log
from vorzimmer.roles.running import now
from vorzimmer.settings import load


async def main(settings_file: Path, at: datetime) -> None:
    """Serve, with the clock set forward to `at` at this moment."""
    shift = at - now()
    settings = load(settings_file)
    log.configure(secrets=settings.secrets())
    stop = app.stop_on_signals()
    await app.serve(settings, app.Role.ALL, stop, clock=lambda: now() + shift, ready=tell_ready)


def tell_ready() -> None:
    """Tell the demo, which waits on our standard output."""
    sys.stdout.write("ready\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), datetime.fromisoformat(sys.argv[2])))
