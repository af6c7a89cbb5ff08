//! Wildcards of backup selections: does an entry match an ARN or a tag value, and does it name a resource type.
//!
//! AWS describes `*` as "zero or more non-whitespace characters" and contradicts itself on where it may stand: the API reference
//! allows it at the end of an ARN only, the developer guide also at the start and in the middle. Here it may stand anywhere; an
//! answer that another reading would change says so (`PatternMatch::assumed`). Matching is case sensitive and knows no escapes.
//!
//! What an entry means for the Region's opt-in follows from [`naming`]; the combination of entries is in `decide`.

/// Which characters of a pattern are wildcards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wildcards {
    /// `*` only, as in `Resources` and `NotResources`.
    Star,
    /// `*`, and `?` for exactly one character, as in `StringLike` and `StringNotLike`.
    StarAndQuestion,
}

/// What a wildcard may stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Non-whitespace characters, as the developer guide says.
    NonWhitespace,
    /// Any characters, as in IAM policies.
    Anything,
}

/// The answer of one pattern to one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternMatch {
    /// Whether the pattern matches the whole text.
    pub matched: bool,
    /// Why AWS may see it otherwise; `None` where the documentation leaves no doubt.
    pub assumed: Option<&'static str>,
}

/// Whether an entry of `Resources` names a resource type, which decides if it overrides the Region's opt-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Naming {
    /// An ARN, or a pattern whose fixed part reaches into the resource: `arn:aws:ec2:*:*:volume/*`.
    Type,
    /// Everything, or a service: `*`, `arn:aws:ec2:*`, `arn:aws:ec2:*:*:*`.
    ServiceOnly,
    /// Something between the two, on which AWS says nothing: `arn:aws:ec2:*:*:vol*`.
    Unclear,
}

const PARTIAL_WILDCARD: &str = "AWS's API reference knows a wildcard only at the end of an ARN";
const WHITESPACE: &str = "whether a wildcard also stands for blanks is not documented";

/// Matches an entry of `Resources` or `NotResources` against an ARN.
///
/// - Out: `assumed` is set if the match rests on a `*` that is neither the last character nor a whole segment, or if the answer
///   depends on whether `*` stands for blanks.
/// - Source: AWS Backup API reference, `BackupSelection`; developer guide, "Assign resources with AWS CLI".
///
/// ```
/// use backup_audit::facts::coverage::arn_pattern::match_arn;
/// assert!(match_arn("arn:aws:s3:::logs-*", "arn:aws:s3:::logs-2026").matched);
/// assert!(match_arn("arn:aws:s3:::*-logs", "arn:aws:s3:::web-logs").assumed.is_some());
/// ```
pub fn match_arn(pattern: &str, arn: &str) -> PatternMatch {
    let answer = match_both_ways(pattern, arn, Wildcards::Star);
    if answer.matched && answer.assumed.is_none() && has_partial_wildcard(pattern) {
        return PatternMatch { matched: true, assumed: Some(PARTIAL_WILDCARD) };
    }
    answer
}

/// Matches the value of a `StringLike` or `StringNotLike` condition against a tag value.
///
/// - Out: `assumed` is set if the answer depends on whether a wildcard stands for blanks (tag values may hold them).
pub fn match_like(pattern: &str, value: &str) -> PatternMatch {
    match_both_ways(pattern, value, Wildcards::StarAndQuestion)
}

fn match_both_ways(pattern: &str, text: &str, wildcards: Wildcards) -> PatternMatch {
    let matched = matches(pattern, text, wildcards, Reach::NonWhitespace);
    let differs = text.contains(char::is_whitespace) && matched != matches(pattern, text, wildcards, Reach::Anything);
    PatternMatch { matched, assumed: differs.then_some(WHITESPACE) }
}

/// Whether a `*` stands neither at the end nor as a whole segment between `:` or `/`.
fn has_partial_wildcard(pattern: &str) -> bool {
    pattern.trim_end_matches('*').split([':', '/']).any(|segment| segment != "*" && segment.contains('*'))
}

