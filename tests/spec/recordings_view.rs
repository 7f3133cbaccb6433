//! The recordings in the terminal client: listed, played, exported and removed.
use super::drawn;
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::support::home::Home;
use super::support::home::Terminal;
use cto::error::Error;
use cto::model::Code;
use cto::model::Recording;
use cto::model::RecordingEnd;
use cto::model::RecordingState;
use cto::model::Size;
use cto::tui::casts::CastNews;
use cto::tui::casts::CastReply;
use cto::tui::casts::CastWish;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::PromptFor;
use cto::tui::msg::Reply;
use cto::tui::msg::Request;
use cto::tui::parts::playing::Playing;
use cto::tui::parts::recordings::Recordings;
use jiff::SignedDuration;
use std::time::Duration;

fn recording(number: u64, container: &str, state: RecordingState, end: Option<RecordingEnd>) -> Recording {
    Recording {
        id: format!("rec_{number}").as_str().into(),
        session: format!("ses_{number}").as_str().into(),
        container: format!("{container}-id").into(),
        container_name: container.to_owned(),
        command: vec!["bash".to_owned(), "-l".to_owned()],
        owner: "ada".to_owned(),
        state,
        size: Size::default(),
        input: number == 2,
        duration_ms: 187_000 * number,
        bytes: 1_234_567 * number,
        started_at: drawn::noon() - SignedDuration::from_hours(i64::try_from(number).unwrap()),
        ended_at: None,
        end,
    }
}

fn listed() -> Vec<Recording> {
    vec![
        recording(1, "web-1", RecordingState::Running, None),
        recording(2, "db", RecordingState::Ended, Some(RecordingEnd::SessionEnded)),
        recording(30, "データベース", RecordingState::Ended, Some(RecordingEnd::DiskFull)),
    ]
}

fn answer(drawn: &Drawn, part: &mut Recordings, wish: CastWish, result: Result<CastReply, Error>) -> Vec<Effect> {
    let result = result.map(|reply| Reply::Casts(Box::new(reply))).map_err(|error| Box::new(error.problem()));
    drawn.send(part, &Msg::Reply(Box::new(Request::Casts(Box::new(wish))), result))
}

fn shown(size: (u16, u16)) -> (Drawn, Recordings) {
    let drawn = Drawn::usual(size);
    let mut part = Recordings::default();
    assert_eq!(part.due(&drawn.cx()), [Effect::Request(Request::Casts(Box::new(CastWish::List)))]);
    assert_eq!(part.due(&drawn.cx()), [], "it is under way");
    answer(&drawn, &mut part, CastWish::List, Ok(CastReply::Listed(listed())));
    (drawn, part)
}

#[test]
fn recordings_look_like_this_also_where_there_are_none_or_none_can_be_read() {
    for (width, height) in SIZES {
        let (drawn, mut part) = shown((width, height));
        drawn.press(&mut part, "j");
        drawn.press(&mut part, "Space");
        let full = drawn.text(&part);
        answer(&drawn, &mut part, CastWish::List, Ok(CastReply::Listed(Vec::new())));
        let empty = drawn.text(&part);
        let mut fresh = Recordings::default();
        answer(&drawn, &mut fresh, CastWish::List, Err(Error::new(Code::Forbidden, "you may not list recordings")));
        insta::assert_snapshot!(format!("recordings_{width}x{height}"), [full, empty, drawn.text(&fresh)].join("\n"));
    }
    let (mut drawn, mut part) = shown((80, 24));
    drawn.plain = true;
    drawn.send(&mut part, &Msg::Tick);
    insta::assert_snapshot!("recordings_plain_80x24", drawn.text(&part));
}

