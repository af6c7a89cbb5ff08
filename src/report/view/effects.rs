//! How much of what is unknown rests on which gap.
//!
//! A gap says which table, account, Region and vault or plan was not read; a rule says which tables it rests on and how far. Their meeting is what a
//! gap makes unknown: the verdict on the unread unit itself, on the vault or plan where the rule judges such, else on everything within reach. A
//! verdict that rests on two gaps counts under both, so these numbers do not add up to the unknown verdicts.

use std::collections::{BTreeMap, BTreeSet};

use crate::dataset::reads::Gap;
use crate::dataset::schema::GLOBAL;
use crate::engine::Finding;
use crate::model::{Arn, Verdict};
use crate::report::input::{Judgement, Reach, RuleText};

/// Unknown verdicts that no gap can tell apart: rule, account, Region, and the vault or plan if some gap is about it. For an unread unit only its
/// subject, in the second place.
type Bucket<'a> = (&'a str, &'a str, &'a str, &'a str);

/// Unknown verdicts, to be met with gaps.
pub(super) struct Effects<'a> {
    rules: &'a [RuleText],
    /// What kinds of things each rule judges.
    kinds: BTreeMap<&'a str, BTreeSet<(&'a str, &'a str)>>,
    /// Sorted.
    buckets: Vec<(Bucket<'a>, u64)>,
}

impl<'a> Effects<'a> {
    pub(super) fn new(judgement: &'a Judgement) -> Self {
        let parents: BTreeSet<&str> = judgement.gaps.iter().filter_map(|gap| gap.parent.as_deref()).collect();
        let mut kinds: BTreeMap<&str, BTreeSet<_>> = BTreeMap::new();
        let mut buckets: BTreeMap<Bucket<'_>, u64> = BTreeMap::new();
        for finding in &judgement.findings {
            if finding.subject_type != "read" && !parents.is_empty() {
                kinds.entry(&finding.rule_id).or_default().extend(kind(&finding.subject_arn));
            }
            if finding.verdict == Verdict::Unknown {
                *buckets.entry(bucket(finding, &parents)).or_default() += 1;
            }
        }
        Self { rules: &judgement.rules, kinds, buckets: buckets.into_iter().collect() }
    }

    /// All unknown verdicts.
    pub(super) fn unknown(&self) -> u64 {
        self.buckets.iter().map(|(_, count)| count).sum()
    }

    /// Unknown verdicts that rest on any of some gaps.
    pub(super) fn of<'g>(&self, gaps: impl IntoIterator<Item = &'g Gap>) -> u64 {
        self.met(gaps).into_iter().map(|index| self.buckets[index].1).sum()
    }

    /// Unknown verdicts that rest on none of some gaps.
    pub(super) fn elsewhere<'g>(&self, gaps: impl IntoIterator<Item = &'g Gap>) -> u64 {
        let met = self.met(gaps);
        self.buckets.iter().enumerate().filter(|(index, _)| !met.contains(index)).map(|(_, (_, count))| count).sum()
    }

    fn met<'g>(&self, gaps: impl IntoIterator<Item = &'g Gap>) -> BTreeSet<usize> {
        let mut met = BTreeSet::new();
        let mut looked: BTreeSet<(&str, &str, &str, &str)> = BTreeSet::new();
        for gap in gaps {
            let subject = gap.subject_arn();
            met.extend(self.like(("", &subject, "", ""), 2));
            let parent = gap.parent.as_deref().unwrap_or_default();
            let place = (gap.account_id.as_str(), gap.region.as_str());
            if !looked.insert((&gap.table, place.0, place.1, parent)) {
                continue;
            }
            for (rule, reach) in self.rules.iter().filter_map(|rule| Some((rule.id.as_str(), reach(rule, &gap.table)?))) {
                let judges_parents = || kind(parent).is_some_and(|kind| self.kinds.get(rule).is_some_and(|kinds| kinds.contains(&kind)));
                let depth = match reach {
                    _ if !parent.is_empty() && judges_parents() => 4,
                    Reach::Region if place.1 != GLOBAL => 3,
                    // What an account has once concerns all its Regions.
                    Reach::Region | Reach::Account => 2,
                    Reach::Everywhere => 1,
                };
                met.extend(self.like((rule, place.0, place.1, parent), depth));
            }
        }
        met
    }

    /// The buckets that agree with this one in their first parts.
    fn like(&self, (rule, account, region, parent): Bucket<'_>, depth: usize) -> std::ops::Range<usize> {
        let first = self.buckets.partition_point(|(found, _)| parts(found, depth) < parts(&(rule, account, region, parent), depth));
        let many =
            self.buckets[first..].partition_point(|(found, _)| parts(found, depth) == parts(&(rule, account, region, parent), depth));
        first..first + many
    }
}

fn parts<'b>(bucket: &'b Bucket<'_>, depth: usize) -> [&'b str; 4] {
    let mut parts = [bucket.0, bucket.1, bucket.2, bucket.3];
    parts[depth..].fill("");
    parts
}

