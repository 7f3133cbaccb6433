//! Schedules: made, looked at, changed, paused, run now.
use super::Automation;
use super::header;
use super::scheduler;
use super::scheduler::next_due;
use super::timing;
use super::timing::Timing;
use crate::access::Actor;
use crate::control::Control;
use crate::control::Key;
use crate::control::Target;
use crate::control::Wanted;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::CreateSchedule;
use crate::model::DryRun;
use crate::model::DryVerb;
use crate::model::Event;
use crate::model::FireQuery;
use crate::model::ListQuery;
use crate::model::NextFire;
use crate::model::NextFires;
use crate::model::NextQuery;
use crate::model::Orders;
use crate::model::Overlap;
use crate::model::Page;
use crate::model::Place;
use crate::model::PreviewSchedule;
use crate::model::RemoveVersion;
use crate::model::SaveSchedule;
use crate::model::Schedule;
use crate::model::ScheduleFire;
use crate::model::ScheduleId;
use crate::model::ScheduleSpec;
use crate::model::StartRun;
use crate::store::FireKey;
use jiff::SignedDuration;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Schedules that there may be.
const MOST: u64 = 1_000;
/// Letters of a name.
const LONGEST: usize = 64;
/// Names that are paths of the API.
const RESERVED: [&str; 2] = ["next", "preview"];
/// Changes of the clocks are told of for a year ahead.
const AHEAD: SignedDuration = SignedDuration::from_hours(365 * 24);

impl Automation {
    /// Schedules, by name where no other order is asked for.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `store_failed`.
    pub async fn list_schedules(&self, actor: &Actor, query: &ListQuery) -> Result<Page<Schedule>> {
        Control::may(actor, Action::ReadSchedules)?;
        let wanted = Wanted::of(query, Orders::SCHEDULES)?;
        let (after, limit) = wanted.of_store();
        let rows = self.store().list_schedules(after, wanted.text.as_deref(), limit).await?;
        let key = |schedule: &Schedule, by: &str| match by {
            "owner" => Key::text(&schedule.owner),
            "next_due" => Key::time(schedule.next_due),
            "created_at" => Key::time(schedule.created_at),
            _ => Key::Nothing,
        };
        Ok(wanted.stored(rows, key, |schedule| schedule.name.clone()))
    }

    /// One schedule.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `store_failed`.
    pub async fn get_schedule(&self, actor: &Actor, name: &str) -> Result<Schedule> {
        Control::may(actor, Action::ReadSchedules)?;
        self.schedule(name).await
    }

    async fn schedule(&self, name: &str) -> Result<Schedule> {
        self.store().find_schedule(name).await.map_err(|error| match error.code {
            Code::NotFound => error.fix("see them all: cto schedule ls"),
            _ => error,
        })
    }

    /// Makes a schedule, which is the actor's.
    ///
    /// # Errors
    /// `forbidden`; `invalid_value` with the place of each mistake, `invalid_document` for those in the script; `name_in_use`, `too_many`.
    pub async fn create_schedule(&self, actor: &Actor, request: CreateSchedule) -> Result<Schedule> {
        let schedule = self.new_schedule(actor, request, false).await?;
        self.changed(&schedule);
        Ok(schedule)
    }

    /// What making a schedule would make.
    ///
    /// # Errors
    /// As [`Automation::create_schedule`].
    pub async fn try_create_schedule(&self, actor: &Actor, request: CreateSchedule) -> Result<DryRun> {
        let schedule = self.new_schedule(actor, request, true).await?;
        super::would_make("schedule", &schedule.name, &schedule)
    }

