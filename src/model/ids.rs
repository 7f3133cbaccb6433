//! Identifiers: strings with a kind, so that one is never passed where another belongs.
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use utoipa::ToSchema;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident $(, $prefix:literal)?) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            $(
                /// A new id: the kind's prefix and a UUIDv7, so that ids sort by age.
                #[must_use]
                pub fn fresh() -> Self {
                    Self(format!(concat!($prefix, "_{}"), uuid::Uuid::now_v7().simple()))
                }
            )?
            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }
    };
}

id!(
    /// The engine's own id of a container (64 hex digits). Where a client names a container, its name or a unique
    /// prefix of the id is accepted too.
    ContainerId
);
id!(
    /// One live terminal.
    SessionId, "ses"
);
id!(
    /// One command that a shell ran.
    CommandId, "cmd"
);
id!(
    /// One recording.
    RecordingId, "rec"
);
id!(
    /// One piece of long work.
    OperationId, "op"
);
id!(
    /// One file on its way into a container.
    UploadId, "upl"
);
id!(
    /// One row of the audit.
    AuditId, "aud"
);
id!(
    /// One API token (not its secret).
    TokenId, "tok"
);
id!(
    /// One share of a session (not its code).
    ShareId, "shr"
);
id!(
    /// One execution of a script.
    RunId, "run"
);
id!(
    /// One schedule.
    ScheduleId, "sch"
);
id!(
    /// One trigger.
    TriggerId, "trg"
);
id!(
    /// One webhook.
    WebhookId, "whk"
);
id!(
    /// One delivery of a webhook.
    DeliveryId, "dlv"
);
