-- Announcements that were recorded, uploaded or ordered: each try is a version, and approved ones are heard by their time.

ALTER TABLE client ADD COLUMN versions jsonb NOT NULL DEFAULT '{}';
ALTER TABLE client ADD COLUMN versions_changed bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN client.versions IS 'of each announcement its approved versions: {name: [{item, since}]}; no import replaces them';
COMMENT ON COLUMN client.versions_changed IS 'of book_row_version, like version, which says when data was changed';

CREATE TABLE announcement_version (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_id       text        NOT NULL REFERENCES client (id) ON DELETE CASCADE,
    name            text        NOT NULL,
    production      text        NOT NULL CHECK (production IN ('upload', 'phone', 'browser', 'professional', 'import')),
    state           text        NOT NULL
        CHECK (state IN ('waiting', 'refused', 'draft', 'approved', 'withdrawn', 'ordered')),
    file_name       text        NOT NULL DEFAULT '',
    item            text,
    seconds         numeric,
    loudness        numeric,
    peaks           real[]      NOT NULL DEFAULT '{}',
    warning         text,
    text            text        NOT NULL DEFAULT '',
    voice           text        NOT NULL DEFAULT '',
    refused_because text,
    test_code       text        NOT NULL UNIQUE,
    effective_from  timestamptz,
    created_by      text        NOT NULL,
    created_at      timestamptz NOT NULL DEFAULT now(),
    approved_by     text,
    approved_at     timestamptz,
    withdrawn_at    timestamptz,
    CHECK (state NOT IN ('draft', 'approved') OR item IS NOT NULL),
    CHECK (state <> 'approved' OR effective_from IS NOT NULL)
);
CREATE INDEX announcement_version_client ON announcement_version (client_id, name, id);
CREATE INDEX announcement_version_waiting ON announcement_version (id) WHERE state = 'waiting';
COMMENT ON COLUMN announcement_version.item IS 'its file in the client''s folder of the library';
COMMENT ON COLUMN announcement_version.loudness IS 'of what callers hear, in LUFS';
COMMENT ON COLUMN announcement_version.peaks IS 'the waveform, 0 to 1, from its beginning to its end';
COMMENT ON COLUMN announcement_version.text IS 'what is to be spoken, of one that was ordered';
