//! The schedules in the terminal client: listed with their next times, run now, paused, made and removed.
use super::drawn;
use super::drawn::Drawn;
use super::drawn::SIZES;
use super::support::home::Home;
use super::support::home::Terminal;
use cto::error::Error;
use cto::model::ClockWarning;
use cto::model::Code;
use cto::model::Event;
use cto::model::FireState;
use cto::model::Missed;
use cto::model::NextFire;
use cto::model::NextFires;
use cto::model::Overlap;
use cto::model::ParamValue;
use cto::model::Place;
use cto::model::Role;
use cto::model::RunState;
use cto::model::SaveSchedule;
use cto::model::Schedule;
use cto::model::ScheduleFire;
use cto::model::ScheduleSpec;
use cto::tui::component::Component;
use cto::tui::msg::Ask;
use cto::tui::msg::Effect;
use cto::tui::msg::Msg;
use cto::tui::msg::Reply;
use cto::tui::msg::Request;
use cto::tui::parts::run_form::RunForm;
use cto::tui::parts::schedules::Schedules;
use cto::tui::schedules::ScheduleReply;
use cto::tui::schedules::ScheduleWish;
use jiff::SignedDuration;

fn fire(hours: i64, state: FireState, run_state: Option<RunState>, reason: Option<&str>) -> ScheduleFire {
    let due = drawn::noon() - SignedDuration::from_hours(hours);
    let run = run_state.map(|_| "run_1".into());
    ScheduleFire { due, state, taken_at: due, asked: false, run, run_state, reason: reason.map(str::to_owned), missed: None }
}

fn schedule(name: &str, cron: &str, zone: &str, hours: Option<i64>) -> Schedule {
    Schedule {
        id: format!("sch_{name}").as_str().into(),
        name: name.to_owned(),
        owner: "ada".to_owned(),
        rights: Role::Operator,
        version: 3,
        spec: ScheduleSpec { script: Some("build-report".to_owned()), cron: Some(cron.to_owned()), zone: zone.to_owned(), ..ScheduleSpec::default() },
        paused: hours.is_none(),
        paused_why: None,
        created_at: drawn::noon(),
        timed_at: drawn::noon(),
        next_due: hours.map(|hours| drawn::noon() + SignedDuration::from_hours(hours)),
        last: None,
    }
}

fn listed() -> Vec<Schedule> {
    let mut nightly = schedule("nightly", "30 2 * * *", "Asia/Tokyo", Some(5));
    nightly.last = Some(fire(19, FireState::Started, Some(RunState::Failed), None));
    let mut hourly = schedule("hourly", "@hourly", "UTC", Some(0));
    hourly.last = Some(fire(1, FireState::Skipped, None, Some("the run before\u{1b}[2J is under way")));
    let mut stopped = schedule("データ", "@daily", "UTC", None);
    stopped.paused_why = Some("its owner may not run scripts any more".to_owned());
    vec![nightly, hourly, schedule("weekly", "0 0 * * 0", "UTC", None), stopped]
}

fn answered(drawn: &mut Drawn, part: &mut dyn Component, wish: ScheduleWish, result: Result<ScheduleReply, Error>) -> Vec<Effect> {
    if let Ok(ScheduleReply::Listed(all)) = &result {
        drawn.data.runs.put_schedules(all.clone());
    }
    let result = result.map(|reply| Reply::Schedules(Box::new(reply))).map_err(|error| Box::new(error.problem()));
    drawn.send(part, &Msg::Reply(Box::new(Request::Schedules(Box::new(wish))), result))
}

fn asks(wish: ScheduleWish) -> [Effect; 1] {
    [Effect::Request(Request::Schedules(Box::new(wish)))]
}

