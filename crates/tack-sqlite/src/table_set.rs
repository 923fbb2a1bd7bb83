//! The tables that one user of the file brings.

/// The tables that one user of the file needs, and makes where they are missing.
///
/// ```
/// use tack_sqlite::TableSet;
///
/// const VISITS: TableSet = TableSet {
///     name: "visits",
///     version: 1,
///     sql: "
///         CREATE TABLE visits (host TEXT NOT NULL, minute INTEGER NOT NULL) STRICT;
///         CREATE INDEX visits_by_host ON visits (host);",
/// };
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableSet {
    /// The name of the set, which one of its tables has too. No other set has a table, an index or a trigger of a name in it.
    pub name: &'static str,
    /// The version of the tables, from 1. A file with another version of the set is refused.
    pub version: i64,
    /// The statements that make the tables, separated by ";". They run once, in a transaction.
    pub sql: &'static str,
}
