//! Schedules on real servers: made, changed, due, missed, in each other's way, and taken up once by however many servers.
use super::clocks;
use super::support::home::Home;
use super::support::http::Door;
use super::support::plane::Plane;
use super::support::plane::admin;
use super::support::plane::operator;
use super::support::plane::viewer;
use super::support::postgres::Cluster;
use cto::model::*;
use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::ToSpan as _;
use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::process::Child;
use std::time::Duration;
use std::time::Instant;

const QUICK: &str = "script { about = 'x' }";
/// Runs until it is cancelled.
const LONG: &str = "script { about = 'x' }\nsleep(500)";

fn spec(cron: &str, source: &str) -> ScheduleSpec {
    let inline = InlineScript { name: "own.luau".to_owned(), source: source.to_owned() };
    ScheduleSpec { script: None, inline: Some(inline), ..clocks::spec(cron, "UTC") }
}

fn named(name: &str, spec: ScheduleSpec) -> CreateSchedule {
    CreateSchedule { name: name.to_owned(), spec, paused: false }
}

impl Plane {
    async fn schedule(&self, name: &str, spec: ScheduleSpec) -> Schedule {
        self.automation.create_schedule(&admin(), named(name, spec)).await.unwrap()
    }

    async fn fires(&self, name: &str) -> Vec<ScheduleFire> {
        let query = FireQuery { limit: Some(500), cursor: None };
        let mut fires = self.automation.list_schedule_fires(&admin(), name, &query).await.unwrap().items;
        fires.reverse();
        fires
    }

    /// What became of a schedule's times, as words.
    async fn story(&self, name: &str) -> Vec<String> {
        let word = |fire: &ScheduleFire| match fire.run_state {
            Some(state) => state.as_str().to_owned(),
            None => format!("{} {}", fire.state.as_str(), fire.reason.clone().unwrap_or_default()).trim().to_owned(),
        };
        self.fires(name).await.iter().map(word).collect()
    }

    /// Asks until it is so.
    async fn until(&self, what: &str, mut so: impl AsyncFnMut() -> bool) {
        let begun = Instant::now();
        while !so().await {
            assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
            tokio::task::yield_now().await;
        }
    }

    /// Lets the owner be a user that there is.
    async fn with_users(self) -> Self {
        for (name, role) in [("ada", Role::Admin), ("olga", Role::Operator), ("otto", Role::Operator)] {
            self.control.create_user(&cto::control::Control::local_admin(), AddUser { name: name.to_owned(), role, password: None }).await.unwrap();
        }
        self
    }
}

