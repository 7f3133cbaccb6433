//! Puts the built web page into the program, or a page that says how to build it.
use std::fmt::Write as _;
use std::path::Path;
use std::path::PathBuf;

fn main() {
    let root = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it"));
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
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
