//! What to collect: `collect:` in the configuration file, and the options of the command line that win over it.

use serde::Deserialize;

use super::{ConfigError, parse_regions, value};
use crate::cli::CollectOptions;
use crate::collect::COLLECTORS;
use crate::collect::accounts::Entry;
use crate::collect::choice::{Choice, choose};
use crate::model::{AccountId, Region};

/// The word for every Region that is enabled.
const ALL: &str = "all";

/// `collect:` as written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CollectFile {
    org_role: Option<String>,
    accounts: Vec<String>,
    role_name: Option<String>,
    external_id: Option<String>,
    only: Vec<String>,
    skip: Vec<String>,
    rate_percent: Option<u32>,
    keep_raw: bool,
}

/// Whose accounts are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accounts {
    /// That of the caller.
    Own,
    /// Those named, entered with a role.
    Named(Vec<String>, Entry),
    /// All active ones of the caller's organisation, entered with a role.
    Organization(Entry),
}

/// What is collected, and how.
#[derive(Clone)]
pub struct CollectSettings {
    /// Whose accounts.
    pub accounts: Accounts,
    /// Regions; empty for every one that is enabled.
    pub regions: Vec<Region>,
    /// Which tables.
    pub choice: Choice,
    /// Share of the documented request rates that is used, 1 to 100, if one is named.
    pub rate_percent: Option<u32>,
    /// Whether the answers of AWS are kept as they came.
    pub keep_raw: bool,
}

impl std::fmt::Debug for CollectSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let left_out = self.choice.tables_left_out();
        f.debug_struct("CollectSettings")
            .field("accounts", &self.accounts)
            .field("regions", &self.regions)
            .field("left out", &left_out)
            .finish_non_exhaustive()
    }
}

impl CollectSettings {
    /// Settles options and file; `regions` are those of either with the place they stand in, `in_file` names a key of the file.
    pub(super) fn new(
        options: &CollectOptions,
        file: CollectFile,
        (regions, regions_place): (&[String], &str),
        in_file: impl Fn(&str) -> String,
    ) -> Result<Self, ConfigError> {
        let pick = |option: &[String], file: Vec<String>| if option.is_empty() { file } else { option.to_vec() };
        let only = pick(&options.only, file.only);
        let skip = pick(&options.skip, file.skip);
        let choice = choose(COLLECTORS, &only, &skip)
            .map_err(|error| value(&format!("--only, --skip or {}", in_file("collect")), error.to_string()))?;
        let rate_percent = options.rate_percent.or(file.rate_percent);
        if let Some(percent) = rate_percent.filter(|percent| !(1..=100).contains(percent)) {
            return Err(value(&in_file("collect.rate_percent"), format!("{percent} is not a share between 1 and 100")));
        }
        let all = regions.iter().flat_map(|text| text.split(',')).any(|text| text.trim() == ALL);
        let accounts = settle(
            options.org_role.clone().or(if options.accounts.is_empty() { file.org_role } else { None }),
            &if options.org_role.is_some() { Vec::new() } else { pick(&options.accounts, file.accounts) },
            options.role_name.clone().or(file.role_name),
            options.external_id.clone().or(file.external_id),
        )?;
        Ok(Self {
            accounts,
            regions: if all { Vec::new() } else { parse_regions(regions, regions_place)? },
            choice,
            rate_percent,
            keep_raw: options.keep_raw || file.keep_raw,
        })
    }
}

