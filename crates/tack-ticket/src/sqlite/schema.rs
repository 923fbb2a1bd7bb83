//! The table of tickets.

use tack_sqlite::TableSet;

/// The table. A ticket is up to 64 KiB long, so that rows have numbers: the keys stay small. The index by expiry finds what goes,
/// and counts what is there. Times are seconds since 1970-01-01T00:00:00Z.
pub(crate) const TABLES: TableSet = TableSet {
    name: "tickets",
    version: 1,
    sql: "
    CREATE TABLE tickets (
        name TEXT NOT NULL,
        port INTEGER NOT NULL CHECK (port BETWEEN 0 AND 65535),
        protocol TEXT NOT NULL CHECK (protocol IN ('tls', 'dtls')),
        ticket BLOB NOT NULL CHECK (length(ticket) BETWEEN 1 AND 65535),
        secret BLOB NOT NULL CHECK (length(secret) IN (32, 48)),
        received INTEGER NOT NULL,
        expires INTEGER NOT NULL,
        PRIMARY KEY (name, port, protocol)
    ) STRICT;
    CREATE INDEX tickets_by_expiry ON tickets (expires);
",
};
