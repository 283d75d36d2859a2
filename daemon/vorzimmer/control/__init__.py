"""The control API of the calls process: typed commands and a stream of events on a Unix socket.

A request is a line of JSON, {"id": …, "do": "agent.pause", "actor": …, "deadline": …, …}, its answer another one:
{"id": …, "ok": true, "result": {…}} or {"id": …, "ok": false, "error": {"code": …, "text": …}}. `watch` turns the
connection into a stream of events, {"event": "agent.state", "at": …, …}.
"""
