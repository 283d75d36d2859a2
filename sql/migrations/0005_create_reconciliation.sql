-- Each comparison of Asterisk's own records with our CDRs.

CREATE TABLE reconciliation (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         timestamptz NOT NULL DEFAULT now(),
    since_at   timestamptz NOT NULL,
    until_at   timestamptz NOT NULL CHECK (until_at >= since_at),
    continuing boolean     NOT NULL,
    checked    integer     NOT NULL CHECK (checked >= 0),
    differing  integer     NOT NULL CHECK (differing >= 0),
    completed  integer     NOT NULL CHECK (completed BETWEEN 0 AND differing)
);
CREATE INDEX reconciliation_at ON reconciliation (at);
COMMENT ON COLUMN reconciliation.until_at IS 'all calls that ended in [since_at, until_at) were compared';
COMMENT ON COLUMN reconciliation.continuing IS 'it began where the last continuing one ended; false: a person chose the time';
