//! Triggers: made, changed, paused, tried, removed, and what they did.
use super::Automation;
use super::check_name;
use super::filled;
use super::kept_until;
use super::limit_of;
use super::signing;
use super::watch;
use crate::access::Actor;
use crate::config::did_you_mean;
use crate::control::Control;
use crate::control::Key;
use crate::control::Target;
use crate::control::Wanted;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::Code;
use crate::model::ContainerMatch;
use crate::model::DryRun;
use crate::model::DryVerb;
use crate::model::Fire;
use crate::model::Orders;
use crate::model::Page;
use crate::model::ParamValue;
use crate::model::PastQuery;
use crate::model::Place;
use crate::model::RemoveVersion;
use crate::model::RotateSecret;
use crate::model::Run;
use crate::model::SaveTrigger;
use crate::model::SessionHappening;
use crate::model::TestTrigger;
use crate::model::Trigger;
use crate::model::TriggerId;
use crate::model::TriggerSecret;
use crate::model::TriggerWhen;
use crate::model::WholeQuery;
use crate::store::KeptSecret;
use jiff::Timestamp;

/// Triggers that one owner may have.
const MOST: usize = 200;
/// Longest time of quiet, of a metric, and of a limit: a day.
const LONGEST: u32 = 86_400;

impl Automation {
    /// Triggers, by name where no other order is asked for.
    ///
    /// # Errors
    /// `forbidden`, `invalid_value`, `store_failed`.
    pub async fn list_triggers(&self, actor: &Actor, query: &WholeQuery) -> Result<Page<Trigger>> {
        Control::may(actor, Action::ReadTriggers)?;
        let wanted = Wanted::whole(query, Orders::TRIGGERS)?;
        let mut all: Vec<Trigger> = self.store().list_triggers().await?.into_iter().map(|(trigger, _)| trigger).collect();
        all.retain(|trigger| wanted.finds(&[&trigger.name, &trigger.owner]));
        let key = |trigger: &Trigger, by: &str| match by {
            "owner" => Key::text(&trigger.owner),
            "created_at" => Key::time(trigger.created_at),
            _ => Key::Nothing,
        };
        Ok(wanted.page(all.into_iter().map(|trigger| self.with_trouble(trigger)), key, |trigger| trigger.name.clone()))
    }

    /// One trigger.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `store_failed`.
    pub async fn get_trigger(&self, actor: &Actor, name: &str) -> Result<Trigger> {
        Control::may(actor, Action::ReadTriggers)?;
        Ok(self.with_trouble(self.store().find_trigger(name).await?.0))
    }

    /// Makes a trigger. Of one that waits for requests, the secret is shown only here.
    ///
    /// # Errors
    /// `forbidden`; `invalid_value` with all that is wrong; `name_in_use`, `too_many`.
    pub async fn create_trigger(&self, actor: &Actor, request: SaveTrigger) -> Result<TriggerSecret> {
        self.new_trigger(actor, request, false).await
    }

    /// What making a trigger would make.
    ///
    /// # Errors
    /// As [`Automation::create_trigger`].
    pub async fn try_create_trigger(&self, actor: &Actor, request: SaveTrigger) -> Result<DryRun> {
        let trigger = self.new_trigger(actor, request, true).await?.trigger;
        crate::automation::would_make("trigger", &trigger.name, &trigger)
    }

    async fn new_trigger(&self, actor: &Actor, request: SaveTrigger, dry_run: bool) -> Result<TriggerSecret> {
        let target = Target::owned(format!("trigger {}", request.name), Some(&actor.name));
        self.control()
            .tried(dry_run, actor, Action::ManageTriggers, &target, async {
                check_name("trigger", &request.name)?;
                self.check_trigger(&request).await?;
                let own = self.store().list_triggers().await?.iter().filter(|(trigger, _)| trigger.owner == actor.name).count();
                if own >= MOST {
                    return Err(Error::new(Code::TooMany, format!("'{}' has {MOST} triggers already", actor.name)).fix("remove one: cto trigger rm NAME"));
                }
                let SaveTrigger { name, when, run, quiet_seconds, limit, replaces: _ } = request;
                let secrets = secrets_for(&when);
                let trigger = Trigger {
                    id: TriggerId::fresh(),
                    name,
                    owner: actor.name.clone(),
                    rights: actor.role,
                    when,
                    run,
                    quiet_seconds,
                    limit,
                    paused: false,
                    trouble: None,
                    old_secret_until: None,
                    created_at: Timestamp::now(),
                    version: 1,
                };
                if dry_run {
                    return match self.store().find_trigger(&trigger.name).await {
                        Ok(_) => Err(Error::new(Code::NameInUse, format!("there is a trigger '{}' already", trigger.name)).fix("choose another name")),
                        Err(error) if error.code == Code::NotFound => Ok(TriggerSecret { trigger, secret: None }),
                        Err(error) => Err(error),
                    };
                }
                self.store().add_trigger(&trigger, &secrets).await?;
                self.look_at_hooks().await?;
                Ok(TriggerSecret { trigger, secret: secrets.into_iter().next().map(|kept| kept.secret) })
            })
            .await
    }

