"""The agents as they are now: who is logged in where and does what, kept through restarts, changed by codes."""
