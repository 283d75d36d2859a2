-- What a client says of its day, and what agents work on for clients.

CREATE TABLE client_notice (
    id         uuid PRIMARY KEY,
    client     text        NOT NULL,
    text       text        NOT NULL CHECK (text <> ''),
    until      timestamptz NOT NULL,
    by         text        NOT NULL,
    by_name    text        NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz,
    deleted_by text,
    CHECK ((deleted_at IS NULL) = (deleted_by IS NULL))
);
CREATE INDEX client_notice_current ON client_notice (until) WHERE deleted_at IS NULL;
COMMENT ON TABLE client_notice IS 'shown to agents with the client''s calls, until it is over or deleted';

CREATE TABLE task_work (
    id         uuid PRIMARY KEY,
    author     text        NOT NULL,
    agent      text        NOT NULL,
    client     text        NOT NULL,
    what       text        NOT NULL,
    call_id    text,
    started_at timestamptz NOT NULL DEFAULT now(),
    ended_at   timestamptz CHECK (ended_at >= started_at)
);
CREATE UNIQUE INDEX task_work_open ON task_work (agent) WHERE ended_at IS NULL;
CREATE INDEX task_work_agent ON task_work (agent, started_at);
CREATE INDEX task_work_client ON task_work (client, started_at);
COMMENT ON TABLE task_work IS 'one stretch of an agent''s work for a client; ended_at is null while it lasts, of one at most';
