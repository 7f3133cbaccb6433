//! The guard: allow, note the intent, do, note the outcome.
use super::Control;
use crate::access::Actor;
use crate::access::Scope;
use crate::access::allowed;
use crate::access::refusal;
use crate::access::scope;
use crate::error::Error;
use crate::error::Result;
use crate::model::Action;
use crate::model::AuditId;
use crate::model::Event;
use crate::model::ListChange;
use crate::model::ListName;
use crate::model::Outcome;
use crate::store::AuditNote;
use jiff::Timestamp;

/// What an action is done to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name in the audit.
    pub name: String,
    /// Whose it is: none where it is not about one thing, empty where it belongs to nobody.
    pub owner: Option<String>,
}

impl Target {
    /// Something that belongs to `owner`, or to nobody.
    #[must_use]
    pub fn owned(name: impl Into<String>, owner: Option<&str>) -> Self {
        Self { name: name.into(), owner: Some(owner.unwrap_or_default().to_owned()) }
    }

    /// Something that has no owner.
    #[must_use]
    pub fn free(name: impl Into<String>) -> Self {
        Self { name: name.into(), owner: None }
    }
}

/// An intent that is on record. What becomes of it has to be noted.
#[derive(Clone, Debug)]
pub(super) struct Intent(AuditNote);

impl Control {
    /// Runs `work` if `actor` may do `action` on `target`; what was tried and how it ended is in the audit either way.
    ///
    /// # Errors
    /// `forbidden`; `disk_full` or `store_failed` when the intent can't be noted, and then `work` never starts; else the work's own.
    pub async fn guarded<T>(&self, actor: &Actor, action: Action, target: &Target, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let intent = self.intent(actor, action, target, None).await?;
        let result = work.await;
        self.outcome(intent, &result).await;
        result
    }

    /// [`Control::guarded`] with a word on what exactly is done.
    ///
    /// # Errors
    /// As [`Control::guarded`].
    pub(super) async fn noted<T>(
        &self,
        actor: &Actor,
        action: Action,
        target: &Target,
        detail: impl Into<String>,
        work: impl Future<Output = Result<T>> + Send,
    ) -> Result<T> {
        let intent = self.intent(actor, action, target, Some(detail.into())).await?;
        let result = work.await;
        self.outcome(intent, &result).await;
        result
    }

    /// [`Control::guarded`], or in a dry run the same without a trace: `work` must then change nothing.
    ///
    /// # Errors
    /// As [`Control::guarded`].
    pub async fn tried<T>(&self, dry_run: bool, actor: &Actor, action: Action, target: &Target, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        if !dry_run {
            return self.guarded(actor, action, target, work).await;
        }
        Self::would(actor, action, target)?;
        work.await
    }

    /// Asks the table whether something could be done; nothing is noted, since nothing is done.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn would(actor: &Actor, action: Action, target: &Target) -> Result<()> {
        if allowed(actor, action, target.owner.as_deref()) { Ok(()) } else { Err(refusal(actor, action, &target.name)) }
    }

    /// Asks for one more right, beside the one that the work itself is noted under.
    ///
    /// # Errors
    /// `forbidden`, noted.
    pub(super) async fn demand(&self, actor: &Actor, action: Action, target: &Target) -> Result<()> {
        if allowed(actor, action, target.owner.as_deref()) { Ok(()) } else { Err(self.refused(actor, action, note(actor, action, &target.name)).await) }
    }

    /// Refuses what the actor's role may do to nothing at all, before the thing is looked up: whoever may not touch any learns nothing of
    /// which there are. Refusals of changes are noted.
    ///
    /// # Errors
    /// `forbidden`.
    pub async fn admit(&self, actor: &Actor, action: Action, target: &str) -> Result<()> {
        if scope(actor.role, action) != Scope::Nothing {
            return Ok(());
        }
        if action.reads() {
            return Err(refusal(actor, action, target));
        }
        Err(self.refused(actor, action, note(actor, action, target)).await)
    }

    /// Notes a refusal. Refused it stays, even when that can't be noted.
    async fn refused(&self, actor: &Actor, action: Action, note: AuditNote) -> Error {
        let refusal = refusal(actor, action, &note.target);
        if let Err(error) = self.parts().store.append_audit(AuditNote { outcome: Outcome::Refused, ..note }).await {
            tracing::warn!(%error, actor = actor.name, %action, "a refusal can't be noted");
        }
        refusal
    }

    /// The first half of [`Control::guarded`], for work that goes on after the answer.
    pub(super) async fn intent(&self, actor: &Actor, action: Action, target: &Target, detail: Option<String>) -> Result<Intent> {
        let note = AuditNote { detail, ..note(actor, action, &target.name) };
        if !allowed(actor, action, target.owner.as_deref()) {
            return Err(self.refused(actor, action, note).await);
        }
        self.parts().store.append_audit(note.clone()).await?;
        Ok(Intent(note))
    }

    /// The second half: a failure to note the outcome is logged, and a sweep at the next start marks the intent as unknown.
    pub(super) fn outcome<'a, T>(&'a self, intent: Intent, result: &Result<T>) -> impl Future<Output = ()> + Send + use<'a, T> {
        let Intent(mut note) = intent;
        match result {
            Ok(_) => note.outcome = Outcome::Succeeded,
            Err(error) => {
                note.outcome = Outcome::Failed;
                note.detail = Some(format!("{}: {error}", error.code.as_str()));
            }
        }
        let (action, target) = (note.action.clone(), note.target.clone());
        async move {
            if let Err(error) = self.parts().store.append_audit(note).await {
                tracing::warn!(%error, action, target, "an outcome can't be noted");
            }
        }
    }

    /// Asks the table; for reads, which leave no trace.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn may(actor: &Actor, action: Action) -> Result<()> {
        if allowed(actor, action, None) { Ok(()) } else { Err(refusal(actor, action, "")) }
    }

    /// Tells those who may see a list that something in it changed.
    pub fn tell_list(&self, list: ListName, name: &str, owner: Option<&str>, change: ListChange) {
        self.parts().bus.publish(Event::ListChanged { list, name: name.to_owned(), owner: owner.map(str::to_owned), change });
    }

    /// Adds what was done, once it is known: byte counts and the like.
    pub(super) fn with_detail(intent: Intent, detail: impl Into<String>) -> Intent {
        let Intent(mut note) = intent;
        note.detail = Some(detail.into());
        Intent(note)
    }
}

/// What is on record before anything is decided.
fn note(actor: &Actor, action: Action, target: &str) -> AuditNote {
    AuditNote {
        event: AuditId::fresh(),
        begun_at: Timestamp::now(),
        actor: actor.name.clone(),
        role: actor.role,
        action: action.to_string(),
        target: target.to_owned(),
        outcome: Outcome::Intent,
        detail: None,
    }
}
