//! Restore tests: for each resource the newest restore that was seen, what is owed, and for which time it is known that there was none.
//!
//! Not seen is not the same as not done: AWS lists restore jobs of thirty days, so the time that the collections observed is told with every "none".

use serde::Serialize;

use crate::model::{Window, duration, moment};
use crate::report::dates;
use crate::report::input::{Judgement, RestoreJobRow, RestoreRow, RuleText};
use crate::report::text::{clip, count, type_words};

use super::findings::{RuleLine, line as rule_line};
use super::index::Index;
use super::ledger::Ledger;
use super::paging::{Paging, bytes_of, numbered, split};

/// File of the first page.
pub(in crate::report) const FILE: &str = "restores.html";
/// The relation whose rules speak of restores.
const RELATION: &str = "restores";
/// Rows on a page.
const MOST_ROWS: usize = 300;
/// Rows on all pages.
const MOST_LISTED: usize = 20_000;
/// Bytes of markup around the texts of one row, at most.
const MARKUP_BYTES: usize = 900;

/// A page of restores.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RestoresPage {
    /// Resources that hold data of their own.
    pub resources: u64,
    /// Resources with a restore that completed, as far as was seen.
    pub restored: u64,
    /// Resources of which only restores that did not complete were seen.
    pub otherwise: u64,
    /// Resources of which no restore was seen.
    pub unseen: u64,
    /// Restore jobs that were seen.
    pub jobs: u64,
    /// Rules about restores.
    pub rules: Vec<RuleLine>,
    /// The times in which restore jobs were observed in the whole scope, in words.
    pub observed: Vec<String>,
    /// Whether they cover all of the window judged.
    pub whole: bool,
    /// The rows of this page: first those without one that completed, then those whose newest is the oldest.
    pub rows: Vec<RestoredLine>,
    /// Rows on no page.
    pub more: u64,
    /// The other pages.
    pub paging: Paging,
}

/// The restores of one resource in a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RestoredLine {
    /// ARN.
    pub arn: String,
    /// Name.
    pub name: String,
    /// File of its page; empty if it has none.
    pub page: String,
    /// Type in words.
    pub type_words: String,
    /// Account.
    pub account_id: String,
    /// Region.
    pub region: String,
    /// `pass` (one completed), `fail` (none that was seen completed), `none` (nothing was seen, and all of the window was observed) or `unknown`.
    pub state: &'static str,
    /// What was seen, in words.
    pub words: String,
    /// The newest job; `None` if nothing was seen.
    pub newest: Option<RestoreLine>,
    /// What is owed, in words; empty if nothing is.
    pub owed: Vec<String>,
    /// The worst technical restore time, in words; empty if none was seen.
    pub worst: String,
    /// `fail` if that is more than is owed, else `none`.
    pub worst_state: &'static str,
    /// The restore testing plan that selects it; `none`, or `not known`.
    pub testing_plan: String,
    /// Jobs that were seen.
    pub jobs: u64,
}

/// A restore job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RestoreLine {
    /// When it was created.
    pub created: String,
    /// Status in AWS's word.
    pub status: String,
    /// A class of the style sheet: `pass`, `fail` or `none` (not over).
    pub state: &'static str,
    /// Whether a restore testing plan asked for it.
    pub is_test: bool,
    /// How long it took; empty if it is not over.
    pub took: String,
    /// How old the point was that it restored; empty if that was not told.
    pub point_age: String,
    /// What the validation came to; empty if nobody validated it.
    pub validation: String,
    /// A class of the style sheet for it.
    pub validation_state: &'static str,
    /// What became of what a test made; may be empty.
    pub deletion: String,
    /// What AWS says; may be empty.
    pub message: String,
    /// Region it ran in.
    pub region: String,
    /// Its id.
    pub job_id: String,
}

