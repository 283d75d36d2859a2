-- What clients have agreed to pay, what each call costs by it, and what was billed.

CREATE TABLE tariff (
    id       text        NOT NULL,
    since    date        NOT NULL,
    data     jsonb       NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now(),
    added_by text        NOT NULL,
    PRIMARY KEY (id, since)
);
COMMENT ON TABLE tariff IS 'versions; each holds from its day until the next one''s. One by which something was billed does not change';

CREATE TABLE contract (
    client text NOT NULL,
    since  date NOT NULL,
    until  date,
    data   jsonb NOT NULL,
    PRIMARY KEY (client, since),
    CHECK (until >= since)
);
COMMENT ON TABLE contract IS 'what a client has agreed to; until: the last day, null: until it is ended. Kept when the client goes';

CREATE TABLE account (
    client text PRIMARY KEY,
    data   jsonb NOT NULL
);
COMMENT ON TABLE account IS 'to whom a client''s invoices go. Kept when the client goes';

CREATE TABLE work_done (
    id     uuid    PRIMARY KEY,
    client text    NOT NULL,
    day    date    NOT NULL,
    data   jsonb   NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now(),
    added_by text  NOT NULL
);
CREATE INDEX work_done_client ON work_done (client, day);
COMMENT ON TABLE work_done IS 'work by the hour: task, region, minutes of each hour and the talk in it';

CREATE TABLE charge (
    call_id   text        NOT NULL,
    turn      integer     NOT NULL CHECK (turn >= 0),
    position  text        NOT NULL,
    client    text        NOT NULL,
    month     date        NOT NULL CHECK (extract(day FROM month) = 1),
    tariff    text        NOT NULL,
    since     date        NOT NULL,
    currency  text        NOT NULL,
    units     numeric     NOT NULL,
    free      numeric     NOT NULL,
    sixtieths numeric     NOT NULL,
    measured  text        NOT NULL,
    parts     text        NOT NULL,
    marks     text        NOT NULL,
    digest    bytea       NOT NULL CHECK (octet_length(digest) = 32),
    rated_at  timestamptz NOT NULL DEFAULT now(),
    xact      bigint      NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
    PRIMARY KEY (call_id, turn, position)
);
CREATE INDEX charge_client_month ON charge (client, month);
CREATE INDEX charge_xact ON charge USING brin (xact);
COMMENT ON TABLE charge IS 'what calls cost. Even turns charge, odd ones take back the turn before; a call that no position is about has one row with the empty position';
COMMENT ON COLUMN charge.month IS 'the month in which it is billed; another one than that of the call, where it came after the close';
COMMENT ON COLUMN charge.units IS 'calls, or seconds after the increments; odd turns: negative, as are free and sixtieths';
COMMENT ON COLUMN charge.sixtieths IS 'the amount times 60, exact, or rounded where the tariff rounds calls';
COMMENT ON COLUMN charge.measured IS 'phase:seconds …';
COMMENT ON COLUMN charge.parts IS 'units@price …';
COMMENT ON COLUMN charge.marks IS 'short, deferred, late, trial …';
COMMENT ON COLUMN charge.digest IS 'SHA-256 over the columns before it, see core/charge_row.py';

CREATE TRIGGER charge_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON charge
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE charge ENABLE ALWAYS TRIGGER charge_append_only;

CREATE TABLE parked_call (
    call_id text        PRIMARY KEY,
    client  text        NOT NULL,
    reason  text        NOT NULL,
    at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX parked_call_client ON parked_call (client);
COMMENT ON TABLE parked_call IS 'calls that could not be rated, and why; they are tried again';

CREATE TABLE statement (
    client    text        NOT NULL,
    month     date        NOT NULL CHECK (extract(day FROM month) = 1),
    currency  text        NOT NULL,
    total     numeric     NOT NULL,
    data      jsonb       NOT NULL,
    head      bytea       NOT NULL CHECK (octet_length(head) = 32),
    closed_at timestamptz NOT NULL DEFAULT now(),
    closed_by text        NOT NULL,
    PRIMARY KEY (client, month)
);
COMMENT ON TABLE statement IS 'closed months: nothing is charged to them any more. data: core.bill.Bill without its charges, as JSON; total: net';
COMMENT ON COLUMN statement.head IS 'the last seal at the close (32 zero bytes: nothing was sealed)';

CREATE TRIGGER statement_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON statement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE statement ENABLE ALWAYS TRIGGER statement_append_only;
