//! The table of tickets, read and written.

use std::error::Error;
use std::str::FromStr;

use tack_core::{HostName, Timestamp};
use tack_sqlite::rusqlite::types::Type;
use tack_sqlite::rusqlite::{self, Connection, OptionalExtension, Params, Row};

use crate::list::TicketListError;
use crate::origin::Origin;
use crate::pin::TicketPin;
use crate::secret::PinningSecret;
use crate::store::{ImportedTickets, MAX_PINS};
use crate::ticket::Ticket;

const FIND: &str = "SELECT ticket, secret, received, expires FROM tickets WHERE name = ? AND port = ? AND protocol = ?";
/// tls comes before dtls.
const ALL: &str = "
    SELECT ticket, secret, received, expires, name, port, protocol FROM tickets ORDER BY name, port, protocol DESC";
const RECEIVED: &str = "SELECT received FROM tickets WHERE name = ? AND port = ? AND protocol = ?";
const NUMBER: &str = "SELECT count(*) FROM tickets";
const INSERT: &str = "
    INSERT INTO tickets (name, port, protocol, ticket, secret, received, expires) VALUES (?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (name, port, protocol) DO UPDATE
    SET ticket = excluded.ticket, secret = excluded.secret, received = excluded.received, expires = excluded.expires";
const REMOVE_EXPIRED: &str = "DELETE FROM tickets WHERE expires <= ?";
const REMOVE_NAME: &str = "DELETE FROM tickets WHERE name = ?";
const REMOVE_PORT: &str = "DELETE FROM tickets WHERE name = ? AND port = ?";

/// The table, within a transaction of a connection.
pub(crate) struct Rows<'a>(&'a Connection);

impl<'a> Rows<'a> {
    pub(crate) fn new(connection: &'a Connection) -> Self {
        Self(connection)
    }

    /// The pin of a server, expired or not.
    pub(crate) fn find(&self, origin: &Origin) -> rusqlite::Result<Option<TicketPin>> {
        self.0.prepare_cached(FIND)?.query_row(key(origin), |row| pin(row, origin)).optional()
    }

    /// Hands every pin to `each`, in the order of the servers, until it says false.
    pub(crate) fn each(&self, each: &mut dyn FnMut(&Origin, &TicketPin) -> bool) -> rusqlite::Result<()> {
        let mut statement = self.0.prepare_cached(ALL)?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            let origin = Origin { name: parsed(row, 4)?, port: row.get(5)?, protocol: parsed(row, 6)? };
            if !each(&origin, &pin(row, &origin)?) {
                break;
            }
        }
        Ok(())
    }

    /// Keeps a pin unless there is a valid one, and says whether it did; none if there is no place for it.
    pub(crate) fn add(&self, origin: &Origin, pin: &TicketPin, now: Timestamp) -> rusqlite::Result<Option<bool>> {
        self.execute(REMOVE_EXPIRED, [now.seconds()])?;
        match self.received(origin)? {
            Some(_) => Ok(Some(false)),
            None => Ok(self.keep(origin, pin, now)?.map(|()| true)),
        }
    }

    /// Keeps a pin, without those that have expired; none if there is no place for it.
    pub(crate) fn keep(&self, origin: &Origin, pin: &TicketPin, now: Timestamp) -> rusqlite::Result<Option<()>> {
        self.execute(REMOVE_EXPIRED, [now.seconds()])?;
        if self.received(origin)?.is_none() && self.excess()? >= 0 {
            return Ok(None);
        }
        self.insert(origin, pin)?;
        Ok(Some(()))
    }

    pub(crate) fn forget(&self, name: &HostName, port: Option<u16>) -> rusqlite::Result<usize> {
        match port {
            Some(port) => self.execute(REMOVE_PORT, (name.as_str(), port)),
            None => self.execute(REMOVE_NAME, [name.as_str()]),
        }
    }

    /// Merges pins; none, and nothing has changed, if there is no place for all.
    pub(crate) fn import(
        &self,
        pins: &[(Origin, TicketPin)],
        now: Timestamp,
    ) -> rusqlite::Result<Option<ImportedTickets>> {
        self.0.execute_batch("SAVEPOINT import")?;
        self.execute(REMOVE_EXPIRED, [now.seconds()])?;
        let mut numbers = ImportedTickets::default();
        for (origin, pin) in pins {
            match self.received(origin)? {
                _ if !pin.is_valid(now) => numbers.expired += 1,
                Some(received) if received >= pin.received().seconds() => numbers.unchanged += 1,
                there => {
                    if there.is_some() {
                        numbers.changed += 1;
                    } else {
                        numbers.added += 1;
                    }
                    self.insert(origin, pin)?;
                }
            }
        }
        let is_full = self.excess()? > 0;
        if is_full {
            self.0.execute_batch("ROLLBACK TO import")?;
        }
        self.0.execute_batch("RELEASE import")?;
        Ok((!is_full).then_some(numbers))
    }

    fn received(&self, origin: &Origin) -> rusqlite::Result<Option<i64>> {
        self.0.prepare_cached(RECEIVED)?.query_row(key(origin), |row| row.get(0)).optional()
    }

    /// By how many tickets the table is larger than a store may be, or, if it is negative, has room for.
    fn excess(&self) -> rusqlite::Result<i64> {
        let number: i64 = self.0.prepare_cached(NUMBER)?.query_row((), |row| row.get(0))?;
        Ok(number - i64::try_from(MAX_PINS).expect("a store has few pins"))
    }

    fn insert(&self, origin: &Origin, pin: &TicketPin) -> rusqlite::Result<()> {
        let (name, port, protocol) = key(origin);
        let (ticket, secret) = (pin.ticket().as_bytes(), pin.secret().as_bytes());
        let (received, expires) = (pin.received().seconds(), pin.expires().seconds());
        self.execute(INSERT, (name, port, protocol, ticket, secret, received, expires)).map(drop)
    }

    fn execute(&self, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
        self.0.prepare_cached(sql)?.execute(params)
    }
}