    /// Changes a trigger. Its secret stays.
    ///
    /// # Errors
    /// As [`Automation::create_trigger`]; `not_found`; `stale` when `replaces` is not its version.
    pub async fn put_trigger(&self, actor: &Actor, name: &str, request: SaveTrigger) -> Result<TriggerSecret> {
        self.replace_trigger(actor, name, request, false).await
    }

    /// A trigger as it would be after that change.
    ///
    /// # Errors
    /// As [`Automation::put_trigger`].
    pub async fn try_put_trigger(&self, actor: &Actor, name: &str, request: SaveTrigger) -> Result<TriggerSecret> {
        self.replace_trigger(actor, name, request, true).await
    }

    async fn replace_trigger(&self, actor: &Actor, name: &str, request: SaveTrigger, dry_run: bool) -> Result<TriggerSecret> {
        Control::may(actor, Action::ManageTriggers)?;
        if !request.name.is_empty() && request.name != name {
            return Err(Error::invalid(format!("'{name}' can't be called '{}' from now on", request.name)).fix("make another one of that name"));
        }
        self.check_trigger(&request).await?;
        let mut fresh = None;
        let change = |trigger: &mut Trigger, secrets: &mut Vec<KeptSecret>| {
            if request.replaces.is_some_and(|version| version != trigger.version) {
                return Err(Error::stale("trigger", name, trigger.version));
            }
            // Who changes what is run may not reach further by it than they themselves do.
            if trigger.owner == actor.name {
                trigger.rights = actor.role;
            }
            (trigger.when, trigger.run, trigger.quiet_seconds, trigger.limit) = (request.when, request.run, request.quiet_seconds, request.limit);
            if secrets.is_empty() {
                *secrets = secrets_for(&trigger.when);
                fresh = secrets.first().map(|kept| kept.secret.clone());
            }
            Ok(())
        };
        let trigger = self.change_trigger(actor, name, dry_run, change).await?.0;
        Ok(TriggerSecret { trigger, secret: fresh.filter(|_| !dry_run) })
    }

    /// Lets a trigger do nothing for now, or go on.
    ///
    /// # Errors
    /// `forbidden`, `not_found`.
    pub async fn pause_trigger(&self, actor: &Actor, name: &str, paused: bool) -> Result<Trigger> {
        let change = |trigger: &mut Trigger, _: &mut Vec<KeptSecret>| {
            trigger.paused = paused;
            Ok(())
        };
        Ok(self.change_trigger(actor, name, false, change).await?.0)
    }

    /// Makes another secret, which is shown only here; that of before counts for a while longer.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `wrong_state` where it waits for no requests, `invalid_value`.
    pub async fn rotate_trigger(&self, actor: &Actor, name: &str, request: RotateSecret) -> Result<TriggerSecret> {
        let change = |trigger: &mut Trigger, secrets: &mut Vec<KeptSecret>| {
            if !matches!(trigger.when, TriggerWhen::Hook { .. }) {
                return Err(Error::new(Code::WrongState, format!("'{name}' waits for no requests: it has no secret")));
            }
            let until = kept_until(request.keep_hours, Timestamp::now())?;
            *secrets = signing::rotated(secrets, until);
            trigger.old_secret_until = Some(until);
            Ok(())
        };
        let (trigger, secrets) = self.change_trigger(actor, name, false, change).await?;
        Ok(TriggerSecret { trigger, secret: secrets.into_iter().next().map(|kept| kept.secret) })
    }