#[test]
fn a_recording_is_played_exported_copied_and_removed_after_a_question() {
    let (drawn, mut part) = shown((120, 40));
    assert!(matches!(&drawn.press(&mut part, "Enter")[..], [Effect::Ask(Ask::Play(recording))] if recording.container_name == "web-1"));
    let said = drawn.press(&mut part, "d");
    assert!(matches!(&said[..], [Effect::Ask(Ask::Toast(_, text))] if text.contains("cto rec stop ses_1")), "{said:?}");
    drawn.press(&mut part, "j");
    assert_eq!(drawn.press(&mut part, "C-y"), [Effect::Ask(Ask::Copy("cto rec play rec_2".to_owned()))]);
    let asked = drawn.press(&mut part, "e");
    assert!(matches!(&asked[..], [Effect::Ask(Ask::Prompt(spec))] if spec.text == "db.cast" && matches!(&spec.purpose, PromptFor::SaveCast(_))), "{asked:?}");
    let asked = drawn.press(&mut part, "d");
    let [Effect::Ask(Ask::Confirm(spec))] = &asked[..] else { panic!("{asked:?}") };
    assert!(spec.title.contains("bash -l in db, 6:14"), "{spec:?}");
    assert_eq!(spec.choices[0].effects, [Effect::Request(Request::Casts(Box::new(CastWish::Remove(vec!["rec_2".into()]))))]);
    drawn.press(&mut part, "/");
    drawn.write(&mut part, "disk full");
    drawn.press(&mut part, "Enter");
    let text = drawn.text(&part);
    assert!(text.contains("データベース") && !text.contains("web-1"), "{text}");
}

#[test]
fn what_is_played_is_read_piece_by_piece_and_waits_while_it_is_paused() {
    let mut drawn = Drawn::usual((80, 24));
    let now = drawn.now.since_start;
    let (mut part, first) = Playing::new(recording(2, "db", RecordingState::Ended, None), now);
    let Effect::ReadCast(read) = first else { panic!("{first:?}") };
    assert_eq!((read.id.as_str(), read.from), ("rec_2", 0));
    let cast = b"{\"version\":3,\"term\":{\"cols\":40,\"rows\":5}}\n[0.5,\"o\",\"one\"]\n[10.0,\"o\",\" two\"]\n".to_vec();
    let effects = drawn.send(&mut part, &Msg::Cast(read.round, CastNews::Piece(cast)));
    assert!(effects.contains(&Effect::MoreCast(read.round)), "{effects:?}");
    assert!(effects.iter().any(|effect| matches!(effect, Effect::WakeAt(_))), "{effects:?}");
    drawn.now.since_start += Duration::from_secs(1);
    drawn.send(&mut part, &Msg::Tick);
    let text = drawn.text(&part);
    assert!(text.contains("one") && !text.contains("two"), "{text}");
    drawn.press(&mut part, "Space");
    drawn.now.since_start += Duration::from_secs(60);
    drawn.send(&mut part, &Msg::Tick);
    assert!(!drawn.text(&part).contains("two"), "it stands still");
    drawn.press(&mut part, ".");
    assert!(drawn.text(&part).contains("one two"), "one event further");
    let sought = drawn.press(&mut part, "Home");
    assert!(matches!(&sought[..], [Effect::ReadCast(again), ..] if again.round != read.round), "{sought:?}");
    drawn.send(&mut part, &Msg::Cast(read.round, CastNews::Failed("an old reading".to_owned())));
    assert!(!drawn.text(&part).contains("an old reading"));
    assert_eq!(drawn.press(&mut part, "q"), [Effect::Ask(Ask::Close), Effect::StopCast]);
}

#[test]
fn a_real_recording_is_found_played_exported_and_removed() {
    let home = Home::new();
    let name = home.container("taped");
    let mut seen = Terminal::sized(&home, &[], (120, 40));
    seen.shows(&name);
    seen.type_in(&format!(":open {name}\r"));
    seen.shows("root@");
    seen.type_in("\x02R");
    seen.shows("⌁ rec");
    seen.type_in("echo taped-$((40+2))\r");
    seen.shows("taped-42");
    seen.type_in("\x02R");
    seen.shows("recorded:");
    seen.type_in("\x02d");
    seen.shows("+ launch");
    seen.type_in(":recordings\r");
    seen.shows("STARTED");
    seen.shows(&name);
    seen.shows("ended");
    seen.type_in("\r");
    seen.shows("taped-42");
    seen.shows("1x");
    seen.type_in("q");
    seen.shows("STARTED");
    seen.type_in("e");
    seen.shows("export as asciicast");
    seen.type_in("\x15demo.cast\r");
    seen.shows("exported");
    let cast = std::fs::read_to_string(home.dir.path().join("demo.cast")).unwrap();
    assert!(cast.starts_with("{\"version\":3") && cast.contains("taped-42"), "{cast}");
    seen.type_in("d");
    seen.shows("Remove the recording");
    seen.type_in("y");
    seen.shows("There are no recordings");
    assert_eq!(home.json(&["rec", "ls", "--json"]).as_array().map(Vec::len), Some(0));
}