fn shown(size: (u16, u16)) -> (Drawn, Schedules) {
    let mut drawn = Drawn::usual(size);
    let mut part = Schedules::default();
    assert_eq!(part.due(&drawn.cx()), asks(ScheduleWish::List));
    assert_eq!(part.due(&drawn.cx()), [], "it is under way");
    answered(&mut drawn, &mut part, ScheduleWish::List, Ok(ScheduleReply::Listed(listed())));
    assert_eq!(part.due(&drawn.cx()), [], "nothing has changed");
    (drawn, part)
}

#[test]
fn schedules_look_like_this_also_where_there_are_none_or_none_can_be_read() {
    for (width, height) in SIZES {
        let (mut drawn, mut part) = shown((width, height));
        drawn.press(&mut part, "j");
        drawn.press(&mut part, "T");
        let full = drawn.text(&part);
        assert!(!full.contains('\u{1b}'));
        answered(&mut drawn, &mut part, ScheduleWish::List, Ok(ScheduleReply::Listed(Vec::new())));
        let empty = drawn.text(&part);
        let (mut bare, mut fresh) = (Drawn::usual((width, height)), Schedules::default());
        answered(&mut bare, &mut fresh, ScheduleWish::List, Err(Error::new(Code::Forbidden, "you may not list schedules")));
        insta::assert_snapshot!(format!("schedules_{width}x{height}"), [full, empty, bare.text(&fresh)].join("\n"));
    }
    let (mut drawn, mut part) = shown((80, 24));
    drawn.plain = true;
    drawn.press(&mut part, "T");
    insta::assert_snapshot!("schedules_plain_80x24", drawn.text(&part));
}

#[test]
fn a_schedule_is_looked_at_run_paused_copied_and_removed_after_a_question() {
    let (mut drawn, mut part) = shown((120, 40));
    drawn.press(&mut part, "j");
    assert_eq!(drawn.press(&mut part, "Enter"), asks(ScheduleWish::Next(Some("nightly".to_owned()))));
    let fires = NextFires {
        items: vec![NextFire {
            schedule: "nightly".to_owned(),
            due: drawn::noon(),
            local: "2026-03-29T03:00:00+02:00".to_owned(),
            zone: "Europe/Berlin".to_owned(),
            yours: Some("2026-03-29T01:00:00+00:00".to_owned()),
            note: Some("02:30 does not exist on that day".to_owned()),
        }],
        warnings: vec![ClockWarning { schedule: "nightly".to_owned(), at: drawn::noon(), text: "the clocks go forward".to_owned() }],
    };
    let sheet = answered(&mut drawn, &mut part, ScheduleWish::Next(Some("nightly".to_owned())), Ok(ScheduleReply::Next(fires)));
    let [Effect::Ask(Ask::Sheet { title, lines })] = &sheet[..] else { panic!("{sheet:?}") };
    let text: Vec<&str> = lines.iter().map(|(line, _)| line.as_str()).collect();
    assert_eq!(title, "next times of nightly");
    assert_eq!(
        text,
        ["▲ the clocks go forward", "", "2026-03-29 03:00:00 +02:00  Europe/Berlin  here 2026-03-29 01:00:00 +00:00", "    02:30 does not exist on that day"]
    );
    assert_eq!(drawn.press(&mut part, "t"), asks(ScheduleWish::Run("nightly".to_owned())));
    assert_eq!(drawn.press(&mut part, "s"), asks(ScheduleWish::Pause("nightly".to_owned())));
    assert_eq!(drawn.press(&mut part, "c"), asks(ScheduleWish::Next(None)));
    assert_eq!(drawn.press(&mut part, "h"), [Effect::Ask(Ask::RunsBy("nightly".to_owned()))]);
    assert_eq!(drawn.press(&mut part, "n"), [Effect::Ask(Ask::NewSchedule)]);
    assert_eq!(drawn.press(&mut part, "C-y"), [Effect::Ask(Ask::Copy("cto schedule show nightly".to_owned()))]);
    assert_eq!(drawn.press(&mut part, "i"), asks(ScheduleWish::Past("nightly".to_owned())));
    let past = vec![fire(19, FireState::Started, Some(RunState::Failed), None), fire(43, FireState::Skipped, None, Some("paused"))];
    let sheet = answered(&mut drawn, &mut part, ScheduleWish::Past("nightly".to_owned()), Ok(ScheduleReply::Past(past)));
    let [Effect::Ask(Ask::Sheet { lines, .. })] = &sheet[..] else { panic!("{sheet:?}") };
    assert!(lines.iter().any(|(line, _)| line.ends_with("✖ failed")) && lines.iter().any(|(line, _)| line.ends_with("○ skipped: paused")), "{lines:?}");
    let asked = drawn.press(&mut part, "C-d");
    let [Effect::Ask(Ask::Confirm(spec))] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(spec.choices[0].effects, asks(ScheduleWish::Remove(vec!["nightly".to_owned()])));
    drawn.press(&mut part, "j");
    assert_eq!(drawn.press(&mut part, "s"), asks(ScheduleWish::Resume("weekly".to_owned())));
    let mut paused = listed().remove(0);
    (paused.paused, paused.next_due, paused.version) = (true, None, 4);
    drawn.data.apply(&Event::ScheduleChanged { schedule: Box::new(paused) });
    drawn.data.apply(&Event::ScheduleRemoved { name: "hourly".to_owned() });
    let text = drawn.text(&part);
    assert!(text.contains("⏸ paused") && !text.contains("hourly"), "{text}");
}

