//! Repeated requests: the same key and the same request get the first one's answer.
use super::Control;
use crate::access::Actor;
use crate::error::Error;
use crate::error::Result;
use crate::model::Code;
use crate::store::Claim;
use serde::Serialize;
use sha2::Digest as _;
use sha2::Sha256;

/// Most bytes of a key.
const LONGEST: usize = 255;

impl Control {
    /// Answers `request` with what `work` makes, or, when `key` was used for it within 24 hours, with the id that was the answer then.
    ///
    /// `work` returns the id that stands for its answer. A failure gives the key back.
    ///
    /// # Errors
    /// `invalid_value` when the key belongs to another request, `wrong_state` while the first is still being answered; else the work's own.
    pub async fn once<T>(
        &self,
        actor: &Actor,
        key: Option<&str>,
        request: &(impl Serialize + Sync),
        work: impl Future<Output = Result<(String, T)>> + Send,
    ) -> Result<Answer<T>> {
        let Some(key) = key else { return Ok(Answer::New(work.await?.1)) };
        if key.is_empty() || key.len() > LONGEST {
            return Err(Error::invalid(format!("an idempotency key has 1 to {LONGEST} bytes")));
        }
        let text = serde_json::to_string(request).expect("plain data always becomes JSON");
        let hash: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let store = &self.parts().store;
        match store.claim_key(&actor.name, key, &hash).await? {
            Claim::Taken { request_hash, .. } if request_hash != hash => {
                Err(Error::invalid(format!("the idempotency key '{key}' was used for another request")).fix("use a fresh key for each request"))
            }
            Claim::Taken { answer: Some(id), .. } => Ok(Answer::Before(id)),
            Claim::Taken { answer: None, .. } => {
                Err(Error::new(Code::WrongState, "the first request with this idempotency key is still being answered").fix("ask again in a moment"))
            }
            Claim::Ours => match work.await {
                Ok((id, answer)) => {
                    store.answer_key(&actor.name, key, &id).await.unwrap_or_else(|error| tracing::warn!(%error, "an idempotency key can't be kept"));
                    Ok(Answer::New(answer))
                }
                Err(error) => {
                    store.release_key(&actor.name, key).await.unwrap_or_else(|error| tracing::warn!(%error, "an idempotency key can't be given back"));
                    Err(error)
                }
            },
        }
    }
}

/// What a request gets.
pub enum Answer<T> {
    /// Made just now.
    New(T),
    /// Made before: its id.
    Before(String),
}
