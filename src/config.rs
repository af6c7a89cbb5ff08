//! Configuration: file, environment and flags merged once. Nothing else reads the environment.
//!
//! `audit.yaml` is read from `--config`, else beside the dataset, else from the current directory. Unknown keys are refused with place and snippet. What is
//! read here is as typed; each stage understands its own part.

mod collect;
pub mod presets;

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

pub use collect::{Accounts, CollectSettings};
use presets::Presets;

use crate::cli::{Color, Global};
use crate::engine::{AlternativeEntry, RuleSettings, SourceFile, WaiverEntry};
use crate::facts::Objectives;
use crate::facts::objectives::Objective;
use crate::model::{Region, Severity, Window, moment};

/// Name of the configuration file.
pub const FILE: &str = "audit.yaml";
/// Folder of collections if none is named.
pub const DATASET: &str = "audit-data";
/// Folder of reports if none is named.
pub const OUT: &str = "audit-report";

/// Why the configuration cannot be used. Always exit code 2.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("cannot read the configuration {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is no configuration.
    #[error("the configuration cannot be used\n{rendered}")]
    Parse {
        /// File, line, snippet, caret and advice.
        rendered: String,
    },
    /// A value cannot be used.
    #[error("{place}: {what}")]
    Value {
        /// File and key, or flag.
        place: String,
        /// What is wrong with it.
        what: String,
    },
}

/// `audit.yaml` as written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    title: Option<String>,
    regions: Vec<String>,
    collect: collect::CollectFile,
    window: Option<String>,
    fail_on: Option<String>,
    objectives: Vec<Objective>,
    rules: RuleSettings,
    waivers: Vec<WaiverEntry>,
    alternatives: Vec<AlternativeEntry>,
}

/// Everything a command needs to know, settled.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Name of the estate on reports.
    pub title: String,
    /// The configuration file that was read.
    pub config: Option<PathBuf>,
    /// Folder of collections.
    pub dataset: PathBuf,
    /// Whether the dataset was named, or is the default.
    pub dataset_named: bool,
    /// Where reports go.
    pub out: PathBuf,
    /// AWS profile.
    pub profile: Option<String>,
    /// What is collected, and how.
    pub collect: CollectSettings,
    /// Endpoint of all services.
    pub endpoint_url: Option<String>,
    /// Longest wait for one attempt of a call.
    pub attempt_timeout: Duration,
    /// Attempts of a call.
    pub attempts: u32,
    /// Moment of judgement.
    pub as_of_s: Option<i64>,
    /// Window to look at.
    pub window: Option<Window>,
    /// Frameworks to judge by; empty for all.
    pub frameworks: Vec<String>,
    /// Rules to judge by; empty for all.
    pub rule_ids: Vec<String>,
    /// Folder of further rules.
    pub rules_dir: Option<PathBuf>,
    /// Lowest severity that gives exit code 10.
    pub fail_on: Severity,
    /// Who owes what.
    pub objectives: Objectives,
    /// Parameters and severities of rules, still to be checked against them.
    pub rules: RuleSettings,
    /// Accepted failures, still to be checked against the rules.
    pub waivers: Vec<WaiverEntry>,
    /// Addressable requirements that are answered otherwise, still to be checked against the frameworks.
    pub alternatives: Vec<AlternativeEntry>,
    /// The configuration file with its text, for the place of errors in it.
    pub source: SourceFile,
    /// How much to say on stderr: -1 only errors, 0 what matters, more is more.
    pub verbosity: i8,
    /// Whether progress may be drawn as bars.
    pub bars: bool,
    /// Whether stdout gets colours.
    pub color: bool,
    /// Columns of the terminal.
    pub columns: u16,
}

