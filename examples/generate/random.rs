//! Chance that is the same every time: splitmix64, seeded with the user's seed and the name of what it decides.
//!
//! Each database has a stream of its own, so that one more of them leaves the histories of the others as they were.

use backup_audit::model::key::resource_key;

/// A stream of numbers. Source of the constants: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" (2014).
pub(crate) struct Random(u64);

impl Random {
    /// The stream of a seed and a name.
    pub(crate) fn new(seed: u64, name: &str) -> Self {
        let mut stream = Self(seed ^ resource_key(name).cast_unsigned());
        stream.next();
        stream
    }

    /// The next number.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from `low` up to, but not including, `high`; `low` if nothing lies between.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.saturating_sub(low).max(1).cast_unsigned();
        low + (self.next() % span).cast_signed()
    }

    /// True once in `times`.
    pub(crate) fn once_in(&mut self, times: i64) -> bool {
        self.between(0, times) == 0
    }

    /// `digits` lower-case hexadecimal digits, 16 at most.
    pub(crate) fn hex(&mut self, digits: usize) -> String {
        format!("{:016x}", self.next())[..digits.min(16)].to_owned()
    }

    /// An id in the form of a UUID.
    pub(crate) fn uuid(&mut self) -> String {
        format!("{}-{}-4{}-a{}-{}", self.hex(8), self.hex(4), self.hex(3), self.hex(3), self.hex(12))
    }
}