#[tokio::test]
async fn a_schedule_is_made_changed_paused_and_removed_by_whose_it_is() {
    let plane = Plane::start().await.with_users().await;
    let (automation, olga) = (&plane.automation, operator("olga"));
    let made = automation.create_schedule(&olga, named("nightly", spec("30 2 * * *", QUICK))).await.unwrap();
    assert_eq!((made.owner.as_str(), made.rights, made.version, made.paused), ("olga", Role::Operator, 1, false));
    assert!(made.next_due.is_some_and(|due| due > Timestamp::now()));
    assert_eq!(automation.get_schedule(&viewer(), "nightly").await.unwrap(), made);
    let error = automation.create_schedule(&olga, named("nightly", spec("@daily", QUICK))).await.unwrap_err();
    assert_eq!(error.code, Code::NameInUse);
    assert_eq!(automation.create_schedule(&viewer(), named("x", spec("@daily", QUICK))).await.unwrap_err().code, Code::Forbidden);
    for name in ["", "Nightly", "a b", "next", "preview", "-x", &"x".repeat(65)] {
        assert_eq!(automation.create_schedule(&olga, named(name, spec("@daily", QUICK))).await.unwrap_err().places[0].pointer, "/name", "{name}");
    }

    let change = SaveSchedule { spec: spec("0 4 * * *", QUICK), replaces: Some(1) };
    for other in [operator("otto"), viewer()] {
        assert_eq!(automation.put_schedule(&other, "nightly", change.clone()).await.unwrap_err().code, Code::Forbidden);
        assert_eq!(automation.pause_schedule(&other, "nightly").await.unwrap_err().code, Code::Forbidden);
        assert_eq!(automation.run_schedule(&other, "nightly").await.unwrap_err().code, Code::Forbidden);
        assert_eq!(automation.delete_schedule(&other, "nightly", RemoveVersion::default()).await.unwrap_err().code, Code::Forbidden);
    }
    let changed = automation.put_schedule(&olga, "nightly", change.clone()).await.unwrap();
    assert!(changed.version == 2 && changed.next_due != made.next_due && changed.timed_at > made.timed_at);
    assert_eq!(automation.put_schedule(&olga, "nightly", change).await.unwrap_err().code, Code::Stale);
    // The same times with another script stand where they stood.
    let same = SaveSchedule { spec: spec("0 4 * * *", "script { about = 'y' }"), replaces: None };
    let same = automation.put_schedule(&admin(), "nightly", same).await.unwrap();
    assert_eq!((same.next_due, same.timed_at, same.owner.as_str(), same.rights), (changed.next_due, changed.timed_at, "olga", Role::Operator));

    let paused = automation.pause_schedule(&olga, "nightly").await.unwrap();
    assert_eq!((paused.paused, paused.next_due), (true, None));
    assert_eq!(automation.pause_schedule(&olga, "nightly").await.unwrap_err().code, Code::WrongState);
    let resumed = automation.resume_schedule(&olga, "nightly").await.unwrap();
    assert_eq!((resumed.paused, resumed.next_due), (false, changed.next_due));
    assert_eq!(automation.list_schedules(&viewer(), &ListQuery { q: Some("own.luau".to_owned()), ..ListQuery::default() }).await.unwrap().items, [resumed]);
    automation.delete_schedule(&olga, "nightly", RemoveVersion::default()).await.unwrap();
    assert_eq!(automation.get_schedule(&olga, "nightly").await.unwrap_err().code, Code::NotFound);
}

#[tokio::test]
async fn mistakes_are_told_before_anything_is_saved() {
    let plane = Plane::start().await;
    let refused = async |spec: ScheduleSpec| {
        let error = plane.automation.create_schedule(&admin(), named("x", spec)).await.unwrap_err();
        format!("{} {}", error.places.first().map_or("", |place| &place.pointer), error.message)
    };
    assert_eq!(refused(spec("61 * * * *", QUICK)).await, "/spec/cron there is no minute 61: minutes go from 0 to 59");
    assert_eq!(
        refused(ScheduleSpec { zone: "Europe/Berln".to_owned(), ..spec("@daily", QUICK) }).await,
        "/spec/zone there is no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?"
    );
    let once = ScheduleSpec { cron: None, at: Some("2020-01-01T00:00".to_owned()), ..spec("", QUICK) };
    assert_eq!(refused(once).await, "/spec/at '2020-01-01T00:00' is over");
    assert_eq!(refused(ScheduleSpec { script: Some("no-such".to_owned()), inline: None, ..spec("@daily", "") }).await, "/spec/script no script 'no-such'");
    let unknown = ScheduleSpec { params: BTreeMap::from([("x".to_owned(), ParamValue::Integer(1))]), ..spec("@daily", QUICK) };
    assert!(refused(unknown).await.starts_with("/spec/params/x script 'own.luau' has no parameter 'x'"));
    assert!(refused(spec("@daily", "script {")).await.contains("own.luau"));
    let both = ScheduleSpec { script: Some("x".to_owned()), ..spec("@daily", QUICK) };
    assert_eq!(refused(both).await, "/spec/script give one of 'script' and 'inline'");
    assert!(plane.automation.list_schedules(&admin(), &ListQuery::default()).await.unwrap().items.is_empty());
}

