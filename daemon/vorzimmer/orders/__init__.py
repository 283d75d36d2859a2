"""Setting clients up: what is ordered, the steps that lead there, and who is told when one of them stands still."""
