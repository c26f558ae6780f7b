//! Which outbox rows this process is delivering.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The claimed rows.
#[derive(Debug, Default)]
pub(super) struct Claims(Mutex<HashSet<i64>>);

impl Claims {
    /// The rows, held still. Whoever looks for rows to claim holds them from before the query until
    /// the new ones are in: a row settled meanwhile is then still claimed when the query's older
    /// view of the table shows it.
    pub fn hold(&self) -> MutexGuard<'_, HashSet<i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives rows back.
    pub fn release(&self, rows: &[i64]) {
        let mut claimed = self.hold();
        for row in rows {
            claimed.remove(row);
        }
    }
}

/// Rows just claimed, which are given back if their claimant goes away before it has them.
#[derive(Debug)]
pub(super) struct Grip {
    pub claims: Arc<Claims>,
    pub rows: Vec<i64>,
}

impl Grip {
    /// The claimant has them.
    pub fn keep(mut self) {
        self.rows.clear();
    }
}

impl Drop for Grip {
    fn drop(&mut self) {
        self.claims.release(&self.rows);
    }
}
