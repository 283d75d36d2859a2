-- The client's own people at the pages: reached by mail, invited, with a password of their own; an admin in their place.

ALTER TABLE web_user ADD COLUMN email text;
COMMENT ON COLUMN web_user.email IS 'where an invitation or a link for a new password goes; null: nobody sends one';

CREATE TABLE web_password_link (
    digest     bytea PRIMARY KEY CHECK (octet_length(digest) = 32),
    user_id    text        NOT NULL REFERENCES web_user (id) ON DELETE CASCADE,
    kind       text        NOT NULL CHECK (kind IN ('invitation', 'password_reset')),
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX web_password_link_user ON web_password_link (user_id);
COMMENT ON TABLE web_password_link IS 'a mailed link by which a user chooses a password; deleted with its use';
COMMENT ON COLUMN web_password_link.digest IS 'SHA-256 of what stands in the mail';

ALTER TABLE web_session ADD COLUMN acting_as text REFERENCES web_user (id) ON DELETE CASCADE;
CREATE INDEX web_session_acting ON web_session (acting_as) WHERE acting_as IS NOT NULL;
COMMENT ON COLUMN web_session.acting_as IS 'the client''s user in whose place the session''s own user, an admin, is there';

CREATE INDEX note_client ON note (client, call_id) WHERE state = 'done';
CREATE INDEX audit_actor ON audit (actor, id);
