"""One coroutine per call, from StasisStart to the CDR."""
