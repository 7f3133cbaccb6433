//! The one error type: what happened, on which thing, what to do next.
use crate::model::Code;
use crate::model::Place;
use crate::model::Problem;

/// Shorthand used by every room.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Anything that can go wrong in cto.
///
/// Messages are shown to people: lower case, no full stop, bad values in 'single quotes'.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The entry in the problem catalogue; also decides who can put it right.
    pub code: Code,
    /// What happened, on which thing.
    pub message: String,
    /// What to do next, as a sentence or a command line.
    pub fix: Option<String>,
    /// Where the input is wrong.
    pub places: Vec<Place>,
    /// The revision that a document has now, where it is not the one that the request says.
    pub revision: Option<String>,
    /// The foreign error underneath, for logs.
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Who can put an error right; decides the HTTP status and the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The request is malformed: 400, exit 2.
    BadRequest,
    /// The request is well formed but its content is wrong: 422, exit 2.
    Invalid,
    /// Not known who asks: 401, exit 4.
    Unauthenticated,
    /// The caller may not: 403, exit 4.
    Forbidden,
    /// No such thing: 404, exit 3.
    NotFound,
    /// In the way of the present state: 409, exit 5.
    Conflict,
    /// Changed meanwhile: 412, exit 5.
    Stale,
    /// Too large: 413, exit 2.
    TooLarge,
    /// Too many: 429, exit 5.
    TooMany,
    /// Ended by somebody: 409, exit 130.
    Cancelled,
    /// The engine, a registry or the database failed: 502, exit 6.
    Outside,
    /// Can't be reached now: 503, exit 6.
    Unavailable,
    /// Took too long: 504, exit 6.
    TimedOut,
    /// No space for cto's own files: 507, exit 6.
    Storage,
    /// A fault in cto: 500, exit 1.
    Internal,
}

impl Kind {
    /// The HTTP status.
    #[must_use]
    pub fn status(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthenticated => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::Conflict | Self::Cancelled => 409,
            Self::Stale => 412,
            Self::TooLarge => 413,
            Self::Invalid => 422,
            Self::TooMany => 429,
            Self::Internal => 500,
            Self::Outside => 502,
            Self::Unavailable => 503,
            Self::TimedOut => 504,
            Self::Storage => 507,
        }
    }

    /// The exit code of the command line (docs: `cto help exit-codes`).
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Internal => 1,
            Self::BadRequest | Self::Invalid | Self::TooLarge => 2,
            Self::NotFound => 3,
            Self::Unauthenticated | Self::Forbidden => 4,
            Self::Conflict | Self::Stale | Self::TooMany => 5,
            Self::Outside | Self::Unavailable | Self::TimedOut | Self::Storage => 6,
            Self::Cancelled => 130,
        }
    }
}

/// Who can put a problem of this code right.
#[must_use]
pub fn kind_of(code: Code) -> Kind {
    match code {
        Code::BadRequest => Kind::BadRequest,
        Code::InvalidDocument | Code::InvalidValue | Code::CommandNotFound | Code::PackageNotFound | Code::NoPackageManager | Code::Ambiguous => Kind::Invalid,
        Code::Unauthenticated => Kind::Unauthenticated,
        Code::Forbidden | Code::PolicyRefused => Kind::Forbidden,
        Code::NotFound => Kind::NotFound,
        Code::NameInUse | Code::PortInUse | Code::WrongState | Code::AlreadyRunning | Code::ExitedAtOnce => Kind::Conflict,
        Code::Stale => Kind::Stale,
        Code::TooLarge => Kind::TooLarge,
        Code::TooMany => Kind::TooMany,
        Code::Cancelled => Kind::Cancelled,
        Code::ImageUnavailable | Code::BuildFailed | Code::EngineFailed | Code::StoreFailed => Kind::Outside,
        Code::EngineUnavailable | Code::ServerUnavailable => Kind::Unavailable,
        Code::TimedOut => Kind::TimedOut,
        Code::DiskFull => Kind::Storage,
        Code::Internal => Kind::Internal,
    }
}

impl Error {
    /// An error with a message. Rooms wrap this in a constructor a situation.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), fix: None, places: Vec::new(), revision: None, source: None }
    }

    /// The same error with what to do next.
    #[must_use]
    pub fn fix(mut self, fix: impl Into<String>) -> Self {
        self.fix = Some(fix.into());
        self
    }

    /// The same error with one more place in the input.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.places.push(place);
        self
    }

    /// The same error with the foreign error underneath.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Wraps a foreign error at the edge where it enters: "`service` failed: …".
    pub fn outside<E>(code: Code, service: &'static str) -> impl FnOnce(E) -> Self
    where
        E: std::error::Error + Send + Sync + 'static,
    {
        move |source| Self::new(code, format!("{service} failed: {source}")).because(source)
    }

    /// Nothing of this kind has that name or id.
    #[must_use]
    pub fn not_found(kind: &str, name: &str) -> Self {
        Self::new(Code::NotFound, format!("no {kind} '{name}'"))
    }

    /// A document has another revision by now than the request says; `now` is empty where there is none.
    #[must_use]
    pub fn stale(kind: &str, name: &str, now: impl ToString) -> Self {
        let error = Self::new(Code::Stale, format!("{kind} '{name}' was changed by somebody else meanwhile")).fix("read it again and save on top of that");
        Self { revision: Some(now.to_string()), ..error }
    }

    /// A value that can't be used.
    #[must_use]
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Code::InvalidValue, message)
    }

    /// A fault in cto.
    #[must_use]
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(Code::Internal, message).fix("this is a fault in cto; please report it with 'cto server logs'")
    }

    /// Who can put it right.
    #[must_use]
    pub fn kind(&self) -> Kind {
        kind_of(self.code)
    }

    /// The error as a client sees it.
    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem {
            kind: format!("https://cto.invalid/problems/{}", self.code.as_str()),
            title: title(self.kind()).to_owned(),
            status: self.kind().status(),
            code: self.code,
            detail: self.message.clone(),
            fix: self.fix.clone(),
            request_id: None,
            revision: self.revision.clone(),
            errors: self.places.clone(),
        }
    }
}

impl From<Problem> for Error {
    fn from(problem: Problem) -> Self {
        Self { code: problem.code, message: problem.detail, fix: problem.fix, places: problem.errors, revision: problem.revision, source: None }
    }
}

/// The standard phrase of a kind's status.
fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::BadRequest => "Bad Request",
        Kind::Unauthenticated => "Unauthorized",
        Kind::Forbidden => "Forbidden",
        Kind::NotFound => "Not Found",
        Kind::Conflict | Kind::Cancelled => "Conflict",
        Kind::Stale => "Precondition Failed",
        Kind::TooLarge => "Content Too Large",
        Kind::Invalid => "Unprocessable Content",
        Kind::TooMany => "Too Many Requests",
        Kind::Internal => "Internal Server Error",
        Kind::Outside => "Bad Gateway",
        Kind::Unavailable => "Service Unavailable",
        Kind::TimedOut => "Gateway Timeout",
        Kind::Storage => "Insufficient Storage",
    }
}
