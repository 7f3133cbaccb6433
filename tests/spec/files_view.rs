//! Files in the terminal client: what is listed, what is asked before something goes, and the real ones.
use super::drawn;
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::support::engine::docker;
use super::support::home::Home;
use super::support::home::Terminal as Seen;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use super::support::plane::viewer;
use cto::client::FetchedFile;
use cto::model::Code;
use cto::model::MovePath;
use cto::model::PathKind;
use cto::model::PathQuery;
use cto::model::StopContainer;
use cto::tui::files::Copied;
use cto::tui::files::CopyNews;
use cto::tui::files::Entry;
use cto::tui::files::FilesAnswer;
use cto::tui::files::FilesReply;
use cto::tui::files::FilesWish;
use cto::tui::files::Listing;
use cto::tui::files::PutWay;
use cto::tui::files::Where;
use cto::tui::files::draft::Draft;
use cto::tui::msg::Ask;
use cto::tui::msg::ConfirmSpec;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::Reply;
use cto::tui::msg::Request;
use cto::tui::parts::confirm::Confirm;
use cto::tui::parts::files::Files;
use jiff::SignedDuration;
use serde_json::json;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::Arc;
use std::time::Duration;

/// The view on a screen, with both sides listed.
struct Shown {
    drawn: Drawn,
    part: Files,
}

fn entry(name: &[u8], kind: PathKind, size: u64, mode: u32) -> Entry {
    let modified_at = Some(drawn::noon() - SignedDuration::from_hours(3));
    Entry { name: name.to_vec(), kind, leads_to: None, size, mode, modified_at, owner: "root:root".to_owned(), target: None }
}

fn inside() -> Listing {
    let link = Entry { target: Some("app.py".to_owned()), leads_to: Some(PathKind::File), ..entry(b"latest", PathKind::Link, 0, 0o777) };
    let entries = vec![
        entry(b"notes.txt", PathKind::File, 1_234, 0o644),
        entry(b"src", PathKind::Directory, 0, 0o755),
        entry(b".env", PathKind::File, 12, 0o600),
        entry(b"app.py", PathKind::File, 48_000, 0o755),
        link,
        entry(b"evil\x1b[2J\n\xff", PathKind::File, 7, 0o4755),
        entry(b"pipe", PathKind::Other, 0, 0o644),
    ];
    Listing { entries, cut: None }
}

fn here() -> Listing {
    Listing { entries: vec![entry(b"notes.txt", PathKind::File, 900, 0o644), entry("größe.md".as_bytes(), PathKind::File, 5 << 30, 0o644)], cut: None }
}

impl Shown {
    fn new(size: (u16, u16)) -> Self {
        let mut shown = Self { drawn: Drawn::usual(size), part: Files::default() };
        shown.drawn.data.operations.clear();
        shown.part.show(&"web-1-id".into());
        shown.fill();
        shown
    }

    /// Answers what is asked for of directories.
    fn fill(&mut self) {
        for effect in self.part.due(&self.drawn.cx()) {
            let Effect::Request(Request::Files(wish)) = effect else { panic!("{effect:?}") };
            let FilesWish::List(at, path) = &*wish else { panic!("{wish:?}") };
            let reply = match at {
                Where::Host => FilesReply::Listed(b"/home/ada".to_vec(), here()),
                Where::Container(_) => FilesReply::Listed(path.clone(), inside()),
            };
            self.reply(*wish, reply);
        }
    }

    fn reply(&mut self, wish: FilesWish, reply: FilesReply) -> Vec<Effect> {
        let msg = Msg::Reply(Box::new(Request::Files(Box::new(wish))), Ok(Reply::Files(Box::new(reply))));
        self.drawn.send(&mut self.part, &msg)
    }

    fn press(&mut self, keys: &[&str]) -> Vec<Effect> {
        keys.iter().flat_map(|key| self.drawn.press(&mut self.part, key)).collect()
    }

    fn text(&self) -> String {
        self.drawn.text(&self.part)
    }

    /// Puts the cursor on what has this text.
    fn on(&mut self, text: &str) {
        let (col, row) = self.drawn.find(&self.part, text);
        self.drawn.click(&mut self.part, col, row);
        self.drawn.now.since_start += std::time::Duration::from_secs(1);
    }
}

