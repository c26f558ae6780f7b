//! That memory which a large document took is given back.
//!
//! The C library of GNU systems learns from each large buffer that is freed, and keeps up to 64 MiB
//! in each thread's arena the next time: after some documents of 16 MiB the daemon holds twice what
//! it uses. It reads its settings from the environment at the start and nowhere else, so the
//! program starts itself once more, as the same process, with the one that ends the learning.

/// The setting (mallopt(3), `M_TRIM_THRESHOLD`): its default, which as soon as it is given is not
/// raised any more.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
const SETTING: (&str, &str) = ("MALLOC_TRIM_THRESHOLD_", "131072");

/// Takes the process over with the setting in force, and returns only if it is in force already,
/// somebody has chosen settings of their own, or the system does not let us.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) fn keep_small() {
    use std::os::unix::process::CommandExt;

    let chosen = |(name, _): (std::ffi::OsString, _)| {
        name == "GLIBC_TUNABLES" || name.to_string_lossy().starts_with("MALLOC_")
    };
    let mut arguments = std::env::args_os();
    let (Some(name), false) = (arguments.next(), std::env::vars_os().any(chosen)) else { return };
    // By its own path, of which the system makes the process's name; if the file was replaced
    // meanwhile, this still is the program.
    let link = std::path::Path::new("/proc/self/exe");
    let own = std::fs::read_link(link).ok().filter(|path| path.exists());
    // What comes back is an error, and no reason not to run.
    let _ = std::process::Command::new(own.as_deref().unwrap_or(link))
        .arg0(name)
        .args(arguments)
        .env(SETTING.0, SETTING.1)
        .exec();
}

/// Other systems' allocators need no such word.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) fn keep_small() {}
