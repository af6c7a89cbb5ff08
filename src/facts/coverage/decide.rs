//! Does a selection cover a resource? The clauses of one selection, combined as AWS Backup does.
//!
//! `selected = (Resources ∪ ListOfTags) ∩ Conditions \ NotResources`, within the plan's account and Region and the supported types;
//! `covered = selected`, switched on in the Region (or named), and nothing lasting in the way. The formula is AWS's own examples
//! put together ("Assign resources with AWS CLI"); re:Post and users' reports agree that `Resources` and `ListOfTags` add up.
//!
//! Three-valued throughout: what was not read leaves the answer open only where it could change it.
//! Whether the plan's role may back the resource up, and whether jobs succeed, is not decided here.

use super::clauses::{Clause, ClauseKind, evaluate};
use super::selection::Selection;
use super::subject::{OptIn, ResourceFacts};

/// What a selection means for a resource. Only `Covered` counts as covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Selected, and AWS Backup will back it up.
    Covered,
    /// Taken out by `NotResources` or a negated condition, or never backed up for what it is (see `state`).
    Excluded,
    /// The selection does not ask for it, or AWS Backup does not support it.
    NotMatched,
    /// The Region's settings switch its type off, and no entry overrides that.
    OptInBlocked,
    /// Something that was not read decides.
    Unknown,
}

impl Verdict {
    /// The verdict as written in facts and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Covered => "covered",
            Self::Excluded => "excluded",
            Self::NotMatched => "not_matched",
            Self::OptInBlocked => "opt_in_blocked",
            Self::Unknown => "unknown",
        }
    }

    /// Covered or not, `None` if unknown.
    pub fn covered(self) -> Option<bool> {
        match self {
            Self::Covered => Some(true),
            Self::Unknown => None,
            Self::Excluded | Self::NotMatched | Self::OptInBlocked => Some(false),
        }
    }
}

/// A verdict with all that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision<'a> {
    /// The verdict.
    pub verdict: Verdict,
    /// Whether the selection asks for the resource, settings and state aside.
    pub selected: Option<bool>,
    /// The verdict's being covered or not, or `selected`, rests on something that AWS does not document.
    pub assumed: bool,
    /// Every clause looked at, in the order of `clauses`; also those that did not matter.
    pub clauses: Vec<Clause<'a>>,
}

impl Decision<'_> {
    /// Covered or not, `None` if unknown.
    pub fn covered(&self) -> Option<bool> {
        self.verdict.covered()
    }

    /// The first clause that settles the verdict, or keeps it from being settled.
    ///
    /// `None` for `NotMatched` when no clause stands out: no entry matched, or the entries were only tags that are unread.
    pub fn deciding_clause(&self) -> Option<&Clause<'_>> {
        let first = |kinds: &[ClauseKind], matched: Option<bool>| {
            self.clauses.iter().find(|clause| kinds.contains(&clause.kind()) && clause.matched == matched)
        };
        match self.verdict {
            Verdict::Covered => first(ADDS, Some(true)),
            Verdict::NotMatched => first(ASKS, Some(false)),
            Verdict::OptInBlocked => first(&[ClauseKind::OptIn], Some(false)),
            Verdict::Excluded => first(TAKES, Some(true)).or_else(|| first(&[ClauseKind::NegatedCondition], Some(false))),
            Verdict::Unknown => {
                let added = first(ADDS, Some(true)).is_some();
                self.clauses.iter().find(|clause| {
                    let kind = clause.kind();
                    clause.matched.is_none() && kind != ClauseKind::Pause && !(added && ADDS.contains(&kind))
                })
            }
        }
    }
}

/// One matching clause is enough.
const ADDS: &[ClauseKind] = &[ClauseKind::Resource, ClauseKind::Tag, ClauseKind::Everything];
/// All must match, else the resource was not asked for.
const ASKS: &[ClauseKind] = &[ClauseKind::Scope, ClauseKind::Type, ClauseKind::Condition];
/// One matching clause takes the resource out.
const TAKES: &[ClauseKind] = &[ClauseKind::NotResource, ClauseKind::State];