/// Matches `pattern` against the whole of `text`, in time linear for the patterns people write.
///
/// Returning only to the latest `*` is enough although a `*` may be forbidden to cross blanks: placing a fixed part later
/// hands what lies between to the earlier `*`, which is forbidden the same blanks.
pub fn matches(pattern: &str, text: &str, wildcards: Wildcards, reach: Reach) -> bool {
    let stands_for = |c: char| reach == Reach::Anything || !c.is_whitespace();
    let (mut pattern, mut text) = (pattern, text);
    // Where to go on when the fixed part after the latest `*` does not fit: that part, and the text the `*` has not taken yet.
    let mut retry: Option<(&str, &str)> = None;
    loop {
        if let Some(rest) = pattern.strip_prefix('*') {
            pattern = rest;
            retry = Some((rest, text));
            continue;
        }
        let (mut p, mut t) = (pattern.chars(), text.chars());
        let fits = match (p.next(), t.next()) {
            (None, None) => return true,
            (Some('?'), Some(c)) if wildcards == Wildcards::StarAndQuestion => stands_for(c),
            (expected, found) => expected == found,
        };
        (pattern, text) = if fits {
            (p.as_str(), t.as_str())
        } else {
            match step(&mut retry, stands_for) {
                Some(next) => next,
                None => return false,
            }
        };
    }
}

/// Lets the latest `*` take one character more, if it may.
fn step<'a>(retry: &mut Option<(&'a str, &'a str)>, stands_for: impl Fn(char) -> bool) -> Option<(&'a str, &'a str)> {
    let (pattern, text) = (*retry)?;
    let mut rest = text.chars();
    let taken = rest.next()?;
    if !stands_for(taken) {
        return None;
    }
    *retry = Some((pattern, rest.as_str()));
    *retry
}

