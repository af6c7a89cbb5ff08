//! The manifest of a sealed collection: who read what, when, from where, and the SHA-256 of every file.
//!
//! It is written last, so a folder without one is an interrupted collection.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::DatasetError;
use crate::model::key::hex;

/// Name of the manifest in a collection's folder.
pub const MANIFEST: &str = "manifest.json";
/// What the field `format` says.
pub const FORMAT: &str = "backup-audit-collection";
/// Newest format version this tool reads and the one it writes. Raised when an older reader would misread a newer folder.
pub const FORMAT_VERSION: u32 = 1;

/// Who called AWS.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Caller {
    /// Account of the credentials.
    pub account_id: String,
    /// ARN of the caller as `sts:GetCallerIdentity` gives it.
    pub arn: String,
    /// Unique id of the caller.
    pub user_id: String,
}

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    /// Accounts, sorted.
    pub accounts: Vec<String>,
    /// Regions, sorted.
    pub regions: Vec<String>,
    /// The Regions of those accounts that have not all of them: account to Regions, sorted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub fewer_regions: BTreeMap<String, Vec<String>>,
    /// Tables that were not asked for, sorted: what is in them is unknown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_requested: Vec<String>,
}

impl Scope {
    /// The scope of accounts that each have their own Regions.
    pub fn of(places: BTreeMap<String, Vec<String>>) -> Self {
        let regions: BTreeSet<&String> = places.values().flatten().collect();
        let regions: Vec<String> = regions.into_iter().cloned().collect();
        let accounts = places.keys().cloned().collect();
        let fewer_regions = places.into_iter().filter(|(_, own)| own.len() < regions.len()).collect();
        Self { accounts, regions, fewer_regions, not_requested: Vec::new() }
    }

    /// Every account with every Region of it, sorted.
    pub fn places(&self) -> impl Iterator<Item = (&str, &str)> {
        self.accounts.iter().flat_map(|account| {
            let regions = self.fewer_regions.get(account).unwrap_or(&self.regions);
            regions.iter().map(move |region| (account.as_str(), region.as_str()))
        })
    }
}

/// One file of the collection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Path below the collection's folder, `/` separated.
    pub path: String,
    /// Rows, lines for the call log, 0 for the answers of AWS.
    pub rows_count: u64,
    /// Length.
    pub size_bytes: u64,
    /// SHA-256, lower-case hexadecimal.
    pub sha256: String,
}

/// The manifest itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Always [`FORMAT`].
    pub format: String,
    /// See [`FORMAT_VERSION`].
    pub format_version: u32,
    /// Version of the tool that wrote it.
    pub tool_version: String,
    /// Name of the folder, `<UTC start>-<random>`.
    pub id: String,
    /// Who called AWS.
    pub caller: Caller,
    /// What was asked for.
    pub scope: Scope,
    /// When the collection began, RFC 3339.
    pub started_at: String,
    /// The same in epoch seconds: the moment the collection speaks for.
    pub started_s: i64,
    /// When the last read ended, RFC 3339.
    pub ended_at: String,
    /// How far AWS's clock was ahead of that of the collecting machine, in milliseconds: the range in which the `Date` of
    /// the answers puts it; after an interruption, of those of the last run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock_offset_ms: Option<(i64, i64)>,
    /// Whether every read is complete.
    pub complete: bool,
    /// Rows of each table.
    pub tables: BTreeMap<String, u64>,
    /// Every file but this one, sorted by path.
    pub files: Vec<FileEntry>,
}

impl Manifest {
    /// Reads the manifest of a collection's folder; `None` if it has none, which means it is not sealed.
    ///
    /// # Errors
    /// `Newer` if a newer tool wrote it, `Damaged` if it is not what this tool writes, `Io` if it cannot be read.
    pub fn read(dir: &Path) -> Result<Option<Self>, DatasetError> {
        let path = dir.join(MANIFEST);
        let text = match std::fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(DatasetError::io("read", path)(error)),
            Ok(text) => text,
        };
        let damaged = |what: String| DatasetError::Damaged { path: path.clone(), what };
        let value: serde_json::Value = serde_json::from_str(&text).map_err(|error| damaged(format!("it is no JSON ({error})")))?;
        if value.get("format").and_then(serde_json::Value::as_str) != Some(FORMAT) {
            return Err(damaged(format!("it does not say format `{FORMAT}`")));
        }
        match value.get("format_version").and_then(serde_json::Value::as_u64) {
            Some(found) if found > u64::from(FORMAT_VERSION) => Err(DatasetError::Newer { path, found, known: FORMAT_VERSION }),
            Some(_) => serde_json::from_value(value).map(Some).map_err(|error| damaged(error.to_string())),
            None => Err(damaged("it has no format version".to_owned())),
        }
    }

    /// SHA-256 over paths and hashes of all files: one figure that names the content.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for file in &self.files {
            hash.update(format!("{}  {}\n", file.sha256, file.path).as_bytes());
        }
        hex(&hash.finalize())
    }

    /// Checks that every file is there with the length and hash the manifest names.
    ///
    /// # Errors
    /// `Damaged` naming the first file that is not.
    pub fn verify(&self, dir: &Path) -> Result<(), DatasetError> {
        for file in &self.files {
            let path = dir.join(&file.path);
            let damaged = |what: String| DatasetError::Damaged { path: path.clone(), what };
            let (size_bytes, sha256) = hash_file(&path).map_err(|error| damaged(error.to_string()))?;
            if size_bytes != file.size_bytes {
                return Err(damaged(format!("it has {size_bytes} bytes, the manifest says {}", file.size_bytes)));
            }
            if sha256 != file.sha256 {
                return Err(damaged("its SHA-256 is not the one in the manifest".to_owned()));
            }
        }
        Ok(())
    }
}

/// Length and SHA-256 of a file.
///
/// # Errors
/// As reading it.
pub fn hash_file(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut size_bytes = 0;
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((size_bytes, hex(&hash.finalize()))),
            read => {
                hash.update(&buffer[..read]);
                size_bytes += read as u64;
            }
        }
    }
}
