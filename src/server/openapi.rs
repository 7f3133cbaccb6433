//! The description of the API (OpenAPI 3.1), made from the table of endpoints.
mod statuses;

use crate::model::*;
use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::any::type_name;
use std::sync::LazyLock;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

/// What is said of the whole.
const ABOUT: &str = "Containers with live terminals that outlast their viewers.\n\n\
    On the server's unix socket the caller is its owner; over TCP requests carry `Authorization: Bearer <token>`. Browsers sign in with `POST /api/v1/login`, which sets a cookie; with it, what is not GET needs the header `X-CSRF-Token`. \
    Every error is `application/problem+json` with a stable `code`, and every answer has an `X-Request-Id`. \
    Lists come in pages (`limit`, `cursor`, `q`, `sort`); a cursor holds for the order that it was given in. What is read as JSON can be asked for in part (`fields`). Long work is an operation: 202 at once, or 201 when it has ended within the seconds of `Prefer: wait=N`.";

/// The description as JSON.
#[must_use]
pub fn document() -> Value {
    let mut builder = Builder { examples: examples(), paths: Map::new(), problems: Map::new(), schemas: Vec::new() };
    builder.need::<Problem>();
    // The payloads of frames are in no request or reply, but clients need them.
    builder.need::<Attach>();
    builder.need::<Ready>();
    builder.need::<Viewer>();
    builder.need::<SessionExit>();
    builder.need::<ExecStart>();
    builder.need::<StreamRequest>();
    builder.need::<StreamMessage>();
    // A page's schema does not bring that of its items along.
    builder.need::<AuditEvent>();
    builder.need::<Container>();
    builder.need::<Fire>();
    builder.need::<HookDelivery>();
    builder.need::<Image>();
    builder.need::<Layout>();
    builder.need::<Network>();
    builder.need::<Operation>();
    builder.need::<Plugin>();
    builder.need::<Recording>();
    builder.need::<Session>();
    builder.need::<Token>();
    builder.need::<Trigger>();
    builder.need::<Upload>();
    builder.need::<Volume>();
    builder.need::<User>();
    builder.need::<Webhook>();
    each_endpoint(&mut builder);
    builder.schemas.sort_by(|a, b| a.0.cmp(&b.0));
    let schemas: Map<String, Value> = builder.schemas.into_iter().map(|(name, schema)| (name, to_json(&schema))).collect();
    json!({
        "openapi": "3.1.0",
        "info": { "title": "CTO", "version": "1", "description": ABOUT, "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" } },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }],
        "paths": builder.paths,
        "components": { "responses": builder.problems, "schemas": schemas, "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } },
    })
}

/// The schemas of the description, by their names.
static SCHEMAS: LazyLock<Value> = LazyLock::new(|| document()["components"]["schemas"].take());

/// The schema that a reference leads to.
pub(super) fn schema(reference: &str) -> &'static Value {
    &SCHEMAS[reference.rsplit('/').next().unwrap_or_default()]
}

/// The schema of a type that the description knows.
pub(super) fn schema_of<T: ToSchema>() -> &'static Value {
    schema(&name_of::<T>())
}