#[tokio::test]
async fn a_time_that_comes_runs_by_itself_and_everybody_is_told() {
    let plane = Plane::start().await.with_users().await;
    let mut events = plane.control.parts().bus.subscribe();
    plane.schedule("often", spec("* * * * * *", QUICK)).await;
    let heard = async {
        let (mut changed, mut ran) = (0, BTreeSet::new());
        while changed < 3 || ran.len() < 3 {
            match events.recv().await.unwrap().event {
                Event::ScheduleChanged { schedule } if schedule.last.is_some() => changed += 1,
                Event::RunChanged { run } if run.state == RunState::Succeeded => {
                    let RunCause::Schedule { name, due } = run.cause else { continue };
                    assert_eq!((name.as_str(), run.owner.as_str()), ("often", "ada"));
                    assert!(ran.insert(due), "each time once");
                }
                _ => {}
            }
        }
        ran
    };
    let ran = tokio::time::timeout(Duration::from_secs(20), heard).await.unwrap();
    let fires = plane.fires("often").await;
    for due in ran {
        let fire = fires.iter().find(|fire| fire.due == due).unwrap();
        assert!(fire.state == FireState::Started && fire.taken_at.duration_since(due) < SignedDuration::from_secs(5), "{fire:?}");
    }
    // Schedules of the same time do not hinder each other.
    let when = Timestamp::now().checked_add(5.seconds()).unwrap();
    for number in 0..20 {
        plane.schedule(&format!("same-{number}"), ScheduleSpec { cron: None, at: Some(when.to_string()), ..spec("", QUICK) }).await;
    }
    plane
        .until("all have run", async || {
            let all = plane.automation.list_schedules(&admin(), &ListQuery::default()).await.unwrap().items;
            let ran = |schedule: &&Schedule| schedule.last.as_ref().is_some_and(|fire| fire.run_state == Some(RunState::Succeeded));
            all.iter().filter(|schedule| schedule.name.starts_with("same")).filter(ran).count() == 20
        })
        .await;
    assert_eq!(plane.automation.get_schedule(&admin(), "same-7").await.unwrap().next_due, None, "once");
}

#[tokio::test]
async fn what_is_still_under_way_counts_as_each_policy_says() {
    let plane = Plane::start().await.with_users().await;
    let begun = Timestamp::now();
    let hour = |number: i64| later(begun, number);
    let cancel = async |name: &str| {
        for fire in plane.fires(name).await {
            if fire.run_state.is_some_and(|state| !state.is_over()) {
                plane.automation.cancel_run(&admin(), fire.run.unwrap().as_str()).await.unwrap();
            }
        }
    };
    let running = async |name: &str, count: usize| {
        plane.until("it runs", async || plane.story(name).await.iter().filter(|word| *word == "running").count() == count).await;
    };
    for (name, overlap) in [("allow", Overlap::Allow), ("forbid", Overlap::Forbid), ("queue", Overlap::Queue), ("replace", Overlap::Replace)] {
        plane.schedule(name, ScheduleSpec { overlap, ..spec("@every 1h", LONG) }).await;
    }
    plane.automation.fire_due(hour(1)).await.unwrap();
    for name in ["allow", "forbid", "queue", "replace"] {
        running(name, 1).await;
    }
    plane.automation.fire_due(hour(2)).await.unwrap();
    running("allow", 2).await;
    let forbidden = plane.fires("forbid").await;
    assert_eq!(forbidden[1].state, FireState::Skipped);
    assert_eq!(forbidden[1].reason, Some(format!("run {} was still under way", forbidden[0].run.clone().unwrap())));
    assert_eq!(plane.story("queue").await, ["running", "waiting"]);
    plane.until("the one of before is cancelled, the new one runs", async || plane.story("replace").await == ["cancelled", "running"]).await;

    // A queue keeps its order, and one at a time.
    plane.automation.fire_due(hour(3)).await.unwrap();
    assert_eq!(plane.story("queue").await, ["running", "waiting", "waiting"]);
    cancel("queue").await;
    plane.until("the next one runs", async || plane.story("queue").await == ["cancelled", "running", "waiting"]).await;
    cancel("queue").await;
    plane.until("the last one runs", async || plane.story("queue").await == ["cancelled", "cancelled", "running"]).await;

    // To ask for one counts the same.
    let error = plane.automation.run_schedule(&admin(), "forbid").await.unwrap_err();
    assert_eq!(error.code, Code::WrongState, "{error}");
    let asked = plane.automation.run_schedule(&admin(), "queue").await.unwrap();
    assert_eq!((asked.state, asked.asked), (FireState::Waiting, true));
    let more = plane.automation.run_schedule(&admin(), "allow").await.unwrap();
    assert!(more.state == FireState::Started && more.run.is_some(), "{more:?}");
    for name in ["allow", "forbid", "queue", "replace"] {
        let schedule = plane.automation.get_schedule(&admin(), name).await.unwrap();
        plane.automation.delete_schedule(&admin(), &schedule.name, RemoveVersion::default()).await.unwrap();
    }
    for run in plane.automation.list_runs(&admin(), RunQuery::default()).await.unwrap().items.iter().filter(|run| !run.state.is_over()) {
        plane.automation.cancel_run(&admin(), run.id.as_str()).await.unwrap();
    }
}