    /// What removing a trigger would do.
    ///
    /// # Errors
    /// As [`Automation::delete_trigger`].
    pub async fn try_delete_trigger(&self, actor: &Actor, name: &str, request: RemoveVersion) -> Result<DryRun> {
        Control::may(actor, Action::ManageTriggers)?;
        let (trigger, _) = self.store().find_trigger(name).await?;
        Control::would(actor, Action::ManageTriggers, &of(&trigger))?;
        if request.replaces.is_some_and(|version| version != trigger.version) {
            return Err(Error::stale("trigger", name, trigger.version));
        }
        Ok(crate::automation::would(DryVerb::Remove, "trigger", name))
    }

    /// Removes a trigger and what is known of its past; its runs stay.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; `stale` when `replaces` is not its version.
    pub async fn delete_trigger(&self, actor: &Actor, name: &str, request: RemoveVersion) -> Result<()> {
        Control::may(actor, Action::ManageTriggers)?;
        let (trigger, _) = self.store().find_trigger(name).await?;
        self.control().guarded(actor, Action::ManageTriggers, &of(&trigger), self.store().remove_trigger(&trigger, request.replaces)).await?;
        self.look_at_hooks().await
    }

    /// Starts the trigger's run now, with an event that is made up.
    ///
    /// # Errors
    /// `forbidden`, `not_found`; as [`Automation::start_run`].
    pub async fn test_trigger(&self, actor: &Actor, name: &str, request: TestTrigger) -> Result<Run> {
        Control::may(actor, Action::ManageTriggers)?;
        let (trigger, _) = self.store().find_trigger(name).await?;
        self.control()
            .guarded(actor, Action::ManageTriggers, &of(&trigger), async {
                let mut values = request.event;
                let plain = filled::names(&trigger.when).into_iter().filter(|name| !name.contains(['/', '.']));
                for known in plain {
                    values.entry(known).or_insert_with(|| serde_json::json!(format!("test-{known}")));
                }
                self.start_for(&trigger, &values, format!("a test, asked for by {}", actor.name), 0).await
            })
            .await
    }

    /// What a trigger did, newest first.
    ///
    /// # Errors
    /// `forbidden`, `not_found`, `invalid_value`.
    pub async fn list_fires(&self, actor: &Actor, name: &str, query: PastQuery) -> Result<Page<Fire>> {
        Control::may(actor, Action::ReadTriggers)?;
        let (trigger, _) = self.store().find_trigger(name).await?;
        let limit = limit_of(query.limit)?;
        let mut items = self.store().list_trigger_fires(trigger.id.as_str(), query.cursor.as_deref(), limit + 1).await?;
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next_cursor = if more { items.last().map(|fire| fire.id.clone()) } else { None };
        Ok(Page { items, next_cursor })
    }

    fn with_trouble(&self, mut trigger: Trigger) -> Trigger {
        trigger.trouble = self.0.hooks.state().troubles.get(&trigger.id).cloned();
        trigger
    }

    async fn change_trigger(
        &self,
        actor: &Actor,
        name: &str,
        dry_run: bool,
        change: impl FnOnce(&mut Trigger, &mut Vec<KeptSecret>) -> Result<()> + Send,
    ) -> Result<(Trigger, Vec<KeptSecret>)> {
        Control::may(actor, Action::ManageTriggers)?;
        let (mut trigger, mut secrets) = self.store().find_trigger(name).await?;
        let target = of(&trigger);
        self.control()
            .tried(dry_run, actor, Action::ManageTriggers, &target, async {
                change(&mut trigger, &mut secrets)?;
                if dry_run {
                    return Ok((trigger, secrets));
                }
                self.store().save_trigger(&mut trigger, &secrets).await?;
                self.look_at_hooks().await?;
                Ok((trigger, secrets))
            })
            .await
    }

