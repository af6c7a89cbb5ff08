//! Catalogues: what other tools ask of backups, check by check.
//!
//! `rules/catalogues/<name>.yaml` names no rule. A rule says which checks it answers ([`Equivalent`]), and an entry says why none does (`none`).
//! `planned.yaml` lists the rules that are still being written, with what they will answer.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

use super::diagnostic::{RuleError, SourceFile};
use super::duties::DUTIES_FILE;
use super::equivalent::{Equivalent, RawEquivalent, equivalents};
use super::nearest::nearest;

/// File name of the list of rules that are being written.
pub const PLANNED_FILE: &str = "planned.yaml";

/// What one tool checks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Catalogue {
    /// `aws-config`; the first half of a check.
    pub id: String,
    /// Its name.
    pub title: String,
    /// Which version was read.
    pub version: String,
    /// Where its checks are listed.
    pub source: String,
    /// What to know about it.
    pub note: String,
    /// Its checks, in the order of the file.
    pub checks: Vec<PeerCheck>,
}

/// A check of another tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PeerCheck {
    /// As the tool names it.
    pub id: String,
    /// What it asks, in our own words.
    pub asks: String,
    /// Its parameters where nobody says otherwise.
    pub defaults: Option<String>,
    /// What is known to be wrong with its answer.
    pub defect: Option<String>,
    /// Where it is published.
    pub source: String,
    /// Why no rule answers it.
    pub none: Option<String>,
}

/// A rule that is being written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Planned {
    /// Id that it will have.
    pub rule: String,
    /// Checks that it will answer.
    pub answers: Vec<Equivalent>,
}

