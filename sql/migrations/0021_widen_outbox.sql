-- Several channels, rules, digests: what a message was sent by, as what, and what the provider said of it.

ALTER TABLE outbox
    DROP CONSTRAINT outbox_state_check,
    ADD CONSTRAINT outbox_state_check
        CHECK (state IN ('pending', 'leased', 'sent', 'dead', 'skipped', 'digested')),
    DROP CONSTRAINT outbox_letter,
    ADD CONSTRAINT outbox_letter
        CHECK ((call_id IS NULL) = (starts_with(about, 'letter:') OR starts_with(about, 'digest:'))),
    ADD COLUMN rule        text    NOT NULL DEFAULT '',
    ADD COLUMN target      text    NOT NULL GENERATED ALWAYS AS (
        CASE channel WHEN 'webhook' THEN split_part(recipient, '/', 3) WHEN 'fax' THEN recipient ELSE '' END
    ) STORED,
    ADD COLUMN digest      boolean NOT NULL DEFAULT false,
    ADD COLUMN part_of     bigint  REFERENCES outbox (id),
    ADD COLUMN away        boolean NOT NULL DEFAULT false,
    ADD COLUMN provider_id text,
    ADD COLUMN report      text,
    ADD COLUMN reported_at timestamptz,
    ADD CONSTRAINT outbox_part CHECK ((state = 'digested') = (part_of IS NOT NULL));
COMMENT ON COLUMN outbox.state IS
    'skipped: no rule wants the call after all; digested: it is told in another message, part_of';
COMMENT ON COLUMN outbox.about IS
    'call; note:ID:VERSION for a note that is told by itself; letter:KEY, by which a letter goes to each recipient once;'
    ' digest:RULE:INSTANT for several calls together';
COMMENT ON COLUMN outbox.rule IS 'the id of the client''s rule by which it goes; empty: client.mail, or a letter';
COMMENT ON COLUMN outbox.target IS 'what fails as a whole: a webhook''s host, a fax number; empty: the channel''s server';
COMMENT ON COLUMN outbox.digest IS 'waits until next_at for the others of its rule and recipient';
COMMENT ON COLUMN outbox.away IS 'the last attempt failed because the target as a whole is away';
COMMENT ON COLUMN outbox.provider_id IS 'by which the provider knows it';
COMMENT ON COLUMN outbox.report IS 'what the provider told later: delivered, undelivered, or its own word';

CREATE INDEX outbox_provider ON outbox (channel, provider_id) WHERE provider_id IS NOT NULL;
CREATE INDEX outbox_digest ON outbox (next_at) WHERE digest AND state = 'pending';
CREATE INDEX outbox_client ON outbox (client_id, id);

ALTER TABLE outbox_attempt
    DROP CONSTRAINT outbox_attempt_outcome_check,
    ADD CONSTRAINT outbox_attempt_outcome_check CHECK (outcome IN ('sent', 'retry', 'dead', 'unclear'));

CREATE TABLE outbox_copy (
    outbox_id  bigint PRIMARY KEY REFERENCES outbox (id) ON DELETE CASCADE,
    at         timestamptz NOT NULL DEFAULT now(),
    media_type text        NOT NULL,
    content    bytea       NOT NULL
);
COMMENT ON TABLE outbox_copy IS 'what the client got, as it was sent; erased when its time is over';
