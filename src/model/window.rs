//! Spans of time, half-open.

use serde::{Deserialize, Serialize};

use super::moment::parse;

/// A span of time `[start_s, end_s)` in epoch seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// First second inside.
    pub start_s: i64,
    /// First second after.
    pub end_s: i64,
}

impl Window {
    /// Reads `A..B`, each as [`parse`] does.
    ///
    /// # Errors
    /// A sentence naming what is wrong: no `..`, an unreadable moment, or an end that is not after the start.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (start, end) = text.split_once("..").ok_or_else(|| format!("`{text}` is not a window: write `2026-08-22..2026-11-20`"))?;
        let (start_s, end_s) = (parse(start).map_err(|e| e.to_string())?, parse(end).map_err(|e| e.to_string())?);
        if end_s <= start_s {
            return Err(format!("the window `{text}` ends before it begins"));
        }
        Ok(Self { start_s, end_s })
    }

    /// Length in seconds.
    pub fn seconds(&self) -> i64 {
        self.end_s - self.start_s
    }
}

/// Merges windows that touch or overlap.
pub fn merge(mut windows: Vec<Window>) -> Vec<Window> {
    windows.retain(|window| window.start_s < window.end_s);
    windows.sort_by_key(|window| (window.start_s, window.end_s));
    let mut merged: Vec<Window> = Vec::new();
    for window in windows {
        match merged.last_mut() {
            Some(last) if window.start_s <= last.end_s => last.end_s = last.end_s.max(window.end_s),
            _ => merged.push(window),
        }
    }
    merged
}

/// What two lists of windows, each merged, have in common.
pub fn common(left: &[Window], right: &[Window]) -> Vec<Window> {
    let overlap = |one: &Window, other: &Window| Window { start_s: one.start_s.max(other.start_s), end_s: one.end_s.min(other.end_s) };
    merge(left.iter().flat_map(|one| right.iter().map(move |other| overlap(one, other))).collect())
}