struct Builder {
    examples: Vec<Example>,
    paths: Map<String, Value>,
    /// The responses that are problems, which many operations share.
    problems: Map<String, Value>,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl EachEndpoint for Builder {
    fn visit<E: Endpoint>(&mut self) {
        let mut parameters: Vec<Value> =
            names(E::PATH).map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })).collect();
        // The body of some is an archive, and their request the query string.
        let archive = takes_archive::<E>();
        let by_query = archive || !matches!(E::METHOD, Method::Post | Method::Put | Method::Patch);
        if by_query {
            parameters.extend(self.query::<E::Request>());
        }
        if E::ANSWER == Answer::Operation {
            parameters.push(json!({ "name": "Prefer", "in": "header", "required": false, "description": "`wait=N`: wait up to N seconds (600 at most) for the end.", "schema": { "type": "string" } }));
        }
        if E::METHOD == Method::Post && matches!(E::ANSWER, Answer::Operation | Answer::Created) {
            parameters.push(json!({ "name": "Idempotency-Key", "in": "header", "required": false, "description": "Makes a repeated request count once, where the endpoint supports it.",
                                     "schema": { "type": "string", "minLength": 1, "maxLength": 128 } }));
        }
        let mut operation = json!({ "operationId": E::NAME, "tags": [tag(E::PATH)], "summary": E::SUMMARY });
        if let (Some(action), Some(fields)) = (E::ACTION, operation.as_object_mut()) {
            fields.insert("x-required-permission".to_owned(), json!(action.as_str()));
        }
        if statuses::is_open::<E>() {
            operation["security"] = json!([]);
        }
        if !parameters.is_empty() {
            operation["parameters"] = Value::Array(parameters);
        }
        if !by_query && type_name::<E::Request>() != type_name::<Empty>() {
            operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": self.need::<E::Request>() } } });
        }
        if archive {
            operation["requestBody"] = json!({ "required": true, "content": { TAR_MEDIA: { "schema": { "type": "string", "format": "binary" } } } });
        }
        operation["responses"] = self.responses::<E>();
        super::openapi_uploads::describe::<E>(&mut operation);
        super::openapi_habits::describe::<E>(&mut operation);
        if E::HABITS.dry_run {
            super::openapi_habits::describe_trial::<E>(&mut operation, &self.need::<DryRun>());
        }
        self.show_example::<E>(&mut operation);
        let method = match E::METHOD {
            Method::Get => "get",
            Method::Post => "post",
            Method::Put => "put",
            Method::Delete => "delete",
            Method::Patch => "patch",
            Method::Head => "head",
            Method::Options => "options",
        };
        let item = self.paths.entry(E::PATH.to_owned()).or_insert_with(|| json!({}));
        item[method] = operation;
    }
}

/// A request that the description shows. A test sends them all, in their order.
#[derive(Clone, Debug, Deserialize)]
struct Example {
    endpoint: String,
    #[serde(default)]
    path: Vec<String>,
    #[serde(default)]
    request: Option<Value>,
    #[serde(default)]
    headers: Map<String, Value>,
}

fn examples() -> Vec<Example> {
    serde_json::from_str(include_str!("examples.json")).expect("a test reads it")
}

/// Whether an endpoint's body is a tar.
fn takes_archive<E: Endpoint>() -> bool {
    [UploadFiles::NAME, BuildImageFrom::NAME].contains(&E::NAME)
}

impl Builder {
    /// Puts the first example of an endpoint where it belongs: values to the parameters, the body to the body.
    fn show_example<E: Endpoint>(&self, operation: &mut Value) {
        let Some(example) = self.examples.iter().find(|example| example.endpoint == E::NAME) else { return };
        let mut path = example.path.iter();
        for parameter in operation.get_mut("parameters").and_then(Value::as_array_mut).into_iter().flatten() {
            let value = match parameter["in"].as_str() {
                Some("path") => path.next().map(|value| json!(value)),
                Some("header") => parameter["name"].as_str().and_then(|name| example.headers.get(name)).map(|value| {
                    let number = value.as_str().filter(|_| parameter["schema"]["type"] == "integer").and_then(|text| text.parse::<u64>().ok());
                    number.map_or_else(|| value.clone(), Value::from)
                }),
                Some("query") => example.request.as_ref().and_then(|request| request.get(parameter["name"].as_str()?)).cloned(),
                _ => None,
            };
            if let Some(value) = value {
                parameter["example"] = value;
            }
        }
        if let (Some(request), Some(body)) = (&example.request, operation.pointer_mut("/requestBody/content/application~1json")) {
            body["example"] = request.clone();
        }
    }

