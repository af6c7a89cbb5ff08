//! One figure for what a rule asks, so that two sets of findings can tell whether it asked the same.
//!
//! Counted is what decides verdicts: relation, predicates, quantifier, the parameters in force with whom they are for, severity. Texts for people are not.

use sha2::{Digest, Sha256};

use super::predicate::Predicate;
use super::rule::Rule;
use super::settings::Settings;
use crate::model::key::hex;

/// Bytes of a digest that are kept: enough to tell rules apart, short enough to read.
const KEPT: usize = 8;

/// The digest of what a rule asks with some settings.
pub fn of_rule(rule: &Rule, settings: &Settings) -> String {
    let applies = rule.applies.as_ref().map(Predicate::to_text).unwrap_or_default();
    let asked = (rule.over.name, &rule.quantify, applies, rule.pass.to_text());
    of_text(&format!("{asked:?} {:?} {:?} {}", settings.variants(rule), settings.subjects(rule), settings.severity(rule)))
}

/// The digest of a text.
pub fn of_text(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes())[..KEPT])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::engine::fixtures::{ALL, library};
    use crate::engine::predicate::Literal;

    #[test]
    fn what_decides_is_counted_and_words_are_not() {
        let first = library(&[ALL]).unwrap().rules.iter().next().unwrap().clone();
        let digest = |rule: &Rule| of_rule(rule, &Settings::default());
        let reworded = Rule { why: "other words".to_owned(), fix: "others".to_owned(), message: "others".to_owned(), ..first.clone() };
        assert_eq!(digest(&reworded), digest(&first));
        let negated = Rule { pass: Predicate::Not(Box::new(first.pass.clone())), ..first.clone() };
        assert_ne!(digest(&negated), digest(&first));
        let name = first.params.keys().next().expect("the rule has a parameter").clone();
        let other = Settings::default().with_params(&first, BTreeMap::from([(name, Literal::Integer(1))]));
        assert_ne!(of_rule(&first, &other), digest(&first));
    }
}