#[tokio::test]
async fn an_owner_who_is_gone_or_has_less_rights_is_told_of_and_the_schedule_is_paused_at_last() {
    let plane = Plane::start().await.with_users().await;
    let begun = Timestamp::now();
    plane.automation.create_schedule(&operator("olga"), named("hers", spec("@every 1h", QUICK))).await.unwrap();
    let ada = plane.automation.create_schedule(&operator("ada"), named("weak", spec("@every 1h", QUICK))).await.unwrap();
    assert_eq!(ada.rights, Role::Operator, "a weak token makes nothing strong");
    plane.control.delete_user(&admin(), "olga", RemoveVersion::default()).await.unwrap();
    for number in 1..=4 {
        plane.automation.fire_due(later(begun, number)).await.unwrap();
    }
    let hers = plane.automation.get_schedule(&admin(), "hers").await.unwrap();
    let last = hers.last.unwrap();
    assert_eq!((last.state, last.reason.as_deref(), hers.paused), (FireState::Failed, Some("'olga', whose this is, is no user any more"), false));
    plane.automation.fire_due(later(begun, 5)).await.unwrap();
    let hers = plane.automation.get_schedule(&admin(), "hers").await.unwrap();
    assert!(hers.paused && hers.paused_why.as_deref().unwrap().starts_with("5 times in a row it could not be started: 'olga'"), "{hers:?}");
    plane.automation.fire_due(later(begun, 6)).await.unwrap();
    assert_eq!(plane.fires("hers").await.len(), 5);
    plane.until("the other one runs", async || plane.story("weak").await.iter().filter(|word| *word == "succeeded").count() > 0).await;
}

#[tokio::test]
async fn a_claim_whose_server_died_is_taken_over_once() {
    let mut plane = Plane::start().await.with_users().await;
    let schedule = plane.schedule("x", spec("@every 1h", QUICK)).await;
    let store = plane.control.parts().store.clone();
    let due = schedule.next_due.unwrap();
    let next = cto::store::NextDue { due: due + SignedDuration::from_hours(1), ready: due + SignedDuration::from_hours(1) };
    let dead = cto::store::Holder { server: "dead", now: Timestamp::now(), lease: Duration::from_secs(3_600) };
    let claims = store.claim_fires(&schedule, due, Some(next), &[due], None, dead).await.unwrap();
    assert_eq!(claims, Some(vec![due]));
    assert_eq!(store.claim_fires(&schedule, due, Some(next), &[due], None, dead).await.unwrap(), None, "it stands elsewhere by now");
    // On a file only one server works at a time: a claim of another is one of before.
    plane
        .until("it is taken over", async || {
            plane.automation.fire_due(Timestamp::now()).await.unwrap();
            plane.story("x").await == ["succeeded"]
        })
        .await;
    let fires = plane.fires("x").await;
    plane.restart().await;
    plane.automation.fire_due(Timestamp::now()).await.unwrap();
    assert_eq!(plane.fires("x").await, fires);
}

