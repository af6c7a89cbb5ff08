//! The clauses of a decision: each entry of a selection, setting and state that was looked at, and what it said.
//!
//! Evaluates one clause at a time; `decide` combines them. Where AWS does not document an answer the likely one is taken and
//! the clause is `assumed`: negated conditions match a resource without the tag (as in IAM), a key of `Conditions` without
//! `aws:ResourceTag/` never matches, nor does a key of `ListOfTags` with it.

use std::collections::BTreeMap;
use std::fmt;

use super::arn_pattern::{Naming, match_arn, match_like, naming};
use super::resource_types::{Recognised, ResourceType, shape_of};
use super::selection::{KeyValue, Operator, Selection, TagCondition};
use super::state::{Obstacle, obstacles};
use super::subject::{OptIn, ResourceFacts};

/// What the keys of conditions begin with.
pub const TAG_PREFIX: &str = "aws:ResourceTag/";

/// What a clause is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source<'a> {
    /// Account and Region of plan and resource.
    Scope(&'a Selection, &'a ResourceFacts),
    /// The resource's type.
    Type(&'a ResourceFacts),
    /// An entry of `Resources`.
    Resource(&'a str),
    /// An entry of `ListOfTags`.
    Tag(&'a TagCondition),
    /// Neither `Resources` nor `ListOfTags` has an entry.
    Everything,
    /// An entry of `Conditions`.
    Condition(Operator, &'a KeyValue),
    /// An entry of `NotResources`.
    NotResource(&'a str),
    /// The Region's setting for the types the resource can be, and the entry that overrides it.
    OptIn(&'a [ResourceType], Option<&'a str>),
    /// What the resource is, or the state it is in.
    State(Obstacle),
}

/// Kind of a clause, which says how it enters the decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ClauseKind {
    /// Must match: plan and resource are in one account and Region.
    Scope,
    /// Must match: AWS Backup supports the type.
    Type,
    /// Adds the resource if it matches.
    Resource,
    /// Adds the resource if it matches.
    Tag,
    /// Adds the resource, whatever it is.
    Everything,
    /// Must match.
    Condition,
    /// Must match; not matching excludes the resource.
    NegatedCondition,
    /// Excludes the resource if it matches.
    NotResource,
    /// Must match: the type is switched on in the Region, or named by the selection.
    OptIn,
    /// Excludes the resource if it matches.
    State,
    /// Is only noted: the resource cannot be backed up for the moment.
    Pause,
}

impl ClauseKind {
    /// The kind as written in facts and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Scope => "scope",
            Self::Type => "type",
            Self::Resource => "resource",
            Self::Tag => "tag",
            Self::Everything => "everything",
            Self::Condition => "condition",
            Self::NegatedCondition => "negated_condition",
            Self::NotResource => "not_resource",
            Self::OptIn => "opt_in",
            Self::State => "state",
            Self::Pause => "pause",
        }
    }
}

/// One clause and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clause<'a> {
    /// What it is about.
    pub source: Source<'a>,
    /// Whether it matches; `None` if what decides it was not read.
    pub matched: Option<bool>,
    /// The answer is not documented by AWS; `note` says what was taken for granted.
    pub assumed: bool,
    /// Why the answer is open or assumed.
    pub note: Option<&'static str>,
}

impl<'a> Clause<'a> {
    fn new(source: Source<'a>, matched: Option<bool>) -> Self {
        Self { source, matched, assumed: false, note: None }
    }

    fn open(source: Source<'a>, note: &'static str) -> Self {
        Self { source, matched: None, assumed: false, note: Some(note) }
    }

    fn assumed(source: Source<'a>, matched: Option<bool>, note: &'static str) -> Self {
        Self { source, matched, assumed: true, note: Some(note) }
    }

    /// The kind, which follows from what the clause is about.
    pub fn kind(&self) -> ClauseKind {
        match &self.source {
            Source::Scope(..) => ClauseKind::Scope,
            Source::Type(_) => ClauseKind::Type,
            Source::Resource(_) => ClauseKind::Resource,
            Source::Tag(_) => ClauseKind::Tag,
            Source::Everything => ClauseKind::Everything,
            Source::Condition(operator, _) if operator.is_negated() => ClauseKind::NegatedCondition,
            Source::Condition(..) => ClauseKind::Condition,
            Source::NotResource(_) => ClauseKind::NotResource,
            Source::OptIn(..) => ClauseKind::OptIn,
            Source::State(obstacle) if obstacle.lasting => ClauseKind::State,
            Source::State(_) => ClauseKind::Pause,
        }
    }