    async fn new_schedule(&self, actor: &Actor, request: CreateSchedule, dry_run: bool) -> Result<Schedule> {
        let CreateSchedule { name, spec, paused } = request;
        check_name(&name)?;
        let now = Timestamp::now();
        let spec = self.checked(spec, now).await?;
        let timing = timing_of(&spec, now)?;
        let id = ScheduleId::fresh();
        let next = timing.next_after(now);
        if next.is_none() {
            return Err(over(&spec));
        }
        let schedule = Schedule {
            id: id.clone(),
            name: name.clone(),
            owner: actor.name.clone(),
            rights: actor.role,
            version: 1,
            spec,
            paused,
            paused_why: None,
            created_at: now,
            timed_at: now,
            next_due: next.filter(|_| !paused),
            last: None,
        };
        self.control()
            .tried(dry_run, actor, Action::ManageSchedules, &Target::owned(&name, Some(&actor.name)), async {
                if self.store().count_schedules().await? >= MOST {
                    return Err(Error::new(Code::TooMany, format!("there are {MOST} schedules already")).fix("remove some: cto schedule ls"));
                }
                let added = match dry_run {
                    true => self.store().find_schedule(&name).await.is_err(),
                    false => self.store().add_schedule(&schedule, next_due(&timing, &id, next)).await?,
                };
                match added {
                    true => Ok(()),
                    false => Err(Error::new(Code::NameInUse, format!("there is a schedule '{name}' already")).fix("give another name, or change that one")),
                }
            })
            .await?;
        Ok(schedule)
    }

    /// Changes a schedule. Where its times change, they count from now; what is due already and not taken up is dropped then.
    ///
    /// # Errors
    /// As [`Automation::create_schedule`]; `not_found`; `stale` when `replaces` is not its version.
    pub async fn put_schedule(&self, actor: &Actor, name: &str, request: SaveSchedule) -> Result<Schedule> {
        let schedule = self.replace_schedule(actor, name, request, false).await?;
        self.changed(&schedule);
        Ok(schedule)
    }

    /// A schedule as it would be after that change.
    ///
    /// # Errors
    /// As [`Automation::put_schedule`].
    pub async fn try_put_schedule(&self, actor: &Actor, name: &str, request: SaveSchedule) -> Result<Schedule> {
        self.replace_schedule(actor, name, request, true).await
    }

    async fn replace_schedule(&self, actor: &Actor, name: &str, request: SaveSchedule, dry_run: bool) -> Result<Schedule> {
        let mut schedule = self.schedule(name).await?;
        let now = Timestamp::now();
        self.control()
            .tried(dry_run, actor, Action::ManageSchedules, &of(&schedule), async {
                if request.replaces.is_some_and(|version| version != schedule.version) {
                    return Err(Error::stale("schedule", name, schedule.version));
                }
                let spec = self.checked(request.spec, now).await?;
                let old = &schedule.spec;
                let same_times = (&old.cron, &old.at, &old.zone, old.jitter_seconds) == (&spec.cron, &spec.at, &spec.zone, spec.jitter_seconds);
                if !same_times {
                    schedule.timed_at = now;
                }
                // Who changes what is run may not reach further by it than they themselves do.
                if schedule.owner == actor.name {
                    schedule.rights = actor.role;
                }
                let timing = timing_of(&spec, schedule.timed_at)?;
                let next = if same_times && !schedule.paused { schedule.next_due } else { timing.next_after(now) };
                if next.is_none() && !same_times {
                    return Err(over(&spec));
                }
                schedule.spec = spec;
                if dry_run {
                    schedule.next_due = next.filter(|_| !schedule.paused);
                    return Ok(());
                }
                let next = next_due(&timing, &schedule.id, next);
                if self.store().save_schedule(&mut schedule, next).await? { Ok(()) } else { Err(self.stale(name).await) }
            })
            .await?;
        Ok(schedule)
    }

    /// What removing a schedule would do.
    ///
    /// # Errors
    /// As [`Automation::delete_schedule`].
    pub async fn try_delete_schedule(&self, actor: &Actor, name: &str, request: RemoveVersion) -> Result<DryRun> {
        let schedule = self.schedule(name).await?;
        Control::would(actor, Action::ManageSchedules, &of(&schedule))?;
        if request.replaces.is_some_and(|version| version != schedule.version) {
            return Err(Error::stale("schedule", name, schedule.version));
        }
        Ok(super::would(DryVerb::Remove, "schedule", name))
    }

