-- What happened on each call, and the call detail record (CDR) computed from it.

CREATE TABLE call_event (
    id      uuid PRIMARY KEY,
    call_id text        NOT NULL,
    seq     integer     NOT NULL,
    at      timestamptz NOT NULL,
    kind    text        NOT NULL,
    data    jsonb       NOT NULL
);
CREATE INDEX call_event_call ON call_event (call_id, seq);

CREATE TABLE cdr (
    call_id           text PRIMARY KEY,
    client            text,
    did               text          NOT NULL,
    direction         text          NOT NULL,
    started_at        timestamptz   NOT NULL,
    answered_at       timestamptz,
    ended_at          timestamptz   NOT NULL,
    duration          numeric(12,3) NOT NULL,
    ring              numeric(12,3) NOT NULL,
    announcement      numeric(12,3) NOT NULL,
    queue             numeric(12,3) NOT NULL,
    talk              numeric(12,3) NOT NULL,
    forwarded         numeric(12,3) NOT NULL,
    machine           numeric(12,3) NOT NULL,
    disposition       text          NOT NULL,
    cause             integer       NOT NULL,
    hung_up_by        text          NOT NULL,
    answered_by       text,
    office_state      text,
    reason            text          NOT NULL,
    recording         text,
    recording_seconds numeric(12,3),
    withheld          boolean       NOT NULL,
    caller_mac        text,
    caller_name_mac   text,
    diverted_from_mac text,
    forwarded_to_mac  text,
    digest            bytea         NOT NULL CHECK (octet_length(digest) = 32),
    stored_at         timestamptz   NOT NULL DEFAULT now(),
    CHECK (ended_at >= started_at),
    CHECK (duration >= 0)
);
CREATE INDEX cdr_client_started ON cdr (client, started_at);
CREATE INDEX cdr_started ON cdr (started_at);
COMMENT ON COLUMN cdr.digest IS 'SHA-256 of the canonical bytes, in which personal values stand only as HMAC (the _mac columns)';

CREATE TABLE cdr_person (
    call_id       text PRIMARY KEY REFERENCES cdr (call_id),
    key           bytea NOT NULL CHECK (octet_length(key) = 32),
    caller        text,
    caller_name   text,
    diverted_from text,
    forwarded_to  text
);
COMMENT ON TABLE cdr_person IS 'numbers and names of a call, and the key of their HMACs; deleting the row erases both, the digest stays valid';

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of % refused: it is append-only, a correction is a new row', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;

CREATE TRIGGER cdr_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON cdr
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- ALWAYS: fires for the superuser and under session_replication_role = replica too.
ALTER TABLE cdr ENABLE ALWAYS TRIGGER cdr_append_only;
