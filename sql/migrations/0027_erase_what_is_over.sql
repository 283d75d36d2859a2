-- What was erased, and when: the rows stay, what they told of callers goes.

ALTER TABLE note ADD COLUMN erased_at timestamptz;
COMMENT ON COLUMN note.erased_at IS 'since then filled is empty and words have no fields';
CREATE INDEX note_unerased ON note (updated_at) WHERE erased_at IS NULL;

ALTER TABLE outbox ADD COLUMN erased_at timestamptz;
COMMENT ON COLUMN outbox.erased_at IS 'since then payload is empty and there is no copy; it cannot be sent again';
CREATE INDEX outbox_unerased ON outbox (created_at) WHERE erased_at IS NULL;
CREATE INDEX outbox_part_of ON outbox (part_of) WHERE part_of IS NOT NULL;

CREATE TABLE message_deleted (
    call_id text PRIMARY KEY,
    at      timestamptz NOT NULL,
    why     text        NOT NULL
);
COMMENT ON TABLE message_deleted IS 'callers'' spoken messages (cdr.recording) whose file is gone';
CREATE INDEX cdr_message ON cdr (ended_at) WHERE recording IS NOT NULL;

-- Calls whose events hold numbers although they have no CDR are found by their arrival.
CREATE INDEX call_event_arrived ON call_event (at) WHERE kind = 'call.arrived';

CREATE TABLE erasure (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    night    date        NOT NULL,
    kind     text        NOT NULL,
    at       timestamptz NOT NULL,
    until_at timestamptz NOT NULL,
    erased   integer     NOT NULL CHECK (erased >= 0),
    UNIQUE (night, kind)
);
COMMENT ON TABLE erasure IS 'what each night erased of each kind';
COMMENT ON COLUMN erasure.until_at IS 'what is older by the house''s default; a client''s own time may be another';

-- Why a note was given to another client is told in free text, which may have to be erased; nothing else may change.
CREATE FUNCTION refuse_change_but_of_reason() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF to_jsonb(NEW) - 'reason' = to_jsonb(OLD) - 'reason' AND strpos(NEW.reason, '[erased]') > 0 THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'UPDATE of % refused: it is append-only, but for what is erased out of a reason', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END
$$;
DROP TRIGGER note_change_append_only ON note_change;
CREATE TRIGGER note_change_append_only BEFORE DELETE OR TRUNCATE ON note_change
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE note_change ENABLE ALWAYS TRIGGER note_change_append_only;
CREATE TRIGGER note_change_erased_only BEFORE UPDATE ON note_change
    FOR EACH ROW EXECUTE FUNCTION refuse_change_but_of_reason();
ALTER TABLE note_change ENABLE ALWAYS TRIGGER note_change_erased_only;
