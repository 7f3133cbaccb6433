//! Puts two things into the program that are built apart: the session holder, and the web page, or one that says how to build it.
use std::fmt::Write as _;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    page(&root, &out);
    holder(&root, &out);
}

/// Builds hold/ as a static program and tells where it lies (`HOLD_BIN`) and what it is called (`HOLD_VERSION`: its version and a hash of its
/// sources, the same that it says of itself). For other systems than Linux it is empty: containers are reached from a server on Linux.
fn holder(root: &Path, out: &Path) {
    let hold = root.join("hold");
    let target = std::env::var("TARGET").expect("cargo sets it");
    let mut sources = vec![hold.join("Cargo.toml"), hold.join("Cargo.lock")];
    let mut files = Vec::new();
    collect(&hold, &hold.join("src"), &mut files);
    files.sort();
    sources.extend(files.into_iter().map(|(_, path)| path));
    println!("cargo:rerun-if-changed=hold/src");
    println!("cargo:rerun-if-changed=hold/Cargo.toml");
    println!("cargo:rerun-if-changed=hold/Cargo.lock");
    // FNV-1a: it only has to change when something does.
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for source in &sources {
        for byte in std::fs::read(source).expect("a source of the holder") {
            hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    let manifest = std::fs::read_to_string(&sources[0]).expect("a source of the holder");
    let number = manifest.lines().find_map(|line| line.strip_prefix("version = ")).expect("the holder has a version").trim_matches('"');
    let version = format!("{number}-{hash:016x}");
    println!("cargo:rustc-env=HOLD_VERSION={version}");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("linux") {
        std::fs::write(out.join("no-holder"), "").expect("OUT_DIR can be written");
        println!("cargo:rustc-env=HOLD_BIN={}", out.join("no-holder").display());
        return;
    }
    let mut cargo = Command::new(std::env::var_os("CARGO").expect("cargo sets it"));
    // What this build was told is not meant for the other one: its wrappers, flags, profile and folders.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        let kept = ["CARGO_HOME", "CARGO_MAKEFLAGS"].contains(&name.as_str())
            || ["CARGO_NET_", "CARGO_REGISTR", "CARGO_HTTP_"].iter().any(|start| name.starts_with(start))
            || (name.starts_with("CARGO_TARGET_") && name.ends_with("_LINKER"));
        if !kept && (name.starts_with("CARGO") || name.starts_with("RUSTC") || ["RUSTFLAGS", "TARGET", "PROFILE"].contains(&name.as_str())) {
            cargo.env_remove(name);
        }
    }
    cargo.env("RUSTFLAGS", "-C target-feature=+crt-static").env("HOLD_VERSION", version);
    // The target is always named: only then do the flags not hold for build scripts, which can't be static.
    cargo.args(["build", "--release", "--locked", "--bin", "hold", "--target", &target, "--manifest-path"]).arg(&sources[0]);
    cargo.arg("--target-dir").arg(out.join("hold"));
    let status = cargo.status().expect("cargo runs");
    assert!(status.success(), "the session holder in hold/ could not be built for {target}");
    println!("cargo:rustc-env=HOLD_BIN={}", out.join("hold").join(&target).join("release/hold").display());
}

fn page(root: &Path, out: &Path) {
    let dist = root.join("assets/web/dist");
    // The folder above is watched too, so that a first build of the page is noticed.
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=assets/web/stub.html");
    println!("cargo:rerun-if-changed={}", if dist.is_dir() { "assets/web/dist" } else { "assets/web" });
    let mut files = Vec::new();
    if dist.join("index.html").is_file() {
        collect(&dist, &dist, &mut files);
    } else {
        files.push(("index.html".to_owned(), root.join("assets/web/stub.html")));
    }
    files.sort();
    let mut text = String::from("&[\n");
    for (name, path) in files {
        writeln!(text, "    ({name:?}, include_bytes!({:?})),", path.display().to_string()).expect("writing to memory");
    }
    text.push_str("]\n");
    std::fs::write(out.join("web.rs"), text).expect("OUT_DIR can be written");
}

fn collect(root: &Path, dir: &Path, files: &mut Vec<(String, PathBuf)>) {
    for entry in std::fs::read_dir(dir).expect("a folder that cargo watches").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files);
        } else if let Ok(name) = path.strip_prefix(root) {
            files.push((name.display().to_string(), path));
        }
    }
}
