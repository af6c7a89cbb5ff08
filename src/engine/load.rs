//! Where rules, frameworks, catalogues and prices come from: embedded in the binary, extended or overridden by a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use super::catalogues::Catalogues;
use super::check;
use super::diagnostic::{RuleError, RuleErrors, SourceFile};
use super::frameworks::Frameworks;
use super::prices;
use super::rule::{Rule, RuleSet};
use crate::dataset::Relation;
use crate::facts::prices::Prices;
use crate::model::key::hex;

/// The folder below `rules/` that holds frameworks and the vocabulary of evidence kinds.
const FRAMEWORKS: &str = "frameworks";
/// The folder below `rules/` that holds what other tools check and what documents promise.
const CATALOGUES: &str = "catalogues";
/// The folder below `rules/` that holds presets of objectives.
const PRESETS: &str = "presets";
/// The folder below `rules/` that holds what storage costs.
const PRICES: &str = "prices";

#[derive(RustEmbed)]
#[folder = "rules/"]
struct Embedded;

/// The YAML files of one source, sorted by path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layer {
    /// Rule files.
    pub rules: Vec<SourceFile>,
    /// Frameworks and evidence kinds.
    pub frameworks: Vec<SourceFile>,
    /// Catalogues, planned rules and duties.
    pub catalogues: Vec<SourceFile>,
    /// Presets of objectives.
    pub presets: Vec<SourceFile>,
    /// Price lists.
    pub prices: Vec<SourceFile>,
}

/// Rules, frameworks, catalogues and prices, checked.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Library {
    /// The rules.
    pub rules: RuleSet,
    /// The frameworks and the vocabulary.
    pub frameworks: Frameworks,
    /// What other tools check.
    pub catalogues: Catalogues,
    /// What storage costs.
    pub prices: Prices,
}

/// Why rules could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// A folder or file cannot be read.
    #[error("cannot read rules from {path}")]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Files are wrong.
    #[error(transparent)]
    Rules(#[from] RuleErrors),
}

impl Layer {
    fn push(&mut self, path: &str, file: SourceFile) {
        match path.rsplit(['/', '\\']).nth(1) {
            Some(FRAMEWORKS) => self.frameworks.push(file),
            Some(CATALOGUES) => self.catalogues.push(file),
            Some(PRESETS) => self.presets.push(file),
            Some(PRICES) => self.prices.push(file),
            _ => self.rules.push(file),
        }
    }

    /// Reads every `*.yaml` below a folder; those in a folder `frameworks` are frameworks, those in a folder
    /// `catalogues` are catalogues, those in a folder `presets` are presets, those in a folder `prices` are price lists, all
    /// others rules.
    ///
    /// # Errors
    /// `LoadError::Io` naming what cannot be read or is not UTF-8.
    pub fn read(folder: &Path) -> Result<Self, LoadError> {
        let mut paths = Vec::new();
        walk(folder, &mut paths)?;
        paths.sort();
        let mut layer = Self::default();
        for path in paths {
            let text = std::fs::read_to_string(&path).map_err(|source| LoadError::Io { path: path.clone(), source })?;
            let name = path.to_string_lossy().into_owned();
            layer.push(&name, SourceFile { path: name.clone(), text });
        }
        Ok(layer)
    }
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), LoadError> {
    let io = |source| LoadError::Io { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        let path = entry.path();
        if entry.file_type().map_err(io)?.is_dir() {
            walk(&path, paths)?;
        } else if path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml") {
            paths.push(path);
        }
    }
    Ok(())
}

/// The files inside the binary.
pub fn embedded() -> Layer {
    let mut names: Vec<_> = Embedded::iter().filter(|name| name.ends_with(".yaml")).collect();
    names.sort();
    let mut layer = Layer::default();
    for name in names {
        if let Some(file) = Embedded::get(&name) {
            let text = String::from_utf8_lossy(&file.data).into_owned();
            layer.push(&name, SourceFile { path: format!("rules/{name}"), text });
        }
    }
    layer
}

/// The embedded layer, and that of a folder.
fn layers(folder: Option<&Path>) -> Result<Vec<Layer>, LoadError> {
    let own = folder.map(Layer::read).transpose()?;
    Ok(std::iter::once(embedded()).chain(own).collect())
}

