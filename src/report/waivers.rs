//! The waivers and alternatives of a configuration: where each stands, and what it waives or answers. As text for a person, as JSON for programs.

use std::collections::BTreeMap;

use serde::Serialize;

use super::paint::Paint;
use super::terminal::Style;
use super::text::{clip, name, plural};
use super::{AlternativeRow, WaiverRow};
use crate::engine::waiver::State;
use crate::engine::{Finding, RequirementState};
use crate::model::moment::{self, DAY_S};

/// Name of the format.
pub const FORMAT: &str = "backup-audit-waivers";
/// Version of the format.
pub const VERSION: u32 = 1;

/// Subjects that are named in a line.
const MOST_NAMED: usize = 6;
/// Characters of a text.
const MOST_TEXT: usize = 400;

/// All waivers at a moment.
#[derive(Clone, Debug)]
pub struct Waivers {
    /// Version of this tool.
    pub tool_version: String,
    /// The moment.
    pub as_of_s: i64,
    /// Each with where it stands, in the order of the file.
    pub list: Vec<Standing>,
    /// Alternatives, each with where it stands, in the order of the file.
    pub alternatives: Vec<Answering>,
}

/// An alternative at a moment.
#[derive(Clone, Debug)]
pub struct Answering {
    /// The alternative.
    pub row: AlternativeRow,
    /// Where it stands.
    pub state: State,
    /// Where its requirement stands; `None` if nothing was judged.
    pub requirement_state: Option<RequirementState>,
}

/// A waiver at a moment.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The waiver.
    pub row: WaiverRow,
    /// Where it stands.
    pub state: State,
    /// Why it is too broad, if it is.
    pub over_broad: Option<&'static str>,
    /// What it waives; `None` if nothing was judged, or its rule was not.
    pub waives: Option<Vec<Finding>>,
    /// What it would waive if it held, and what it may, whose tags are not known: failures that match it otherwise.
    pub would: Vec<Finding>,
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u32,
    tool_version: &'a str,
    as_of: String,
    /// By state.
    counts: BTreeMap<&'static str, usize>,
    waivers: Vec<Wire<'a>>,
    alternatives: Vec<WireAlternative<'a>>,
}

#[derive(Serialize)]
struct WireAlternative<'a> {
    id: &'a str,
    state: State,
    requirement: &'a str,
    /// Null if nothing was judged.
    requirement_state: Option<RequirementState>,
    reason: &'a str,
    alternative: &'a str,
    owner: &'a str,
    approver: &'a str,
    document: Option<&'a str>,
    start: String,
    expires: String,
    /// Until it expires; less than nothing since it did.
    days_left: i64,
}

#[derive(Serialize)]
struct Wire<'a> {
    id: &'a str,
    state: State,
    rule_id: &'a str,
    subjects: &'a str,
    reason: &'a str,
    owner: &'a str,
    approver: &'a str,
    compensating_control: &'a str,
    start: String,
    expires: String,
    /// Until it expires; less than nothing since it did.
    days_left: i64,
    over_broad: Option<&'static str>,
    /// Null if its rule was not judged.
    waives: Option<Vec<WireFinding<'a>>>,
    would_waive: Vec<WireFinding<'a>>,
}

#[derive(Serialize)]
struct WireFinding<'a> {
    subject_arn: &'a str,
    finding_id: &'a str,
}

/// The word of a state.
fn word(state: State) -> &'static str {
    match state {
        State::NotYet => "not_yet",
        State::Active => "active",
        State::Ending => "ending",
        State::Expired => "expired",
    }
}

impl Waivers {
    fn days_left(&self, expires_s: i64) -> i64 {
        (expires_s - self.as_of_s).div_euclid(DAY_S)
    }

    fn counts(&self) -> BTreeMap<&'static str, usize> {
        let states = [State::NotYet, State::Active, State::Ending, State::Expired];
        let count = |state: State| (word(state), self.list.iter().filter(|one| one.state == state).count());
        states.into_iter().map(count).collect()
    }
}

/// Writes the waivers as JSON, indented, with a line feed at its end.
///
/// # Errors
/// What serde gives, which plain structs do not.
pub fn json(waivers: &Waivers) -> Result<String, serde_json::Error> {
    let document = Document {
        format: FORMAT,
        version: VERSION,
        tool_version: &waivers.tool_version,
        as_of: moment::text(waivers.as_of_s),
        counts: waivers.counts(),
        waivers: waivers.list.iter().map(|one| wire(waivers, one)).collect(),
        alternatives: waivers.alternatives.iter().map(|one| wire_alternative(waivers, one)).collect(),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn wire<'a>(waivers: &Waivers, one: &'a Standing) -> Wire<'a> {
    fn finding(finding: &Finding) -> WireFinding<'_> {
        WireFinding { subject_arn: &finding.subject_arn, finding_id: &finding.finding_id }
    }
    let row = &one.row;
    Wire {
        id: &row.id,
        state: one.state,
        rule_id: &row.rule_id,
        subjects: &row.subjects,
        reason: &row.reason,
        owner: &row.owner,
        approver: &row.approver,
        compensating_control: &row.compensating_control,
        start: moment::text(row.start_s),
        expires: moment::text(row.expires_s),
        days_left: waivers.days_left(row.expires_s),
        over_broad: one.over_broad,
        waives: one.waives.as_ref().map(|waives| waives.iter().map(finding).collect()),
        would_waive: one.would.iter().map(finding).collect(),
    }
}