fn bucket<'a>(finding: &'a Finding, parents: &BTreeSet<&str>) -> Bucket<'a> {
    if finding.subject_type == "read" {
        return ("", &finding.subject_arn, "", "");
    }
    let whole = finding.subject_arn.split('#').next().unwrap_or_default();
    let parent = if parents.contains(whole) { whole } else { "" };
    (&finding.rule_id, &finding.account_id, &finding.region, parent)
}

/// What an ARN is of: service and kind of resource.
fn kind(arn: &str) -> Option<(&str, &str)> {
    let arn = Arn::parse(arn)?;
    Some((arn.service, arn.resource.split([':', '/']).next().unwrap_or_default()))
}

/// How far a rule looks in a table; the farthest if it names the table twice.
fn reach(rule: &RuleText, table: &str) -> Option<Reach> {
    let far = |reach: &Reach| match reach {
        Reach::Region => 0,
        Reach::Account => 1,
        Reach::Everywhere => 2,
    };
    rule.reads.iter().filter(|read| read.table == table).map(|read| read.reach).max_by_key(far)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::reads::ReadStatus;
    use crate::report::input::RuleRead;
    use crate::report::sample::judgement;

    const HOME: &str = "111122223333";

    fn gap(table: &str, region: &str, parent: Option<&str>) -> Gap {
        Gap {
            table: table.into(),
            account_id: HOME.into(),
            region: region.into(),
            parent: parent.map(Into::into),
            status: ReadStatus::Denied,
            operation: "Get".into(),
            reason: String::new(),
            collection: "c".into(),
        }
    }

    fn vault(region: &str, name: &str) -> String {
        format!("arn:aws:backup:{region}:{HOME}:backup-vault:{name}")
    }

    /// Verdicts on vaults and databases in two Regions, all unknown: one rule looks at policies of vaults, one at points of the account.
    fn estate() -> Judgement {
        let mut judgement = judgement();
        let template = judgement.findings[0].clone();
        let finding = |rule: &str, arn: String, kind: &str| Finding {
            rule_id: rule.into(),
            verdict: Verdict::Unknown,
            region: arn.split(':').nth(3).unwrap_or_default().into(),
            subject_arn: arn.into(),
            subject_type: kind.into(),
            account_id: HOME.into(),
            ..template.clone()
        };
        let db = |region: &str, name: &str| format!("arn:aws:rds:{region}:{HOME}:db:{name}");
        judgement.findings = vec![
            finding("vault-open", vault("eu-west-1", "a"), "AWS::Backup::BackupVault"),
            finding("vault-open", vault("eu-west-1", "b"), "AWS::Backup::BackupVault"),
            finding("vault-open", vault("us-east-1", "a"), "AWS::Backup::BackupVault"),
            finding("vault-open", format!("{}#read/vault_policies", vault("eu-west-1", "a")), "read"),
            finding("rpo", db("eu-west-1", "x"), "AWS::RDS::DBInstance"),
            finding("rpo", db("us-east-1", "y"), "AWS::RDS::DBInstance"),
        ];
        let rule = |id: &str, reads: &[(&str, Reach)]| RuleText {
            id: id.into(),
            digest: "7d793037a0760186".to_owned(),
            reads: reads.iter().map(|(table, reach)| RuleRead { table: (*table).into(), reach: *reach }).collect(),
            ..judgement.rules[0].clone()
        };
        let rules = vec![
            rule("vault-open", &[("vault_policies", Reach::Region), ("backup_vaults", Reach::Region)]),
            rule("rpo", &[("recovery_points", Reach::Account), ("backup_jobs", Reach::Region)]),
        ];
        Judgement { rules, ..judgement }
    }

    #[test]
    fn a_gap_makes_unknown_what_it_reaches_and_nothing_else() {
        let policies = |region: &str, name: &str| gap("vault_policies", region, Some(&vault(region, name)));
        // what it shows, gaps, verdicts that rest on them
        let cases = [
            ("the policy of one vault: that vault, and the unread unit", vec![policies("eu-west-1", "a")], 2),
            ("of two vaults: both, each once", vec![policies("eu-west-1", "a"), policies("eu-west-1", "b")], 3),
            ("of a vault that was not judged", vec![policies("eu-west-1", "c")], 0),
            ("all policies of a Region: all its vaults", vec![gap("vault_policies", "eu-west-1", None)], 2),
            (
                "the points of one vault: every database of the account",
                vec![gap("recovery_points", "eu-west-1", Some(&vault("eu-west-1", "b")))],
                2,
            ),
            ("jobs of a Region: its databases", vec![gap("backup_jobs", "us-east-1", None)], 1),
            ("a table that no rule looks at", vec![gap("reports", "eu-west-1", None)], 0),
        ];
        for (shows, gaps, expected) in cases {
            let judgement = Judgement { gaps, ..estate() };
            let effects = Effects::new(&judgement);
            assert_eq!(effects.of(&judgement.gaps), expected, "{shows}");
            assert_eq!(effects.elsewhere(&judgement.gaps), effects.unknown() - expected, "{shows}");
        }
    }
}
