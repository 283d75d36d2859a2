-- Who changed what: one row for each change that somebody made by a page, a command or the telephone.

CREATE TABLE audit (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    actor     text        NOT NULL,
    acting_as text,
    client_id text,
    what      text        NOT NULL,
    about     text        NOT NULL DEFAULT '',
    before    jsonb,
    after     jsonb
);
CREATE INDEX audit_client ON audit (client_id, id);
COMMENT ON COLUMN audit.actor IS 'a user of the pages, or how somebody came: cli:NAME, phone:ENDPOINT, system';
COMMENT ON COLUMN audit.acting_as IS 'the user in whose place the actor, an admin, was at the pages';
COMMENT ON COLUMN audit.client_id IS 'kept when the client goes';
COMMENT ON COLUMN audit.before IS 'only what differs; null: it was not there';