    /// The clause itself, as somebody wrote or set it.
    pub fn text(&self) -> String {
        match &self.source {
            Source::Scope(selection, _) => format!("{} {}", selection.account, selection.region),
            Source::Type(resource) => types_text(resource),
            Source::Resource(pattern) | Source::NotResource(pattern) => (*pattern).to_owned(),
            Source::Tag(tag) => format!("{} = {}", tag.condition_key, tag.condition_value),
            Source::Everything => "*".to_owned(),
            Source::Condition(operator, entry) => format!("{} {} {}", entry.condition_key, operator.name(), entry.condition_value),
            Source::OptIn(types, _) => join(types),
            Source::State(obstacle) => obstacle.text.clone(),
        }
    }

    /// One sentence for people: the clause, its answer, and what was taken for granted.
    pub fn sentence(&self) -> String {
        self.to_string()
    }
}

fn join(types: &[ResourceType]) -> String {
    types.iter().map(|one| one.name()).collect::<Vec<_>>().join(" or ")
}

fn types_text(resource: &ResourceFacts) -> String {
    match resource.resource_type {
        Recognised::Unsupported(what) => what.to_owned(),
        Recognised::Unrecognised => "unrecognised type".to_owned(),
        _ => join(resource.resource_type.candidates()),
    }
}

impl fmt::Display for Clause<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.text();
        let say = |yes: &str, no: &str, open: &str| match self.matched {
            Some(true) => yes.to_owned(),
            Some(false) => no.to_owned(),
            None => open.to_owned(),
        };
        match &self.source {
            Source::Scope(_, resource) => {
                let region = resource.region.as_deref().unwrap_or("an unread Region");
                let verb = say("acts where", "does not act where", "may not act where");
                write!(f, "The plan of {text} {verb} the resource is: {} {region}", resource.account)
            }
            Source::Type(_) => {
                write!(f, "AWS Backup {}: {text}", say("supports the type", "does not protect this", "may not support this"))
            }
            Source::Resource(_) => write!(f, "`{text}` of Resources {} the ARN", say("matches", "does not match", "may match")),
            Source::NotResource(_) => write!(f, "`{text}` of NotResources {} the ARN", say("matches", "does not match", "may match")),
            Source::Tag(_) => {
                write!(f, "Tag {text} of ListOfTags {}", say("is on the resource", "is not on the resource", "cannot be decided"))
            }
            Source::Everything => f.write_str("Neither Resources nor ListOfTags has an entry, so that everything is selected"),
            Source::Condition(..) => write!(f, "Condition {text} {}", say("holds", "does not hold", "cannot be decided")),
            Source::OptIn(_, Some(pattern)) => write!(f, "`{pattern}` names the type, which overrides the Region's setting for {text}"),
            Source::OptIn(..) => {
                write!(f, "{text} {} in the Region's settings", say("is switched on", "is not switched on", "may not be switched on"))
            }
            Source::State(obstacle) => {
                write!(f, "{}: {text}; {}", say("Obstacle", "No obstacle", "Possible obstacle"), obstacle.meaning)
            }
        }?;
        if let Some(note) = self.note {
            let label = if self.assumed { "assumed" } else { "note" };
            write!(f, " ({label}: {note})")?;
        }
        f.write_str(".")
    }
}

/// Evaluates every clause, in this order: scope, type, `Resources`, `ListOfTags`, `Conditions`, `NotResources`, opt-in, state.
pub(super) fn evaluate<'a>(selection: &'a Selection, resource: &'a ResourceFacts, opt_in: &OptIn) -> Vec<Clause<'a>> {
    let tags = resource.tags.as_ref();
    let mut clauses = vec![scope(selection, resource), supported(resource)];
    clauses.extend(selection.resources.iter().map(|pattern| arn_clause(Source::Resource(pattern), pattern, &resource.arn)));
    clauses.extend(selection.list_of_tags.iter().map(|condition| tag(condition, tags)));
    if selection.resources.is_empty() && selection.list_of_tags.is_empty() {
        clauses.push(everything(selection));
    }
    clauses.extend(selection.conditions.iter().map(|(operator, entry)| condition(operator, entry, tags)));
    clauses.extend(selection.not_resources.iter().map(|pattern| arn_clause(Source::NotResource(pattern), pattern, &resource.arn)));
    let opt_in = opt_in_clause(&clauses, resource, opt_in);
    clauses.extend(opt_in);
    clauses.extend(obstacles(resource).into_iter().map(|obstacle| {
        let present = obstacle.present;
        Clause::new(Source::State(obstacle), present)
    }));
    clauses
}

fn scope<'a>(selection: &'a Selection, resource: &'a ResourceFacts) -> Clause<'a> {
    let source = Source::Scope(selection, resource);
    let same_account = selection.account == resource.account;
    match &resource.region {
        Some(region) => Clause::new(source, Some(same_account && *region == selection.region)),
        None if same_account => Clause::open(source, "the resource's Region was not read"),
        None => Clause::new(source, Some(false)),
    }
}

fn supported(resource: &ResourceFacts) -> Clause<'_> {
    let source = Source::Type(resource);
    match resource.resource_type {
        Recognised::Type(_) | Recognised::OneOf(_) => Clause::new(source, Some(true)),
        Recognised::Unsupported(_) => Clause::new(source, Some(false)),
        Recognised::Unrecognised => Clause::open(source, "the ARN has a form that is not known here"),
    }
}

