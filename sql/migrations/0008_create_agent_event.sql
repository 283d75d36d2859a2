-- What happened to agents: every state that one of them entered.

CREATE TABLE agent_event (
    id      uuid PRIMARY KEY,
    n       bigint GENERATED ALWAYS AS IDENTITY,
    agent   text        NOT NULL,
    at      timestamptz NOT NULL,
    state   text        NOT NULL,
    reason  text        NOT NULL,
    call_id text,
    phone   text        NOT NULL
);
CREATE UNIQUE INDEX agent_event_agent ON agent_event (agent, at, n);
CREATE INDEX agent_event_at ON agent_event (at);
CREATE INDEX agent_event_call ON agent_event (call_id) WHERE call_id IS NOT NULL;
COMMENT ON COLUMN agent_event.n IS 'in the order of the journal: two states of one instant keep their order';

CREATE VIEW agent_stay AS
SELECT agent, state, reason, call_id, phone, at AS began, (
    SELECT next.at FROM agent_event AS next
    WHERE next.agent = event.agent AND (next.at, next.n) > (event.at, event.n)
    ORDER BY next.at, next.n LIMIT 1
) AS ended
FROM agent_event AS event;
COMMENT ON VIEW agent_stay IS
    'each stay of an agent in a state, until the next one; ended is null while it lasts. Wrap-up after a call, which ends after the CDR, is a stay in wrap_up with its call_id';
