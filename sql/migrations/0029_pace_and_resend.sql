-- Messages that a person has sent again, targets that are away, and each client's pace.

ALTER TABLE outbox
    ADD COLUMN resent_at    timestamptz,
    ADD COLUMN tries_before integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN outbox.resent_at IS 'when a person had it sent again; from then its time and its tries count anew';
COMMENT ON COLUMN outbox.tries_before IS 'attempts made before that';
CREATE INDEX outbox_away ON outbox (channel, target) WHERE away AND state = 'pending';

CREATE TABLE outbox_pace (
    client_id   text        NOT NULL,
    channel     text        NOT NULL,
    spent_until timestamptz NOT NULL,
    PRIMARY KEY (client_id, channel)
);
COMMENT ON TABLE outbox_pace IS 'until when the shares of time reach of the messages that a client had sent';