impl Settings {
    /// Settles flags, file and environment.
    ///
    /// # Errors
    /// `ConfigError` naming file and key, or flag.
    pub fn new(global: &Global) -> Result<Self, ConfigError> {
        let dataset = global.dataset.clone().unwrap_or_else(|| PathBuf::from(DATASET));
        let config = find(global, &dataset);
        let source =
            config.as_deref().map(source).transpose()?.unwrap_or_else(|| SourceFile { path: FILE.to_owned(), text: String::new() });
        let file = parse(&source)?;
        let in_file = |key: &str| format!("{}, `{key}`", config.as_deref().unwrap_or(Path::new(FILE)).display());
        let objectives = objectives(file.objectives, global.rules_dir.as_deref(), &in_file("objectives"))?;
        let (regions, place) =
            if global.regions.is_empty() { (&file.regions, in_file("regions")) } else { (&global.regions, "--region".to_owned()) };
        let fail_on = match (&global.fail_on, &file.fail_on) {
            (Some(text), _) => text.parse().map_err(|error| value("--fail-on", error))?,
            (None, Some(text)) => text.parse().map_err(|error| value(&in_file("fail_on"), error))?,
            (None, None) => Severity::Medium,
        };
        let window = match (&global.window, &file.window) {
            (Some(text), _) => Some(Window::parse(text).map_err(|error| value("--window", error))?),
            (None, Some(text)) => Some(Window::parse(text).map_err(|error| value(&in_file("window"), error))?),
            (None, None) => None,
        };
        let as_of_s = global.as_of.as_deref().map(moment::parse).transpose().map_err(|error| value("--as-of", error.to_string()))?;
        Ok(Self {
            title: file.title.unwrap_or_else(|| "AWS backups".to_owned()),
            collect: CollectSettings::new(&global.collect, file.collect, (regions, &place), in_file)?,
            config,
            dataset_named: global.dataset.is_some(),
            dataset,
            out: global.out.clone().unwrap_or_else(|| PathBuf::from(OUT)),
            profile: global.profile.clone(),
            endpoint_url: global.endpoint_url.clone(),
            attempt_timeout: Duration::from_secs(global.attempt_timeout),
            attempts: global.attempts,
            as_of_s,
            window,
            frameworks: global.frameworks.clone(),
            rule_ids: global.rules.clone(),
            rules_dir: global.rules_dir.clone(),
            fail_on,
            objectives,
            rules: file.rules,
            waivers: file.waivers,
            alternatives: file.alternatives,
            source,
            verbosity: if global.quiet { -1 } else { i8::try_from(global.verbose).unwrap_or(i8::MAX) },
            bars: !global.no_progress && !global.quiet && std::io::stderr().is_terminal(),
            color: color(global.color),
            columns: columns(),
        })
    }
}

/// What is owed, presets filled in, which are read only if an entry names one.
fn objectives(entries: Vec<Objective>, rules_dir: Option<&Path>, place: &str) -> Result<Objectives, ConfigError> {
    let named = entries.iter().any(|entry| entry.preset.is_some());
    let presets = if named { Presets::load(rules_dir).map_err(|error| value("presets", error.to_string()))? } else { Presets::default() };
    let entries = entries.into_iter().map(|entry| presets.fill(entry).map_err(|error| value(place, error))).collect::<Result<_, _>>()?;
    Objectives::new(entries).map_err(|error| value(place, error.to_string()))
}

fn find(global: &Global, dataset: &Path) -> Option<PathBuf> {
    if global.config.is_some() {
        return global.config.clone();
    }
    [dataset.join(FILE), PathBuf::from(FILE)].into_iter().find(|path| path.is_file())
}

fn source(path: &Path) -> Result<SourceFile, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    Ok(SourceFile { path: path.display().to_string(), text })
}

fn parse(source: &SourceFile) -> Result<File, ConfigError> {
    if source.text.trim().is_empty() {
        return Ok(File::default());
    }
    source.read().map_err(|error| ConfigError::Parse { rendered: error.rendered })
}

fn parse_regions(texts: &[String], place: &str) -> Result<Vec<Region>, ConfigError> {
    let mut regions = texts
        .iter()
        .flat_map(|text| text.split(','))
        .map(|text| text.trim().parse::<Region>().map_err(|error| value(place, error.to_string())))
        .collect::<Result<Vec<_>, _>>()?;
    regions.sort();
    regions.dedup();
    Ok(regions)
}

fn value(place: &str, what: String) -> ConfigError {
    ConfigError::Value { place: place.to_owned(), what }
}

#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
fn color(when: Color) -> bool {
    match when {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && std::io::stdout().is_terminal(),
    }
}

#[expect(clippy::disallowed_methods, reason = "this is where the environment is read")]
fn columns() -> u16 {
    let told = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    told.filter(|columns| *columns >= 40).unwrap_or(100)
}
