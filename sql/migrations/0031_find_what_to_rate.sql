-- What is new since a round of rating is found by when it was stored, not by looking at every call.

CREATE INDEX cdr_stored ON cdr USING brin (stored_at);
CREATE INDEX call_event_result_at ON call_event (at) WHERE kind = 'call.result';
CREATE INDEX note_updated ON note (updated_at);
CREATE INDEX agent_event_wrap_up ON agent_event (at) WHERE state = 'wrap_up';
