//! What containers have used: kept while they run, forgotten with them.
use super::Control;
use crate::access::Actor;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::ContainerId;
use crate::model::StatsOverTime;
use crate::model::StatsQuery;
use jiff::SignedDuration;
use jiff::Timestamp;

/// How far back it goes where nothing is said.
const USUAL: SignedDuration = SignedDuration::from_hours(1);
/// Points where nothing is said, and at most.
const POINTS: (u32, u32) = (300, 2_000);

impl Control {
    /// What a container has used over time, as far as a server looked at it.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`.
    pub async fn get_stats(&self, actor: &Actor, name: &str, query: StatsQuery) -> Result<StatsOverTime> {
        Self::may(actor, Action::ReadContainers)?;
        let since = since(query.since.as_deref(), Timestamp::now())?;
        let most = query.points.unwrap_or(POINTS.0);
        if !(1..=POINTS.1).contains(&most) {
            return Err(Error::invalid(format!("'{most}' points are not possible")).fix(format!("ask for 1 to {}", POINTS.1)));
        }
        let container = self.container(name).await?.id;
        let items = self.0.history.of(&container, since, usize::try_from(most).unwrap_or(1)).await?;
        Ok(StatsOverTime { container, items })
    }

    /// Looks at the containers that run, for the history.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn note_stats(&self) -> Result<()> {
        let running: Vec<ContainerId> = self.running_now(|container| Some(container.id.clone()));
        self.0.history.look(&running).await
    }

    /// Keeps what was seen since the last points of the store.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn keep_stats(&self) -> Result<()> {
        self.0.history.keep().await
    }

    /// Forgets the history of a container that is gone.
    ///
    /// # Errors
    /// `disk_full`, `store_failed`.
    pub async fn forget_stats_of(&self, id: &ContainerId) -> Result<()> {
        self.0.history.forget(id).await
    }
}

/// A time, or how long ago.
fn since(text: Option<&str>, now: Timestamp) -> Result<Timestamp> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(now - USUAL) };
    if let Ok(at) = text.parse::<Timestamp>() {
        return Ok(at);
    }
    let millis = crate::config::duration(text)
        .map_err(|why| Error::invalid(format!("since: {why}")).fix("write a time such as 2030-01-02T03:04:05Z, or how long ago"))?;
    let back = SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX));
    Ok(now.checked_sub(back).unwrap_or(Timestamp::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_a_time_or_a_while_ago() {
        let now: Timestamp = "2030-01-03T00:00:00Z".parse().expect("valid");
        let told = |text: &str| since(Some(text), now).map(|at| at.to_string()).map_err(|error| error.code);
        assert_eq!(told("2d").as_deref(), Ok("2030-01-01T00:00:00Z"));
        assert_eq!(told("2030-01-02T03:04:05+01:00").as_deref(), Ok("2030-01-02T02:04:05Z"));
        assert_eq!(since(None, now).map(|at| at.to_string()).ok().as_deref(), Some("2030-01-02T23:00:00Z"));
        assert_eq!(told("yesterday"), Err(crate::model::Code::InvalidValue));
    }
}
