//! The shape of the project: which folder may know which, one home for Polars, the SDKs and printing, no forgotten files, true paths in docs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Rust files below a folder, with their text, sorted.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                files.push((path.strip_prefix(root()).unwrap().to_owned(), text));
            }
        }
    }
    files.sort();
    files
}

/// The stage of a file: its folder below `src`, or its own name.
fn stage(path: &Path) -> String {
    let below = path.strip_prefix("src").unwrap().components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    below.trim_end_matches(".rs").to_owned()
}

/// The stages that a text names after `crate::`, also inside `use crate::{…}`.
fn named(text: &str) -> Vec<String> {
    let word = |rest: &str| rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let mut named = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        if text[..at].ends_with('$') {
            continue; // a macro's own path
        }
        match rest.strip_prefix('{') {
            Some(group) => named.extend(group.split(['{', '}', ',']).map(|part| word(part.trim())).filter(|part| !part.is_empty())),
            None => named.push(word(rest)),
        }
    }
    named
}

#[test]
fn data_flows_one_way() {
    let may_know: BTreeMap<&str, &[&str]> = BTreeMap::from([
        ("model", &[][..]),
        ("dataset", &["model"]),
        ("collect", &["model", "dataset"]),
        ("facts", &["model", "dataset"]),
        ("engine", &["model", "dataset", "facts"]),
        ("report", &["model", "dataset", "engine"]),
        ("cli", &[]),
        ("config", &["cli", "model", "collect", "facts", "engine"]),
        ("commands", &["cli", "config", "model", "dataset", "collect", "facts", "engine", "report"]),
        ("lib", &["commands", "model", "dataset", "collect", "facts", "engine", "report", "cli", "config"]),
        ("main", &[]),
    ]);
    let stages: Vec<&str> = may_know.keys().copied().collect();
    for (path, text) in sources("src") {
        let stage = stage(&path);
        let allowed = may_know.get(stage.as_str()).unwrap_or_else(|| panic!("{} belongs to no known stage", path.display()));
        for other in named(&text).into_iter().filter(|other| stages.contains(&other.as_str()) && *other != stage) {
            assert!(allowed.contains(&other.as_str()), "{} knows `{other}`, which `{stage}` may not", path.display());
        }
    }
}

#[test]
fn things_stay_in_their_homes() {
    // what, where it may be, why
    let homes: [(&str, &[&str], &str); 4] = [
        ("polars::", &["dataset", "facts", "engine"], "plain structs cross every other border"),
        ("aws_sdk_", &["collect"], "SDK types stay behind the read door"),
        (" println!", &["commands"], "only commands print"),
        ("minijinja::", &["report", "engine"], "templates and messages"),
    ];
    for (path, text) in sources("src") {
        for (what, allowed, why) in homes {
            let here = stage(&path);
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).any(|line| line.contains(what));
            assert!(!code || allowed.contains(&here.as_str()), "{} uses `{what}`: {why}", path.display());
        }
    }
}

#[test]
fn no_file_is_forgotten() {
    for (path, _) in sources("src") {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if ["main", "lib", "mod"].contains(&name.as_str()) {
            continue;
        }
        let folder = root().join(path.parent().unwrap());
        let beside = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        let mut parents = beside.chain([folder.with_extension("rs")]).filter_map(|parent| fs::read_to_string(parent).ok());
        let declared = parents.any(|text| text.contains(&format!("mod {name};")) || text.contains(&format!("path = \"{name}.rs\"")));
        assert!(declared, "{} has no `mod` line", path.display());
    }
}

#[test]
fn every_module_says_what_it_is_for() {
    for (path, text) in sources("src") {
        assert!(text.starts_with("//!"), "{} begins with what it deals with", path.display());
    }
}

#[test]
fn nothing_is_left_undone() {
    for (path, text) in sources("src") {
        for mark in ["todo!(", "unimplemented!(", "dbg!("] {
            assert!(!text.contains(mark), "{} has `{mark}`", path.display());
        }
    }
}

#[test]
fn paths_in_the_documents_exist() {
    for document in ["README.md", "CONTRIBUTING.md", "docs/architecture.md", "docs/exit-codes.md"] {
        let text = fs::read_to_string(root().join(document)).unwrap();
        for path in text.split('`').skip(1).step_by(2).filter(|code| is_path(code)) {
            assert!(root().join(path).exists(), "{document} names `{path}`, which is not there");
        }
    }
}

/// Something between backticks that can only be a path of this project.
fn is_path(code: &str) -> bool {
    let ours = ["src/", "rules/", "templates/", "tests/", "docs/", "examples/", "reports/", ".ci/"];
    ours.iter().any(|folder| code.starts_with(folder)) && !code.contains(['<', '*', ' ', '{'])
}

#[test]
fn only_documentation_accounts_appear() {
    let allowed =
        ["111122223333", "222233334444", "333344445555", "444455556666", "555566667777", "123456789012", "011122223333", "000000000000"];
    let folders = ["src", "tests/it", "examples"];
    for (path, text) in folders.into_iter().flat_map(sources) {
        // The last part of a UUID has twelve characters, too.
        let numbers = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').filter(|word| word.len() != 36);
        let numbers = numbers.flat_map(|word| word.split(|c: char| !c.is_ascii_digit()));
        for number in numbers.filter(|digits| digits.len() == 12) {
            assert!(allowed.contains(&number), "{} has the account-like number {number}", path.display());
        }
    }
}