/// What a server is found by.
fn key(origin: &Origin) -> (&str, u16, &str) {
    (origin.name.as_str(), origin.port, origin.protocol.as_str())
}

/// The pin of a server by its first four columns. What another program put there may be none.
fn pin(row: &Row<'_>, origin: &Origin) -> rusqlite::Result<TicketPin> {
    let ticket = Ticket::new(row.get_ref(0)?.as_blob()?.to_vec());
    let secret = PinningSecret::from_bytes(row.get_ref(1)?.as_blob()?);
    let (received, expires) = (Timestamp::new(row.get(2)?), Timestamp::new(row.get(3)?));
    let pin = ticket.zip(secret).and_then(|(ticket, secret)| TicketPin::kept(ticket, secret, received, expires));
    pin.ok_or_else(|| damaged(0, Type::Blob, TicketListError::Pin(origin.clone())))
}

/// A value that is text in the table.
fn parsed<T: FromStr<Err: Error + Send + Sync + 'static>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    row.get_ref(column)?.as_str()?.parse().map_err(|error| damaged(column, Type::Text, error))
}

fn damaged(column: usize, kind: Type, error: impl Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::schema::TABLES;

    /// What a statement does, in SQLite's words.
    fn plan(connection: &Connection, sql: &str) -> String {
        let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
        let nulls = vec![rusqlite::types::Null; statement.parameter_count()];
        let steps = statement.query_map(rusqlite::params_from_iter(nulls), |row| row.get::<_, String>(3)).unwrap();
        steps.map(Result::unwrap).collect::<Vec<_>>().join("; ")
    }

    #[test]
    fn no_statement_goes_through_all_tickets_or_sorts_them() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(TABLES.sql).unwrap();
        for sql in [FIND, RECEIVED, INSERT, REMOVE_EXPIRED, REMOVE_NAME, REMOVE_PORT] {
            let plan = plan(&connection, sql);
            assert!(!plan.contains("SCAN"), "{sql}: {plan}");
        }
        assert_eq!(plan(&connection, NUMBER), "SCAN tickets USING COVERING INDEX tickets_by_expiry");
        let all = plan(&connection, ALL);
        let by_name = "SCAN tickets USING INDEX sqlite_autoindex_tickets_1; ";
        assert!(all.starts_with(by_name) && all.ends_with("USE TEMP B-TREE FOR LAST TERM OF ORDER BY"), "{all}");
    }
}
