-- Mails that are about no call: an invitation, an order, a reminder. They wait in the outbox like all others.

ALTER TABLE outbox
    ALTER COLUMN call_id DROP NOT NULL,
    DROP CONSTRAINT outbox_once,
    ADD CONSTRAINT outbox_once UNIQUE NULLS NOT DISTINCT (call_id, channel, recipient, about),
    ADD CONSTRAINT outbox_letter CHECK ((call_id IS NULL) = starts_with(about, 'letter:'));
COMMENT ON COLUMN outbox.call_id IS 'null: a letter, which is about no call';
COMMENT ON COLUMN outbox.client_id IS 'a letter that concerns no client has an empty one';
COMMENT ON COLUMN outbox.about IS
    'call; note:ID:VERSION for a note that is told by itself; letter:KEY, by which a letter goes to each recipient once';
COMMENT ON COLUMN outbox.payload IS 'emptied when a letter is sent or given up: it may hold a link that opens something';