/// The pages, each with its file, one after the other.
pub(in crate::report) fn pages<'a>(
    judgement: &'a Judgement,
    ledger: &'a Ledger<'a>,
    index: &'a Index<'a>,
) -> impl Iterator<Item = (String, RestoresPage)> + 'a {
    let window = judgement.about.window;
    let mut rows: Vec<_> = judgement.restores.iter().collect();
    rows.sort_by_cached_key(|row| (row.completed_s, !row.jobs.is_empty(), row.subject_arn.clone()));
    let as_of_s = judgement.about.as_of_s;
    let lines: Vec<_> = rows.iter().take(MOST_LISTED).map(|row| line(row, window, as_of_s, index)).collect();
    let of = |state: fn(&RestoreRow) -> bool| count(rows.iter().filter(|row| state(row)).count());
    let speaks = |text: &&RuleText| text.over.0 == RELATION;
    let whole = RestoresPage {
        resources: count(rows.len()),
        restored: of(|row| row.completed_s.is_some()),
        otherwise: of(|row| row.completed_s.is_none() && !row.jobs.is_empty()),
        unseen: of(|row| row.completed_s.is_none() && row.jobs.is_empty()),
        jobs: rows.iter().map(|row| count(row.jobs.len()) + row.jobs_more).sum(),
        rules: ledger.rules.iter().filter(|rule| rule.text.as_ref().is_some_and(speaks)).map(rule_line).collect(),
        observed: judgement.restores_observed.iter().map(|one| dates::window(*one)).collect(),
        whole: judgement.restores_observed.iter().any(|one| one.start_s <= window.start_s && window.end_s <= one.end_s),
        rows: Vec::new(),
        more: count(rows.len() - lines.len()),
        paging: Paging::new(FILE, &[], 0),
    };
    let ranges = split(lines.iter().map(bytes), MOST_ROWS);
    (0..ranges.len()).map(move |at| {
        let page = RestoresPage { rows: lines[ranges[at].clone()].to_vec(), paging: Paging::new(FILE, &ranges, at), ..whole.clone() };
        (numbered(FILE, at), page)
    })
}

fn line(row: &RestoreRow, window: Window, as_of_s: i64, index: &Index<'_>) -> RestoredLine {
    let ago = |at_s: i64| duration::text(as_of_s.saturating_sub(at_s).max(0));
    let (state, words) = match (row.completed_s, row.jobs.first()) {
        (Some(at_s), _) => ("pass", format!("restored, {} ago", ago(at_s))),
        (None, Some(_)) => ("fail", "no restore that was seen completed".to_owned()),
        (None, None) if row.none_for_s >= window.seconds() => ("none", "not restored in the whole window".to_owned()),
        (None, None) if row.none_for_s > 0 => {
            ("unknown", format!("not restored for {}; before that nobody knows", duration::text(row.none_for_s)))
        }
        (None, None) => ("unknown", "no restore seen, and none is proven".to_owned()),
    };
    let every = row.every_s.map(|every_s| format!("every {}", duration::text(every_s)));
    let rto = row.rto_s.map(|rto_s| format!("within {}", duration::text(rto_s)));
    let late = row.worst_restore_s.zip(row.rto_s).is_some_and(|(worst_s, rto_s)| worst_s > rto_s);
    RestoredLine {
        arn: clip(&row.subject_arn, 300),
        name: index.name(&row.subject_arn),
        page: index.page(&row.subject_arn).to_owned(),
        type_words: type_words(&row.subject_type).0,
        account_id: clip(&row.account_id, 32),
        region: clip(&row.region, 32),
        state,
        words,
        newest: row.jobs.first().map(job_line),
        owed: every.into_iter().chain(rto).collect(),
        worst: row.worst_restore_s.map_or_else(String::new, duration::text),
        worst_state: if late { "fail" } else { "none" },
        testing_plan: match (row.testing_plan.as_str(), row.selected) {
            ("", Some(false)) => "none".to_owned(),
            ("", _) => "not known".to_owned(),
            (plan, _) => clip(plan, 80),
        },
        jobs: count(row.jobs.len()) + row.jobs_more,
    }
}

/// The jobs of a resource, newest first.
pub(super) fn job_lines(row: &RestoreRow) -> impl Iterator<Item = RestoreLine> + '_ {
    row.jobs.iter().map(job_line)
}

fn job_line(job: &RestoreJobRow) -> RestoreLine {
    RestoreLine {
        created: moment::short(job.created_s),
        status: clip(&job.status, 40),
        state: match job.status.as_str() {
            "COMPLETED" if job.validation != "FAILED" => "pass",
            "COMPLETED" | "FAILED" | "ABORTED" => "fail",
            _ => "none",
        },
        is_test: job.is_test,
        took: job.completed_s.map_or_else(String::new, |done_s| duration::text(done_s.saturating_sub(job.created_s).max(0))),
        point_age: job.point_s.map_or_else(String::new, |point_s| duration::text(job.created_s.saturating_sub(point_s).max(0))),
        validation: clip(&job.validation, 40),
        validation_state: match job.validation.as_str() {
            "SUCCESSFUL" => "pass",
            "FAILED" => "fail",
            _ => "none",
        },
        deletion: clip(&job.deletion, 40),
        message: clip(if job.message.is_empty() { &job.validation_message } else { &job.message }, 300),
        region: clip(&job.place.1, 32),
        job_id: clip(&job.job_id, 80),
    }
}

fn bytes(line: &RestoredLine) -> usize {
    let newest = line.newest.as_ref().map_or(0, |job| bytes_of([job.message.as_str(), &job.job_id]));
    let texts = [&line.arn, &line.name, &line.page, &line.type_words, &line.account_id, &line.region, &line.words];
    MARKUP_BYTES + newest + bytes_of(texts.map(String::as_str))
}
