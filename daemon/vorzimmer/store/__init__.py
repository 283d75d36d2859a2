"""PostgreSQL, the journal and the snapshot on disk."""
