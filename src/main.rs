//! The `cto` program.
fn main() -> std::process::ExitCode {
    std::process::ExitCode::from(cto::cli::run(std::env::args_os()))
}
