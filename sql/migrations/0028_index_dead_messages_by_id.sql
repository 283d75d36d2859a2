-- The operator pages through what was given up, newest first, and the outbox keeps all that were ever sent.

CREATE INDEX outbox_dead_by_id ON outbox (id) WHERE state = 'dead';
