//! Price files: `rules/prices/<date>.yaml` inside the binary, and those of a folder in the place of single prices.
//!
//! A file has the date of its list and one entry for each Region and type, with where the figures were read. Amounts are decimal texts in US dollars.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::diagnostic::{RuleError, SourceFile};
use super::nearest::nearest;
use crate::facts::coverage::resource_types::{NAMES, ResourceType};
use crate::facts::prices::{Price, Prices};
use crate::model::{Region, moment};

/// Digits after the point that a price can have: a millionth of a dollar is the smallest amount.
const DECIMALS: usize = 6;

/// The currency of a list; another one would not add up with it.
#[derive(Clone, Copy, Debug, Deserialize)]
enum Currency {
    #[serde(rename = "USD")]
    Usd,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPrices {
    date: Spanned<String>,
    #[serde(rename = "currency")]
    _currency: Currency,
    #[serde(default, rename = "note")]
    _note: String,
    prices: Vec<RawPrice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPrice {
    region: Spanned<String>,
    #[serde(rename = "type")]
    resource_type: Spanned<String>,
    #[serde(default)]
    warm_usd: Option<Spanned<String>>,
    #[serde(default)]
    cold_usd: Option<Spanned<String>>,
    #[serde(default)]
    air_gapped_usd: Option<Spanned<String>>,
    #[serde(rename = "source")]
    _source: Spanned<String>,
}

/// Reads layers of files, each a folder's worth; a later layer replaces the price of the same Region and type, with all of its classes.
///
/// Errors are added to `errors`; what could be read is returned.
pub fn read(layers: &[Vec<SourceFile>], errors: &mut Vec<RuleError>) -> Prices {
    let mut prices = Prices::default();
    for layer in layers {
        let mut here: BTreeMap<(String, String), &str> = BTreeMap::new();
        for file in layer {
            let raw = match file.read::<RawPrices>() {
                Ok(raw) => raw,
                Err(error) => {
                    errors.push(error);
                    continue;
                }
            };
            if !is_date(&raw.date.value) {
                errors.push(file.error(file.span(raw.date.referenced), "this is no date", Some("write it as 2026-11-27".to_owned())));
            }
            for entry in &raw.prices {
                let key = (entry.region.value.clone(), entry.resource_type.value.clone());
                let price = understand(entry, &raw.date.value, file, errors);
                if let Some(first) = here.insert(key.clone(), &file.path) {
                    let message = format!("the price of {} in {} also stands in {first}", key.1, key.0);
                    errors.push(file.error(file.span(entry.region.referenced), message, None));
                }
                prices.set(&key.0, &key.1, price);
            }
        }
    }
    prices
}

fn understand(entry: &RawPrice, date: &str, file: &SourceFile, errors: &mut Vec<RuleError>) -> Price {
    let RawPrice { region, resource_type, warm_usd, cold_usd, air_gapped_usd, .. } = entry;
    if let Err(error) = region.value.parse::<Region>() {
        errors.push(file.error(file.span(region.referenced), error.to_string(), None));
    }
    if ResourceType::from_name(&resource_type.value).is_none() {
        let hint = nearest(&resource_type.value, NAMES.iter().map(|(_, name)| *name)).map(|near| format!("did you mean `{near}`?"));
        errors.push(file.error(file.span(resource_type.referenced), format!("AWS Backup has no type `{}`", resource_type.value), hint));
    }
    if [warm_usd, cold_usd, air_gapped_usd].iter().all(|price| price.is_none()) {
        let hint = "give warm_usd, cold_usd or air_gapped_usd; without an entry the price is not known".to_owned();
        errors.push(file.error(file.span(region.referenced), "this entry has no price", Some(hint)));
    }
    let mut amount = |text: &Option<Spanned<String>>| {
        let text = text.as_ref()?;
        let found = micro_usd(&text.value);
        if found.is_none() {
            let hint = format!("write US dollars with at most {DECIMALS} decimals, such as 0.0125");
            errors.push(file.error(file.span(text.referenced), format!("`{}` is no price", text.value), Some(hint)));
        }
        found
    };
    Price {
        warm_micro_usd: amount(warm_usd),
        cold_micro_usd: amount(cold_usd),
        air_gapped_micro_usd: amount(air_gapped_usd),
        priced_on: date.to_owned(),
    }
}

/// Whether a text is a day of the calendar, as ISO 8601 writes it; only so do dates sort as texts.
fn is_date(text: &str) -> bool {
    text.len() == 10 && moment::parse(text).is_ok()
}

/// An amount in millionths of a dollar: `0.0125` is 12,500. `None` for anything but digits with at most six of them after one point.
fn micro_usd(text: &str) -> Option<i64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > DECIMALS {
        return None;
    }
    let part: i64 = format!("{part:0<DECIMALS$}").parse().ok()?;
    whole.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::prices::Class;

    fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.to_owned(), text: text.to_owned() }
    }

    fn list(entries: &str) -> SourceFile {
        file("prices/list.yaml", &format!("date: 2026-11-27\ncurrency: USD\nprices:\n{entries}"))
    }

    #[test]
    fn amounts() {
        let cases = [
            ("0.05", Some(50_000)),
            ("0.0125", Some(12_500)),
            ("0.000001", Some(1)),
            ("0", Some(0)),
            ("12", Some(12_000_000)),
            ("0.0000001", None),
            (".05", None),
            ("1.", None),
            ("-1", None),
            ("0,05", None),
            ("5e-2", None),
            ("99999999999999", None),
        ];
        for (text, expected) in cases {
            assert_eq!(micro_usd(text), expected, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_said() {
        // entries, what is said about them
        let cases = [
            ("- { region: us-east-1, type: EBS, source: x }", "this entry has no price"),
            ("- { region: us-east-1, type: EBD, warm_usd: 0.05, source: x }", "AWS Backup has no type `EBD`"),
            ("- { region: us-east-1, type: EBS, warm_usd: free, source: x }", "`free` is no price"),
            ("- { region: us-east-1, type: EBS, warm_usd: 0.05 }", "key `source` is missing"),
            ("- { region: us-east-1, type: EBS, warm: 0.05, source: x }", "unknown key `warm`"),
            (
                "- { region: us-east-1, type: EBS, warm_usd: 0.05, source: x }\n- { region: us-east-1, type: EBS, warm_usd: 0.06, source: x }",
                "the price of EBS in us-east-1 also stands in prices/list.yaml",
            ),
        ];
        for (entries, said) in cases {
            let mut errors = Vec::new();
            read(&[vec![list(entries)]], &mut errors);
            let messages: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
            assert_eq!(messages, [said], "{entries}");
        }
        let mut errors = Vec::new();
        read(&[vec![file("p.yaml", "date: last week\ncurrency: USD\nprices: []\n")]], &mut errors);
        assert_eq!(errors[0].message, "this is no date");
        read(&[vec![file("p.yaml", "date: 2026-11-27\ncurrency: EUR\nprices: []\n")]], &mut errors);
        assert!(errors[1].message.contains("EUR"), "{}", errors[1].message);
    }

    #[test]
    fn a_later_layer_replaces_a_price_with_all_its_classes() {
        let first = "- { region: us-east-1, type: EBS, warm_usd: 0.05, cold_usd: 0.0125, source: x }\n- { region: us-east-1, type: RDS, warm_usd: 0.095, source: x }";
        let own = "- { region: us-east-1, type: EBS, warm_usd: 0.04, source: our agreement }";
        let mut errors = Vec::new();
        let prices = read(&[vec![list(first)], vec![list(own)]], &mut errors);
        assert_eq!(errors, []);
        assert_eq!(prices.of("us-east-1", "EBS", Class::Warm), Some((40_000, "2026-11-27")));
        assert_eq!(prices.of("us-east-1", "EBS", Class::Cold), None);
        assert_eq!(prices.of("us-east-1", "RDS", Class::Warm), Some((95_000, "2026-11-27")));
    }

    #[test]
    fn the_embedded_list_can_be_read() {
        let mut errors = Vec::new();
        let prices = read(&[super::super::load::embedded().prices], &mut errors);
        assert_eq!(errors, []);
        assert_eq!(prices.of("us-east-1", "EBS", Class::Cold).map(|(micro_usd, _)| micro_usd), Some(12_500));
        assert_eq!(prices.of("eu-west-1", "RDS", Class::Warm).map(|(micro_usd, _)| micro_usd), Some(95_000));
    }
}