/// Decides whether the plan that has `selection` covers `resource`.
///
/// - `opt_in`: the settings of the selection's Region; for a plan made by an Organizations policy, those of the management account.
/// - Edge cases: an empty selection asks for all supported types; a resource of another account or Region is not matched; an
///   unread Region setting does not matter if an entry names the type. A member of a DB cluster is `Excluded` here: see `via`.
///   Where something unread could only change *why* a resource is not covered, the reason that is certain is given.
/// - Source: AWS Backup API reference, `BackupSelection`; developer guide, "Assign resources with AWS CLI" and "Select AWS services to backup".
///
/// ```
/// use backup_audit::facts::coverage::{decide::{Verdict, decide}, selection::Selection, subject::{OptIn, ResourceFacts}};
/// let volume = ResourceFacts::unread("arn:aws:ec2:eu-west-1:111122223333:volume/vol-1", "111122223333", Some("eu-west-1"), None)
///     .with_tags([].into());
/// let mut selection = Selection { account: "111122223333".into(), region: "eu-west-1".into(), ..Selection::default() };
/// selection.resources.push("arn:aws:ec2:*".into());
/// assert_eq!(decide(&selection, &volume, &OptIn::read([("EBS", false)])).verdict, Verdict::OptInBlocked);
/// selection.resources.push("arn:aws:ec2:*:*:volume/*".into()); // names the type
/// assert_eq!(decide(&selection, &volume, &OptIn::read([("EBS", false)])).verdict, Verdict::Covered);
/// ```
pub fn decide<'a>(selection: &'a Selection, resource: &'a ResourceFacts, opt_in: &OptIn) -> Decision<'a> {
    let clauses = evaluate(selection, resource, opt_in);
    let (verdict, selected) = combine(&clauses, |clause| clause.matched);
    // Without the assumptions the same clauses are open; if then the answer is open too, it rested on them.
    let (firm, firm_selected) = combine(&clauses, |clause| if clause.assumed { None } else { clause.matched });
    let assumed = (firm.covered(), firm_selected) != (verdict.covered(), selected);
    Decision { verdict, selected, assumed, clauses }
}

/// Kleene's conjunction: false if one is false, else open if one is open.
fn all(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    let mut sum = Some(true);
    for one in answers {
        match one {
            Some(false) => return Some(false),
            Some(true) => {}
            None => sum = None,
        }
    }
    sum
}

fn not(answer: Option<bool>) -> Option<bool> {
    answer.map(|is| !is)
}

/// Kleene's disjunction.
fn any(answers: impl IntoIterator<Item = Option<bool>>) -> Option<bool> {
    not(all(answers.into_iter().map(not)))
}

/// Puts the answers together: the verdict, and whether the resource is selected.
fn combine(clauses: &[Clause<'_>], answer: impl Fn(&Clause<'_>) -> Option<bool>) -> (Verdict, Option<bool>) {
    let of = |kinds: &'static [ClauseKind]| clauses.iter().filter(move |clause| kinds.contains(&clause.kind())).map(&answer);
    let asked = all([any(of(ADDS)), all(of(ASKS))]);
    let allowed = all(of(&[ClauseKind::NegatedCondition]));
    let taken_out = any(of(&[ClauseKind::NotResource]));
    let obstructed = any(of(&[ClauseKind::State]));
    let switched_on = all(of(&[ClauseKind::OptIn]));

    let selected = all([asked, allowed, not(taken_out)]);
    let kept = all([allowed, not(taken_out), not(obstructed)]);
    let verdict = match all([asked, kept, switched_on]) {
        Some(true) => Verdict::Covered,
        None => Verdict::Unknown,
        Some(false) if asked == Some(false) => Verdict::NotMatched,
        Some(false) if kept == Some(false) => Verdict::Excluded,
        Some(false) => Verdict::OptInBlocked,
    };
    (verdict, selected)
}

#[cfg(test)]
#[path = "decide_laws.rs"]
mod laws;
#[cfg(test)]
#[path = "decide_tests.rs"]
mod tests;
