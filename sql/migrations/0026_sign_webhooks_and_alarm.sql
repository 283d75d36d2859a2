-- What webhooks are signed with, so that a client's own server can tell that a message is ours; and what the operator's
-- alarms look for every few seconds.

CREATE TABLE webhook_secret (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_id text        NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    key       bytea       NOT NULL CHECK (length(key) BETWEEN 24 AND 64),
    made_at   timestamptz NOT NULL DEFAULT now(),
    made_by   text        NOT NULL,
    until     timestamptz
);
COMMENT ON COLUMN webhook_secret.key IS 'of HMAC-SHA256, kept as it is: whoever signs needs it';
COMMENT ON COLUMN webhook_secret.until IS 'another one has taken its place, and it signs along until then; null: it is the present one';

CREATE UNIQUE INDEX webhook_secret_present ON webhook_secret (client_id) WHERE until IS NULL;
CREATE INDEX webhook_secret_client ON webhook_secret (client_id);

CREATE INDEX cdr_abandoned ON cdr (stored_at) WHERE disposition = 'abandoned';
CREATE INDEX outbox_undelivered ON outbox (reported_at) WHERE report = 'undelivered';
