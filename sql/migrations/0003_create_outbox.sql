-- What is to be sent, and every attempt at it. Written in the transaction that stores the CDR.

CREATE TABLE outbox (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_id      text        NOT NULL,
    client_id    text        NOT NULL,
    channel      text        NOT NULL,
    recipient    text        NOT NULL,
    language     text        NOT NULL,
    payload      jsonb       NOT NULL,
    message_id   text        NOT NULL UNIQUE,
    state        text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'leased', 'sent', 'dead')),
    attempts     integer     NOT NULL DEFAULT 0,
    next_at      timestamptz NOT NULL DEFAULT now(),
    leased_until timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    UNIQUE (call_id, channel, recipient),
    CHECK ((state = 'leased') = (leased_until IS NOT NULL))
);
COMMENT ON COLUMN outbox.attempts IS 'counted when leased, so a message that kills the worker counts too';

-- When a row may be taken: a pending one at next_at, a leased one when its lease has run out.
CREATE INDEX outbox_due ON outbox (coalesce(leased_until, next_at)) WHERE state IN ('pending', 'leased');

CREATE TABLE outbox_attempt (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    outbox_id bigint      NOT NULL REFERENCES outbox (id) ON DELETE CASCADE,
    at        timestamptz NOT NULL DEFAULT now(),
    outcome   text        NOT NULL CHECK (outcome IN ('sent', 'retry', 'dead')),
    detail    text        NOT NULL
);
CREATE INDEX outbox_attempt_outbox ON outbox_attempt (outbox_id);