/// Everything that is known about checks of other tools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogues {
    /// In the order of their files.
    pub catalogues: Vec<Catalogue>,
    /// Rules that are being written, in the order of the file.
    pub planned: Vec<Planned>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCatalogue {
    id: Spanned<String>,
    title: String,
    version: String,
    source: String,
    /// Address of the page of one check, with `{id}` in the place of its id.
    page: Option<String>,
    note: String,
    checks: Vec<RawCheck>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCheck {
    id: Spanned<String>,
    asks: String,
    defaults: Option<String>,
    defect: Option<String>,
    source: Option<String>,
    none: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlan {
    planned: Vec<RawPlanned>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlanned {
    rule: Spanned<String>,
    #[serde(default)]
    answers: Vec<RawEquivalent>,
}

impl Catalogues {
    /// Reads layers of files, each a folder's worth; a later layer replaces catalogues and planned rules of the same id.
    ///
    /// Errors are added to `errors`; what could be read is returned.
    pub fn read(layers: &[Vec<SourceFile>], errors: &mut Vec<RuleError>) -> Self {
        let mut all = Self::default();
        for layer in layers {
            let (plans, rest): (Vec<&SourceFile>, Vec<_>) = layer.iter().partition(|file| file.path.ends_with(PLANNED_FILE));
            for file in rest.into_iter().filter(|file| !file.path.ends_with(DUTIES_FILE)) {
                match file.read::<RawCatalogue>() {
                    Ok(raw) => all.add(raw, file, errors),
                    Err(error) => errors.push(error),
                }
            }
            for file in plans {
                match file.read::<RawPlan>() {
                    Ok(raw) => all.plan(&raw, file, errors),
                    Err(error) => errors.push(error),
                }
            }
        }
        all
    }

    fn add(&mut self, raw: RawCatalogue, file: &SourceFile, errors: &mut Vec<RuleError>) {
        let mut seen = BTreeSet::new();
        let mut checks = Vec::with_capacity(raw.checks.len());
        for check in raw.checks {
            let id = check.id.value.clone();
            if !seen.insert(id.clone()) {
                errors.push(file.error(file.span(check.id.referenced), format!("check `{id}` stands here twice"), None));
            }
            if let Some(none) = check.none.as_ref().filter(|none| none.value.trim().is_empty()) {
                errors.push(file.error(file.span(none.referenced), "`none` gives no reason", None));
            }
            let page = || raw.page.as_ref().map(|page| page.replace("{id}", &id));
            checks.push(PeerCheck {
                source: check.source.or_else(page).unwrap_or_else(|| raw.source.clone()),
                none: check.none.map(|none| none.value),
                id,
                asks: check.asks,
                defaults: check.defaults,
                defect: check.defect,
            });
        }
        self.catalogues.retain(|known| known.id != raw.id.value);
        let (title, version, source, note) = (raw.title, raw.version, raw.source, raw.note);
        self.catalogues.push(Catalogue { id: raw.id.value, title, version, source, note, checks });
    }

    fn plan(&mut self, raw: &RawPlan, file: &SourceFile, errors: &mut Vec<RuleError>) {
        let mut seen = BTreeSet::new();
        for planned in &raw.planned {
            let rule = &planned.rule.value;
            if !seen.insert(rule.as_str()) {
                errors.push(file.error(file.span(planned.rule.referenced), format!("rule `{rule}` stands here twice"), None));
            }
            let answers = equivalents(&planned.answers, self, file, errors);
            self.planned.retain(|known| known.rule != *rule);
            self.planned.push(Planned { rule: rule.clone(), answers });
        }
    }

    /// A catalogue by id.
    pub fn get(&self, id: &str) -> Option<&Catalogue> {
        self.catalogues.iter().find(|catalogue| catalogue.id == id)
    }

    /// Whether a rule of this id is being written.
    pub fn is_planned(&self, rule: &str) -> bool {
        self.planned.iter().any(|planned| planned.rule == rule)
    }

    /// What is wrong with a check that something names; `None` if it exists.
    pub(crate) fn wrong(&self, catalogue: &str, id: &str) -> Option<(String, Option<String>)> {
        let Some(known) = self.get(catalogue) else {
            let names = || self.catalogues.iter().map(|catalogue| catalogue.id.as_str());
            let hint = nearest(catalogue, names()).map(|near| format!("did you mean `{near}`?"));
            let hint = hint.unwrap_or_else(|| format!("there are {}", names().collect::<Vec<_>>().join(", ")));
            return Some((format!("there is no catalogue `{catalogue}`"), Some(hint)));
        };
        if known.checks.iter().any(|check| check.id == id) {
            return None;
        }
        let near = nearest(id, known.checks.iter().map(|check| check.id.as_str()));
        Some((format!("catalogue `{catalogue}` has no check `{id}`"), near.map(|near| format!("did you mean `{near}`?"))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.to_owned(), text: text.to_owned() }
    }

    const PEER: &str = "
id: peer
title: A peer
version: '1'
source: https://example.com/list
page: https://example.com/{id}.html
note: n
checks:
  - { id: one, asks: a, none: not ours }
  - { id: two, asks: a, source: https://example.com/elsewhere }
";

    #[test]
    fn what_is_wrong_in_a_catalogue_is_told() {
        // what is written in place of what, or added as planned.yaml; the message
        let cases = [
            ("id: two", "id: one", "", "check `one` stands here twice"),
            ("none: not ours", "none: ''", "", "`none` gives no reason"),
            ("note: n", "notes: n", "", "unknown key `notes`"),
            ("", "", "planned: [{ rule: r }, { rule: r }]", "rule `r` stands here twice"),
            ("", "", "planned: [{ rule: r, answers: [{ check: 'peer:thre' }] }]", "catalogue `peer` has no check `thre`"),
            ("", "", "planned: [{ rule: r, answers: [{ check: 'pear:one' }] }]", "there is no catalogue `pear`"),
        ];
        for (was, is, planned, message) in cases {
            let plan = if planned.is_empty() { "planned: []" } else { planned };
            let files = vec![file("c/planned.yaml", plan), file("c/peer.yaml", &PEER.replacen(was, is, usize::from(!was.is_empty())))];
            let mut errors = Vec::new();
            Catalogues::read(&[files], &mut errors);
            assert_eq!(errors.first().map(|error| error.message.as_str()), Some(message), "{was} {is} {planned}");
        }
    }

    #[test]
    fn a_later_layer_takes_the_place_of_a_catalogue_and_a_source_is_never_missing() {
        let later = PEER.replace("title: A peer", "title: Another").replace("page: https://example.com/{id}.html\n", "");
        let mut errors = Vec::new();
        let all = Catalogues::read(&[vec![file("c/peer.yaml", PEER)], vec![file("own/peer.yaml", &later)]], &mut errors);
        assert_eq!((errors.len(), all.catalogues.len(), all.catalogues[0].title.as_str()), (0, 1, "Another"));
        let first = Catalogues::read(&[vec![file("c/peer.yaml", PEER)]], &mut errors);
        let sources: Vec<_> = [&first, &all].iter().flat_map(|all| &all.catalogues[0].checks).map(|check| check.source.as_str()).collect();
        let elsewhere = "https://example.com/elsewhere";
        assert_eq!(sources, ["https://example.com/one.html", elsewhere, "https://example.com/list", elsewhere]);
    }
}
