-- The house's stock of numbers, and what was seen when a client's own number was rung.

CREATE TABLE number_stock (
    number       text PRIMARY KEY CHECK (number ~ '^\+[1-9][0-9]{4,14}$'),
    country      text        NOT NULL CHECK (country ~ '^[A-Z]{2}$'),
    kind         text        NOT NULL,
    state        text        NOT NULL CHECK (state IN ('free', 'reserved', 'with_client', 'ported', 'cooling')),
    client_id    text,
    order_ref    text        NOT NULL DEFAULT '',
    since        timestamptz NOT NULL DEFAULT now(),
    until        timestamptz,
    cooling_days integer     NOT NULL CHECK (cooling_days >= 0),
    note         text        NOT NULL DEFAULT '',
    CHECK ((state = 'reserved') <= (client_id IS NOT NULL)),
    CHECK ((state = 'cooling') <= (until IS NOT NULL))
);
CREATE INDEX number_stock_country ON number_stock (country, state);
COMMENT ON COLUMN number_stock.state IS
    'follows client_number in the transaction that changes it; a reservation or cooling whose time is over counts as free';
COMMENT ON COLUMN number_stock.client_id IS
    'reserved: for whom, perhaps not in the book yet; with_client: who has it, one of them where several share it;'
    ' cooling and ported: who had it last';
COMMENT ON COLUMN number_stock.cooling_days IS 'how long nobody else gets it after a client';

CREATE TABLE forwarding_check (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL,
    client_id text        NOT NULL,
    number    text        NOT NULL,
    did       text        NOT NULL,
    opening   timestamptz,
    verdict   text        NOT NULL
        CHECK (verdict IN ('forwarded', 'not_forwarded', 'wrong_did', 'loop', 'not_checked')),
    reason    text        NOT NULL,
    seen      text[]      NOT NULL,
    seconds   numeric     NOT NULL,
    told      text CHECK (told IN ('alarm', 'clear')),
    actor     text        NOT NULL
);
CREATE INDEX forwarding_check_number ON forwarding_check (client_id, number, at);
CREATE INDEX forwarding_check_at ON forwarding_check (at);
COMMENT ON TABLE forwarding_check IS 'each time a client''s own number was rung, to see whether it is forwarded to us';
COMMENT ON COLUMN forwarding_check.opening IS 'before which opening of the office; null: a person asked';
COMMENT ON COLUMN forwarding_check.seen IS 'the numbers of ours on which the call came back, in order';
COMMENT ON COLUMN forwarding_check.told IS 'what was mailed because of it';
