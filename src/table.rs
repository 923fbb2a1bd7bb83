//! Lists, for people as a table and for programs as JSON. Their rows may be many, and are read twice rather than kept.

use std::io::{BufWriter, Write};

use anyhow::Result;
use serde_json::Value;

use crate::output::{stdout_failed, stdout_to_show};

/// Takes a row, until it fails.
type Take<'a, T> = &'a mut dyn FnMut(T) -> Result<()>;

/// Prints a table with a header, and nothing where there is no row. `each` hands over every row, twice.
pub fn print_table<const N: usize>(
    header: [&str; N],
    each: impl Fn(Take<'_, [String; N]>) -> Result<()>,
) -> Result<()> {
    let mut out = BufWriter::new(stdout_to_show()?);
    let mut widths = header.map(str::len);
    each(&mut |cells| {
        widths.iter_mut().zip(&cells).for_each(|(width, cell)| *width = cell.len().max(*width));
        Ok(())
    })?;
    let mut is_first = true;
    each(&mut |cells| {
        let header = std::mem::take(&mut is_first).then(|| line(&header.map(ToOwned::to_owned), widths));
        write!(out, "{}{}", header.unwrap_or_default(), line(&cells, widths)).map_err(stdout_failed)
    })?;
    out.flush().map_err(stdout_failed)
}

/// Prints an array with an element on each line. `each` hands over every element.
pub fn print_array(each: impl FnOnce(Take<'_, Value>) -> Result<()>) -> Result<()> {
    let mut out = BufWriter::new(stdout_to_show()?);
    write!(out, "[").map_err(stdout_failed)?;
    let mut separator = "\n";
    each(&mut |element| {
        write!(out, "{separator}{element}").map_err(stdout_failed)?;
        separator = ",\n";
        Ok(())
    })?;
    writeln!(out, "\n]").map_err(stdout_failed)?;
    out.flush().map_err(stdout_failed)
}

/// The last column needs no width.
fn line<const N: usize>(cells: &[String; N], widths: [usize; N]) -> String {
    let cells: Vec<_> = cells.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
    format!("{}\n", cells.join("  ").trim_end())
}
