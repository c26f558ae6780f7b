//! Chance that is the same again for the same seed (SplitMix64).

use std::time::Duration;

pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Less than `end`.
    pub fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end.max(1) as u64).unwrap()
    }

    /// So often in a thousand.
    pub fn in_thousand(&mut self, times: usize) -> bool {
        self.below(1000) < times
    }

    /// From `least` up to `most`, in milliseconds, short spans as likely as long ones.
    pub fn span(&mut self, least: Duration, most: Duration) -> Duration {
        let (least, most) = (least.as_millis().max(1) as f64, most.as_millis().max(1) as f64);
        let part = self.below(1_000_000) as f64 / 1e6;
        Duration::from_secs_f64(least * (most / least).powf(part) / 1000.0)
    }

    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}
