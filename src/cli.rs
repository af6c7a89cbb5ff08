//! The command line: what can be typed. No I/O; what the options mean is settled in `config`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const ABOUT: &str = "Audit AWS backups: collect what is there, judge it, report it";

const LONG_ABOUT: &str = "Audit AWS backups: collect what is there, judge it, report it.

Without a command, does the whole job: collects from AWS into a dataset, evaluates the rules, writes the report. With --offline it works on what \
has been collected and calls nothing.

Exit codes: 0 nothing found; 1 the tool failed; 2 wrong usage or configuration; 10 findings at or above --fail-on; 11 no such finding, but something \
is unknown. See docs/exit-codes.md.";

/// `audit`
#[derive(Debug, Parser)]
#[command(name = "audit", version, about = ABOUT, long_about = LONG_ABOUT, max_term_width = 110)]
pub struct Cli {
    /// What to do; without it, the whole job
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Work on the dataset as it is, and call nothing
    #[arg(long)]
    pub offline: bool,
    /// Options of every command
    #[command(flatten)]
    pub global: Global,
}

/// Options that mean the same everywhere.
#[derive(Clone, Debug, Default, Args)]
pub struct Global {
    /// Configuration file [default: audit.yaml beside the dataset or in the current directory, if there is one]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Global options")]
    pub config: Option<PathBuf>,
    /// Folder of collections [default: audit-data]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Global options")]
    pub dataset: Option<PathBuf>,
    /// Where reports go [default: audit-report]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Global options")]
    pub out: Option<PathBuf>,
    /// Profile of the AWS configuration
    #[arg(long, global = true, value_name = "NAME", help_heading = "AWS")]
    pub profile: Option<String>,
    /// Region to collect (can be repeated), or `all` [default: those of the configuration, else every one enabled in the account]
    #[arg(long = "region", global = true, value_name = "REGION", help_heading = "AWS")]
    pub regions: Vec<String>,
    /// What to collect
    #[command(flatten)]
    pub collect: CollectOptions,
    /// Endpoint for all services, such as an emulator [default: the environment's, else AWS]
    #[arg(long, global = true, value_name = "URL", help_heading = "AWS")]
    pub endpoint_url: Option<String>,
    /// Longest wait for one attempt of a call, in seconds; a call with all its attempts gets four times that
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=900), help_heading = "AWS")]
    pub attempt_timeout: u64,
    /// Attempts of a call, the first included
    #[arg(long, global = true, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=20), help_heading = "AWS")]
    pub attempts: u32,
    /// Judge as of this moment, RFC 3339 or a date, which is its midnight UTC as everywhere [default: start of the newest collection]
    #[arg(long, global = true, value_name = "TIME", help_heading = "Evaluation")]
    pub as_of: Option<String>,
    /// Window to look at, A..B in UTC, half-open [default: the 30 days before the first collection up to --as-of]
    #[arg(long, global = true, value_name = "A..B", help_heading = "Evaluation")]
    pub window: Option<String>,
    /// Evaluate the rules that speak to this framework (can be repeated) [default: all rules]
    #[arg(long = "framework", global = true, value_name = "NAME", help_heading = "Evaluation")]
    pub frameworks: Vec<String>,
    /// Evaluate only this rule (can be repeated)
    #[arg(long = "rule", global = true, value_name = "ID", help_heading = "Evaluation")]
    pub rules: Vec<String>,
    /// Folder of further rules, which override those of the same id
    #[arg(long = "rules", global = true, value_name = "DIR", help_heading = "Evaluation")]
    pub rules_dir: Option<PathBuf>,
    /// Lowest severity that gives exit code 10: info, low, medium, high, critical [default: medium]
    #[arg(long, global = true, value_name = "LEVEL", help_heading = "Evaluation")]
    pub fail_on: Option<String>,
    /// Say more on stderr (repeat for even more)
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "Output")]
    pub verbose: u8,
    /// Say only what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose", help_heading = "Output")]
    pub quiet: bool,
    /// Draw no progress bars
    #[arg(long, global = true, help_heading = "Output")]
    pub no_progress: bool,
    /// When to use colours
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub color: Color,
}

