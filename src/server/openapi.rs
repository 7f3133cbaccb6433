//! The description of the API (OpenAPI 3.1), made from the table of endpoints.
use crate::model::*;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;
use std::any::type_name;
use utoipa::ToSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

/// What is said of the whole.
const ABOUT: &str = "Containers with live terminals that outlast their viewers.\n\n\
    On the server's unix socket the caller is its owner; over TCP requests carry `Authorization: Bearer <token>`. Browsers send the token in the first frame of a WebSocket. \
    Every error is `application/problem+json` with a stable `code`, and every answer has an `X-Request-Id`. \
    Lists come in pages (`limit`, `cursor`, `q`). Long work is an operation: 202 at once, or 201 when it has ended within the seconds of `Prefer: wait=N`.";

/// The description as JSON.
#[must_use]
pub fn document() -> Value {
    let mut builder = Builder { paths: Map::new(), schemas: Vec::new() };
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
        "components": { "schemas": schemas, "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } },
    })
}

struct Builder {
    paths: Map<String, Value>,
    schemas: Vec<(String, RefOr<Schema>)>,
}

impl EachEndpoint for Builder {
    fn visit<E: Endpoint>(&mut self) {
        let mut parameters: Vec<Value> =
            names(E::PATH).map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })).collect();
        // The body of some is an archive, and their request the query string.
        let archive = takes_archive::<E>();
        let by_query = archive || matches!(E::METHOD, Method::Get | Method::Delete);
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
        let method = match E::METHOD {
            Method::Get => "get",
            Method::Post => "post",
            Method::Put => "put",
            Method::Delete => "delete",
        };
        let item = self.paths.entry(E::PATH.to_owned()).or_insert_with(|| json!({}));
        item[method] = operation;
    }
}

/// Whether an endpoint's body is a tar.
fn takes_archive<E: Endpoint>() -> bool {
    [UploadFiles::NAME, BuildImageFrom::NAME].contains(&E::NAME)
}

impl Builder {
    fn responses<E: Endpoint>(&mut self) -> Value {
        let problem = json!({ "description": "A problem.", "content": { "application/problem+json": { "schema": self.need::<Problem>() } } });
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
            Answer::Operation => json!({ "201": self.body::<E>("Ended in time."), "202": self.body::<E>("Begun.") }),
            Answer::Bytes(media) => json!({ "200": { "description": "Bytes.", "content": { media: { "schema": { "type": "string" } } } } }),
            Answer::Upgrade(protocol) => json!({ "101": { "description": format!("A WebSocket of subprotocol `{protocol}`.") } }),
        };
        responses["default"] = problem;
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
        noun @ ("templates" | "containers" | "sessions" | "operations" | "layouts") => noun,
        "stream" => "events",
        "audit" | "users" | "tokens" | "me" => "access",
        _ => "server",
    }
}
