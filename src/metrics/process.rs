//! What the system knows of the process (proc(5)).

use std::fs;
use std::time::Duration;

/// What the system knows of the process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Processor time, its own and the system's for it.
    pub cpu: Duration,
    /// Memory in use.
    pub resident_bytes: u64,
    /// Files and connections that are open.
    pub open_fds: u64,
    /// How many may be; `None`: no bound.
    pub max_fds: Option<u64>,
}

impl Process {
    /// Of this process; `None` if the system does not tell.
    pub fn of_self() -> Option<Self> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let kib: u64 = resident.trim().trim_end_matches("kB").trim().parse().ok()?;
        let cpu = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
        Some(Self {
            cpu: Duration::new(
                u64::try_from(cpu.tv_sec).unwrap_or(0),
                u32::try_from(cpu.tv_nsec).unwrap_or(0),
            ),
            resident_bytes: kib * 1024,
            open_fds: fs::read_dir("/proc/self/fd").ok()?.count() as u64,
            max_fds: rustix::process::getrlimit(rustix::process::Resource::Nofile).current,
        })
    }
}