fn settle(
    org_role: Option<String>,
    accounts: &[String],
    role_name: Option<String>,
    external_id: Option<String>,
) -> Result<Accounts, ConfigError> {
    for (option, name) in [("--org-role", &org_role), ("--role-name", &role_name)] {
        if let Some(name) = name.as_ref().filter(|name| !is_role(name)) {
            return Err(value(
                option,
                format!("`{name}` is not the name of a role: expected letters, digits and +=,.@_-, after a path if it has one"),
            ));
        }
    }
    if let Some(role_name) = org_role {
        if !accounts.is_empty() {
            return Err(value(
                "--org-role",
                "it reads every account of the organisation; name accounts with --accounts and --role-name instead".to_owned(),
            ));
        }
        return Ok(Accounts::Organization(Entry { role_name, external_id }));
    }
    if accounts.is_empty() {
        return match role_name {
            None if external_id.is_some() => {
                Err(value("--external-id", "it goes with a role, and none is named: --org-role, or --accounts and --role-name".to_owned()))
            }
            None => Ok(Accounts::Own),
            Some(_) => Err(value("--role-name", "it enters the accounts that --accounts names, and none is named".to_owned())),
        };
    }
    let texts = accounts.iter().flat_map(|text| text.split(',')).map(str::trim);
    let mut ids = texts
        .map(|text| text.parse::<AccountId>().map(|id| id.to_string()).map_err(|error| value("--accounts", error.to_string())))
        .collect::<Result<Vec<_>, _>>()?;
    ids.sort();
    ids.dedup();
    let role_name = role_name.ok_or_else(|| value("--accounts", "name the role to enter them with: --role-name NAME".to_owned()))?;
    Ok(Accounts::Named(ids, Entry { role_name, external_id }))
}

/// Whether a text can be the name of a role with its path. Source: IAM API reference, `Role`.
fn is_role(text: &str) -> bool {
    let name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "+=,.@_-".contains(c));
    text.trim_start_matches('/').split('/').all(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(options: &CollectOptions, yaml: &str, regions: &[&str]) -> Result<CollectSettings, String> {
        let file: CollectFile = serde_saphyr::from_str(yaml).unwrap();
        let regions: Vec<String> = regions.iter().map(|region| (*region).to_owned()).collect();
        CollectSettings::new(options, file, (&regions, "--region"), |key| format!("audit.yaml, `{key}`")).map_err(|error| error.to_string())
    }

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn options_win_over_the_file() {
        let entry = |role: &str| Entry { role_name: role.into(), external_id: None };
        let of = |options: CollectOptions, yaml: &str| settled(&options, yaml, &[]).unwrap().accounts;
        let none = CollectOptions::default;
        assert_eq!(of(none(), "{}"), Accounts::Own);
        assert_eq!(of(none(), "org_role: Auditor"), Accounts::Organization(entry("Auditor")));
        assert_eq!(
            of(CollectOptions { org_role: Some("Other".into()), ..none() }, "org_role: Auditor"),
            Accounts::Organization(entry("Other"))
        );
        let named =
            CollectOptions { accounts: texts(&["444455556666,111122223333", "444455556666"]), role_name: Some("R".into()), ..none() };
        assert_eq!(
            of(named, "org_role: Auditor"),
            Accounts::Named(texts(&["111122223333", "444455556666"]), entry("R")),
            "sorted, each once"
        );
        assert_eq!(settled(&CollectOptions { rate_percent: Some(10), ..none() }, "rate_percent: 50", &[]).unwrap().rate_percent, Some(10));
    }

    #[test]
    fn all_regions_are_none_by_name() {
        assert!(settled(&CollectOptions::default(), "{}", &["eu-west-1", "all"]).unwrap().regions.is_empty());
        assert_eq!(settled(&CollectOptions::default(), "{}", &["eu-west-1"]).unwrap().regions.len(), 1);
    }

    #[test]
    fn what_does_not_go_together_is_refused_with_the_way_out() {
        let cases = [
            ("rate_percent: 0", "between 1 and 100"),
            ("rate_percent: 101", "between 1 and 100"),
            ("role_name: R", "none is named"),
            ("external_id: x", "--external-id"),
            ("org_role: ''", "is not the name of a role"),
            ("org_role: 'a b'", "is not the name of a role"),
            ("{accounts: ['444455556666'], role_name: 'audit//R'}", "is not the name of a role"),
            ("accounts: ['444455556666']", "--role-name NAME"),
            ("{accounts: ['44445555'], role_name: R}", "--accounts"),
            ("{org_role: A, accounts: ['444455556666']}", "--org-role"),
            ("only: [vaults]", "no table `vaults`"),
            ("skip: [recovery_point]", "did you mean `recovery_points`?"),
        ];
        for (yaml, contains) in cases {
            let error = settled(&CollectOptions::default(), yaml, &[]).unwrap_err();
            assert!(error.contains(contains), "{yaml}: `{error}` does not say `{contains}`");
        }
    }
}
