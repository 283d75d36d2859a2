-- Recorded talks: what is kept of each stands in its call's events; here, which of them are gone.

CREATE INDEX call_event_talk_recording ON call_event (call_id) WHERE kind = 'recording.kept';

CREATE TABLE talk_recording_deleted (
    call_id text PRIMARY KEY,
    at      timestamptz NOT NULL,
    why     text        NOT NULL
);

CREATE VIEW talk_recording AS
SELECT
    event.call_id,
    data ->> 'caller_file' AS caller_file,
    data ->> 'agent_file' AS agent_file,
    (data ->> 'seconds')::numeric AS seconds,
    data -> 'consent' AS consent,
    event.at AS kept_at,
    (data ->> 'keep_until')::timestamptz AS keep_until,
    deleted.at AS deleted_at,
    deleted.why AS deleted_why
FROM call_event AS event
LEFT JOIN talk_recording_deleted AS deleted USING (call_id)
WHERE kind = 'recording.kept';
COMMENT ON VIEW talk_recording IS 'consent: the proof, as it was before the first word was recorded; the files lie in the folder of the recordings until deleted_at';
