//! Where things are told: which subjects have a page of their own, what the pages are called, and what people call the subjects.
//!
//! A file's name is made of lower-case letters, digits and `-`, so that it is the same on every file system; `_` and a number follow on the
//! further pages of a list. Names that do not fit get a part of the SHA-256 of what they stand for.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::engine::Finding;
use crate::model::key::hex;
use crate::model::{Severity, Verdict};
use crate::report::input::Judgement;
use crate::report::text::{clip, name};

use super::ledger::Counts;

/// Most subjects that get a page of their own.
const MOST_PAGES: usize = 500;
/// Longest readable part of a file's name.
const MOST_LETTERS: usize = 48;

/// The subjects that get a page of their own, worst first: everything that findings call failed, unknown or waived, then the rest of the
/// population, as far as there is room.
pub fn subjects_with_pages<'a>(findings: &'a [Finding], population: impl Iterator<Item = &'a str>) -> Vec<String> {
    let standings = standings(findings, population);
    with_pages(&standings).map(|standing| standing.arn.to_owned()).collect()
}

/// A vault or plan with nothing wrong is no resource at risk and has no page.
fn with_pages<'s, 'a>(standings: &'s [Standing<'a>]) -> impl Iterator<Item = &'s Standing<'a>> {
    standings.iter().filter(|standing| standing.in_population || standing.is_open()).take(MOST_PAGES)
}

/// How a subject stands: its verdicts counted.
#[derive(Clone, Copy, Debug)]
pub(in crate::report) struct Standing<'a> {
    pub(in crate::report) arn: &'a str,
    /// Whether it can hold data; vaults and plans cannot.
    pub(in crate::report) in_population: bool,
    /// Type, account and Region, as its findings say; empty for what has none.
    pub(in crate::report) kind: &'a str,
    pub(in crate::report) place: (&'a str, &'a str),
    pub(in crate::report) counts: Counts,
    /// The worst severity among its failures; without one, among what is unknown.
    pub(in crate::report) worst: Option<(Verdict, Severity)>,
}

impl Standing<'_> {
    /// Whether there is something to look at.
    pub(in crate::report) fn is_open(&self) -> bool {
        self.counts.fail + self.counts.unknown + self.counts.waived > 0
    }

    fn rank(&self) -> impl Ord + use<> {
        let failing = self.worst.filter(|(verdict, _)| *verdict == Verdict::Fail).map(|(_, severity)| severity);
        let Counts { fail, unknown, waived, .. } = self.counts;
        (Reverse(failing), Reverse(fail), Reverse(unknown), Reverse(waived))
    }
}

/// All subjects, worst first. What was not read, a Region as such and what the configuration says are no subjects of their own.
pub(in crate::report) fn standings<'a>(findings: &'a [Finding], population: impl Iterator<Item = &'a str>) -> Vec<Standing<'a>> {
    let new = |arn, in_population| Standing { arn, in_population, kind: "", place: ("", ""), counts: Counts::default(), worst: None };
    let mut by_arn: BTreeMap<&str, Standing<'_>> = population.map(|arn| (arn, new(arn, true))).collect();
    for finding in findings
        .iter()
        .filter(|finding| !matches!(finding.subject_type.as_str(), "read" | "region" | "waiver" | "alternative" | "objective"))
    {
        let standing = by_arn.entry(&finding.subject_arn).or_insert_with(|| new(&finding.subject_arn, false));
        standing.counts.add(finding.verdict);
        // Of several names of one type the longest is AWS's own.
        if finding.subject_type.len() > standing.kind.len() {
            standing.kind = &finding.subject_type;
        }
        standing.place = (&finding.account_id, &finding.region);
        let counts = matches!(finding.verdict, Verdict::Fail | Verdict::Unknown);
        let weight = |(verdict, severity): (Verdict, Severity)| (verdict == Verdict::Fail, severity);
        let this = (finding.verdict, finding.severity);
        if counts && standing.worst.is_none_or(|worst| weight(this) > weight(worst)) {
            standing.worst = Some(this);
        }
    }
    let mut standings: Vec<_> = by_arn.into_values().collect();
    standings.sort_by_cached_key(|standing| (standing.rank(), standing.arn));
    standings
}

