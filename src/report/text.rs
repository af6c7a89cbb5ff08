//! Names and sentences made fit for people: nothing invisible, nothing endless.
//!
//! Names and tags come from whoever may name a resource. Escaping is left to each format; this takes away what no format should show.

use crate::model::Arn;

/// The sign for a character that must not reach the reader's screen.
const TAKEN_OUT: char = '\u{fffd}';

/// Line breaks and tabs become spaces; other control characters, and those that turn the direction of writing, a visible sign.
pub fn clean(text: &str) -> String {
    text.chars().map(clean_char).collect()
}

fn clean_char(c: char) -> char {
    match c {
        '\n' | '\r' | '\t' => ' ',
        c if c.is_control() => TAKEN_OUT,
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => TAKEN_OUT,
        c => c,
    }
}

/// The cleaned text, cut to at most `most` characters with `…` as the last.
pub fn clip(text: &str, most: usize) -> String {
    let mut clipped: String = text.chars().take(most).map(clean_char).collect();
    if text.chars().nth(most).is_some() {
        clipped.pop();
        clipped.push('…');
    }
    clipped
}

/// The name in an ARN: what follows the last `:` or `/` of the resource part, with the part after `#` if it has one. Anything else as it is.
/// What stands for a read is called by its table.
///
/// ```
/// use backup_audit::report::text::name;
/// assert_eq!(name("arn:aws:rds:eu-west-1:111122223333:db:orders"), "orders");
/// assert_eq!(name("arn:aws:backup:eu-west-1:111122223333:backup-plan:p1#rule/daily"), "p1 rule/daily");
/// ```
pub fn name(arn: &str) -> String {
    let (whole, part) = arn.split_once('#').map_or((arn, None), |(whole, part)| (whole, Some(part)));
    let name = Arn::parse(whole).map_or(whole, |arn| arn.resource).rsplit([':', '/']).find(|piece| !piece.is_empty()).unwrap_or(whole);
    match part.map(|part| (part, part.strip_prefix("read/").and_then(|read| read.rsplit('/').next()))) {
        None => name.to_owned(),
        Some((_, Some(table))) if whole.ends_with(":root") => table.to_owned(),
        Some((_, Some(table))) => format!("{table} of {name}"),
        Some((part, None)) => format!("{name} {part}"),
    }
}

/// A resource type in the words of the console, for one and for several: `AWS::RDS::DBInstance` is `RDS instance`, `RDS instances`.
/// A type that is not in the list keeps AWS's words without the `AWS::`.
pub fn type_words(resource_type: &str) -> (String, String) {
    let known = match resource_type {
        "AWS::RDS::DBInstance" => "RDS instance",
        "AWS::RDS::DBCluster" => "RDS and Aurora cluster",
        "AWS::Neptune::DBCluster" => "Neptune cluster",
        "AWS::DocDB::DBCluster" | "AWS::DocumentDB::DBCluster" => "DocumentDB cluster",
        "AWS::DynamoDB::Table" => "DynamoDB table",
        "AWS::S3::Bucket" => "S3 bucket",
        "AWS::EC2::Volume" => "EBS volume",
        "AWS::EC2::Instance" => "EC2 instance",
        "AWS::EFS::FileSystem" => "EFS file system",
        "AWS::FSx::FileSystem" => "FSx file system",
        "AWS::Redshift::Cluster" => "Redshift cluster",
        "AWS::Backup::BackupVault" => "backup vault",
        "AWS::Backup::BackupPlan" => "backup plan",
        "read" => "read",
        other => {
            let words = clean(&other.strip_prefix("AWS::").unwrap_or(other).replace("::", " "));
            return (words.clone(), words);
        }
    };
    (known.to_owned(), format!("{known}s"))
}

/// Seconds as an unsigned count; less than nothing is nothing.
pub fn seconds(seconds: i64) -> u64 {
    u64::try_from(seconds).unwrap_or(0)
}

/// How many there are, as the 64 bits that every count here has.
pub fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// A count with its thousands apart: `7 412`, with narrow no-break spaces.
pub fn grouped(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) && digits.len() > 3 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 read`, `7 412 reads`.
pub fn plural(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_invisible_and_nothing_endless_reaches_the_reader() {
        // what it shows, text, most, expected
        let cases = [
            ("what fits stays", "orders", 6, "orders"),
            ("what does not fit says so", "orders", 5, "orde…"),
            ("an escape sequence cannot reach a terminal", "a\u{1b}[31mb", 20, "a\u{fffd}[31mb"),
            ("a turned direction of writing shows", "a\u{202e}b", 9, "a\u{fffd}b"),
            ("lines become one", "a\nb", 9, "a b"),
            ("cut between characters, not bytes", "ééé", 2, "é…"),
        ];
        for (shows, text, most, expected) in cases {
            assert_eq!(clip(text, most), expected, "{shows}");
        }
    }

    #[test]
    fn the_name_is_what_people_call_the_thing() {
        let cases = [
            ("arn:aws:s3:::logs", "logs"),
            ("arn:aws:backup:eu-west-1:111122223333:backup-vault:daily#read/recovery_points", "recovery_points of daily"),
            ("arn:aws:iam::111122223333:root#read/us-east-1/copy_jobs", "copy_jobs"),
            ("arn:aws:dynamodb:eu-west-1:111122223333:table/audit", "audit"),
            ("not an arn", "not an arn"),
            ("", ""),
        ];
        for (arn, expected) in cases {
            assert_eq!(name(arn), expected, "{arn}");
        }
    }

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1\u{202f}000"), (1_234_567, "1\u{202f}234\u{202f}567")] {
            assert_eq!(grouped(number), text);
        }
    }
}
