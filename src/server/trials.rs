//! Dry runs: what `?dry_run=true` is answered with, by the endpoints that can say what they would do.
use super::problem::Refusal;
use super::routes::Ask;
use crate::error::Error;
use crate::error::Result;
use crate::model::*;
use axum::Json;
use axum::http::Uri;
use axum::response::IntoResponse as _;
use axum::response::Response;
use futures_util::future::BoxFuture;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What answers a dry run of one endpoint; it takes the request as JSON.
pub(super) type Trial = Arc<dyn Fn(Ask, Value) -> BoxFuture<'static, Result<Response>> + Send + Sync>;

/// Those of all endpoints, by their names.
#[derive(Default)]
pub(super) struct Trials(BTreeMap<&'static str, Trial>);

/// The table.
#[rustfmt::skip]
pub(super) fn all() -> Trials {
    Trials::default()
        .add::<CreateContainerFrom, _, _, _>(|ask, request| async move { ask.control.try_create_container(&ask.actor, request).await })
        .add::<DeleteContainer, _, _, _>(|ask, request| async move { ask.control.try_delete_container(&ask.actor, ask.id(), request).await })
        .add::<UpStackFrom, _, _, _>(|ask, request| async move { ask.control.try_up_stack(&ask.actor, request).await })
        .add::<DownStackNow, _, _, _>(|ask, request| async move { ask.control.try_down_stack(&ask.actor, ask.id(), request).await })
        .add::<PruneImages, _, _, _>(|ask, request| async move { ask.control.prune_images(&ask.actor, ImagePrune { dry_run: true, ..request }).await })
        .add::<DeleteImage, _, _, _>(|ask, request| async move { ask.control.try_delete_image(&ask.actor, ask.id(), request).await })
        .add::<PruneVolumes, _, _, _>(|ask, request| async move { ask.control.prune_volumes(&ask.actor, VolumePrune { dry_run: true, ..request }).await })
        .add::<DeleteVolume, _, _, _>(|ask, _| async move { ask.control.try_delete_volume(&ask.actor, ask.id()).await })
        .add::<PruneNetworks, _, _, _>(|ask, request| async move { ask.control.prune_networks(&ask.actor, NetworkPrune { dry_run: true, ..request }).await })
        .add::<DeleteNetwork, _, _, _>(|ask, _| async move { ask.control.try_delete_network(&ask.actor, ask.id()).await })
        .add::<CleanUp, _, _, _>(|ask, request| async move { ask.control.clean(&ask.actor, Clean { dry_run: true, ..request }).await })

        .add::<PutTemplate, _, _, _>(|ask, request| async move { ask.control.try_put_template(&ask.actor, ask.id(), request).await })
        .add::<DeleteTemplate, _, _, _>(|ask, request| async move { ask.control.try_delete_template(&ask.actor, ask.id(), request).await })
        .add::<PutScript, _, _, _>(|ask, request| async move { ask.automation.try_put_script(&ask.actor, ask.id(), request).await })
        .add::<DeleteScript, _, _, _>(|ask, request| async move { ask.automation.try_delete_script(&ask.actor, ask.id(), request).await })
        .add::<CreateScheduleOf, _, _, _>(|ask, request| async move { ask.automation.try_create_schedule(&ask.actor, request).await })
        .add::<PutSchedule, _, _, _>(|ask, request| async move { ask.automation.try_put_schedule(&ask.actor, ask.id(), request).await })
        .add::<DeleteSchedule, _, _, _>(|ask, request| async move { ask.automation.try_delete_schedule(&ask.actor, ask.id(), request).await })
        .add::<CreateWebhook, _, _, _>(|ask, request| async move { ask.automation.try_create_webhook(&ask.actor, request).await })
        .add::<PutWebhook, _, _, _>(|ask, request| async move { ask.automation.try_put_webhook(&ask.actor, ask.id(), request).await })
        .add::<DeleteWebhook, _, _, _>(|ask, request| async move { ask.automation.try_delete_webhook(&ask.actor, ask.id(), request).await })
        .add::<CreateTrigger, _, _, _>(|ask, request| async move { ask.automation.try_create_trigger(&ask.actor, request).await })
        .add::<PutTrigger, _, _, _>(|ask, request| async move { ask.automation.try_put_trigger(&ask.actor, ask.id(), request).await })
        .add::<DeleteTrigger, _, _, _>(|ask, request| async move { ask.automation.try_delete_trigger(&ask.actor, ask.id(), request).await })
}

impl Trials {
    fn add<E, H, F, R>(mut self, handler: H) -> Self
    where
        E: Endpoint,
        H: Fn(Ask, E::Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<R>> + Send,
        R: Serialize,
    {
        let trial = move |ask, request| -> BoxFuture<'static, Result<Response>> {
            let handler = handler.clone();
            Box::pin(async move {
                let request = serde_json::from_value(request).map_err(|error| Error::internal(format!("a request is not understood again: {error}")))?;
                Ok(Json(handler(ask, request).await?).into_response())
            })
        };
        self.0.insert(E::NAME, Arc::new(trial));
        self
    }

    /// That of one endpoint, where it has any.
    pub(super) fn of<E: Endpoint>(&self) -> Option<Trial> {
        self.0.get(E::NAME).cloned()
    }
}

/// Answers a dry run.
pub(super) async fn answer<E: Endpoint>(trial: &Trial, ask: Ask, request: E::Request) -> Result<Response, Refusal> {
    let request = serde_json::to_value(request).map_err(|error| Error::internal(format!("a request does not become JSON: {error}")))?;
    Ok(trial(ask, request).await?)
}

/// Whether a dry run is asked for. Where there is none, asking for one is refused: nobody who asks for it wants the thing itself.
pub(super) fn wanted<E: Endpoint>(uri: &Uri) -> Result<bool> {
    if E::METHOD == Method::Get {
        return Ok(false);
    }
    let Some(value) = fields(uri).find_map(|field| (name(field) == "dry_run").then(|| field.split_once('=').map_or("", |(_, value)| value))) else {
        return Ok(false);
    };
    match value {
        "true" if !E::HABITS.dry_run => {
            let error = Error::new(Code::BadRequest, format!("{} can't say what it would do", E::NAME));
            Err(error.fix("leave 'dry_run' out to have it done; the description of the API says where it is understood"))
        }
        "true" => Ok(true),
        "false" => Ok(false),
        other => {
            let detail = format!("'{other}' is neither true nor false");
            Err(Error::invalid(format!("the query string is wrong: {detail}")).at(Place { pointer: "/dry_run".to_owned(), detail, ..Place::default() }))
        }
    }
}

/// The same address without a wish that is no field of the request itself.
pub(super) fn without(uri: &Uri, wish: &str) -> Uri {
    let rest: Vec<&str> = fields(uri).filter(|field| name(field) != wish).collect();
    format!("{}?{}", uri.path(), rest.join("&")).parse().unwrap_or_else(|_| uri.clone())
}

fn fields(uri: &Uri) -> impl Iterator<Item = &str> {
    uri.query().unwrap_or_default().split('&')
}

fn name(field: &str) -> &str {
    field.split('=').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_endpoint_that_says_so_has_a_dry_run_and_no_other() {
        struct Promised(Vec<&'static str>);
        impl EachEndpoint for Promised {
            fn visit<E: Endpoint>(&mut self) {
                self.0.extend(E::HABITS.dry_run.then_some(E::NAME));
            }
        }
        let mut promised = Promised(Vec::new());
        each_endpoint(&mut promised);
        promised.0.sort_unstable();
        assert_eq!(all().0.into_keys().collect::<Vec<_>>(), promised.0);
    }

    #[test]
    fn the_wish_is_read_and_taken_out_of_the_request() {
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        assert!(wanted::<DeleteContainer>(&uri("/x?force=true&dry_run=true")).unwrap());
        assert!(!wanted::<DeleteContainer>(&uri("/x?dry_run=false")).unwrap() && !wanted::<DeleteContainer>(&uri("/x")).unwrap());
        assert_eq!(wanted::<DeleteContainer>(&uri("/x?dry_run=yes")).unwrap_err().code, Code::InvalidValue);
        assert_eq!(wanted::<DeleteContainer>(&uri("/x?dry_run")).unwrap_err().code, Code::InvalidValue);
        assert_eq!(wanted::<StartContainer>(&uri("/x?dry_run=true")).unwrap_err().code, Code::BadRequest);
        assert_eq!(without(&uri("/x?force=true&dry_run=true"), "dry_run"), uri("/x?force=true"));
    }
}
