-- The chain over calls and charges: whoever changes, adds or takes away one breaks it.

ALTER TABLE cdr ADD COLUMN xact bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint;
CREATE INDEX cdr_xact ON cdr USING brin (xact);
COMMENT ON COLUMN cdr.xact IS 'the transaction that stored it; by it the sealer finds what is new';

CREATE TABLE seal (
    number  bigint      PRIMARY KEY CHECK (number > 0),
    source  text        NOT NULL CHECK (source IN ('cdr', 'charge')),
    at      timestamptz NOT NULL,
    rows    integer     NOT NULL CHECK (rows > 0),
    keys    text[]      NOT NULL CHECK (cardinality(keys) = rows),
    digests bytea       NOT NULL CHECK (octet_length(digests) = 32 * rows),
    seal    bytea       NOT NULL CHECK (octet_length(seal) = 32)
);
-- Digests do not shrink, and keys are written a million at a time.
ALTER TABLE seal ALTER COLUMN keys SET STORAGE EXTERNAL, ALTER COLUMN digests SET STORAGE EXTERNAL;
COMMENT ON TABLE seal IS 'each seal is a hash over the one before it and its rows'' digests, see core/seal.py';
COMMENT ON COLUMN seal.keys IS 'of the rows, in the order of their digests; a charge''s: call, turn and position, with U+001F between';

CREATE TRIGGER seal_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON seal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE seal ENABLE ALWAYS TRIGGER seal_append_only;

CREATE TABLE sealing (
    single   boolean     PRIMARY KEY DEFAULT true CHECK (single),
    cluster  bigint      NOT NULL,
    seen     pg_snapshot NOT NULL,
    number   bigint      NOT NULL,
    head     bytea       NOT NULL CHECK (octet_length(head) = 32)
);
COMMENT ON TABLE sealing IS 'how far the sealer is; without it, or in another cluster, it compares all rows with all seals';
COMMENT ON COLUMN sealing.cluster IS 'the database cluster whose transactions are meant; a restored backup names another';
COMMENT ON COLUMN sealing.seen IS 'rows of transactions that are visible in it are sealed';
COMMENT ON COLUMN sealing.number IS 'of the last seal';

CREATE TABLE sealed_ahead (
    source text   NOT NULL,
    key    text   NOT NULL,
    xact   bigint NOT NULL,
    PRIMARY KEY (source, key)
);
COMMENT ON TABLE sealed_ahead IS 'rows that are sealed although their transaction is not visible in sealing.seen: they came out of another cluster''s backup';