    /// Removes a schedule and what is known of its times; its runs stay.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `stale` when `replaces` is not its version.
    pub async fn delete_schedule(&self, actor: &Actor, name: &str, request: RemoveVersion) -> Result<()> {
        let schedule = self.schedule(name).await?;
        self.control()
            .guarded(actor, Action::ManageSchedules, &of(&schedule), async {
                if self.store().remove_schedule(&schedule.id, request.replaces).await? { Ok(()) } else { Err(self.stale(name).await) }
            })
            .await?;
        self.control().parts().bus.publish(Event::ScheduleRemoved { name: name.to_owned() });
        Ok(())
    }

    /// Lets a schedule start nothing. What comes meanwhile is not made up for.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `wrong_state` when it is paused.
    pub async fn pause_schedule(&self, actor: &Actor, name: &str) -> Result<Schedule> {
        self.pause_or_resume(actor, name, true).await
    }

    /// Lets a paused schedule go on from now.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `wrong_state` when it is not paused, or no time is left.
    pub async fn resume_schedule(&self, actor: &Actor, name: &str) -> Result<Schedule> {
        self.pause_or_resume(actor, name, false).await
    }

    async fn pause_or_resume(&self, actor: &Actor, name: &str, pause: bool) -> Result<Schedule> {
        let mut schedule = self.schedule(name).await?;
        self.control()
            .guarded(actor, Action::ManageSchedules, &of(&schedule), async {
                if schedule.paused == pause {
                    let is = if pause { "is paused already" } else { "is not paused" };
                    return Err(Error::new(Code::WrongState, format!("schedule '{name}' {is}")));
                }
                let timing = timing_of(&schedule.spec, schedule.timed_at)?;
                let next = if pause { None } else { timing.next_after(Timestamp::now()) };
                if !pause && next.is_none() {
                    return Err(Error::new(Code::WrongState, format!("schedule '{name}' has no time left")).fix("give it another with 'cto schedule edit'"));
                }
                (schedule.paused, schedule.paused_why) = (pause, None);
                let next = next_due(&timing, &schedule.id, next);
                if self.store().save_schedule(&mut schedule, next).await? { Ok(()) } else { Err(self.stale(name).await) }
            })
            .await?;
        self.changed(&schedule);
        Ok(schedule)
    }

    /// Runs a schedule's script now, beside its times. Runs of before count as they do at its times.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `wrong_state` when one is under way and two are forbidden; those of [`Automation::start_run`].
    pub async fn run_schedule(&self, actor: &Actor, name: &str) -> Result<ScheduleFire> {
        let schedule = self.schedule(name).await?;
        let now = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap_or_default();
        let key = FireKey { schedule: schedule.id.clone(), due: now };
        self.control()
            .guarded(actor, Action::ManageSchedules, &of(&schedule), async {
                if schedule.spec.overlap == Overlap::Forbid && !self.store().fires_under_way(&key).await?.is_empty() {
                    let error = Error::new(Code::WrongState, format!("a run of schedule '{name}' is under way"));
                    return Err(error.fix("wait for its end, or cancel it: cto runs ls"));
                }
                if !self.store().claim_asked(&key, self.holder(now)).await? {
                    return Err(scheduler::taken());
                }
                self.start_fire(&key).await?;
                self.store().find_fire(&key).await
            })
            .await
    }

    /// What became of a schedule's times, latest first.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`.
    pub async fn list_schedule_fires(&self, actor: &Actor, name: &str, query: &FireQuery) -> Result<Page<ScheduleFire>> {
        Control::may(actor, Action::ReadSchedules)?;
        let schedule = self.schedule(name).await?;
        let limit = page_of(query.limit)?;
        let cursor = query.cursor.as_ref().map(|cursor| cursor.parse().map_err(|_| Error::invalid("the cursor is not one of a page before")));
        let mut items = self.store().list_schedule_fires(&schedule.id, cursor.transpose()?, limit + 1).await?;
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next_cursor = items.last().filter(|_| more).map(|fire| fire.due.as_microsecond().to_string());
        Ok(Page { items, next_cursor })
    }

