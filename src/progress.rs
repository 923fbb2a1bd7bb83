//! The progress bar of work that takes a while.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Work that takes longer shows a bar.
const AFTER: Duration = Duration::from_millis(500);

/// A progress bar on a terminal, once the work has taken half a second. It goes when it is dropped.
pub struct Progress {
    bar: ProgressBar,
    is_wanted: bool,
    started: Instant,
}

impl Progress {
    /// For so many things of this name, such as "tacks".
    pub fn new(total: u64, things: &str, is_wanted: bool) -> Self {
        let template = format!("{{bar:40}} {{pos}}/{{len}} {things}, {{eta}} left");
        let style = ProgressStyle::with_template(&template).expect("a template that holds");
        let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::hidden());
        Self { bar: bar.with_style(style), is_wanted, started: Instant::now() }
    }

    /// One more is done.
    pub fn advance(&mut self) {
        if self.is_wanted && self.started.elapsed() > AFTER {
            self.is_wanted = false;
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.inc(1);
    }

    /// Takes the bar away.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}
