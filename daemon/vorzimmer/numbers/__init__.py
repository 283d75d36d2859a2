"""The house's telephone numbers: the stock of them, and whether the clients' own numbers are still forwarded to us."""
