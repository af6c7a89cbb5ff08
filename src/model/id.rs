//! Account ids and Region names. Both are text: an account id may begin with `0`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is no account id or Region.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not twelve digits.
    #[error("`{0}` is not an AWS account id: expected 12 digits")]
    Account(String),
    /// Not of the shape `eu-west-1`.
    #[error("`{0}` is not an AWS Region name: expected lower-case letters, digits and hyphens such as `eu-west-1`")]
    Region(String),
}

/// A 12-digit AWS account id.
///
/// ```
/// use backup_audit::model::AccountId;
/// assert_eq!("011122223333".parse::<AccountId>().unwrap().as_str(), "011122223333");
/// assert!("11122223333".parse::<AccountId>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(String);

/// A Region name such as `eu-west-1`; not checked against a list, because AWS adds Regions.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Region(String);

impl AccountId {
    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Region {
    /// The name as AWS writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for AccountId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let right = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
        if right { Ok(Self(text.to_owned())) } else { Err(IdError::Account(text.to_owned())) }
    }
}

impl FromStr for Region {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let letters = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let right = letters && text.contains('-') && text.len() <= 32 && text.starts_with(|first: char| first.is_ascii_lowercase());
        if right { Ok(Self(text.to_owned())) } else { Err(IdError::Region(text.to_owned())) }
    }
}

macro_rules! text_like {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_like!(AccountId);
text_like!(Region);