    /// The next times of a schedule; of one that is paused, those that would come.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`.
    pub async fn schedule_next(&self, actor: &Actor, name: &str, query: &NextQuery) -> Result<NextFires> {
        Control::may(actor, Action::ReadSchedules)?;
        let schedule = self.schedule(name).await?;
        let timing = timing_of(&schedule.spec, schedule.timed_at)?;
        let (count, zone) = (count_of(query.count, "/count")?, zone_of(query.zone.as_deref(), "/zone")?);
        header::blocking(move || calendar(&[(schedule.name, timing)], Timestamp::now(), count, zone.as_ref())).await
    }

    /// The next times of all schedules that are not paused.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`.
    pub async fn list_next_fires(&self, actor: &Actor, query: &NextQuery) -> Result<NextFires> {
        Control::may(actor, Action::ReadSchedules)?;
        let (count, zone) = (count_of(query.count, "/count")?, zone_of(query.zone.as_deref(), "/zone")?);
        let all = self.store().list_schedules(None, None, u32::try_from(MOST).unwrap_or(u32::MAX)).await?;
        header::blocking(move || {
            let live = all.into_iter().filter(|schedule| !schedule.paused);
            let timed: Vec<_> = live.filter_map(|schedule| Some((schedule.name, Timing::of(&schedule.spec, schedule.timed_at).ok()?))).collect();
            calendar(&timed, Timestamp::now(), count, zone.as_ref())
        })
        .await
    }

    /// The next times of a schedule that is not saved.
    ///
    /// # Errors
    /// `forbidden`; `invalid_value` with the place of each mistake.
    pub async fn preview_schedule(&self, actor: &Actor, request: PreviewSchedule) -> Result<NextFires> {
        Control::may(actor, Action::ReadSchedules)?;
        let from = request.from.unwrap_or_else(Timestamp::now);
        let timing = timing_of(&request.spec, from)?;
        let (count, zone) = (count_of(request.count, "/count")?, zone_of(request.zone.as_deref(), "/zone")?);
        header::blocking(move || calendar(&[(String::new(), timing)], from, count, zone.as_ref())).await
    }

    /// A specification that can be kept: its times, its script and the values for it are right, its zone is written as usual.
    async fn checked(&self, mut spec: ScheduleSpec, now: Timestamp) -> Result<ScheduleSpec> {
        spec.zone = timing_of(&spec, now)?.zone_name().to_owned();
        if spec.script.is_some() == spec.inline.is_some() {
            return Err(invalid(vec![Place { pointer: "/script".to_owned(), detail: "give one of 'script' and 'inline'".to_owned(), ..Place::default() }]));
        }
        let request = StartRun { script: spec.script.clone(), inline: spec.inline.clone(), ..StartRun::default() };
        let ready = async { self.prepare(&self.script_of(&request).await?, &spec.params).await };
        ready.await.map_err(|mut error| {
            for place in error.places.iter_mut().filter(|place| place.pointer.starts_with("/params")) {
                place.pointer.insert_str(0, "/spec");
            }
            if error.code == Code::NotFound {
                error = Error { places: vec![Place { pointer: "/spec/script".to_owned(), detail: error.message.clone(), ..Place::default() }], ..error };
            }
            error
        })?;
        Ok(spec)
    }

    /// Somebody else was faster.
    async fn stale(&self, name: &str) -> Error {
        self.schedule(name).await.map_or_else(|error| error, |schedule| Error::stale("schedule", name, schedule.version))
    }

    /// Tells clients and the scheduler.
    fn changed(&self, schedule: &Schedule) {
        self.control().parts().bus.publish(Event::ScheduleChanged { schedule: Box::new(schedule.clone()) });
        self.0.schedules_changed.notify_one();
    }
}

/// A schedule as the target of an action.
fn of(schedule: &Schedule) -> Target {
    Target::owned(&schedule.name, Some(&schedule.owner))
}