#[test]
fn a_schedule_is_made_by_a_form_that_shows_what_is_wrong_and_when_it_would_run() {
    for (width, height) in SIZES {
        let mut drawn = Drawn::usual((width, height));
        let mut part = RunForm::schedule();
        let fresh = drawn.text(&part);
        assert_eq!(drawn.press(&mut part, "Enter"), [], "a name has to be given");
        drawn.write(&mut part, "nightly");
        drawn.press(&mut part, "Tab");
        drawn.write(&mut part, "build-report");
        drawn.press(&mut part, "Tab");
        drawn.write(&mut part, "0 3 * *");
        let asked = drawn.press(&mut part, "Enter");
        let [Effect::Request(Request::Schedules(wish))] = &asked[..] else { panic!("{asked:?}") };
        let ScheduleWish::Create(create) = &**wish else { panic!("{wish:?}") };
        assert_eq!((create.name.as_str(), create.spec.script.as_deref(), create.spec.cron.as_deref()), ("nightly", Some("build-report"), Some("0 3 * *")));
        let mut error = Error::invalid("the schedule has mistakes");
        error.places =
            vec![Place { pointer: "/spec/cron".to_owned(), detail: "'0 3 * *' has 4 fields: write 5, or 6 with seconds".to_owned(), ..Place::default() }];
        answered(&mut drawn, &mut part, (**wish).clone(), Err(error));
        insta::assert_snapshot!(format!("schedule_form_{width}x{height}"), [fresh, drawn.text(&part)].join("\n"));
        drawn.write(&mut part, " *");
        let asked = drawn.press(&mut part, "C-r");
        let [Effect::Request(Request::Schedules(wish))] = &asked[..] else { panic!("{asked:?}") };
        let sheet = answered(&mut drawn, &mut part, (**wish).clone(), Ok(ScheduleReply::Next(NextFires::default())));
        assert!(matches!(&sheet[..], [Effect::Ask(Ask::Sheet { .. })]), "{sheet:?}");
        let asked = drawn.press(&mut part, "C-y");
        assert!(
            matches!(&asked[..], [Effect::Ask(Ask::Copy(line))] if line.starts_with("cto schedule add nightly build-report --cron '0 3 * * *'")),
            "{asked:?}"
        );
    }
}

