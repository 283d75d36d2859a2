-- Agents as data, like groups and clients, and their telephones.

CREATE TABLE agent (
    id         text PRIMARY KEY,
    data       jsonb       NOT NULL,
    version    bigint      NOT NULL DEFAULT nextval('book_row_version'),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TRIGGER agent_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON agent
    FOR EACH STATEMENT EXECUTE FUNCTION book_changed();

CREATE TABLE phone (
    endpoint    text PRIMARY KEY,
    agent_id    text NOT NULL REFERENCES agent (id) ON DELETE CASCADE,
    transport   text NOT NULL,
    digest      text CHECK (digest ~ '^[0-9a-f]{32}$'),
    password_at timestamptz,
    CHECK ((digest IS NULL) = (password_at IS NULL))
);
CREATE INDEX phone_agent ON phone (agent_id);
COMMENT ON TABLE phone IS 'whose telephone an endpoint is; each belongs to one agent. A telephone that moves loses its password';
COMMENT ON COLUMN phone.digest IS 'MD5 of endpoint:realm:password (RFC 2617, HA1), as Asterisk takes it; null: no password was made here';