#[tokio::test]
async fn years_of_fires_come_once_each_as_their_policies_say() {
    // By hand, as long as nothing else is said: 10,000 take minutes.
    let wanted: usize = std::env::var("CTO_TEST_FIRES").ok().and_then(|text| text.parse().ok()).unwrap_or(400);
    let plane = Plane::start().await.with_users().await;
    let policies = [Missed::Skip, Missed::Once, Missed::All { most: 3 }, Missed::All { most: 100 }];
    let mut schedules = Vec::new();
    let sparse = |case: &&clocks::Case| !case.line.starts_with("*/20") && !case.line.starts_with("15 *");
    for (index, case) in clocks::CASES.iter().filter(sparse).enumerate() {
        let spec = ScheduleSpec { zone: case.zone.to_owned(), missed: policies[index % 4], overlap: Overlap::Allow, ..spec(case.line, QUICK) };
        schedules.push((case, plane.schedule(&format!("s{index}"), spec).await));
    }
    let begun = Timestamp::now();
    let mut random = 7_u64;
    let mut roll = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        i64::try_from((random >> 33) % below).unwrap()
    };
    // What is expected: for each schedule the times that get a run, and those that are told as missed.
    let mut expected: Vec<(Vec<Timestamp>, Vec<Timestamp>)> = vec![(Vec::new(), Vec::new()); schedules.len()];
    let mut walked: Vec<Vec<Timestamp>> = vec![Vec::new(); schedules.len()];
    let (mut now, mut until, mut handled) = (begun, minute(begun), 0);
    while handled < wanted {
        if until < now + SignedDuration::from_hours(24 * 10) {
            let end = minute(now) + SignedDuration::from_hours(24 * 30);
            for ((case, _), times) in schedules.iter().zip(&mut walked) {
                times.retain(|due| *due > now);
                times.extend(clocks::walk(case, until, end).into_iter().filter(|due| *due > begun));
            }
            until = end;
        }
        // A server that looks when something is due, more or less, and is away for days at times.
        let before = now;
        let nearest = walked.iter().flatten().filter(|due| **due > now).min().copied().unwrap();
        now = match roll(12) {
            0 => now + SignedDuration::from_secs(3_600 * roll(200)),
            _ => nearest + SignedDuration::from_secs(roll(80)),
        };
        for (index, times) in walked.iter().enumerate() {
            let come: Vec<Timestamp> = times.iter().copied().filter(|due| *due > before && *due <= now).collect();
            let (starts, left) = clocks::judge(policies[index % 4], &come, now);
            handled += starts.len() + left.len();
            expected[index].0.extend(starts);
            expected[index].1.extend(left);
        }
        plane.automation.fire_due(now).await.unwrap();
    }
    let mut runs = BTreeSet::new();
    for (index, (case, schedule)) in schedules.iter().enumerate() {
        let mut fires = Vec::new();
        let mut query = FireQuery { limit: Some(500), cursor: None };
        loop {
            let page = plane.automation.list_schedule_fires(&admin(), &schedule.name, &query).await.unwrap();
            fires.extend(page.items);
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                break;
            }
        }
        fires.reverse();
        let started: Vec<Timestamp> = fires.iter().filter(|fire| fire.state == FireState::Started).map(|fire| fire.due).collect();
        assert_eq!(started, expected[index].0, "{} in {}", case.line, case.zone);
        let missed: u32 = fires.iter().filter_map(|fire| fire.missed).map(|missed| missed.count).sum();
        assert_eq!(missed as usize, expected[index].1.len(), "{} in {}", case.line, case.zone);
        assert!(fires.iter().all(|fire| matches!(fire.state, FireState::Started | FireState::Skipped)));
        for run in fires.into_iter().filter_map(|fire| fire.run) {
            assert!(runs.insert(run), "a run for each time");
        }
    }
    eprintln!("{handled} times until {now}, {} runs", runs.len());
}

