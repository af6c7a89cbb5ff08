//! Integer keys of ARNs, for joins over big tables, and stable ids of findings.

use std::sync::LazyLock;

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The key of an ARN: the first eight bytes of its SHA-256, big-endian, top bit cleared, so that it fits a signed 64-bit column.
///
/// Two ARNs with one key are an error that whoever builds a dimension reports, naming both.
///
/// ```
/// use backup_audit::model::key::resource_key;
/// // printf abc | sha256sum  begins with ba7816bf8f01cfea
/// assert_eq!(resource_key("abc"), 0x3a78_16bf_8f01_cfea);
/// ```
pub fn resource_key(arn: &str) -> i64 {
    let hash = Sha256::digest(arn.as_bytes());
    let mut first = [0_u8; 8];
    first.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(first) & i64::MAX
}

/// The id of the finding of a rule on a subject: `UUIDv5` over `rule` and `subject` separated by a line feed, in the URL namespace.
///
/// The same rule and subject give the same id in every run, which is how `diff` and waivers recognise a finding.
pub fn finding_id(rule: &str, subject: &str) -> Uuid {
    static NAMESPACE: LazyLock<Uuid> = LazyLock::new(|| Uuid::new_v5(&Uuid::NAMESPACE_URL, b"https://backup-audit/finding"));
    Uuid::new_v5(&NAMESPACE, format!("{rule}\n{subject}").as_bytes())
}

/// Lower-case hexadecimal of some bytes.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}