fn wish(effects: &[Effect]) -> FilesWish {
    match effects {
        [Effect::Request(Request::Files(wish))] => (**wish).clone(),
        other => panic!("{other:?}"),
    }
}

fn asked(effects: &[Effect]) -> ConfirmSpec {
    match effects {
        [Effect::Ask(Ask::Confirm(spec) | Ask::Offer(spec))] => (**spec).clone(),
        other => panic!("{other:?}"),
    }
}

fn snapshots(name: &str, draw: impl Fn((u16, u16)) -> String) {
    for (width, height) in SIZES {
        insta::assert_snapshot!(format!("{name}_{width}x{height}"), draw((width, height)));
    }
}

#[test]
fn both_sides_look_like_this() {
    snapshots("sides", |size| {
        let mut shown = Shown::new(size);
        shown.press(&["Down", "Down", "Space"]);
        let inside = shown.text();
        shown.press(&[".", "Tab"]);
        [inside, shown.text()].join("\n")
    });
}

#[test]
fn a_copy_under_way_a_filter_and_no_decoration_look_like_this() {
    snapshots("copying", |size| {
        let mut shown = Shown::new(size);
        shown.press(&["/"]);
        shown.drawn.write(&mut shown.part, "~ap");
        shown.press(&["Enter", "Down"]);
        let clashes = wish(&shown.press(&["c"]));
        let effects = shown.reply(clashes, FilesReply::Clashes(Vec::new()));
        let [Effect::Copy(job)] = &effects[..] else { panic!("{effects:?}") };
        for step in 0..4 {
            shown.drawn.now.since_start += std::time::Duration::from_secs(1);
            shown.drawn.send(&mut shown.part, &Msg::Copy(job.id, CopyNews::Moved(0, step * 12_000)));
        }
        let copying = shown.text();
        shown.drawn.plain = true;
        [copying, shown.text()].join("\n")
    });
}

#[test]
fn the_question_before_a_deletion_and_what_can_t_be_listed_look_like_this() {
    snapshots("delete", |size| {
        let mut shown = Shown::new(size);
        let effects = shown.press(&["Down", "Space", "Space", "d"]);
        let question = shown.drawn.text(&Confirm::new(asked(&effects)));
        let mut fresh = Files::default();
        let none = shown.drawn.text(&fresh);
        fresh.show(&"web-1-id".into());
        fresh.due(&shown.drawn.cx());
        let problem = cto::error::Error::new(Code::WrongState, "'/root' is out of reach: permission denied").problem();
        let request = Request::Files(Box::new(FilesWish::List(Where::Container("web-1-id".into()), b"/".to_vec())));
        shown.drawn.send(&mut fresh, &Msg::Reply(Box::new(request), Err(Box::new(problem))));
        [question, none, shown.drawn.text(&fresh)].join("\n")
    });
}

#[test]
fn names_of_any_bytes_are_shown_harmlessly_and_meant_exactly() {
    let mut shown = Shown::new((120, 40));
    let text = shown.text();
    assert!(text.contains("evil\\x1b[2J\\n\\xff") && !text.contains('\u{1b}'), "{text}");
    shown.on("evil");
    let odd = b"/evil\x1b[2J\n\xff".to_vec();
    assert_eq!(wish(&shown.press(&["v"])), FilesWish::Look(Where::Container("web-1-id".into()), odd.clone()));
    let spec = asked(&shown.press(&["d"]));
    assert_eq!(wish(&spec.choices[0].effects), FilesWish::Remove(Where::Container("web-1-id".into()), vec![odd]));
    assert_eq!(shown.press(&["p"]), [Effect::Ask(Ask::PasteText("$'/evil\\033[2J\\012\\377'".to_owned()))]);
    let effects = shown.press(&["r"]);
    assert!(matches!(&effects[..], [Effect::Ask(Ask::Prompt(spec))] if spec.text.is_empty()), "{effects:?}");
}