#[test]
fn a_schedule_is_changed_by_a_form_that_is_filled_in_and_loses_nothing() {
    let (drawn, mut part) = shown((120, 40));
    drawn.press(&mut part, "j");
    let asked = drawn.press(&mut part, "e");
    let [Effect::Ask(Ask::EditSchedule(known))] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(known.name, "nightly");
    for (width, height) in SIZES {
        let mut drawn = Drawn::usual((width, height));
        let mut schedule = (**known).clone();
        schedule.spec.params = [("name".to_owned(), ParamValue::Text("good day".to_owned()))].into();
        (schedule.spec.missed, schedule.spec.overlap) = (Missed::All { most: 7 }, Overlap::Queue);
        let mut part = RunForm::of_schedule(&schedule);
        insta::assert_snapshot!(format!("schedule_change_{width}x{height}"), drawn.text(&part));
        let preview = drawn.press(&mut part, "C-r");
        assert!(
            matches!(&preview[..], [Effect::Request(Request::Schedules(wish))] if matches!(&**wish, ScheduleWish::Preview(preview) if preview.spec == schedule.spec))
        );
        let [Effect::Request(Request::Schedules(wish))] = &preview[..] else { panic!("{preview:?}") };
        answered(&mut drawn, &mut part, (**wish).clone(), Ok(ScheduleReply::Next(NextFires::default())));
        drawn.press(&mut part, "Tab");
        drawn.press(&mut part, "C-u");
        drawn.write(&mut part, "0 5 * * *");
        let saved = drawn.press(&mut part, "Enter");
        let mut spec = schedule.spec.clone();
        spec.cron = Some("0 5 * * *".to_owned());
        let save = SaveSchedule { spec, replaces: Some(3) };
        assert_eq!(saved, asks(ScheduleWish::Save("nightly".to_owned(), Box::new(save))));
        let stale = Error::new(Code::Stale, "schedule 'nightly' was changed by somebody else meanwhile");
        let [Effect::Request(Request::Schedules(wish))] = &saved[..] else { panic!("{saved:?}") };
        answered(&mut drawn, &mut part, (**wish).clone(), Err(stale));
        assert!(drawn.text(&part).contains("0 5 * * *") || width < 40, "what was typed stays");
        let line = drawn.press(&mut part, "C-y");
        assert!(matches!(&line[..], [Effect::Ask(Ask::Copy(line))] if line.starts_with("cto schedule edit nightly --cron '0 5 * * *'")), "{line:?}");
    }
}

#[test]
fn a_schedule_is_made_run_and_removed_in_a_real_terminal() {
    let home = Home::new();
    let file = home.dir.path().join("said.luau");
    std::fs::write(&file, "script { about = \"Say a word\" }\nlog(\"it was said\")\n").unwrap();
    home.ok(&["script", "save", file.to_str().unwrap()]);
    let mut seen = Terminal::with(&home, &[], (140, 40), &[("TZ", "UTC")]);
    seen.shows("● docker");
    seen.type_in("6");
    seen.shows("Nothing is scheduled");
    seen.type_in("n");
    seen.shows("New schedule");
    seen.type_in("yearly\tsaid\t@yearly\r");
    seen.shows("yearly is scheduled");
    seen.shows("01 Jan 00:00");
    seen.type_in("\r");
    seen.shows("next times of yearly");
    seen.shows("-01-01 00:00:00 +00:00");
    seen.type_in("q");
    seen.type_in("e");
    seen.shows("Schedule yearly");
    seen.type_in("\t\x15@monthly\r");
    seen.shows("yearly is changed");
    seen.type_in("e");
    seen.shows("Schedule yearly");
    seen.type_in("\t\x15@yearly\r");
    seen.shows("01 Jan 00:00");
    seen.type_in("s");
    seen.shows("⏸ paused");
    seen.type_in("s");
    seen.shows("01 Jan 00:00");
    seen.type_in("t");
    seen.shows("it was said");
    seen.shows("schedule yearly");
    seen.shows("✓ succeeded");
    seen.type_in("\x1b");
    seen.shows("ITS ZONE");
    seen.type_in("h");
    seen.shows("of yearly, esc shows all");
    seen.type_in("6\x04");
    seen.shows("Remove the schedule yearly");
    seen.type_in("y");
    seen.shows("Nothing is scheduled");
}