fn arn_clause<'a>(source: Source<'a>, pattern: &str, arn: &str) -> Clause<'a> {
    let answer = match_arn(pattern, arn);
    Clause { source, matched: Some(answer.matched), assumed: answer.assumed.is_some(), note: answer.assumed }
}

fn everything(selection: &Selection) -> Clause<'_> {
    if selection.conditions.is_empty() && selection.not_resources.is_empty() {
        Clause::new(Source::Everything, Some(true))
    } else {
        let note = "AWS does not say what conditions or exclusions without Resources start from";
        Clause::assumed(Source::Everything, Some(true), note)
    }
}

fn tag<'a>(condition: &'a TagCondition, tags: Option<&BTreeMap<String, String>>) -> Clause<'a> {
    let source = Source::Tag(condition);
    if condition.condition_type != "STRINGEQUALS" {
        return Clause::open(source, "AWS knows no other ConditionType than STRINGEQUALS");
    }
    if condition.condition_key.starts_with(TAG_PREFIX) {
        return Clause::assumed(source, Some(false), "ListOfTags takes the bare tag key, so that this is another key");
    }
    match tags {
        Some(tags) => Clause::new(source, Some(tags.get(&condition.condition_key) == Some(&condition.condition_value))),
        None => Clause::open(source, "tags were not read"),
    }
}

fn condition<'a>(operator: Operator, entry: &'a KeyValue, tags: Option<&BTreeMap<String, String>>) -> Clause<'a> {
    let source = Source::Condition(operator, entry);
    let Some(key) = entry.condition_key.strip_prefix(TAG_PREFIX) else {
        return Clause::assumed(source, Some(false), "a key without aws:ResourceTag/ never matches");
    };
    let Some(tags) = tags else { return Clause::open(source, "tags were not read") };
    let Some(value) = tags.get(key) else {
        return if operator.is_negated() {
            Clause::assumed(source, Some(true), "the resource has no such tag, which satisfies a negated condition in IAM")
        } else {
            Clause::new(source, Some(false))
        };
    };
    match operator {
        Operator::StringEquals => Clause::new(source, Some(*value == entry.condition_value)),
        Operator::StringNotEquals => Clause::new(source, Some(*value != entry.condition_value)),
        Operator::StringLike | Operator::StringNotLike => {
            let answer = match_like(&entry.condition_value, value);
            let matched = answer.matched != operator.is_negated();
            Clause { source, matched: Some(matched), assumed: answer.assumed.is_some(), note: answer.assumed }
        }
    }
}

/// The Region's setting, unless an entry of `Resources` that matches names the type.
///
/// ARN forms shared by several kinds (DB clusters, `FSx` file systems) need the setting even when named.
/// Gives no clause for a resource without a supported type.
fn opt_in_clause<'a>(clauses: &[Clause<'a>], resource: &'a ResourceFacts, opt_in: &OptIn) -> Option<Clause<'a>> {
    let types = resource.resource_type.candidates();
    if types.is_empty() {
        return None;
    }
    let shape = shape_of(&resource.arn);
    let shared = shape.is_none_or(|shape| shape.shared);
    let prefix = shape.map_or("", |shape| shape.prefix);
    let setting = opt_in.of_any(types);
    let matching = || {
        clauses.iter().filter_map(move |clause| match clause.source {
            Source::Resource(pattern) if clause.matched == Some(true) && !shared => {
                Some((pattern, naming(pattern, prefix), clause.assumed))
            }
            _ => None,
        })
    };
    if let Some((pattern, _, assumed)) = matching().filter(|(_, named, _)| *named == Naming::Type).min_by_key(|(_, _, assumed)| *assumed) {
        let source = Source::OptIn(types, Some(pattern));
        return Some(if assumed && setting != Some(true) {
            Clause::assumed(source, Some(true), "that the entry matches is itself assumed")
        } else {
            Clause::new(source, Some(true))
        });
    }
    let source = Source::OptIn(types, None);
    let openzfs = types == [ResourceType::Fsx] && resource.engine.as_deref() == Some("OPENZFS");
    Some(if openzfs && setting.is_some() {
        Clause::assumed(source, setting, "which setting counts for FSx for OpenZFS is not documented; FSx is taken")
    } else if setting == Some(false) && matching().any(|(_, named, _)| named == Naming::Unclear) {
        Clause::assumed(source, setting, "an entry that names the type in part does not override the setting")
    } else if setting.is_none() {
        Clause::open(source, "the setting was not read, or does not mention the type")
    } else if shared {
        Clause {
            note: Some("other types share the ARN form, so that naming it does not override the setting"),
            ..Clause::new(source, setting)
        }
    } else {
        Clause::new(source, setting)
    })
}
