//! How each kind of endpoint is answered: with JSON, as an operation, by itself, over an archive, as a WebSocket.
use super::Ask;
use super::Door;
use super::Opening;
use super::Origin;
use super::Routes;
use crate::access::Actor;
use crate::error::Error;
use crate::error::Result;
use crate::model::*;
use crate::server::caller;
use crate::server::caller::MaybeCaller;
use crate::server::extract;
use crate::server::fields;
use crate::server::problem::Refusal;
use crate::server::secrets;
use crate::server::socket;
use crate::server::tags;
use crate::server::trials;
use crate::server::uploads;
use axum::Extension;
use axum::Json;
use axum::body::Body;
use axum::extract::FromRequestParts as _;
use axum::extract::Request;
use axum::extract::State;
use axum::extract::WebSocketUpgrade;
use axum::extract::ws::WebSocket;
use axum::http::HeaderMap;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::Uri;
use axum::http::header;
use axum::response::IntoResponse as _;
use axum::response::Response;
use axum::routing::MethodFilter;
use axum::routing::on;

impl Routes {
    /// An endpoint that answers with JSON, or with nothing.
    pub(super) fn add<E, H, F>(self, handler: H) -> Self
    where
        E: Endpoint,
        H: Fn(Ask, E::Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<E::Reply>> + Send,
    {
        let trial = self.trials.of::<E>();
        self.route::<E, _, _>(move |door, caller, path, headers, body, uri| {
            let (handler, trial) = (handler.clone(), trial.clone());
            async move {
                let ask = ask::<E>(&door, caller, path, &headers, &uri).await?;
                let fields = fields::wanted::<E>(&uri)?;
                let request = extract::request_of::<E>(&uri, &headers, body).await?;
                let request = tags::replacing::<E>(request, &headers)?;
                if let Some(trial) = trial.filter(|_| ask.dry_run) {
                    return trials::answer::<E>(&trial, ask, request).await;
                }
                tags::answer::<E>(handler(ask, request).await?, fields.as_ref(), &headers, &uri)
            }
        })
    }

    /// An endpoint that begins long work: 202 while it runs, 201 when it has ended within `Prefer: wait=N`. The operation is
    /// the body either way.
    pub(super) fn operation<E, H, F>(self, handler: H) -> Self
    where
        E: Endpoint<Reply = Operation>,
        H: Fn(Ask, E::Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Operation>> + Send,
    {
        let trial = self.trials.of::<E>();
        self.route::<E, _, _>(move |door, caller, path, headers, body, uri| {
            let (handler, trial) = (handler.clone(), trial.clone());
            async move {
                let ask = ask::<E>(&door, caller, path, &headers, &uri).await?;
                let actor = ask.actor.clone();
                let request = extract::request_of::<E>(&uri, &headers, body).await?;
                if let Some(trial) = trial.filter(|_| ask.dry_run) {
                    return trials::answer::<E>(&trial, ask, request).await;
                }
                let mut operation = handler(ask, request).await?;
                let wait = extract::wait_of(&headers);
                if let Some(wait) = wait {
                    operation = door.control.wait_operation(&actor, operation.id.as_str(), wait).await?;
                }
                let mut response = begun(operation)?;
                if wait.is_some() {
                    response.headers_mut().insert("preference-applied", HeaderValue::from_static("wait"));
                }
                Ok(response)
            }
        })
    }

    /// An endpoint that makes its own answer.
    pub(super) fn raw<E, H, F>(self, handler: H) -> Self
    where
        E: Endpoint,
        H: Fn(Ask, E::Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response>> + Send,
    {
        self.route::<E, _, _>(move |door, caller, path, headers, body, uri| {
            let handler = handler.clone();
            async move {
                let ask = ask::<E>(&door, caller, path, &headers, &uri).await?;
                let request = extract::request_of::<E>(&uri, &headers, body).await?;
                Ok(handler(ask, request).await?)
            }
        })
    }

    /// An endpoint that is open to all.
    pub(super) fn open<E, H, F>(mut self, handler: H) -> Self
    where
        E: Endpoint,
        H: Fn(Door, Origin, E::Request) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response>> + Send,
    {
        self.routed.push((E::METHOD, E::PATH));
        let answer = async move |State(door): State<Door>, Extension(origin): Extension<Origin>, request: Request| {
            let (parts, body) = request.into_parts();
            let answered = async {
                let request = extract::request_of::<E>(&parts.uri, &parts.headers, body).await?;
                Ok::<_, Refusal>(handler(door, origin, request).await?)
            };
            secrets::marked::<E>(answered.await.unwrap_or_else(|refusal| refusal.into_response()))
        };
        self.router = self.router.route(E::PATH, on(filter(E::METHOD), answer));
        self
    }

    /// An endpoint whose body is an archive, and whose request is the query string.
    pub(super) fn archive<E, H, F>(self, handler: H) -> Self
    where
        E: Endpoint,
        H: Fn(Ask, E::Request, Body) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response>> + Send,
    {
        self.route::<E, _, _>(move |door, caller, path, headers, body, uri| {
            let handler = handler.clone();
            async move {
                let ask = ask::<E>(&door, caller, path, &headers, &uri).await?;
                Ok(handler(ask, extract::query(&uri)?, body).await?)
            }
        })
    }

    /// An endpoint of resumable uploads: its request is its headers, and its body bytes.
    pub(super) fn tus<E, H, F>(self, handler: H) -> Self
    where
        E: Endpoint,
        H: Fn(Ask, HeaderMap, Body) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response, Refusal>> + Send,
    {
        self.route::<E, _, _>(move |door, caller, path, headers, body, uri| {
            let handler = handler.clone();
            async move {
                let answered = async {
                    let ask = ask::<E>(&door, caller, path, &headers, &uri).await?;
                    uploads::check::<E>(&headers)?;
                    handler(ask, headers, body).await
                };
                Ok(uploads::marked(answered.await.unwrap_or_else(|refusal| refusal.into_response())))
            }
        })
    }

    /// An endpoint whose handler reads the request itself.
    pub(super) fn route<E, H, F>(mut self, handler: H) -> Self
    where
        E: Endpoint,
        H: Fn(Door, Option<Actor>, Vec<String>, HeaderMap, Body, Uri) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<Response, Refusal>> + Send,
    {
        self.routed.push((E::METHOD, E::PATH));
        let answer =
            async move |State(door): State<Door>, Extension(MaybeCaller(caller)): Extension<MaybeCaller>, params: extract::Params, request: Request| {
                let (parts, body) = request.into_parts();
                let path = match extract::of_path(&params) {
                    Ok(path) => path,
                    Err(refusal) => return refusal.into_response(),
                };
                let answered = handler(door, caller, path, parts.headers, body, parts.uri).await;
                secrets::marked::<E>(answered.unwrap_or_else(|refusal| refusal.into_response()))
            };
        self.router = self.router.route(E::PATH, on(filter(E::METHOD), answer));
        self
    }

    /// An endpoint that becomes a WebSocket.
    pub(super) fn upgrade<E, H, F>(mut self, handler: H) -> Self
    where
        E: Endpoint,
        H: Fn(Opening, WebSocket) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        self.routed.push((E::METHOD, E::PATH));
        let Answer::Upgrade(protocol) = E::ANSWER else { return self };
        let answer = async move |State(door): State<Door>, Extension(MaybeCaller(actor)): Extension<MaybeCaller>, params: extract::Params, request: Request| {
            let id = match extract::of_path(&params) {
                Ok(path) => path.into_iter().next().unwrap_or_default(),
                Err(refusal) => return refusal.into_response(),
            };
            let (mut parts, _) = request.into_parts();
            let client = socket::client_of(&parts.headers);
            let upgrade = match WebSocketUpgrade::from_request_parts(&mut parts, &door).await {
                Ok(upgrade) => upgrade,
                Err(rejection) => {
                    return Refusal::with_status(
                        StatusCode::UPGRADE_REQUIRED,
                        Code::BadRequest,
                        format!("this is a WebSocket of protocol '{protocol}': {rejection}"),
                    )
                    .into_response();
                }
            };
            let upgrade = socket::configured(upgrade).protocols([protocol]);
            if upgrade.selected_protocol().is_none() {
                return Refusal::from(Error::new(Code::BadRequest, format!("the WebSocket must ask for protocol '{protocol}'"))).into_response();
            }
            let every = HeaderValue::from(socket::keep_alive(&door).as_secs());
            let mut response = upgrade.on_upgrade(move |socket| handler(Opening { door, actor, id, client }, socket));
            response.headers_mut().insert(KEEP_ALIVE_HEADER, every);
            response
        };
        self.router = self.router.route(E::PATH, on(filter(E::METHOD), answer));
        self
    }
}

/// The answer of long work: 202 while it runs, 201 when it has ended.
pub(in crate::server) fn begun(operation: Operation) -> Result<Response> {
    let status = if operation.state == OperationState::Running { StatusCode::ACCEPTED } else { StatusCode::CREATED };
    let place = HeaderValue::from_str(&format!("/api/v1/operations/{}", operation.id)).map_err(|error| Error::internal(error.to_string()))?;
    let mut response = (status, Json(operation)).into_response();
    response.headers_mut().insert(header::LOCATION, place);
    Ok(response)
}

fn filter(method: Method) -> MethodFilter {
    match method {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
        Method::Put => MethodFilter::PUT,
        Method::Delete => MethodFilter::DELETE,
        Method::Patch => MethodFilter::PATCH,
        Method::Head => MethodFilter::HEAD,
        Method::Options => MethodFilter::OPTIONS,
    }
}

async fn ask<E: Endpoint>(door: &Door, caller: Option<Actor>, path: Vec<String>, headers: &HeaderMap, uri: &Uri) -> Result<Ask, Refusal> {
    let actor = caller.ok_or_else(caller::unknown)?;
    if let Some(action) = E::ACTION {
        door.control.admit(&actor, action, path.first().map_or("", String::as_str)).await?;
    }
    tags::said::<E>(headers)?;
    let dry_run = trials::wanted::<E>(uri)?;
    let idempotency_key = match headers.get("idempotency-key").map(HeaderValue::to_str) {
        None => None,
        Some(Ok(key)) if (1..=128).contains(&key.len()) => Some(key.to_owned()),
        Some(_) => return Err(Error::new(Code::BadRequest, "the Idempotency-Key must be 1 to 128 visible letters").into()),
    };
    let last_event_id = headers.get("last-event-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    // A token goes before a cookie.
    let bearer = caller::bearer(headers)?.map(str::to_owned);
    let cookie = if bearer.is_some() { None } else { caller::cookie(headers, &door.cookie).map(str::to_owned) };
    let secret = bearer.or_else(|| cookie.clone());
    Ok(Ask {
        control: door.control.clone(),
        automation: door.automation.clone(),
        actor,
        path,
        idempotency_key,
        last_event_id,
        cookie,
        secret,
        cookie_name: door.cookie.clone(),
        dry_run,
    })
}
