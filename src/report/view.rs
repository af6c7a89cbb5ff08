//! What reports for people are written from: counted, sorted, cut to size, in words. [`View`] is the overview; every page has a view of its own.
//!
//! Built from a [`Judgement`]; templates only place what is here. Nothing is judged anew: what is counted are the verdicts of the findings.
//! Lists are cut to a length that keeps a page readable, and what was cut is said as `more`. Texts are cleaned but not escaped; that is the
//! format's affair.

pub mod course;
mod effects;
pub mod exposure;
pub mod findings;
pub mod frameworks;
pub mod gaps;
pub mod index;
pub(super) mod ledger;
pub mod method;
pub mod paging;
pub mod protection;
pub mod resource;
pub mod resources;
pub mod restores;
pub mod totals;

use serde::Serialize;

pub use exposure::{ExposureLine, ExposureView};
pub use frameworks::FrameworkCard;
pub use gaps::{GapGroup, GapsView};
pub use index::subjects_with_pages;
pub use protection::{CellView, ProtectionLine, ProtectionView};
pub use totals::{SeverityCounts, TodoItem, TodoView, Totals};

use super::dates;
use super::input::{About, CollectionRow, Judgement};
use super::text::{clean, clip, count};

/// Accounts and Regions named in the head of a page.
const MOST_NAMES: usize = 24;
/// Groups of gaps that an overview tells.
const MOST_GAPS: usize = 5;

/// A judgement at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct View {
    /// Name of the report.
    pub title: String,
    /// Version of the tool.
    pub tool_version: String,
    /// The moment judged, epoch seconds.
    pub as_of_s: i64,
    /// The span of time judged.
    pub window: WindowView,
    /// Accounts in scope.
    pub accounts: Names,
    /// Regions in scope.
    pub regions: Names,
    /// Collections that were read.
    pub collections: CollectionsView,
    /// SHA-256 over the collections.
    pub dataset_digest: String,
    /// SHA-256 over the rules.
    pub rules_digest: String,
    /// What was asked for, and left out by decision.
    pub scope: String,
    /// Verdicts counted.
    pub totals: Totals,
    /// What is unknown, and why.
    pub gaps: GapsView,
    /// What to do first.
    pub todo: TodoView,
    /// Frameworks.
    pub frameworks: Vec<FrameworkCard>,
    /// How much could have been lost.
    pub exposure: ExposureView,
    /// What is protected.
    pub protection: ProtectionView,
}

/// A window in numbers and words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct WindowView {
    /// First second inside.
    pub start_s: i64,
    /// First second after.
    pub end_s: i64,
    /// As a title: `22 Aug – 20 Nov 2026`.
    pub title: String,
    /// To the minute, with its length.
    pub text: String,
}

/// Some names, of which the first are shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Names {
    /// How many there are.
    pub count: u64,
    /// The first of them, sorted.
    pub shown: Vec<String>,
    /// How many are not shown.
    pub more: u64,
}

/// The collections that were read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CollectionsView {
    /// How many there are.
    pub count: u64,
    /// How many of them are complete.
    pub complete: u64,
    /// When the newest began; `None` without any.
    pub newest_s: Option<i64>,
}

/// One collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CollectionLine {
    /// Its folder's name.
    pub id: String,
    /// When it was begun.
    pub started_s: i64,
    /// Whether every read in it is complete.
    pub complete: bool,
    /// Reads in it that are not complete.
    pub gaps: u64,
    /// ARN of whoever read it.
    pub caller: String,
    /// Version of the tool that wrote it.
    pub tool_version: String,
}

impl View {
    /// Arranges a judgement. The order of its lists does not matter.
    pub fn build(judgement: &Judgement) -> Self {
        let about = &judgement.about;
        let ledger = ledger::Ledger::new(judgement);
        let index = index::Index::new(judgement);
        Self {
            title: clip(&about.title, 120),
            tool_version: clean(&about.tool_version),
            as_of_s: about.as_of_s,
            window: window_view(about),
            accounts: names(&about.accounts),
            regions: names(&about.regions),
            collections: collections(&about.collections),
            dataset_digest: clip(&about.dataset_digest, 128),
            rules_digest: clip(&about.rules_digest, 128),
            scope: clip(&about.scope, 2_000),
            totals: ledger.totals(),
            gaps: gaps::view(judgement, &index, MOST_GAPS),
            todo: ledger.todo(&index),
            frameworks: frameworks::cards(&judgement.frameworks),
            exposure: exposure::view(&judgement.exposure, about.window, &index),
            protection: protection::view(&judgement.protection),
        }
    }
}

fn window_view(about: &About) -> WindowView {
    let window = about.window;
    WindowView { start_s: window.start_s, end_s: window.end_s, title: dates::span(window), text: dates::window(window) }
}

fn names(names: &[String]) -> Names {
    let mut sorted: Vec<_> = names.iter().collect();
    sorted.sort();
    sorted.dedup();
    let shown: Vec<_> = sorted.iter().take(MOST_NAMES).map(|name| clip(name, 64)).collect();
    Names { count: count(sorted.len()), more: count(sorted.len() - shown.len()), shown }
}

fn collections(rows: &[CollectionRow]) -> CollectionsView {
    CollectionsView {
        count: count(rows.len()),
        complete: count(rows.iter().filter(|row| row.complete && row.gaps == 0).count()),
        newest_s: rows.iter().map(|row| row.started_s).max(),
    }
}

/// The newest collections, newest first, and how many are not told.
fn collection_lines(rows: &[CollectionRow], most: usize) -> (Vec<CollectionLine>, u64) {
    let mut sorted: Vec<_> = rows.iter().collect();
    sorted.sort_by(|a, b| (b.started_s, &b.id).cmp(&(a.started_s, &a.id)));
    let line = |row: &&CollectionRow| CollectionLine {
        id: clip(&row.id, 80),
        started_s: row.started_s,
        complete: row.complete && row.gaps == 0,
        gaps: row.gaps,
        caller: clip(&row.caller, 200),
        tool_version: clip(&row.tool_version, 40),
    };
    (sorted.iter().take(most).map(line).collect(), count(sorted.len().saturating_sub(most)))
}
