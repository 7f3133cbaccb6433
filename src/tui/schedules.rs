//! Schedules: what can be asked for, and what comes of it.
use super::effects;
use super::msg::Effect;
use super::msg::Request;
use super::runs::Known;
use crate::client::Client;
use crate::error::Result;
use crate::model::CreateSchedule;
use crate::model::CreateScheduleOf;
use crate::model::DeleteSchedule;
use crate::model::Empty;
use crate::model::FireQuery;
use crate::model::GetRun;
use crate::model::GetScheduleNext;
use crate::model::ListNextFires;
use crate::model::ListScheduleFires;
use crate::model::ListSchedules;
use crate::model::NextFires;
use crate::model::NextQuery;
use crate::model::PauseSchedule;
use crate::model::PreviewSchedule;
use crate::model::PreviewScheduleOf;
use crate::model::PutSchedule;
use crate::model::RemoveVersion;
use crate::model::ResumeSchedule;
use crate::model::Run;
use crate::model::RunSchedule;
use crate::model::SaveSchedule;
use crate::model::Schedule;
use crate::model::ScheduleFire;
use jiff::tz::TimeZone;

/// Times to come that are shown of one schedule, and of all.
const NEXT: u32 = 10;
const CALENDAR: u32 = 100;
/// Times of the past that are shown with a schedule.
const PAST: u32 = 20;

/// What can be asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum ScheduleWish {
    /// All of them.
    List,
    /// The next times of one, or of all.
    Next(Option<String>),
    /// What became of its last times.
    Past(String),
    /// Its script, now.
    Run(String),
    /// Nothing is to be started until it is resumed.
    Pause(String),
    /// It goes on from now.
    Resume(String),
    /// These away.
    Remove(Vec<String>),
    /// What one is to be from now on.
    Save(String, Box<SaveSchedule>),
    /// A new one.
    Create(Box<CreateSchedule>),
    /// The times that a new one would have.
    Preview(Box<PreviewSchedule>),
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub enum ScheduleReply {
    /// To [`ScheduleWish::List`].
    Listed(Vec<Schedule>),
    /// To [`ScheduleWish::Next`] and [`ScheduleWish::Preview`].
    Next(NextFires),
    /// To [`ScheduleWish::Past`], the latest first.
    Past(Vec<ScheduleFire>),
    /// To [`ScheduleWish::Run`]: what became of it, and its run.
    Fired(Box<ScheduleFire>, Option<Box<Run>>),
    /// A schedule as it is now.
    Schedule(Box<Schedule>),
    /// How many went, and why others did not.
    Removed(usize, Vec<String>),
}

impl ScheduleReply {
    /// Notes what it tells.
    pub(super) fn teach(&self, known: &mut Known) {
        match self {
            Self::Listed(all) => known.put_schedules(all.clone()),
            Self::Schedule(schedule) => known.put_schedule(schedule),
            Self::Fired(_, Some(run)) => known.put(run),
            Self::Next(_) | Self::Past(_) | Self::Fired(_, None) | Self::Removed(..) => {}
        }
    }
}

/// Asks for something.
#[must_use]
pub fn wish(wish: ScheduleWish) -> Effect {
    Effect::Request(Request::Schedules(Box::new(wish)))
}

/// This machine's time zone, by its name.
#[must_use]
pub fn here() -> String {
    TimeZone::system().iana_name().unwrap_or("UTC").to_owned()
}

/// Does what is wished.
pub(super) async fn ask(client: &Client, wish: &ScheduleWish) -> Result<ScheduleReply> {
    let nothing = Empty {};
    let schedule = |schedule| ScheduleReply::Schedule(Box::new(schedule));
    Ok(match wish {
        ScheduleWish::List => ScheduleReply::Listed(effects::all::<ListSchedules, _>(client).await?),
        ScheduleWish::Next(Some(name)) => {
            let query = NextQuery { count: Some(NEXT), zone: Some(here()) };
            ScheduleReply::Next(client.call::<GetScheduleNext>(&[name], &query).await?)
        }
        ScheduleWish::Next(None) => {
            let query = NextQuery { count: Some(CALENDAR), zone: Some(here()) };
            ScheduleReply::Next(client.call::<ListNextFires>(&[], &query).await?)
        }
        ScheduleWish::Past(name) => {
            let query = FireQuery { limit: Some(PAST), cursor: None };
            ScheduleReply::Past(client.call::<ListScheduleFires>(&[name], &query).await?.items)
        }
        ScheduleWish::Run(name) => {
            let fire = client.call::<RunSchedule>(&[name], &nothing).await?;
            let run = match &fire.run {
                Some(run) => Some(Box::new(client.call::<GetRun>(&[run.as_str()], &nothing).await?)),
                None => None,
            };
            ScheduleReply::Fired(Box::new(fire), run)
        }
        ScheduleWish::Pause(name) => schedule(client.call::<PauseSchedule>(&[name], &nothing).await?),
        ScheduleWish::Resume(name) => schedule(client.call::<ResumeSchedule>(&[name], &nothing).await?),
        ScheduleWish::Remove(names) => {
            let (mut gone, mut kept) = (0, Vec::new());
            for name in names {
                match client.call::<DeleteSchedule>(&[name], &RemoveVersion::default()).await {
                    Ok(_) => gone += 1,
                    Err(error) => kept.push(format!("{name}: {}", error.message)),
                }
            }
            ScheduleReply::Removed(gone, kept)
        }
        ScheduleWish::Save(name, save) => schedule(client.call::<PutSchedule>(&[name], save).await?),
        ScheduleWish::Create(create) => schedule(client.call::<CreateScheduleOf>(&[], create).await?),
        ScheduleWish::Preview(preview) => ScheduleReply::Next(client.call::<PreviewScheduleOf>(&[], preview).await?),
    })
}