fn check_name(name: &str) -> Result<()> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c);
    let detail = if RESERVED.contains(&name) {
        format!("'{name}' can't be the name of a schedule: the API uses it")
    } else if name.is_empty() || name.len() > LONGEST || !name.chars().all(good) || !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        format!("'{name}' can't be the name of a schedule: 1 to {LONGEST} lower-case letters, digits, '-', '_' and '.', a letter or digit first")
    } else {
        return Ok(());
    };
    Err(Error::invalid(detail.clone()).at(Place { pointer: "/name".to_owned(), detail, ..Place::default() }))
}

fn timing_of(spec: &ScheduleSpec, from: Timestamp) -> Result<Timing> {
    Timing::of(spec, from).map_err(invalid)
}

/// The error of mistakes in a specification.
fn invalid(places: Vec<Place>) -> Error {
    let details: Vec<&str> = places.iter().map(|place| place.detail.as_str()).collect();
    let mut error = Error::invalid(details.join("; "));
    error.places = places.into_iter().map(|place| Place { pointer: format!("/spec{}", place.pointer), ..place }).collect();
    error
}

/// The error of a schedule that never comes.
fn over(spec: &ScheduleSpec) -> Error {
    let (pointer, detail) = match &spec.at {
        Some(at) => ("/at", format!("'{at}' is over")),
        None => ("/cron", "it never comes".to_owned()),
    };
    invalid(vec![Place { pointer: pointer.to_owned(), detail, ..Place::default() }])
}

fn page_of(limit: Option<u32>) -> Result<u32> {
    match limit.unwrap_or(100) {
        limit @ 1..=500 => Ok(limit),
        limit => Err(Error::invalid(format!("a page of '{limit}' is not possible")).fix("ask for 1 to 500")),
    }
}

fn count_of(count: Option<u32>, pointer: &str) -> Result<usize> {
    match count.unwrap_or(10) {
        count @ 1..=500 => Ok(count as usize),
        count => {
            let detail = format!("'{count}' times can't be shown: 1 to 500");
            Err(Error::invalid(detail.clone()).at(Place { pointer: pointer.to_owned(), detail, ..Place::default() }))
        }
    }
}

fn zone_of(name: Option<&str>, pointer: &str) -> Result<Option<TimeZone>> {
    let found = name.filter(|name| !name.is_empty()).map(timing::zone).transpose();
    found.map_err(|detail| Error::invalid(detail.clone()).at(Place { pointer: pointer.to_owned(), detail, ..Place::default() }))
}

/// The next times of these schedules, nearest first, and the changes of the clocks that matter to those that are shown.
fn calendar(schedules: &[(String, Timing)], from: Timestamp, count: usize, yours: Option<&TimeZone>) -> NextFires {
    let first = |(index, (_, timing)): (usize, &(String, Timing))| Some(Reverse((timing.next_after(from)?, index)));
    let mut ahead: BinaryHeap<_> = schedules.iter().enumerate().filter_map(first).collect();
    let mut shown = vec![false; schedules.len()];
    let mut items = Vec::new();
    while items.len() < count
        && let Some(Reverse((due, index))) = ahead.pop()
    {
        let (name, timing) = &schedules[index];
        shown[index] = true;
        items.push(NextFire {
            schedule: name.clone(),
            due,
            local: timing.local(due),
            zone: timing.zone_name().to_owned(),
            yours: yours.map(|zone| timing::local(zone, due)),
            note: timing.note(due),
        });
        ahead.extend(timing.next_after(due).map(|next| Reverse((next, index))));
    }
    let until = from.saturating_add(AHEAD).unwrap_or(Timestamp::MAX);
    let matter = schedules.iter().zip(&shown).filter(|(_, shown)| **shown).flat_map(|((name, timing), _)| timing.warnings(name, from, until));
    let mut warnings: Vec<_> = matter.take(100).collect();
    warnings.sort_by(|a, b| (a.at, &a.schedule).cmp(&(b.at, &b.schedule)));
    NextFires { items, warnings }
}
