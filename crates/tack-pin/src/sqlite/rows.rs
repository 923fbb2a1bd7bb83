//! The tables of a store in SQLite, read and written.

use std::error::Error;
use std::str::FromStr;

use tack_core::{Fingerprint, HostName, Minute};
use tack_sqlite::rusqlite::types::Type;
use tack_sqlite::rusqlite::{self, Connection, OptionalExtension, Params, Row};

use crate::pin::Pin;
use crate::tables::Tables;

const PINS: &str = "
    SELECT fingerprint, min_generation, initial_time, end_time FROM pins CROSS JOIN keys ON id = key
    WHERE name = ? ORDER BY fingerprint";
const ALL_PINS: &str = "
    SELECT fingerprint, min_generation, initial_time, end_time, name FROM pins CROSS JOIN keys ON id = key
    ORDER BY name, fingerprint";
const MIN_GENERATION: &str = "SELECT min_generation FROM keys WHERE fingerprint = ?";
const NUMBER: &str = "SELECT number FROM count";
const FIRST_TO_END: &str = "
    SELECT end_time, name, fingerprint FROM pins CROSS JOIN keys ON id = key
    ORDER BY end_time, name, fingerprint LIMIT 1";
const INSERT_KEY: &str = "
    INSERT INTO keys (fingerprint, min_generation) VALUES (?, ?)
    ON CONFLICT (fingerprint) DO UPDATE SET min_generation = max(min_generation, excluded.min_generation)
    RETURNING id";
const INSERT_PIN: &str = "INSERT INTO pins (name, key, initial_time, end_time) VALUES (?, ?, ?, ?)";
const RAISE: &str = "UPDATE keys SET min_generation = ?2 WHERE fingerprint = ?1 AND min_generation < ?2";
const SET_PERIOD: &str = "
    UPDATE pins SET initial_time = ?3, end_time = ?4
    WHERE name = ?1 AND key = (SELECT id FROM keys WHERE fingerprint = ?2)";
const REMOVE: &str = "DELETE FROM pins WHERE name = ? AND key = (SELECT id FROM keys WHERE fingerprint = ?)";
const REMOVE_NAME: &str = "DELETE FROM pins WHERE name = ?";
const REMOVE_KEY: &str = "DELETE FROM pins WHERE key = (SELECT id FROM keys WHERE fingerprint = ?)";

/// The tables, within a transaction of a connection.
pub(crate) struct Rows<'a> {
    connection: &'a Connection,
    limit: usize,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(connection: &'a Connection, limit: usize) -> Self {
        Self { connection, limit }
    }

    /// Hands every pin, or those of one name, to `each`, by name and then fingerprint, until it says false.
    pub(crate) fn each(
        &self,
        name: Option<&HostName>,
        each: &mut dyn FnMut(&HostName, &Pin) -> bool,
    ) -> rusqlite::Result<()> {
        if let Some(name) = name {
            self.pins(name)?.iter().all(|pin| each(name, pin));
            return Ok(());
        }
        let mut statement = self.connection.prepare_cached(ALL_PINS)?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            if !each(&parsed(row, 4)?, &pin(row)?) {
                break;
            }
        }
        Ok(())
    }

    fn execute(&self, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
        self.connection.prepare_cached(sql)?.execute(params)
    }
}

impl Tables for Rows<'_> {
    type Error = rusqlite::Error;

    fn pins(&self, name: &HostName) -> rusqlite::Result<Vec<Pin>> {
        self.connection.prepare_cached(PINS)?.query_map([name.as_str()], pin)?.collect()
    }

    fn min_generation(&self, key: Fingerprint) -> rusqlite::Result<Option<u8>> {
        self.connection.prepare_cached(MIN_GENERATION)?.query_row([key.as_str()], |row| row.get(0)).optional()
    }

    fn is_full(&self) -> rusqlite::Result<bool> {
        let number: i64 = self.connection.prepare_cached(NUMBER)?.query_row((), |row| row.get(0))?;
        Ok(usize::try_from(number).is_ok_and(|number| number >= self.limit))
    }

    fn first_to_end(&self) -> rusqlite::Result<Option<(Minute, HostName, Fingerprint)>> {
        let place = |row: &Row<'_>| Ok((minute(row, 0)?, parsed(row, 1)?, parsed(row, 2)?));
        self.connection.prepare_cached(FIRST_TO_END)?.query_row((), place).optional()
    }

    fn insert(&mut self, name: &HostName, pin: &Pin) -> rusqlite::Result<()> {
        let mut statement = self.connection.prepare_cached(INSERT_KEY)?;
        let key: i64 = statement.query_row((pin.key.as_str(), pin.min_generation), |row| row.get(0))?;
        self.execute(INSERT_PIN, (name.as_str(), key, pin.initial.get(), pin.end.get()))?;
        Ok(())
    }

    fn raise(&mut self, key: Fingerprint, min_generation: u8) -> rusqlite::Result<()> {
        self.execute(RAISE, (key.as_str(), min_generation))?;
        Ok(())
    }

    fn set_period(&mut self, name: &HostName, pin: &Pin) -> rusqlite::Result<()> {
        self.execute(SET_PERIOD, (name.as_str(), pin.key.as_str(), pin.initial.get(), pin.end.get()))?;
        Ok(())
    }

    fn remove(&mut self, name: &HostName, key: Fingerprint) -> rusqlite::Result<()> {
        self.execute(REMOVE, (name.as_str(), key.as_str()))?;
        Ok(())
    }

    fn remove_name(&mut self, name: &HostName) -> rusqlite::Result<usize> {
        self.execute(REMOVE_NAME, [name.as_str()])
    }

    fn remove_key(&mut self, key: Fingerprint) -> rusqlite::Result<usize> {
        self.execute(REMOVE_KEY, [key.as_str()])
    }
}

/// A pin by its first four columns.
fn pin(row: &Row<'_>) -> rusqlite::Result<Pin> {
    Ok(Pin { key: parsed(row, 0)?, min_generation: row.get(1)?, initial: minute(row, 2)?, end: minute(row, 3)? })
}

fn minute(row: &Row<'_>, column: usize) -> rusqlite::Result<Minute> {
    row.get(column).map(Minute::new)
}

/// A value that is text in the table. What another program put there may be none.
fn parsed<T: FromStr<Err: Error + Send + Sync + 'static>>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(column)?.as_str()?;
    text.parse().map_err(|error| rusqlite::Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
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
    fn no_statement_goes_through_all_pins_or_sorts_them() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(TABLES.sql).unwrap();
        for sql in [PINS, MIN_GENERATION, INSERT_KEY, INSERT_PIN, RAISE, SET_PERIOD, REMOVE, REMOVE_NAME, REMOVE_KEY] {
            let plan = plan(&connection, sql);
            assert!(!plan.contains("SCAN"), "{sql}: {plan}");
        }
        // Two pins of a name are all that is sorted.
        assert!(plan(&connection, PINS).starts_with("SEARCH pins USING PRIMARY KEY (name=?)"));
        for (sql, index) in [(ALL_PINS, "SCAN pins; "), (FIRST_TO_END, "SCAN pins USING COVERING INDEX pins_by_end; ")]
        {
            let plan = plan(&connection, sql);
            assert!(plan.starts_with(index) && plan.ends_with("USE TEMP B-TREE FOR LAST TERM OF ORDER BY"), "{plan}");
        }
    }
}
