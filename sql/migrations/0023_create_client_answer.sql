-- What clients answer to what they were told of a call: that it is done, or something in words.

CREATE TABLE client_answer (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    call_id     text        NOT NULL,
    client      text        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('done', 'reopened', 'reply')),
    text        text        NOT NULL DEFAULT '' CHECK (length(text) <= 5000),
    attachments integer     NOT NULL DEFAULT 0 CHECK (attachments >= 0),
    by          text        NOT NULL,
    via         text        NOT NULL CHECK (via IN ('link', 'mail', 'portal')),
    at          timestamptz NOT NULL,
    message_id  text,
    CONSTRAINT client_answer_once UNIQUE (call_id, client, message_id),
    CHECK ((kind = 'reply') = (text <> '' OR attachments > 0))
);
CREATE INDEX client_answer_at ON client_answer (at);
COMMENT ON TABLE client_answer IS 'never changed; deleted when the notes of its call are';
COMMENT ON COLUMN client_answer.by IS 'a mail''s sender, a user''s id; of a link nobody knows more than that it was opened';
COMMENT ON COLUMN client_answer.attachments IS 'how many came with the mail; they are not kept';
COMMENT ON COLUMN client_answer.message_id IS 'of the mail (RFC 5322), or what a form chose for itself: what comes again changes nothing';

CREATE TRIGGER client_answer_never_changed BEFORE UPDATE OR TRUNCATE ON client_answer
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE TABLE client_answer_seen (
    answer_id bigint PRIMARY KEY REFERENCES client_answer (id) ON DELETE CASCADE,
    by        text        NOT NULL,
    at        timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE client_answer_seen IS 'an agent has taken note of it; it is no longer shown as new';

-- By what stands in the address to which a client replies.
CREATE INDEX outbox_replied ON outbox (substring(sha256(call_id::bytea) FROM 1 FOR 8))
    WHERE channel = 'email' AND call_id IS NOT NULL;
