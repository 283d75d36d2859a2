-- What clients have paid before, what closed months took of it, and clients' numbers in the bookkeeping.

CREATE TABLE balance_entry (
    id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client   text           NOT NULL,
    currency text           NOT NULL,
    amount   numeric(14, 2) NOT NULL CHECK (amount <> 0),
    what     text           NOT NULL,
    month    date           CHECK (extract(day FROM month) = 1),
    at       timestamptz    NOT NULL,
    by       text           NOT NULL,
    UNIQUE (client, month)
);
COMMENT ON TABLE balance_entry IS 'with VAT; positive: paid in. A balance is the sum of its entries';
COMMENT ON COLUMN balance_entry.month IS 'of the statement that took it; null: a payment, or a correction of one';

CREATE TRIGGER balance_entry_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON balance_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
ALTER TABLE balance_entry ENABLE ALWAYS TRIGGER balance_entry_append_only;

CREATE TABLE debtor (
    client text    PRIMARY KEY,
    number integer NOT NULL UNIQUE
);
COMMENT ON TABLE debtor IS 'a client''s account in the bookkeeping, given at its first export and kept for ever';
