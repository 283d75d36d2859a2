-- What clients order to be set up, the links by which they do, and what it costs them once.

CREATE TABLE house_secret (
    name  text  PRIMARY KEY,
    value bytea NOT NULL
);
COMMENT ON TABLE house_secret IS 'made by the first who needs it; what it signs is void when the row is deleted';

CREATE TABLE setup_order (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request     uuid        UNIQUE,
    client_id   text        NOT NULL,
    client_name text        NOT NULL,
    kind        text        NOT NULL CHECK (kind IN ('setup', 'change')),
    state       text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'cancelled')),
    language    text        NOT NULL,
    mail        text[]      NOT NULL,
    currency    text        NOT NULL,
    items       jsonb       NOT NULL,
    voip        text        CHECK (voip IN ('own', 'ours')),
    factor      jsonb,
    wishes      text        NOT NULL,
    placed_by   text        NOT NULL,
    placed_at   timestamptz NOT NULL,
    closed_at   timestamptz,
    CHECK ((state = 'open') = (closed_at IS NULL))
);
CREATE INDEX setup_order_client ON setup_order (client_id, id);
CREATE INDEX setup_order_open ON setup_order (id) WHERE state = 'open';
COMMENT ON COLUMN setup_order.request IS 'chosen by whoever sent it: the same one sent twice is one order';
COMMENT ON COLUMN setup_order.client_id IS 'kept when the client goes';
COMMENT ON COLUMN setup_order.mail IS 'addresses of the client that hear of it';
COMMENT ON COLUMN setup_order.items IS 'titles and net prices as they were, and what the client said about each';

CREATE TABLE setup_step (
    order_id    bigint      NOT NULL REFERENCES setup_order (id) ON DELETE CASCADE,
    n           integer     NOT NULL,
    option      text        NOT NULL,
    title       jsonb       NOT NULL,
    owner       text        NOT NULL CHECK (owner IN ('it', 'lead', 'sales', 'studio')),
    due         date        NOT NULL,
    state       text        NOT NULL CHECK (state IN ('open', 'waiting', 'answered', 'done', 'cancelled')),
    asked_of    text,
    asked_at    timestamptz,
    question    text        NOT NULL DEFAULT '',
    answer      text        NOT NULL DEFAULT '',
    answered_by text,
    answered_at timestamptz,
    escalations integer     NOT NULL DEFAULT 0,
    closed_by   text,
    closed_at   timestamptz,
    PRIMARY KEY (order_id, n),
    CHECK (state <> 'waiting' OR (asked_of IS NOT NULL AND asked_at IS NOT NULL)),
    CHECK ((state IN ('done', 'cancelled')) = (closed_at IS NOT NULL))
);
CREATE INDEX setup_step_waiting ON setup_step (asked_at) WHERE state = 'waiting';
COMMENT ON COLUMN setup_step.question IS 'empty: the step itself is what is asked';
COMMENT ON COLUMN setup_step.escalations IS 'how often the lead was told that asked_of has not answered';

CREATE TABLE setup_order_link (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_id  text        NOT NULL,
    mail       text[]      NOT NULL,
    created_by text        NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz,
    order_id   bigint      REFERENCES setup_order (id),
    CHECK ((used_at IS NULL) = (order_id IS NULL))
);

CREATE TABLE setup_charge (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id  bigint        NOT NULL REFERENCES setup_order (id),
    client_id text          NOT NULL,
    option    text          NOT NULL,
    title     jsonb         NOT NULL,
    net       numeric(12, 2) NOT NULL CHECK (net > 0),
    currency  text          NOT NULL,
    at        timestamptz   NOT NULL,
    UNIQUE (order_id, option)
);
CREATE INDEX setup_charge_client ON setup_charge (client_id, at);
COMMENT ON TABLE setup_charge IS 'one-off fees, each from the instant at which the client had what it ordered';

CREATE TRIGGER setup_charge_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON setup_charge
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE setup_charge ENABLE ALWAYS TRIGGER setup_charge_append_only;