    /// Everything that is wrong with what is asked for.
    async fn check_trigger(&self, request: &SaveTrigger) -> Result<()> {
        let mut wrong = Vec::new();
        let mut complain = |pointer: &str, detail: String| wrong.push(Place { pointer: pointer.to_owned(), detail, ..Place::default() });
        check_when(&request.when, &mut complain);
        if request.quiet_seconds > LONGEST {
            complain("/quiet_seconds", format!("'quiet_seconds' is {LONGEST} at most"));
        }
        if !(1..=1_000).contains(&request.limit.times) || !(1..=LONGEST).contains(&request.limit.seconds) {
            complain("/limit", format!("'limit' is 1 to 1000 times in 1 to {LONGEST} seconds"));
        }
        match self.script(&request.run.script).await {
            Ok(script) => {
                for name in request.run.params.keys().filter(|name| !script.header.params.contains_key(*name)) {
                    let meant = did_you_mean(name, script.header.params.keys().map(String::as_str));
                    complain(&format!("/run/params/{name}"), format!("script '{}' has no parameter '{name}'{meant}", request.run.script));
                }
                let unset = script.header.params.iter().filter(|(name, param)| param.default.is_none() && !request.run.params.contains_key(*name));
                unset.for_each(|(name, _)| complain(&format!("/run/params/{name}"), format!("parameter '{name}' needs a value")));
            }
            Err(error) if error.code == Code::NotFound => complain("/run/script", error.message),
            Err(error) => return Err(error),
        }
        for (name, value) in &request.run.params {
            if let ParamValue::Text(text) = value
                && let Err(detail) = filled::check(text, &request.when)
            {
                complain(&format!("/run/params/{name}"), format!("parameter '{name}': {detail}"));
            }
        }
        if !wrong.is_empty() {
            let all: Vec<&str> = wrong.iter().map(|place: &Place| place.detail.as_str()).collect();
            let mut error = Error::invalid(all.join("; "));
            error.places = wrong;
            return Err(error);
        }
        if let TriggerWhen::Log { of, .. } = &request.when {
            let running = self.running_subjects().await.unwrap_or_default();
            if running.values().filter(|subject| subject.is_of(of)).count() > watch::MOST_LOGS {
                return Err(watch::refuse_logs());
            }
        }
        Ok(())
    }
}

fn check_when(when: &TriggerWhen, complain: &mut impl FnMut(&str, String)) {
    let check_pattern = |text: &str, complain: &mut dyn FnMut(&str, String)| {
        if text.is_empty() || text.len() > 1_000 {
            complain("/when/matches", "a pattern has 1 to 1000 letters".to_owned());
        } else if let Err(detail) = watch::pattern(text) {
            complain("/when/matches", detail);
        }
    };
    for name in of_containers(when).into_iter().flat_map(|of| of.labels.keys()) {
        if name.is_empty() || name.starts_with("cto.") {
            complain("/when/of/labels", format!("'{name}' can't be a label here: cto's own are 'template', 'stack' and 'owner'"));
        }
    }
    match when {
        TriggerWhen::Container { is, .. } if is.is_empty() => complain("/when/is", "name at least one thing that happens, such as 'died'".to_owned()),
        TriggerWhen::Log { matches, .. } => check_pattern(matches, complain),
        TriggerWhen::Metric { above, below, seconds, .. } => {
            if !above.is_finite() || *above < 0.0 {
                complain("/when/above", "'above' is a number, 0 or more".to_owned());
            }
            if below.is_some_and(|below| !below.is_finite() || below > *above) {
                complain("/when/below", "'below' is not more than 'above'".to_owned());
            }
            if *seconds > LONGEST {
                complain("/when/seconds", format!("'seconds' is {LONGEST} at most"));
            }
        }
        TriggerWhen::Session { is: SessionHappening::Output, matches, .. } => check_pattern(matches.as_deref().unwrap_or_default(), complain),
        TriggerWhen::Session { is: SessionHappening::Idle, seconds, .. } => {
            if !seconds.is_some_and(|seconds| (1..=LONGEST).contains(&seconds)) {
                complain("/when/seconds", format!("'idle' needs 'seconds', 1 to {LONGEST}"));
            }
        }
        TriggerWhen::Session { matches: Some(_), .. } => complain("/when/matches", "'matches' is for 'output' alone".to_owned()),
        TriggerWhen::Container { .. } | TriggerWhen::Session { .. } | TriggerWhen::Hook { .. } | TriggerWhen::File { .. } => {}
    }
}

/// The containers that are meant, where containers are.
fn of_containers(when: &TriggerWhen) -> Option<&ContainerMatch> {
    match when {
        TriggerWhen::Container { of, .. } | TriggerWhen::Log { of, .. } | TriggerWhen::Metric { of, .. } | TriggerWhen::Session { of, .. } => Some(of),
        TriggerWhen::Hook { .. } | TriggerWhen::File { .. } => None,
    }
}

/// A trigger as the target of an action.
fn of(trigger: &Trigger) -> Target {
    Target::owned(format!("trigger {}", trigger.name), Some(&trigger.owner))
}

fn secrets_for(when: &TriggerWhen) -> Vec<KeptSecret> {
    match when {
        TriggerWhen::Hook { .. } => vec![KeptSecret { secret: signing::fresh_secret(), until: None }],
        _ => Vec::new(),
    }
}