fn wire_alternative<'a>(waivers: &Waivers, one: &'a Answering) -> WireAlternative<'a> {
    let row = &one.row;
    WireAlternative {
        id: &row.id,
        state: one.state,
        requirement: &row.control,
        requirement_state: one.requirement_state,
        reason: &row.reason,
        alternative: &row.alternative,
        owner: &row.owner,
        approver: &row.approver,
        document: (!row.document.is_empty()).then_some(row.document.as_str()),
        start: moment::text(row.start_s),
        expires: moment::text(row.expires_s),
        days_left: waivers.days_left(row.expires_s),
    }
}

/// Writes the waivers for a person, and the alternatives if there are any.
pub fn text(waivers: &Waivers, style: Style) -> String {
    let paint = Paint::new(style);
    let mut parts = of_waivers(waivers, &paint);
    if !waivers.alternatives.is_empty() {
        parts.push(paint.indented(&format!("Documented alternatives at {} UTC", moment::short(waivers.as_of_s)), 2));
        parts.extend(waivers.alternatives.iter().map(|one| answering(waivers, one, &paint)));
    }
    let text = parts.join("\n");
    text.lines().map(|line| line.trim_end().to_owned() + "\n").collect()
}

fn of_waivers(waivers: &Waivers, paint: &Paint) -> Vec<String> {
    if waivers.list.is_empty() {
        return vec![paint.indented("No failure is accepted: audit.yaml has no waivers.", 0)];
    }
    let counts = waivers.counts();
    let of = |state: State| counts.get(word(state)).copied().unwrap_or(0);
    let told = [
        format!("{} active", of(State::Active)),
        format!("{} ending within 30 days", of(State::Ending)),
        format!("{} not yet in force", of(State::NotYet)),
        format!("{} expired", of(State::Expired)),
    ];
    let mut parts = vec![paint.indented(&format!("Waivers at {} UTC: {}", moment::short(waivers.as_of_s), told.join(", ")), 2)];
    parts.extend(waivers.list.iter().map(|one| standing(waivers, one, paint)));
    parts
}

/// The first line of a waiver or an alternative: its name, and where it stands.
fn heading(waivers: &Waivers, id: &str, state: State, (start_s, expires_s): (i64, i64), paint: &Paint) -> String {
    use comfy_table::Color;
    let (days, day) = (waivers.days_left(expires_s), |at_s: i64| moment::short(at_s));
    let (state, color) = match state {
        State::NotYet => (format!("not yet in force: begins {}", day(start_s)), Color::Cyan),
        State::Active => (format!("active for another {days} d, until {}", day(expires_s)), Color::Cyan),
        State::Ending => (format!("ends in {days} d, {}", day(expires_s)), Color::Yellow),
        State::Expired => (format!("expired {}, {} d ago", day(expires_s), -days), Color::Red),
    };
    paint.indented(&format!("{}: {}", paint.bold(&clip(id, 80)), paint.colored(&state, color)), 2)
}

fn answering(waivers: &Waivers, one: &Answering, paint: &Paint) -> String {
    let row = &one.row;
    let mut text = heading(waivers, &row.id, one.state, (row.start_s, row.expires_s), paint);
    let stands = one.requirement_state.map_or("not judged", RequirementState::word).replace('_', " ");
    text += &paint.indented(&format!("  {}: {stands}", clip(&row.control, 80)), 4);
    text += &paint.indented(&format!("  owner {}; approved by {}", clip(&row.owner, 80), clip(&row.approver, 80)), 4);
    text += &paint.indented(&format!("  {}; instead: {}", clip(&row.reason, MOST_TEXT), clip(&row.alternative, MOST_TEXT)), 4);
    if !row.document.is_empty() {
        text += &paint.indented(&format!("  document: {}", clip(&row.document, MOST_TEXT)), 4);
    }
    text
}

fn standing(waivers: &Waivers, one: &Standing, paint: &Paint) -> String {
    use comfy_table::Color;
    let row = &one.row;
    let mut text = heading(waivers, &row.id, one.state, (row.start_s, row.expires_s), paint);
    text += &paint.indented(&format!("  {} for {}", row.rule_id, clip(&row.subjects, MOST_TEXT)), 4);
    text += &paint.indented(&format!("  owner {}; approved by {}", clip(&row.owner, 80), clip(&row.approver, 80)), 4);
    text +=
        &paint.indented(&format!("  {}; in the meantime: {}", clip(&row.reason, MOST_TEXT), clip(&row.compensating_control, MOST_TEXT)), 4);
    let accepted = match &one.waives {
        None => "not known what it waives: its rule was not judged".to_owned(),
        Some(found) if found.is_empty() => "waives nothing".to_owned(),
        Some(found) => format!("waives {}", named(found)),
    };
    text += &paint.indented(&format!("  {accepted}"), 4);
    if !one.would.is_empty() {
        let why =
            if matches!(one.state, State::Active | State::Ending) { "may be for, by tags that were not read," } else { "would waive" };
        text += &paint.indented(&format!("  {why} {}", named(&one.would)), 4);
    }
    if let Some(why) = one.over_broad {
        text += &paint.indented(&paint.colored(&format!("  ! too broad: {why}"), Color::Red), 4);
    }
    text
}

fn named(findings: &[Finding]) -> String {
    let mut names: Vec<String> = findings.iter().take(MOST_NAMED).map(|finding| clip(&name(&finding.subject_arn), 80)).collect();
    if let Some(more) = findings.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        names.push(format!("{more} more"));
    }
    format!("{}: {}", plural(super::text::count(findings.len()), "failure", "failures"), names.join(", "))
}
