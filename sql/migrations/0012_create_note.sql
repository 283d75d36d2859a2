-- Notes about calls, what happened to each, and messages that wait for them.

CREATE TABLE note (
    id          uuid PRIMARY KEY,
    call_id     text        NOT NULL,
    client      text        NOT NULL,
    form        jsonb       NOT NULL,
    filled      jsonb       NOT NULL,
    urgent      boolean     NOT NULL DEFAULT false,
    state       text        NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'done')),
    author      text        NOT NULL,
    author_name text        NOT NULL,
    agent       text,
    words       jsonb,
    to_tell     boolean     NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    done_at     timestamptz,
    told_at     timestamptz,
    version     integer     NOT NULL DEFAULT 1,
    CHECK ((state = 'done') = (done_at IS NOT NULL)),
    CHECK (state = 'draft' OR words IS NOT NULL),
    CHECK (state = 'done' OR NOT to_tell)
);
CREATE INDEX note_call ON note (call_id);
CREATE INDEX note_author ON note (author, created_at);
CREATE INDEX note_to_tell ON note (call_id) WHERE to_tell;
COMMENT ON COLUMN note.client IS 'of the call; another one only by a correction, which stands in note_change';
COMMENT ON COLUMN note.form IS 'the whole form as it was when the note was begun';
COMMENT ON COLUMN note.author IS 'the user; agent: as which agent';
COMMENT ON COLUMN note.words IS 'what the client reads, as of when it was last finished';
COMMENT ON COLUMN note.to_tell IS 'finished, and the client has not been told of it as it is now';
COMMENT ON COLUMN note.told_at IS 'when it was last handed over to be sent to this client';

CREATE TABLE note_change (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    note_id     uuid        NOT NULL,
    call_id     text        NOT NULL,
    at          timestamptz NOT NULL DEFAULT now(),
    by          text        NOT NULL,
    what        text        NOT NULL CHECK (what IN ('created', 'finished', 'reopened', 'client', 'deleted')),
    client      text        NOT NULL,
    from_client text,
    reason      text,
    CHECK ((what = 'client') = (from_client IS NOT NULL AND reason IS NOT NULL))
);
CREATE INDEX note_change_note ON note_change (note_id, id);
COMMENT ON TABLE note_change IS 'who did what to a note, and when; not what it says, which may have to be erased';

CREATE TRIGGER note_change_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON note_change
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE note_change ENABLE ALWAYS TRIGGER note_change_append_only;

ALTER TABLE outbox
    ADD COLUMN held  boolean NOT NULL DEFAULT false,
    ADD COLUMN about text    NOT NULL DEFAULT 'call',
    ADD CHECK (NOT held OR state = 'pending'),
    DROP CONSTRAINT outbox_call_id_channel_recipient_key,
    ADD CONSTRAINT outbox_once UNIQUE (call_id, channel, recipient, about);
CREATE INDEX outbox_held ON outbox (next_at) WHERE held;
CREATE INDEX outbox_held_call ON outbox (call_id) WHERE held;
COMMENT ON COLUMN outbox.held IS 'waits for a note about the call, until next_at at most';
COMMENT ON COLUMN outbox.about IS 'call, or note:ID:VERSION for a note that is told by itself';