/// Something with a name and, if it has one, the page that tells of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Named {
    /// What people call it.
    pub name: String,
    /// File of its page, beside the other pages; empty if it has none.
    pub page: String,
}

/// Where things are told.
pub(in crate::report) struct Index<'a> {
    names: &'a BTreeMap<String, String>,
    pages: BTreeMap<&'a str, String>,
    /// All subjects, worst first.
    pub(in crate::report) standings: Vec<Standing<'a>>,
}

impl<'a> Index<'a> {
    pub(in crate::report) fn new(judgement: &'a Judgement) -> Self {
        let standings = standings(&judgement.findings, judgement.resources.iter().map(|resource| resource.arn.as_str()));
        let named = Self { names: &judgement.names, pages: BTreeMap::new(), standings: Vec::new() };
        let page = |standing: &Standing<'a>| (standing.arn, file("resource", &named.name(standing.arn), standing.arn));
        let pages = with_pages(&standings).map(page).collect();
        Self { names: &judgement.names, pages, standings }
    }

    /// What people call a subject.
    pub(in crate::report) fn name(&self, arn: &str) -> String {
        let (whole, part) = arn.split_once('#').map_or((arn, None), |(whole, part)| (whole, Some(part)));
        let told = self.names.get(whole);
        let text = match (told, part.map(|part| (part, part.strip_prefix("read/")))) {
            (None, _) => name(arn),
            (Some(told), None) => told.clone(),
            (Some(told), Some((_, Some(read)))) => format!("{} of {told}", read.rsplit('/').next().unwrap_or(read)),
            (Some(told), Some((part, None))) => format!("{told} {part}"),
        };
        clip(&text, 80)
    }

    /// A subject with the page that tells of it.
    pub(in crate::report) fn named(&self, arn: &str) -> Named {
        Named { name: self.name(arn), page: self.page(arn).to_owned() }
    }

    /// File of a subject's page; empty if it has none.
    pub(in crate::report) fn page(&self, arn: &str) -> &str {
        self.pages.get(arn).map_or("", String::as_str)
    }

    /// How many subjects have a page.
    pub(in crate::report) fn pages(&self) -> usize {
        self.pages.len()
    }
}

/// File of a rule's page.
pub(in crate::report) fn rule_page(id: &str) -> String {
    file("rule", id, id)
}

/// File of a framework's page.
pub(in crate::report) fn framework_page(id: &str) -> String {
    file("framework", id, id)
}

/// A file's name from something readable and what it stands for.
fn file(kind: &str, readable: &str, whole: &str) -> String {
    let mut letters = String::new();
    for c in readable.chars().take(MOST_LETTERS) {
        let c = c.to_ascii_lowercase();
        if c.is_ascii_lowercase() || c.is_ascii_digit() {
            letters.push(c);
        } else if !letters.ends_with('-') {
            letters.push('-');
        }
    }
    let letters = letters.trim_matches('-');
    if letters == whole && !letters.is_empty() {
        return format!("{kind}-{letters}.html");
    }
    let hash = hex(&Sha256::digest(whole.as_bytes())[..6]);
    if letters.is_empty() { format!("{kind}-{hash}.html") } else { format!("{kind}-{letters}-{hash}.html") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_have_names_that_every_file_system_takes() {
        // readable, whole, file
        let cases = [
            ("rpo-exceeded", "rpo-exceeded", "rule-rpo-exceeded.html"),
            ("164.308(a)", "164.308(a)", "rule-164-308-a-0d2f43cb40ab.html"),
            ("<script>", "<script>", "rule-script-b9cf65ce9fb3.html"),
            ("../../etc", "../../etc", "rule-etc-4d4a1ed8ae7d.html"),
            ("", "", "rule-e3b0c44298fc.html"),
        ];
        for (readable, whole, expected) in cases {
            let found = file("rule", readable, whole);
            let hash_apart = |name: &str| name.rsplit_once('-').map(|(rest, hash)| (rest.to_owned(), hash.len()));
            assert_eq!(hash_apart(&found), hash_apart(expected), "{readable}: {found}");
        }
        assert_ne!(file("resource", "Orders", "a"), file("resource", "orders", "b"), "names that differ in case only are told apart");
    }
}
