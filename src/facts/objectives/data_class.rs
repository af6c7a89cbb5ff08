//! Classes of data that an objective declares: one word or a list of words.
//!
//! A class is a word of small letters, digits and `-`, so that `ephi` has one spelling only: a resource that is declared to hold other classes is out of
//! scope of a framework about that one, and a slip of the pen must not take it out.

use std::collections::BTreeSet;
use std::fmt;

use serde::de::{self, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

/// Classes of data as they were written: `ephi`, or `[pci, ephi]`. Empty if nothing was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct DataClasses(Vec<String>);

impl DataClasses {
    /// The words, as the file orders them.
    pub fn words(&self) -> &[String] {
        &self.0
    }

    /// Whether nobody declared any.
    pub fn is_undeclared(&self) -> bool {
        self.0.is_empty()
    }

    /// What is wrong with them; `None` if nothing is.
    pub(super) fn wrong(&self) -> Option<String> {
        let mut seen = BTreeSet::new();
        self.0.iter().find_map(|class| match () {
            () if !is_class(class) => {
                Some(format!("`{class}` is no class of data: write a word of small letters, digits and `-`, such as `ephi`"))
            }
            () if !seen.insert(class) => Some(format!("`{class}` stands there twice")),
            () => None,
        })
    }
}

/// Whether a text is a class of data: a word of small letters, digits and `-` that begins with a letter.
pub fn is_class(text: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(fits)
}

impl<'de> Deserialize<'de> for DataClasses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Words)
    }
}

struct Words;

impl<'de> Visitor<'de> for Words {
    type Value = DataClasses;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a class of data, or a list of them")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<DataClasses, E> {
        Ok(DataClasses(vec![word.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<DataClasses, A::Error> {
        let mut words = Vec::new();
        while let Some(word) = list.next_element()? {
            words.push(word);
        }
        if words.is_empty() {
            return Err(de::Error::custom("the list of classes is empty: leave it out if nobody knows, or name a class such as `public`"));
        }
        Ok(DataClasses(words))
    }

    fn visit_unit<E: de::Error>(self) -> Result<DataClasses, E> {
        Ok(DataClasses::default())
    }

    fn visit_none<E: de::Error>(self) -> Result<DataClasses, E> {
        Ok(DataClasses::default())
    }
}
