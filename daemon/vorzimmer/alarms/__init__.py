"""Telling the operator that the service is in trouble: what is looked at, and how it is put in words."""
