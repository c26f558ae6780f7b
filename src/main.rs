//! Arguments in, exit code out.

use std::process::ExitCode;

/// Gives memory back soon after a large document was read. The C library's keeps what each thread
/// once needed: three hundred megabytes after a run of hostile bodies, twice what is in use.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    wirewatch::cli::main()
}