    fn responses<E: Endpoint>(&mut self) -> Value {
        let mut responses = match E::ANSWER {
            Answer::Json if [GetScreen::NAME, GetRecordingScreen::NAME].contains(&E::NAME) => {
                let schema = self.need::<E::Reply>();
                let bytes = json!({ "schema": { "type": "string" } });
                let mut content = json!({ "text/plain": bytes, "application/octet-stream": bytes, "application/json": { "schema": schema } });
                if E::NAME == GetRecordingScreen::NAME {
                    content["image/svg+xml"] = bytes;
                }
                json!({ "200": { "description": "The screen in the form asked for.", "content": content } })
            }
            Answer::Json => json!({ "200": self.body::<E>("Done.") }),
            Answer::Created => json!({ "201": self.body::<E>("Made.") }),
            Answer::Nothing => json!({ "204": { "description": "Done." } }),
            Answer::Operation => {
                let (mut ended, mut begun) = (self.body::<E>("Ended in time."), self.body::<E>("Begun."));
                let place = json!({ "Location": { "description": "Where the operation is.", "required": true, "schema": { "type": "string" } } });
                (ended["headers"], begun["headers"]) = (place.clone(), place);
                json!({ "201": ended, "202": begun })
            }
            Answer::Bytes(media) => json!({ "200": { "description": "Bytes.", "content": { media: { "schema": { "type": "string" } } } } }),
            Answer::Upgrade(protocol) => json!({ "101": { "description": format!("A WebSocket of subprotocol `{protocol}`.") } }),
        };
        if let Some(all) = responses.as_object_mut() {
            all.extend(statuses::responses::<E>(&mut self.problems));
        }
        responses
    }

    fn body<E: Endpoint>(&mut self, description: &str) -> Value {
        json!({ "description": description, "content": { "application/json": { "schema": self.need::<E::Reply>() } } })
    }

    /// A reference to a type, which is described among the others.
    fn need<T: ToSchema>(&mut self) -> Value {
        let name = name_of::<T>();
        self.add(name.clone(), T::schema());
        let mut further = Vec::new();
        T::schemas(&mut further);
        for (name, schema) in further {
            self.add(name, schema);
        }
        json!({ "$ref": format!("#/components/schemas/{name}") })
    }

    fn add(&mut self, name: String, schema: RefOr<Schema>) {
        if !self.schemas.iter().any(|(known, _)| *known == name) {
            self.schemas.push((name, schema));
        }
    }

    /// The fields of a flat request as query parameters.
    fn query<T: ToSchema>(&mut self) -> Vec<Value> {
        let schema = to_json(&T::schema());
        let mut further = Vec::new();
        T::schemas(&mut further);
        for (name, schema) in further {
            self.add(name, schema);
        }
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        let fields = schema["properties"].as_object().cloned().unwrap_or_default();
        let parameter = |(name, mut schema): (String, Value)| {
            let description = schema.as_object_mut().and_then(|fields| fields.remove("description"));
            // A query can leave a field out, but it has no null.
            if let Some(kinds) = schema.get("type").and_then(Value::as_array).cloned() {
                schema["type"] = kinds.into_iter().find(|kind| kind != "null").unwrap_or_default();
            }
            let mut parameter = json!({ "name": name, "in": "query", "required": required.contains(&json!(name)), "schema": schema });
            if let Some(description) = description {
                parameter["description"] = description;
            }
            parameter
        };
        fields.into_iter().map(parameter).collect()
    }
}

/// The name of a type in the description; `Page<Container>` is `PageContainer`.
fn name_of<T: ToSchema>() -> String {
    let full = type_name::<T>();
    let short = |path: &str| path.rsplit("::").next().unwrap_or(path).trim_end_matches('>').to_owned();
    match full.split_once('<') {
        Some((outer, inner)) => short(outer) + &short(inner),
        None => T::name().into_owned(),
    }
}

fn to_json(schema: &RefOr<Schema>) -> Value {
    serde_json::to_value(schema).expect("schemas are plain data")
}

fn names(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

/// The noun of a path: `/api/v1/containers/{id}` is about containers.
fn tag(path: &str) -> &str {
    match path.trim_start_matches("/api/v1/").split('/').next().unwrap_or_default() {
        "stream" | "events" => "events",
        "audit" | "users" | "tokens" | "me" | "login" | "logout" | "setup" | "shares" => "access",
        "log-searches" => "logs",
        "commands" => "sessions",
        "deliveries" => "webhooks",
        "hooks" => "triggers",
        "health" | "version" | "config" | "server" | "engine" | "clean" => "server",
        noun => noun,
    }
}
