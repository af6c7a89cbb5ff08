//! How many things an answer names, as it came over the wire: for reconciling what was read with what was kept.

use std::collections::BTreeMap;
use std::fmt;

use quick_xml::Reader;
use quick_xml::events::Event;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Elements of the lists that an answer holds at its top: of a JSON object, those of all members that are lists; of XML, the children of elements that
/// repeat one name (`member`, `item`, `DBInstance`). `None` for anything else, CBOR included.
///
/// Members of one thing can be lists too where the answer is about that thing alone; the count of the read, made by the collector, says what counted.
pub(super) fn count(body: &[u8]) -> Option<u64> {
    match body.trim_ascii_start().first()? {
        b'{' => {
            let members: BTreeMap<String, Length> = serde_json::from_slice(body).ok()?;
            Some(members.values().map(|length| length.0).sum())
        }
        b'<' => lists_of_xml(body),
        _ => None,
    }
}

/// The length of a list, 0 for anything else; nothing of it is kept.
struct Length(u64);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Counting;
        macro_rules! no_list {
            ($( $name:ident: $type:ty ),*) => { $( fn $name<E>(self, _: $type) -> Result<Length, E> { Ok(Length(0)) } )* };
        }
        impl<'de> Visitor<'de> for Counting {
            type Value = Length;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }
            no_list!(visit_bool: bool, visit_i64: i64, visit_u64: u64, visit_f64: f64, visit_str: &str);
            fn visit_unit<E>(self) -> Result<Length, E> {
                Ok(Length(0))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Length, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Length(0))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Length, A::Error> {
                let mut length = 0;
                while list.next_element::<IgnoredAny>()?.is_some() {
                    length += 1;
                }
                Ok(Length(length))
            }
        }
        deserializer.deserialize_any(Counting)
    }
}

/// Children of lists in the answers of the Query protocol (`<R><Result><List><item>`), of EC2 (`<R><list><item>`) and of S3 (`<R><List><item>`): of the
/// elements one or two levels below the root that hold no text of their own, those whose first two children have one name or that have one child only.
fn lists_of_xml(body: &[u8]) -> Option<u64> {
    let mut reader = Reader::from_reader(body);
    let mut path: Vec<Vec<u8>> = Vec::new();
    let mut children: Vec<Vec<Vec<u8>>> = vec![Vec::new()];
    let mut lists = 0;
    let mut buffer = Vec::new();
    let mut close = |path: &[Vec<u8>], names: &[Vec<u8>]| {
        let of_result = path.get(1).is_some_and(|name| name.ends_with(b"Result"));
        let level = if of_result { 3 } else { 2 };
        let alike = names.first().is_some_and(|first| names.iter().all(|name| name == first));
        if path.len() == level && alike {
            lists += names.len() as u64;
        }
    };
    loop {
        match reader.read_event_into(&mut buffer).ok()? {
            Event::Start(start) => {
                let name = start.local_name().as_ref().to_vec();
                children.last_mut()?.push(name.clone());
                path.push(name);
                children.push(Vec::new());
            }
            Event::Empty(empty) => children.last_mut()?.push(empty.local_name().as_ref().to_vec()),
            Event::End(_) => {
                let names = children.pop()?;
                close(&path, &names);
                path.pop();
            }
            Event::Eof => return Some(lists),
            _ => {}
        }
        // Names below the level of items are not looked at; the vectors of theirs are dropped as elements close.
        buffer.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_at_the_top_are_counted() {
        // what it shows, body, items
        let cases = [
            ("a list", r#"{"Plans":[{"a":[1,2,3]},{"a":[]}],"NextToken":"x"}"#, Some(2)),
            ("two lists", r#"{"Plans":[1,2],"Others":[3]}"#, Some(3)),
            ("an empty list", r#"{"Plans":[]}"#, Some(0)),
            ("one thing", r#"{"Plan":{"Rules":[1,2]},"n":1,"f":1.5,"b":true,"z":null,"m":-3}"#, Some(0)),
            (
                "Query protocol",
                "<R xmlns=\"x\"><ListResult><Dbs><Db><Tags><Tag/><Tag/></Tags></Db><Db/></Dbs><Marker>1</Marker></ListResult></R>",
                Some(2),
            ),
            ("EC2", "<R><volumeSet><item><a/></item><item/><item/></volumeSet><nextToken>x</nextToken></R>", Some(3)),
            ("an empty set", "<R><volumeSet/></R>", Some(0)),
            (
                "S3",
                "<R><Buckets><Bucket><Name>a</Name></Bucket></Buckets><Owner><ID>1</ID><DisplayName>x</DisplayName></Owner></R>",
                Some(1),
            ),
            ("cut", r#"{"Plans":["#, None),
            ("binary", "\u{1}\u{2}", None),
            ("nothing", "", None),
        ];
        for (shows, body, expected) in cases {
            assert_eq!(count(body.as_bytes()), expected, "{shows}");
        }
    }
}
