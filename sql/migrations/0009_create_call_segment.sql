-- What a call consisted of: time on hold and put through in its record, and each stretch of it as a row.

ALTER TABLE cdr
    ADD COLUMN hold        numeric(12,3),
    ADD COLUMN put_through numeric(12,3),
    ADD COLUMN overflow    text;
COMMENT ON COLUMN cdr.hold IS 'null in records from before it was told; only a value stands in the digest, here and in the next two';
COMMENT ON COLUMN cdr.overflow IS 'why the caller left the queue for something else';

CREATE TABLE call_segment (
    call_id text        NOT NULL REFERENCES cdr (call_id),
    n       integer     NOT NULL,
    kind    text        NOT NULL,
    agent   text,
    target  text,
    began   timestamptz NOT NULL,
    ended   timestamptz NOT NULL CHECK (ended >= began),
    outcome text,
    PRIMARY KEY (call_id, n)
);
CREATE INDEX call_segment_agent ON call_segment (agent, began) WHERE agent IS NOT NULL;
COMMENT ON COLUMN call_segment.kind IS 'a phase of the caller; ring: one telephone that was dialled';
COMMENT ON COLUMN call_segment.target IS 'an endpoint of ours or a number: the latter is personal';

CREATE INDEX call_event_result ON call_event (call_id, at) WHERE kind = 'call.result';
CREATE VIEW call_result AS
SELECT DISTINCT ON (call_id) call_id, data ->> 'result' AS result, data ->> 'by' AS by, at
FROM call_event WHERE kind = 'call.result'
ORDER BY call_id, at DESC, seq DESC;
COMMENT ON VIEW call_result IS 'what an agent says the call was; the last word counts';