/// So many hours later, and a little more: what was made a moment after is due by then.
fn later(begun: Timestamp, hours: i64) -> Timestamp {
    begun + SignedDuration::from_hours(hours) + SignedDuration::from_secs(30)
}

/// The minute that has begun.
fn minute(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second() / 60 * 60).unwrap()
}

#[tokio::test]
async fn the_next_times_are_shown_by_both_clocks() {
    let door = Door::open().await;
    let token = door.token(Role::Admin).await;
    let berlin =
        serde_json::json!({"spec": {"cron": "30 2 * * *", "zone": "Europe/Berlin"}, "zone": "America/New_York", "count": 3, "from": "2026-03-28T00:00:00Z"});
    let (status, body) = door.ask(Some(&token), Method::Post, "/api/v1/schedules/preview", Some(berlin)).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(body["items"][1]["local"], "2026-03-29T03:00:00+02:00");
    assert_eq!(body["items"][1]["yours"], "2026-03-28T21:00:00-04:00");
    assert_eq!(body["items"][1]["note"], "02:30 does not exist on that day; it runs at 03:00, right after the gap");
    assert_eq!(body["warnings"].as_array().unwrap().len(), 2);
    let wrong = serde_json::json!({"spec": {"cron": "30 2 * *", "zone": "Europe/Berln"}});
    let (status, body) = door.ask(Some(&token), Method::Post, "/api/v1/schedules/preview", Some(wrong)).await;
    let pointers: Vec<&str> = body["errors"].as_array().unwrap().iter().map(|place| place["pointer"].as_str().unwrap()).collect();
    assert_eq!((status, pointers), (422, vec!["/spec/zone", "/spec/cron"]));

    let own = serde_json::json!({"name": "a.luau", "source": QUICK});
    for (name, cron) in [("b", "0 * * * *"), ("a", "30 * * * *")] {
        let body = serde_json::json!({"name": name, "spec": {"inline": own, "cron": cron, "zone": "Asia/Kathmandu"}});
        assert_eq!(door.ask(Some(&token), Method::Post, "/api/v1/schedules", Some(body)).await.0, 201);
    }
    let (_, body) = door.ask(Some(&token), Method::Get, "/api/v1/schedules/next?count=4&zone=UTC", None).await;
    let names: Vec<&str> = body["items"].as_array().unwrap().iter().map(|fire| fire["schedule"].as_str().unwrap()).collect();
    assert!(names == ["a", "b", "a", "b"] || names == ["b", "a", "b", "a"], "{names:?}");
    let (_, body) = door.ask(Some(&token), Method::Get, "/api/v1/schedules/a/next?count=2", None).await;
    assert_eq!(body["items"].as_array().unwrap().len(), 2);
    assert_eq!(door.ask(Some(&token), Method::Get, "/api/v1/schedules/a/next?zone=Nowhere", None).await.0, 422);
    assert_eq!(door.ask(Some(&token), Method::Post, "/api/v1/schedules/b/pause", None).await.0, 200);
    let (status, fire) = door.ask(Some(&token), Method::Post, "/api/v1/schedules/b/run", None).await;
    assert_eq!((status, &fire["state"], &fire["asked"]), (201, &serde_json::json!("started"), &serde_json::json!(true)), "{fire}");
    assert_eq!(door.ask(Some(&token), Method::Delete, "/api/v1/schedules/b", None).await.0, 204);
    assert_eq!(door.ask(Some(&token), Method::Get, "/api/v1/schedules/b/fires", None).await.0, 404);
}