/// What to collect, and how.
#[derive(Clone, Debug, Default, Args)]
pub struct CollectOptions {
    /// Read every active account of the caller's organisation, each entered with the role of this name
    #[arg(long, global = true, value_name = "ROLE", help_heading = "Collection")]
    pub org_role: Option<String>,
    /// Read these accounts (twelve digits, separated by commas), each entered with --role-name [default: the caller's own]
    #[arg(long, global = true, value_name = "IDS", value_delimiter = ',', conflicts_with = "org_role", help_heading = "Collection")]
    pub accounts: Vec<String>,
    /// Name of the role to enter the accounts of --accounts with, with its path if it has one
    #[arg(long, global = true, value_name = "ROLE", conflicts_with = "org_role", help_heading = "Collection")]
    pub role_name: Option<String>,
    /// External id that the trust policy of the role asks for
    #[arg(long, global = true, value_name = "ID", help_heading = "Collection")]
    pub external_id: Option<String>,
    /// Read only these tables and those they follow from (separated by commas); the others become unknown [default: all]
    #[arg(long, global = true, value_name = "TABLES", value_delimiter = ',', help_heading = "Collection")]
    pub only: Vec<String>,
    /// Leave out these tables and those that follow from them (separated by commas); they become unknown
    #[arg(long, global = true, value_name = "TABLES", value_delimiter = ',', help_heading = "Collection")]
    pub skip: Vec<String>,
    /// Share of the documented request rates to use, in percent [default: 100; an endpoint on this machine is not held to any]
    #[arg(long, global = true, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=100), help_heading = "Collection")]
    pub rate_percent: Option<u32>,
    /// Keep the answers of AWS as they came, compressed, beside the tables
    #[arg(long, global = true, help_heading = "Collection")]
    pub keep_raw: bool,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read AWS into a new collection of the dataset, or resume an interrupted one
    ///
    /// Every read leaves a record, whatever happened to it, and the run goes on. Exit code 11 if anything could not be read.
    Collect(CollectArgs),
    /// Judge the dataset by the rules and print what fails and what is unknown
    ///
    /// Writes findings.parquet, findings.csv and findings.json to --out.
    Evaluate(EvaluateArgs),
    /// Judge the dataset and write reports
    Report(ReportArgs),
    /// Say of one resource what it owes, which plans cover it, clause by clause, how exposed it was, what was found and what would repair it
    ///
    /// Draws the data at risk over --window, as wide as the terminal (COLUMNS) is. Exit codes as for evaluate, of the findings about this resource.
    Explain(ExplainArgs),
    /// Say what got worse, better or out of sight between two collections or two findings files, and what changed behind it
    ///
    /// A failure is fixed only if it is seen to pass: what was not read is told apart, and so is what is gone. Exit code 10 if something fails now, at
    /// least as badly as --fail-on, that did not; 11 if no such thing, but something that was known is not known any more.
    Diff(DiffArgs),
    /// List, explain, check or test the rules
    #[command(subcommand)]
    Rules(RulesCommand),
    /// List or check the waivers: failures that somebody accepted, with a reason, until a day
    #[command(subcommand)]
    Waiver(WaiverCommand),
    /// Print IAM policies
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// Print tables and relations with their columns, units and what NULL means
    Schema(SchemaArgs),
    /// Print completions for a shell
    Completions {
        /// bash, elvish, fish, powershell or zsh
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

/// `audit collect`
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct CollectArgs {
    /// Say what would be called, how many requests that takes and how long at the rates, and write nothing
    ///
    /// Where the dataset has a collection of the last 30 days that read the same, its log of calls tells. Elsewhere the lists from which everything else
    /// follows are really asked for, page by page, and dropped; what is asked for each thing in them is counted. Exit code 0 if there is an estimate.
    #[arg(long)]
    pub dry_run: bool,
    /// Print the estimate as JSON
    #[arg(long, requires = "dry_run")]
    pub json: bool,
}

/// `audit evaluate`
#[derive(Clone, Debug, Default, Args)]
pub struct EvaluateArgs {
    /// Print the findings as JSON instead of the summary
    #[arg(long)]
    pub json: bool,
    /// Write what passed and what is not applicable to CSV and JSON, too
    #[arg(long)]
    pub all: bool,
}

/// `audit report`
#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// Formats, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', default_value = "html,csv,json,parquet")]
    pub format: Vec<String>,
    /// Write what passed and what is not applicable to CSV and JSON, too
    #[arg(long)]
    pub all: bool,
}

/// `audit explain`
#[derive(Clone, Debug, Args)]
pub struct ExplainArgs {
    /// ARN of the resource, or its name, or a part of either that only it has
    pub arn: String,
    /// Print JSON, as docs/explain-and-diff.md describes it
    #[arg(long)]
    pub json: bool,
}

/// `audit diff`
#[derive(Clone, Debug, Args)]
pub struct DiffArgs {
    /// The older side: a collection (its id, the beginning of it, such as 20261120, `latest` or `previous`), a moment or date (its midnight UTC), which
    /// stands for the newest collection begun by then, or a findings.json or findings.parquet that `evaluate` wrote
    pub old: String,
    /// The newer side, named in the same ways
    pub new: String,
    /// Print JSON, as docs/explain-and-diff.md describes it
    #[arg(long)]
    pub json: bool,
}

/// `audit rules …`
#[derive(Clone, Debug, Subcommand)]
pub enum RulesCommand {
    /// List the rules
    List {
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Print Markdown, as docs/rules.md
        #[arg(long, conflicts_with = "json")]
        markdown: bool,
    },
    /// Explain a rule: what it asks, over what, why, as SQL, what it says in which case, and which requirements it speaks to
    Explain {
        /// Id of the rule
        id: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print which checks of other tools and which duties of documents the rules answer
    Controls {
        /// Print JSON
        #[arg(long)]
        json: bool,
        /// Print Markdown, as docs/coverage-of-controls.md
        #[arg(long, conflicts_with = "json")]
        markdown: bool,
    },
    /// Print the presets: what an objective of audit.yaml owes with `preset: ID`
    Presets {
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Check rule files, catalogues, presets, configuration and frameworks, without evaluating anything
    Check,
    /// Run the cases of every rule
    Test,
}

/// `audit waiver …`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum WaiverCommand {
    /// List all waivers: whether each holds at --as-of, until when, who owns and who approved it, and what it waives
    ///
    /// A waiver that ends within 30 days is told apart. Without a dataset the present moment counts, and what they waive is not known. Documented
    /// alternatives to addressable requirements follow, each with where its requirement stands.
    List {
        /// Print JSON, as docs/waivers.md describes it
        #[arg(long)]
        json: bool,
    },
    /// Check the waivers without judging anything: whether they can be used, have expired, or are too broad
    ///
    /// Documented alternatives are checked, too. Exit code 2 if they cannot be used, 10 if one has expired at --as-of or is too broad (both are medium),
    /// else 0.
    Check {
        /// Print the findings as JSON
        #[arg(long)]
        json: bool,
    },
}

/// `audit policy …`
#[derive(Clone, Copy, Debug, Subcommand)]
pub enum PolicyCommand {
    /// Print the least policy that collecting needs, as JSON
    Read,
}

/// `audit schema`
#[derive(Clone, Debug, Default, Args)]
pub struct SchemaArgs {
    /// A table or relation, or `findings`; without it, all
    pub name: Option<String>,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
    /// Print Markdown, as docs/schema.md
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
}
