//! A line of characters that shows what is past, what is covered, and where there are gaps.

use tack_core::{Coverage, Minute, Timestamp};

/// The width of the line.
pub const COLUMNS: u16 = 60;
const PLAIN: &str = "\x1b[0m";

/// What a character of the line means, as its colour says it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    Faint,
    Good,
    Middling,
    Bad,
}

impl Tone {
    fn colour(self) -> &'static str {
        match self {
            Self::Faint => "\x1b[2m",
            Self::Good => "\x1b[32m",
            Self::Middling => "\x1b[33m",
            Self::Bad => "\x1b[31m",
        }
    }
}

/// What a column stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Past,
    Covered,
    Gap,
}

impl Column {
    fn mark(self) -> (char, Tone) {
        match self {
            Self::Past => ('.', Tone::Faint),
            Self::Covered => ('=', Tone::Good),
            Self::Gap => ('!', Tone::Bad),
        }
    }
}

/// The time from the first expiration, or now if that is earlier, to the last, or now.
pub fn timeline(coverage: &Coverage, now: Timestamp, is_coloured: bool) -> String {
    draw(columns(coverage, now).into_iter().map(Column::mark), is_coloured)
}

/// A line of these characters.
pub fn draw(marks: impl Iterator<Item = (char, Tone)>, is_coloured: bool) -> String {
    let mut line = String::from("[");
    let mut last = None;
    for (mark, tone) in marks {
        if is_coloured && last != Some(tone) {
            line += PLAIN;
            line += tone.colour();
            last = Some(tone);
        }
        line.push(mark);
    }
    if is_coloured {
        line += PLAIN;
    }
    line + "]"
}

fn columns(coverage: &Coverage, now: Timestamp) -> Vec<Column> {
    let (Some(first), Some(last)) = (coverage.first(), coverage.last()) else {
        return (0..COLUMNS).map(|_| Column::Gap).collect();
    };
    // In this type no sum or product of times overflows.
    let width = i128::from(COLUMNS);
    let seconds = |minute: Minute| i128::from(minute.seconds());
    let (first, last, now) = (seconds(first), seconds(last), i128::from(now.seconds()));
    let from = first.min(now);
    let whole = (last.max(now) - from).max(1);
    let begins: Vec<_> = (0..width).map(|column| from + whole * column / width).collect();
    let ends: Vec<_> = (1..=width).map(|column| from + whole * column / width).collect();
    let mut columns: Vec<_> = begins.iter().map(|at| if *at < last { Column::Covered } else { Column::Gap }).collect();
    for (gap, next) in coverage.gaps() {
        let start = ends.partition_point(|end| *end <= seconds(gap));
        let stop = begins.partition_point(|begin| *begin < seconds(next));
        columns.iter_mut().take(stop).skip(start).for_each(|column| *column = Column::Gap);
    }
    let past = ends.partition_point(|end| *end <= now);
    columns.iter_mut().take(past).for_each(|column| *column = Column::Past);
    columns
}