#[test]
fn the_command_line_makes_shows_and_changes_schedules() {
    let home = Home::new();
    std::fs::write(home.dir.path().join("own.luau"), "script { about = 'x', params = { who = { default = 'me' } } }").unwrap();
    let warned =
        home.cto(&["schedule", "add", "x", "own.luau", "--cron", "30 2 * * *", "--zone", "Europe/Berlin", "--dry-run"]).assert().success().get_output().clone();
    let (shown, warned) = (String::from_utf8(warned.stdout).unwrap(), String::from_utf8(warned.stderr).unwrap());
    assert_eq!(shown.lines().count(), 11, "{shown}");
    assert!(warned.contains("02:30 happens twice and runs once, the first time"), "{warned}");
    assert!(home.fails(2, &["schedule", "add", "x", "own.luau", "--cron", "30 2 * *"]).contains("this has 4 fields"));
    assert!(home.fails(2, &["schedule", "add", "x", "own.luau", "--cron", "@daily", "--zone", "Berlin"]).contains("did you mean 'Europe/Berlin'?"));
    assert!(home.fails(3, &["schedule", "add", "x", "no-such", "--cron", "@daily"]).contains("no script 'no-such'"));
    let made = home.ok(&[
        "schedule",
        "add",
        "x",
        "own.luau",
        "--cron",
        "30 2 * * *",
        "--zone",
        "Europe/Berlin",
        "--param",
        "who=you",
        "--missed",
        "all",
        "--most",
        "5",
        "--overlap",
        "queue",
        "--jitter",
        "5m",
    ]);
    assert!(made.starts_with("x: in "), "{made}");
    let show = home.ok(&["schedule", "show", "x"]);
    for line in ["param      who=you", "missed     all, 5 at most", "overlap    queue", "jitter     up to 300 s", "when       30 2 * * *, Europe/Berlin"] {
        assert!(show.contains(line), "{show}");
    }
    home.ok(&["schedule", "edit", "x", "--cron", "@hourly", "--missed", "skip"]);
    let edited = home.json(&["schedule", "show", "x", "--json"]);
    assert_eq!(
        (&edited["spec"]["cron"], &edited["spec"]["missed"]["policy"], &edited["spec"]["overlap"]),
        (&"@hourly".into(), &"skip".into(), &"queue".into())
    );
    assert!(home.ok(&["schedule", "ls"]).lines().any(|line| line.starts_with("x ") && line.contains("@hourly") && line.contains("Europe/Berlin")));
    assert!(home.ok(&["schedule", "next", "--zone", "UTC"]).lines().nth(1).unwrap().starts_with("x "));
    assert_eq!(home.json(&["schedule", "next", "x", "-n", "3", "--json"])["items"].as_array().unwrap().len(), 3);
    assert!(home.ok(&["schedule", "run", "x"]).starts_with("run_"));
    home.until("it has run", || home.ok(&["schedule", "history", "x"]).contains("succeeded"));
    assert_eq!(home.json(&["schedule", "history", "x", "--json"])[0]["asked"], true);
    home.ok(&["schedule", "pause", "x"]);
    assert!(home.ok(&["schedule", "ls"]).contains("paused"));
    assert!(home.fails(5, &["schedule", "pause", "x"]).contains("is paused already"));
    home.ok(&["schedule", "resume", "x"]);
    home.ok(&["schedule", "rm", "x"]);
    assert!(home.fails(3, &["schedule", "show", "x"]).contains("cto schedule ls"));
}

/// A server process that is killed when it is dropped.
struct Served {
    home: Home,
    process: Child,
}