/// The embedded prices, with those of a folder in the place of the same Region and type. Nothing else is checked for it.
///
/// # Errors
/// `LoadError::Io` if the folder cannot be read, `LoadError::Rules` with every error of every price list.
pub fn price_list(folder: Option<&Path>) -> Result<Prices, LoadError> {
    let mut errors = Vec::new();
    let files: Vec<_> = layers(folder)?.into_iter().map(|layer| layer.prices).collect();
    let prices = prices::read(&files, &mut errors);
    if errors.is_empty() { Ok(prices) } else { Err(RuleErrors(errors).into()) }
}

impl Library {
    /// The embedded rules, with those of a folder added or put in the place of the same id.
    ///
    /// # Errors
    /// `LoadError::Io` if the folder cannot be read, `LoadError::Rules` with every error of every file.
    pub fn load(relations: &[&'static Relation], folder: Option<&Path>) -> Result<Self, LoadError> {
        Ok(Self::check(&layers(folder)?, relations)?)
    }

    /// The requirements each rule speaks to, as findings write them; goes into [`Settings::with_controls`](super::settings::Settings::with_controls).
    pub fn controls(&self) -> BTreeMap<String, String> {
        self.rules.iter().map(|rule| (rule.id.clone(), self.frameworks.controls(&rule.evidence))).collect()
    }

    /// One figure that names the rules: SHA-256 over the text of every rule file, framework and price in use.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for rule in self.rules.iter() {
            hash.update(format!("{rule:?}\n"));
        }
        hash.update(format!("{:?}", self.frameworks));
        hash.update(format!("{:?}", self.prices));
        hex(&hash.finalize())
    }

    /// Checks layers of files, the later overriding the earlier.
    ///
    /// # Errors
    /// Every error of every file.
    pub fn check(layers: &[Layer], relations: &[&'static Relation]) -> Result<Self, RuleErrors> {
        let mut errors = Vec::new();
        let files: Vec<_> = layers.iter().map(|layer| layer.frameworks.clone()).collect();
        let frameworks = Frameworks::read(&files, &mut errors);
        let files: Vec<_> = layers.iter().map(|layer| layer.catalogues.clone()).collect();
        let catalogues = Catalogues::read(&files, &mut errors);
        let files: Vec<_> = layers.iter().map(|layer| layer.prices.clone()).collect();
        let prices = prices::read(&files, &mut errors);
        let mut rules: BTreeMap<String, (Rule, &SourceFile)> = BTreeMap::new();
        for layer in layers {
            for (id, (rule, file)) in read_layer(layer, relations, (&frameworks, &catalogues), &mut errors) {
                rules.insert(id, (rule, file));
            }
        }
        aliases(&rules, &mut errors);
        if !errors.is_empty() {
            return Err(RuleErrors(errors));
        }
        Ok(Self { rules: RuleSet::new(rules.into_values().map(|(rule, _)| rule)), frameworks, catalogues, prices })
    }
}

fn read_layer<'f>(
    layer: &'f Layer,
    relations: &[&'static Relation],
    named: (&Frameworks, &Catalogues),
    errors: &mut Vec<RuleError>,
) -> BTreeMap<String, (Rule, &'f SourceFile)> {
    let mut rules: BTreeMap<String, (Rule, &SourceFile)> = BTreeMap::new();
    for file in &layer.rules {
        match check::read(file, relations, named) {
            Ok(rule) => {
                if let Some((_, first)) = rules.get(&rule.id) {
                    errors.push(file.error(0..0, format!("rule `{}` also stands in {}", rule.id, first.path), None));
                } else {
                    rules.insert(rule.id.clone(), (rule, file));
                }
            }
            Err(found) => errors.extend(found),
        }
    }
    rules
}

/// An id must stand for one rule, today or before.
fn aliases(rules: &BTreeMap<String, (Rule, &SourceFile)>, errors: &mut Vec<RuleError>) {
    let mut owners: BTreeMap<&str, &str> = rules.keys().map(|id| (id.as_str(), id.as_str())).collect();
    for (rule, file) in rules.values() {
        for alias in &rule.aliases {
            if let Some(owner) = owners.insert(alias, &rule.id) {
                errors.push(file.error(0..0, format!("alias `{alias}` of `{}` already stands for rule `{owner}`", rule.id), None));
            }
        }
    }
}