/// Says whether a pattern that matches a resource names its type.
///
/// `resource_prefix` is how the resource part of the type's ARNs begins (`volume/`, `db:`), empty for S3 buckets, which have
/// none: for them `arn:aws:s3:::*` is the type and `arn:aws:s3:*` the service.
///
/// - Source: developer guide, "Filter by services or resource types".
pub fn naming(pattern: &str, resource_prefix: &str) -> Naming {
    if !pattern.contains('*') {
        return Naming::Type;
    }
    let parts: Vec<&str> = pattern.splitn(6, ':').collect();
    let [_, _, service, region, account, resource] = parts[..] else {
        return if parts.last() == Some(&"*") { Naming::ServiceOnly } else { Naming::Unclear };
    };
    let fixed = resource.split('*').next().unwrap_or_default();
    let nothing_named = resource == "*" && !(resource_prefix.is_empty() && region.is_empty() && account.is_empty());
    if nothing_named {
        Naming::ServiceOnly
    } else if service.contains('*') || !fixed.starts_with(resource_prefix) {
        Naming::Unclear
    } else {
        Naming::Type
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The definition, written down: try every length a wildcard could take.
    fn slow(pattern: &[char], text: &[char], wildcards: Wildcards, reach: Reach) -> bool {
        let allowed = |c: &char| reach == Reach::Anything || !c.is_whitespace();
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|n| text[..n].iter().all(allowed) && slow(rest, &text[n..], wildcards, reach)),
            Some(('?', rest)) if wildcards == Wildcards::StarAndQuestion => {
                text.first().is_some_and(allowed) && slow(rest, &text[1..], wildcards, reach)
            }
            Some((c, rest)) => text.first() == Some(c) && slow(rest, &text[1..], wildcards, reach),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3000))]
        #[test]
        fn agrees_with_trying_every_length(pattern in "[ab?* :é]{0,9}", text in "[ab? :é]{0,9}", question: bool, anything: bool) {
            let wildcards = if question { Wildcards::StarAndQuestion } else { Wildcards::Star };
            let reach = if anything { Reach::Anything } else { Reach::NonWhitespace };
            let (p, t): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
            prop_assert_eq!(matches(&pattern, &text, wildcards, reach), slow(&p, &t, wildcards, reach));
        }

        #[test]
        fn a_text_without_wildcards_matches_itself_only(text in "[a-z:/ ]{0,12}", other in "[a-z:/ ]{0,12}") {
            prop_assert!(match_arn(&text, &text).matched);
            prop_assert_eq!(match_arn(&text, &other).matched, text == other);
        }
    }

    const VOLUME: &str = "arn:aws:ec2:eu-west-1:111122223333:volume/vol-0a";

    #[test]
    fn entries_against_arns() {
        // why, pattern, ARN, matches, assumed
        let cases = [
            ("a star alone is everything", "*", VOLUME, true, false),
            ("service", "arn:aws:ec2:*", VOLUME, true, false),
            ("type, any account and Region", "arn:aws:ec2:*:*:volume/*", VOLUME, true, false),
            ("another type of the service", "arn:aws:ec2:*:*:instance/*", VOLUME, false, false),
            ("other Region", "arn:aws:ec2:us-east-1:*:volume/*", VOLUME, false, false),
            ("other account", "arn:aws:ec2:*:444455556666:volume/*", VOLUME, false, false),
            ("the ARN itself", VOLUME, VOLUME, true, false),
            ("prefix without star is another ARN", "arn:aws:ec2:eu-west-1:111122223333:volume/vol-0", VOLUME, false, false),
            ("case counts", "arn:aws:ec2:*:*:Volume/*", VOLUME, false, false),
            ("the partition is text like any other", "arn:aws-cn:ec2:*:*:volume/*", VOLUME, false, false),
            ("any partition", "arn:*:ec2:*:*:volume/*", VOLUME, true, false),
            ("a star may be empty", "arn:aws:s3:*:*:web", "arn:aws:s3:::web", true, false),
            ("end of a name", "arn:aws:s3:::*-logs", "arn:aws:s3:::web-logs", true, true),
            ("middle of a name", "arn:aws:s3:::web*logs", "arn:aws:s3:::web-logs", true, true),
            ("no reading of a partial star matches this", "arn:aws:s3:::*-logs", "arn:aws:s3:::web", false, false),
            ("a star at the end of a middle segment", "arn:aws:ec2:eu-*:*:volume/*", VOLUME, true, true),
            ("`?` is a plain character in ARNs", "arn:aws:s3:::we?", "arn:aws:s3:::web", false, false),
            ("blanks are beyond a star, by the guide", "arn:aws:rds:*", "arn:aws:rds:x y", false, true),
            ("an empty entry matches nothing", "", VOLUME, false, false),
        ];
        for (why, pattern, arn, matched, assumed) in cases {
            let answer = match_arn(pattern, arn);
            assert_eq!((answer.matched, answer.assumed.is_some()), (matched, assumed), "{why}");
        }
    }

    #[test]
    fn what_an_entry_names() {
        let cases = [
            ("everything", "*", "volume/", Naming::ServiceOnly),
            ("a service", "arn:aws:ec2:*", "volume/", Naming::ServiceOnly),
            ("a service in a Region", "arn:aws:ec2:eu-west-1:*", "volume/", Naming::ServiceOnly),
            ("a service spelt out", "arn:aws:ec2:*:*:*", "volume/", Naming::ServiceOnly),
            ("a type", "arn:aws:ec2:*:*:volume/*", "volume/", Naming::Type),
            ("a type in a Region", "arn:aws:rds:eu-west-1:*:db:*", "db:", Naming::Type),
            ("part of a name", "arn:aws:rds:*:*:db:prod-*", "db:", Naming::Type),
            ("an ARN", VOLUME, "volume/", Naming::Type),
            ("half a type", "arn:aws:ec2:*:*:vol*", "volume/", Naming::Unclear),
            ("a type without its service", "arn:aws:*:*:*:volume/*", "volume/", Naming::Unclear),
            ("segments swallowed by a star", "arn:aws:ec2:*volume/*", "volume/", Naming::Unclear),
            ("all buckets", "arn:aws:s3:::*", "", Naming::Type),
            ("some buckets", "arn:aws:s3:::logs-*", "", Naming::Type),
            ("the service S3", "arn:aws:s3:*", "", Naming::ServiceOnly),
            ("the service S3 spelt out", "arn:aws:s3:*:*:*", "", Naming::ServiceOnly),
        ];
        for (why, pattern, prefix, expected) in cases {
            assert_eq!(naming(pattern, prefix), expected, "{why}");
        }
    }
}