impl Served {
    fn start(home: Home) -> Self {
        let process = serve(&home);
        Self { home, process }
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    fn begin_again(&mut self) {
        self.process = serve(&self.home);
    }
}

fn serve(home: &Home) -> Child {
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_cto"));
    command.arg("serve").env("CTO_HOME", home.dir.path()).envs(home.variables.iter().cloned());
    let process = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    home.until("it serves", || home.cto(&["server", "status"]).output().is_ok_and(|output| output.status.success()));
    process
}

async fn every_run(client: cto::client::Client) -> Vec<Run> {
    let mut query = RunQuery { limit: Some(500), ..RunQuery::default() };
    let mut runs = Vec::new();
    loop {
        let page = client.call::<ListRuns>(&[], &query).await.unwrap();
        runs.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            return runs;
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[test]
fn two_servers_of_one_database_that_are_killed_at_random_take_up_each_time_once() {
    let Some(cluster) = Cluster::start() else {
        eprintln!("skipped: no PostgreSQL here; install it");
        return;
    };
    let home = || {
        let mut home = Home::new();
        home.variables.push(("CTO_DATABASE".to_owned(), cluster.url()));
        home
    };
    let mut servers = [Served::start(home()), Served::start(home())];
    std::fs::write(servers[0].home.dir.path().join("own.luau"), QUICK).unwrap();
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        let overlap = if name == "e" { "queue" } else { "allow" };
        servers[0].home.ok(&[
            "schedule",
            "add",
            name,
            "own.luau",
            "--cron",
            "* * * * * *",
            "--zone",
            "UTC",
            "--missed",
            "all",
            "--most",
            "100",
            "--overlap",
            overlap,
        ]);
    }
    let mut random = u64::from(std::process::id());
    let mut roll = |below: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % below
    };
    let begun = Instant::now();
    for _ in 0..10 {
        let index = usize::try_from(roll(2)).unwrap();
        // The moment is what is random here; nothing is waited for.
        let moment = Instant::now() + Duration::from_millis(300 + roll(2_000));
        while Instant::now() < moment {
            std::thread::yield_now();
        }
        servers[index].kill();
        servers[index].begin_again();
    }
    let lasted = begun.elapsed();
    for name in names {
        servers[0].home.ok(&["schedule", "pause", name]);
    }
    let history = |home: &Home, name: &str| home.json(&["schedule", "history", name, "-n", "500", "--json"]).as_array().unwrap().clone();
    let open = |fire: &serde_json::Value| {
        matches!(fire["state"].as_str(), Some("claimed" | "waiting")) || matches!(fire["run_state"].as_str(), Some("queued" | "running"))
    };
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let left: Vec<_> = names.iter().flat_map(|name| history(&servers[0].home, name)).filter(|fire| open(fire)).collect();
        if left.is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "claims and runs of dead servers come to an end: {left:#?}");
    }
    let (mut runs, mut total) = (BTreeSet::new(), 0);
    for name in names {
        let mut due = Vec::new();
        for fire in history(&servers[1].home, name) {
            assert_eq!(fire["state"], "started", "{fire}");
            assert!(runs.insert(fire["run"].as_str().unwrap().to_owned()), "a run for each time");
            due.push(fire["due"].as_str().unwrap().parse::<Timestamp>().unwrap());
        }
        due.sort_unstable();
        let gap = due.windows(2).find(|pair| pair[1].duration_since(pair[0]) != SignedDuration::from_secs(1));
        assert_eq!(gap, None, "{name}: none is lost, none is doubled");
        assert!(due.len() as u64 >= lasted.as_secs() - 1, "{name}: {} in {lasted:?}", due.len());
        total += due.len();
    }
    // Beside those there are no others.
    let socket = cto::config::Paths::under(servers[0].home.dir.path()).unwrap().socket();
    let all = tokio::runtime::Runtime::new().unwrap().block_on(every_run(cto::client::Client::local(&socket)));
    assert_eq!(all.iter().map(|run| run.id.to_string()).collect::<BTreeSet<_>>(), runs);
    assert!(all.len() == total && all.iter().all(|run| run.state.is_over() && run.attempt == 1));
    eprintln!("{total} times in {lasted:?}, 10 kills");
}
