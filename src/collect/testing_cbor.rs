//! Answers of services that speak CBOR, written as JSON.

use serde_json::Value;

/// The CBOR of a JSON value. An object with the one member `$time` is a moment in epoch seconds.
pub(crate) fn cbor(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode(value, &mut bytes);
    bytes
}

fn encode(value: &Value, bytes: &mut Vec<u8>) {
    match value {
        Value::Null => bytes.push(0xf6),
        Value::Bool(flag) => bytes.push(if *flag { 0xf5 } else { 0xf4 }),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => head(0, number, bytes),
            (None, Some(number)) => head(1, number.unsigned_abs() - 1, bytes),
            (None, None) => {
                bytes.push(0xfb);
                bytes.extend(number.as_f64().expect("any other number is a float").to_be_bytes());
            }
        },
        Value::String(text) => {
            head(3, text.len() as u64, bytes);
            bytes.extend(text.as_bytes());
        }
        Value::Array(items) => {
            head(4, items.len() as u64, bytes);
            for item in items {
                encode(item, bytes);
            }
        }
        Value::Object(members) => {
            if let (1, Some(moment)) = (members.len(), members.get("$time")) {
                head(6, 1, bytes);
                return encode(moment, bytes);
            }
            head(5, members.len() as u64, bytes);
            for (name, member) in members {
                encode(&Value::from(name.as_str()), bytes);
                encode(member, bytes);
            }
        }
    }
}

/// The first byte of an item: its major type, and its number or length in eight bytes, which is never the shortest form and always a right one.
fn head(major: u8, number: u64, bytes: &mut Vec<u8>) {
    bytes.push((major << 5) + 27);
    bytes.extend(number.to_be_bytes());
}