#[test]
fn the_cursor_follows_its_file_and_comes_back_where_it_was() {
    let mut shown = Shown::new((120, 40));
    shown.on("app.py");
    let path = b"/".to_vec();
    let mut more = inside();
    more.entries.push(entry(b"aaa", PathKind::File, 1, 0o644));
    shown.reply(FilesWish::List(Where::Container("web-1-id".into()), path), FilesReply::Listed(b"/".to_vec(), more));
    assert!(shown.text().contains("▸ app.py"), "{}", shown.text());
    shown.on("src/");
    shown.press(&["l"]);
    shown.fill();
    assert!(shown.text().contains("web-1:/src"), "{}", shown.text());
    shown.press(&["h"]);
    shown.fill();
    assert!(shown.text().contains("▸ src/"), "{}", shown.text());
    // An answer that comes too late is not taken for another directory's.
    shown.reply(FilesWish::List(Where::Container("web-1-id".into()), b"/other".to_vec()), FilesReply::Listed(b"/other".to_vec(), here()));
    assert!(shown.text().contains("app.py"), "{}", shown.text());
}

#[test]
fn a_list_from_before_a_change_is_not_taken_for_one_after_it() {
    let mut shown = Shown::new((120, 40));
    // Asked for, and on its way while a directory is made.
    shown.part.refresh();
    let before = shown.part.due(&shown.drawn.cx());
    let inside_of = |effects: &[Effect]| {
        let of = |effect: &Effect| match effect {
            Effect::Request(Request::Files(wish)) if matches!(&**wish, FilesWish::List(Where::Container(_), _)) => Some((**wish).clone()),
            _ => None,
        };
        effects.iter().find_map(of).expect("the container's directory is asked for")
    };
    let old = inside_of(&before);
    let FilesWish::List(at, path) = old.clone() else { unreachable!() };
    shown.reply(FilesWish::Make(at, b"/made".to_vec()), FilesReply::Done("made /made".to_owned()));
    shown.reply(old, FilesReply::Listed(path.clone(), inside()));
    let again = inside_of(&shown.part.due(&shown.drawn.cx()));
    let mut with = inside();
    with.entries.push(entry(b"made", PathKind::Directory, 0, 0o755));
    shown.reply(again, FilesReply::Listed(path, with));
    assert!(shown.text().contains("▸ made/"), "{}", shown.text());
}

#[test]
fn what_is_in_the_way_of_a_copy_is_asked_about_one_by_one() {
    let mut shown = Shown::new((120, 40));
    shown.on("app.py");
    shown.press(&["Space", "Down", "Down", "Space"]);
    let clashes = wish(&shown.press(&["c"]));
    let FilesWish::Clashes(Where::Host, into, names) = &clashes else { panic!("{clashes:?}") };
    assert_eq!((into.as_slice(), names.len()), (&b"/home/ada"[..], 2));
    let spec = asked(&shown.reply(clashes.clone(), FilesReply::Clashes(vec![b"notes.txt".to_vec()])));
    assert!(spec.title.contains("notes.txt is in /home/ada already"), "{spec:?}");
    let keys: String = spec.choices.iter().map(|choice| choice.key).collect();
    assert_eq!(keys, "osr");
    let effects = shown.part.answer(FilesAnswer::Skip, &shown.drawn.cx());
    let [Effect::Copy(job)] = &effects[..] else { panic!("{effects:?}") };
    assert_eq!((job.items.len(), job.items[0].from.as_slice()), (1, &b"/app.py"[..]));
    assert_eq!(shown.press(&["Esc"]), [Effect::StopCopy(job.id)]);
    let told = Copied { items: 1, files: 1, bytes: 48_000, left_out: vec!["'x' was left out".to_owned()], problem: None };
    let effects = shown.drawn.send(&mut shown.part, &Msg::Copy(job.id, CopyNews::Ended(Box::new(told))));
    assert!(
        matches!(&effects[..], [Effect::Ask(Ask::Toast(_, text)), Effect::Ask(Ask::Sheet { .. })] if text.contains("copied 1 file, 48.0 kB")),
        "{effects:?}"
    );
    shown.press(&["Tab"]);
    let effects = shown.press(&["c"]);
    assert!(matches!(&effects[..], [Effect::Ask(Ask::Toast(_, text))] if text.contains("out of the container")), "{effects:?}");
}

