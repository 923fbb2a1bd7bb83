//! The tables of pins.

use tack_sqlite::TableSet;

/// The tables. Files of the first version have them without a record of the set.
///
/// A key is there as long as a pin is of it. `number` is how many pins there are, which SQLite would count one by one.
/// The index by end finds what gives way in a full store; it has the name behind the end, as the primary key is part of it.
pub(crate) const TABLES: TableSet = TableSet {
    name: "pins",
    version: 1,
    sql: "
    CREATE TABLE keys (
        id INTEGER PRIMARY KEY,
        fingerprint TEXT NOT NULL UNIQUE,
        min_generation INTEGER NOT NULL CHECK (min_generation BETWEEN 0 AND 255)
    ) STRICT;
    CREATE TABLE pins (
        name TEXT NOT NULL,
        key INTEGER NOT NULL REFERENCES keys (id),
        initial_time INTEGER NOT NULL CHECK (initial_time BETWEEN 0 AND 4294967295),
        end_time INTEGER NOT NULL CHECK (end_time BETWEEN 0 AND 4294967295),
        PRIMARY KEY (name, key)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX pins_by_end ON pins (end_time);
    CREATE INDEX pins_by_key ON pins (key);
    CREATE TABLE count (id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL) STRICT;
    INSERT INTO count VALUES (1, 0);
    CREATE TRIGGER pin_added AFTER INSERT ON pins BEGIN
        UPDATE count SET number = number + 1;
    END;
    CREATE TRIGGER pin_removed AFTER DELETE ON pins BEGIN
        UPDATE count SET number = number - 1;
        DELETE FROM keys WHERE id = OLD.key AND NOT EXISTS (SELECT 1 FROM pins WHERE key = OLD.key);
    END;
",
};
