-- How many messages were given up is asked every few seconds, and the outbox keeps all that were ever sent.

CREATE INDEX outbox_dead ON outbox (created_at) WHERE state = 'dead';