#[test]
fn a_file_that_was_changed_meanwhile_is_not_lost_on_either_side() {
    let mut shown = Shown::new((120, 40));
    shown.on("app.py");
    let fetch = wish(&shown.press(&["e"]));
    let container = Where::Container("web-1-id".into());
    assert!(matches!(&fetch, FilesWish::Fetch(id, path) if Where::Container(id.clone()) == container && path == b"/app.py"), "{fetch:?}");
    let original = FetchedFile { path: b"/app.py".to_vec(), bytes: b"one".to_vec(), size: 3, mode: 0o755, uid: 0, gid: 0 };
    let draft = Arc::new(Draft::new("web-1-id".into(), original).unwrap());
    let path = draft.path().to_owned();
    assert_eq!(shown.reply(fetch, FilesReply::Draft(draft.clone())), [Effect::Edit(path.clone())]);
    let put = wish(&shown.drawn.send(&mut shown.part, &Msg::Edited(path.clone(), None)));
    assert_eq!(put, FilesWish::PutBack(draft.clone(), PutWay::Checked));
    let spec = asked(&shown.reply(put, FilesReply::Stale("what is in it was changed in the container meanwhile".to_owned())));
    assert!(spec.lines.iter().any(|line| line.contains(path.to_str().unwrap())), "{spec:?}");
    assert_eq!(spec.choices.iter().map(|choice| (choice.key, choice.destroys)).collect::<Vec<_>>(), [('o', true), ('k', false)]);
    let effects = shown.part.answer(FilesAnswer::PutBeside, &shown.drawn.cx());
    assert!(matches!(&effects[..], [Effect::Ask(Ask::Prompt(spec))] if spec.text == "app.py.mine"), "{effects:?}");
    let over = wish(&shown.part.answer(FilesAnswer::PutOver, &shown.drawn.cx()));
    assert_eq!(over, FilesWish::PutBack(draft.clone(), PutWay::Over));
    drop(draft);
    let problem = Box::new(cto::error::Error::new(Code::WrongState, "'/app.py' can't be written: it is read-only there").problem());
    let effects = shown.drawn.send(&mut shown.part, &Msg::Reply(Box::new(Request::Files(Box::new(over))), Err(problem)));
    assert!(matches!(&effects[..], [Effect::Ask(Ask::Toast(_, text))] if text.contains(path.to_str().unwrap())), "{effects:?}");
    assert!(path.exists(), "what could not be put back stays");
    drop(shown);
    assert!(!path.exists(), "until the program ends");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_that_is_killed_while_its_files_are_moved_does_not_run_and_nothing_has_failed() {
    let plane = Plane::start().await;
    let container = plane.container(&admin(), "killed", json!({"command": ["sleep", "1d"]})).await;
    for _ in 0..4 {
        let movers: Vec<_> = (0..3)
            .map(|_| {
                let (engine, id) = (plane.control.parts().engine.clone(), container.id.clone());
                tokio::spawn(async move {
                    loop {
                        let error = engine.move_file(&id, "killed", b"/tmp/nothing", b"/tmp/other").await.unwrap_err();
                        if error.code != Code::NotFound {
                            return error;
                        }
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        plane.control.stop_container_now(&admin(), container.id.as_str(), StopContainer { grace_seconds: Some(0) }).await.unwrap();
        for mover in movers {
            let error = mover.await.unwrap();
            assert_eq!(error.code, Code::WrongState, "{error}");
        }
        plane.control.start_container(&admin(), container.id.as_str()).await.unwrap();
    }
}

#[tokio::test]
async fn directories_are_listed_and_files_moved_and_removed_without_anything_in_the_container() {
    let plane = Plane::start().await;
    let (control, olga) = (&plane.control, operator("olga"));
    let name = plane.container(&olga, "tree", json!({"command": "sleep 600", "interactive": false, "network": "none"})).await.name;
    let name = name.as_str();
    let at = |path: &[u8]| PathQuery::new(path);
    docker(&[
        "exec",
        name,
        "sh",
        "-c",
        "mkdir -p /d/sub; printf x > \"/d/$(printf 'a\\nb\\377')\"; ln -s sub /d/l; ln -s no /d/dangling; mkfifo /d/p; chown 33:7 /d/sub; chmod 1700 /d/sub",
    ]);
    let listed = |path: &'static [u8]| async move { control.list_directory(&olga_of(), name, PathQuery::new(path)).await };
    let mut found = listed(b"/d").await.unwrap().items;
    found.sort_by_key(cto::model::DirectoryEntry::bytes);
    let names: Vec<Vec<u8>> = found.iter().map(cto::model::DirectoryEntry::bytes).collect();
    assert_eq!(names, [&b"a\nb\xff"[..], b"dangling", b"l", b"p", b"sub"]);
    assert_eq!((found[0].size_bytes, found[0].kind, found[0].user.as_str()), (1, PathKind::File, "root"));
    assert_eq!((found[1].leads_to, found[2].leads_to, found[2].target.as_deref()), (None, Some(PathKind::Directory), Some("sub")));
    assert_eq!((found[3].kind, found[4].mode, found[4].user.as_str(), found[4].gid), (PathKind::Other, 0o1700, "www-data", 7));

    control.make_directory(&olga, name, at(b"/d/\xfe new")).await.unwrap();
    assert_eq!(control.make_directory(&olga, name, at(b"/d/sub")).await.unwrap_err().code, Code::NameInUse);
    assert_eq!(control.make_directory(&olga, name, at(b"/no/such")).await.unwrap_err().code, Code::NotFound);
    assert_eq!(control.make_directory(&olga, name, at(b"/proc/x")).await.unwrap_err().code, Code::NotFound);
    control.move_file(&olga, name, MovePath::new(b"/d/a\nb\xff", b"/d/\xfe new/c")).await.unwrap();
    assert_eq!(control.move_file(&olga, name, MovePath::new(b"/d/p", b"/d/sub")).await.unwrap_err().code, Code::NameInUse, "nothing is replaced");
    assert_eq!(control.remove_files(&olga, name, at(b"/d/\xfe new")).await.unwrap().count, 2);
    assert_eq!(control.remove_files(&olga, name, at(b"/d/l")).await.unwrap().count, 1, "a link goes, not what it leads to");
    assert_eq!(control.remove_files(&olga, name, at(b"/proc")).await.unwrap_err().code, Code::WrongState, "what is mounted stays");
    assert_eq!(control.remove_files(&olga, name, at(b"/")).await.unwrap_err().code, Code::WrongState);
    assert_eq!(control.list_directory(&olga, name, at(b"/etc/passwd")).await.unwrap_err().code, Code::InvalidValue);
    assert_eq!(control.list_directory(&olga, name, at(b"/nowhere")).await.unwrap_err().code, Code::NotFound);
    for actor in [viewer(), operator("otto")] {
        assert_eq!(control.list_directory(&actor, name, at(b"/")).await.unwrap_err().code, Code::Forbidden);
        assert_eq!(control.make_directory(&actor, name, at(b"/d/x")).await.unwrap_err().code, Code::Forbidden);
        assert_eq!(control.move_file(&actor, name, MovePath::new(b"/d/p", b"/d/q")).await.unwrap_err().code, Code::Forbidden);
        assert_eq!(control.remove_files(&actor, name, at(b"/d")).await.unwrap_err().code, Code::Forbidden);
    }

    // Stopped it is read as an archive; what needs somebody inside is refused with a word on what to do.
    docker(&["stop", "-t", "0", name]);
    let mut found = listed(b"/d").await.unwrap().items;
    found.sort_by_key(cto::model::DirectoryEntry::bytes);
    let kinds: Vec<(String, PathKind)> = found.iter().map(|entry| (entry.name.clone(), entry.kind)).collect();
    let wanted = [("dangling", PathKind::Link), ("p", PathKind::Other), ("sub", PathKind::Directory)];
    assert_eq!(kinds, wanted.map(|(name, kind)| (name.to_owned(), kind)));
    control.make_directory(&olga, name, at(b"/d/made \xff")).await.unwrap();
    assert!(listed(b"/d").await.unwrap().items.iter().any(|entry| entry.bytes() == b"made \xff"));
    let refused = control.remove_files(&olga, name, at(b"/d/p")).await.unwrap_err();
    assert_eq!((refused.code, refused.fix.is_some_and(|fix| fix.contains("cto start"))), (Code::WrongState, true));
}

fn olga_of() -> cto::access::Actor {
    operator("olga")
}

/// An editor that does what a script says with the file that it is given.
fn editor(home: &Home, script: &str) -> String {
    let path = home.dir.path().join("editor.sh");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    format!("sh {}", path.display())
}

#[test]
fn a_file_is_copied_out_edited_and_deleted_by_keys_alone() {
    let home = Home::new();
    let name = home.container("files");
    let exec = |script: &str| docker(&["exec", &name, "sh", "-c", script]);
    exec("mkdir -p /srv/many; cd /srv; echo one > a.txt; chown 33:33 a.txt; chmod 640 a.txt; seq 1000 > many/numbers; printf odd > \"$(printf 'x\\ny\\377')\"");
    let editor = editor(
        &home,
        &format!(
            "if [ -e {0}/clash ]; then docker exec {name} sh -c 'echo theirs > /srv/a.txt'; rm {0}/clash; fi; echo two >> \"$1\"",
            home.dir.path().display()
        ),
    );
    let mut seen = Seen::with(&home, &[], (140, 36), &[("EDITOR", &editor), ("VISUAL", "")]);
    seen.shows(&name);
    seen.type_in(&format!(":files {name}\r"));
    seen.shows("this machine:");
    seen.shows("etc/");
    seen.type_in("/srv\r");
    seen.shows("▸ srv/");
    seen.type_in("l");
    seen.shows("a.txt");
    seen.shows("x\\ny\\xff");
    // Copied out, a whole directory with it.
    seen.type_in("/many\r");
    seen.shows("▸ many/");
    seen.type_in("c");
    home.until("the directory is here", || home.dir.path().join("many/numbers").metadata().is_ok_and(|file| file.len() == 3893));
    seen.shows("copied 1 file");
    seen.type_in("\u{3}");
    // Read, and edited: mode and owner stay.
    seen.type_in("/a.txt\r");
    seen.shows("▸ a.txt");
    seen.type_in("v");
    seen.shows("one");
    seen.type_in("q");
    seen.type_in("e");
    home.until("it was put back", || exec("cat a.txt 2>/dev/null || cat /srv/a.txt").contains("two"));
    assert_eq!(exec("stat -c '%a %u:%g' /srv/a.txt").trim(), "640 33:33");
    seen.shows("is in the container");
    // Changed meanwhile: mine stays under another name.
    std::fs::write(home.dir.path().join("clash"), "").unwrap();
    seen.type_in("e");
    seen.shows("Put /srv/a.txt back?");
    assert_eq!(exec("cat /srv/a.txt").trim(), "theirs");
    seen.type_in("k");
    seen.shows("name for your text");
    seen.type_in("\r");
    home.until("both are there", || exec("cat /srv/a.txt.mine 2>/dev/null || true").contains("two"));
    assert_eq!(exec("cat /srv/a.txt").trim(), "theirs");
    // Deleted: Cancel is the default.
    seen.shows("a.txt.mine");
    seen.type_in("\u{3}/xff\r");
    seen.shows("▸ x\\ny\\xff");
    // It is copied under its own bytes.
    seen.type_in("c");
    let odd = home.dir.path().join(OsStr::from_bytes(b"x\ny\xff"));
    home.until("it is here", || std::fs::read(&odd).is_ok_and(|bytes| bytes == b"odd"));
    seen.type_in("d");
    seen.shows("lost for good");
    seen.type_in("\r");
    assert!(exec("ls /srv | wc -l").trim().parse::<u32>().unwrap() >= 4);
    seen.type_in("d");
    seen.shows("lost for good");
    seen.type_in("y");
    home.until("it is gone", || !exec("ls -b /srv").contains("\\ny"));
    // Made on this machine, and copied in.
    seen.type_in("\u{3}\tMmade\r");
    home.until("the directory is made", || home.dir.path().join("made").is_dir());
    seen.shows("▸ made/");
    seen.type_in("u");
    home.until("it is in the container", || exec("ls /srv").contains("made"));
}
