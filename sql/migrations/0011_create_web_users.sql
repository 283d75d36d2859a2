-- Who may use the pages: people with passwords and second factors, their sessions, and tokens for programs.

CREATE TABLE web_user (
    id           text PRIMARY KEY CHECK (id ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    name         text        NOT NULL,
    role         text        NOT NULL CHECK (role IN ('admin', 'supervisor', 'agent', 'client')),
    agent_id     text REFERENCES agent (id) ON DELETE CASCADE,
    client_id    text REFERENCES client (id) ON DELETE CASCADE,
    language     text        NOT NULL DEFAULT 'de' CHECK (language IN ('de', 'en')),
    password     text        NOT NULL,
    password_at  timestamptz NOT NULL DEFAULT now(),
    totp_secret  text,
    totp_offered text,
    totp_step    bigint,
    disabled_at  timestamptz,
    created_at   timestamptz NOT NULL DEFAULT now(),
    CHECK ((role = 'client') = (client_id IS NOT NULL)),
    CHECK (role <> 'agent' OR agent_id IS NOT NULL),
    CHECK (role <> 'client' OR agent_id IS NULL)
);
CREATE INDEX web_user_agent ON web_user (agent_id);
CREATE INDEX web_user_client ON web_user (client_id);
COMMENT ON COLUMN web_user.password IS 'argon2id, with its parameters and salt';
COMMENT ON COLUMN web_user.totp_offered IS 'a secret that was shown and not yet confirmed by a code';
COMMENT ON COLUMN web_user.totp_step IS 'the step (30 s) of the last code taken: a code is good once';

-- Whose agent is removed and who is more than that agent stays, without one.
CREATE FUNCTION web_user_without_agent() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE web_user SET agent_id = NULL WHERE agent_id = OLD.id AND role <> 'agent';
    RETURN OLD;
END
$$;
CREATE TRIGGER agent_leaves_web_user BEFORE DELETE ON agent
    FOR EACH ROW EXECUTE FUNCTION web_user_without_agent();

CREATE TABLE web_session (
    digest     bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    user_id    text        NOT NULL REFERENCES web_user (id) ON DELETE CASCADE,
    address    text        NOT NULL,
    created_at timestamptz NOT NULL,
    used_at    timestamptz NOT NULL
);
CREATE INDEX web_session_user ON web_session (user_id);
COMMENT ON COLUMN web_session.digest IS 'SHA-256 of what the browser holds';

CREATE TABLE web_token (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest     bytea       NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
    user_id    text        NOT NULL REFERENCES web_user (id) ON DELETE CASCADE,
    name       text        NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    used_at    timestamptz
);
CREATE INDEX web_token_user ON web_token (user_id);
COMMENT ON COLUMN web_token.used_at IS 'to the minute';
