//! "Did you mean": the name nearest to one that does not exist.

/// The candidate most like `name`, if one is like it at all; ties go to the first.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let distance = strsim::damerau_levenshtein(name, candidate);
        let limit = (name.chars().count().max(candidate.chars().count()) / 3).max(1);
        if distance <= limit && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_names_that_are_alike_are_offered() {
        let names = ["achieved_rpo_s", "rpo_s", "scenario"];
        assert_eq!(nearest("achived_rpo_s", names), Some("achieved_rpo_s"), "one letter missing");
        assert_eq!(nearest("rpos", names), Some("rpo_s"));
        assert_eq!(nearest("vault_name", names), None, "nothing alike");
        assert_eq!(nearest("", names), None);
    }
}
