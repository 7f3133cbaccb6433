//! One story of the store, the same on SQLite and on PostgreSQL.
use super::support::postgres::Cluster;
use cto::access::NewToken;
use cto::model::*;
use cto::store::AuditNote;
use cto::store::Claim;
use cto::store::CommandFilter;
use cto::store::Store;
use jiff::Timestamp;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

fn now() -> Timestamp {
    // Databases keep microseconds.
    Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap()
}

fn note(event: &AuditId, target: &str, outcome: Outcome) -> AuditNote {
    AuditNote {
        event: event.clone(),
        begun_at: now(),
        actor: "olga".to_owned(),
        role: Role::Operator,
        action: Action::RemoveContainers.to_string(),
        target: target.to_owned(),
        outcome,
        detail: None,
    }
}

fn session(id: &SessionId, state: SessionState) -> Session {
    Session {
        id: id.clone(),
        container: "c1".into(),
        container_name: "web".to_owned(),
        kind: SessionKind::Exec,
        command: vec!["sh".to_owned()],
        title: "sh".to_owned(),
        state,
        size: Size::default(),
        owner: "olga".to_owned(),
        not_resumable: None,
        viewers: 0,
        head_offset: 7,
        recording: None,
        exit: None,
        created_at: now(),
    }
}

/// A command that was run in a session.
pub(super) fn command(session: &str, offset: u64, started_at: Timestamp) -> SessionCommand {
    SessionCommand {
        id: CommandId::fresh(),
        number: 0,
        session: session.into(),
        container: "c0ffee00".into(),
        container_name: "web".to_owned(),
        owner: "olga".to_owned(),
        text: format!("Make {offset}%"),
        cut: false,
        directory: Some("/srv".to_owned()),
        offset,
        started_at,
        ended_at: None,
        exit_code: None,
    }
}

/// Commands are numbered, noted once, ended, found and paged.
pub(super) async fn commands(store: &Store) {
    let (first, second, third) = (command("ses_1", 10, now()), command("ses_1", 20, now()), command("ses_2", 10, now()));
    let began = |command: &SessionCommand| CommandNote::Began(Box::new(command.clone()));
    let ended = |session: &str, exit_code| CommandNote::Ended { session: session.into(), at: first.started_at, exit_code };
    store.note_commands(&[began(&first), ended("ses_1", Some(2)), began(&second), began(&third), ended("ses_none", Some(1))]).await.unwrap();
    // Heard again after a restart, under another id.
    store.note_commands(&[began(&command("ses_1", 10, now())), ended("ses_1", None), ended("ses_1", Some(9))]).await.unwrap();
    let first = SessionCommand { number: 1, ended_at: Some(first.started_at), exit_code: Some(2), ..first.clone() };
    let second = SessionCommand { number: 2, ended_at: Some(first.started_at), ..second };
    let third = SessionCommand { number: 1, ..third };
    assert_eq!(store.commands_of(&"ses_1".into(), 0, u64::MAX).await.unwrap(), [first.clone(), second.clone()]);
    assert_eq!(store.commands_of(&"ses_1".into(), 2, 7).await.unwrap(), std::slice::from_ref(&second));
    let all = store.list_commands(CommandFilter::default(), 10).await.unwrap();
    assert_eq!(all, [third.clone(), second.clone(), first.clone()]);
    let list = async |filter: CommandFilter<'_>| store.list_commands(filter, 10).await.unwrap().len();
    assert_eq!(list(CommandFilter { after: Some(third.id.as_str()), ..CommandFilter::default() }).await, 2);
    assert_eq!(list(CommandFilter { text: Some("MAKE 2"), ..CommandFilter::default() }).await, 1);
    assert_eq!(list(CommandFilter { session: Some("ses_2"), ..CommandFilter::default() }).await, 1);
    for (container, count) in [("web", 3), ("c0ff", 3), ("c0f", 0), ("%", 0), ("other", 0)] {
        assert_eq!(list(CommandFilter { container: Some(container), ..CommandFilter::default() }).await, count, "{container}");
    }
    store.forget_commands(third.started_at + jiff::SignedDuration::from_secs(1)).await.unwrap();
    assert_eq!(list(CommandFilter::default()).await, 0);
}

/// The story. `place` is an empty database.
async fn story(place: &str) {
    let store = Store::open(place).await.unwrap();
    store.ping().await.unwrap();

    let olga = User { name: "olga".to_owned(), role: Role::Operator, created_at: now(), has_password: false, version: 1 };
    store.add_user(&olga, None).await.unwrap();
    assert_eq!(store.add_user(&olga, None).await.unwrap_err().code, Code::NameInUse);
    let new = NewToken::random();
    let token = Token { id: TokenId::fresh(), user: "olga".to_owned(), role: Role::Viewer, created_at: now(), expires_at: None, about: None };
    store.add_token(&token, &new.hash).await.unwrap();
    assert_eq!(store.token_by_hash(&new.hash).await.unwrap(), Some((token.clone(), olga.clone())));
    assert_eq!(store.token_by_hash("other").await.unwrap(), None);
    assert_eq!(store.list_users(None, Some("LG"), 10).await.unwrap(), [olga]);
    assert_eq!(store.list_users(Some("olga"), None, 10).await.unwrap(), []);
    assert_eq!(store.list_tokens(None, None, 10).await.unwrap(), [token]);

    let at = |second: i64| Timestamp::from_second(second).unwrap();
    let point = |second: i64, cpu: f64| StatsPoint {
        at: at(second),
        seconds: 300,
        cpu_percent: cpu,
        cpu_percent_max: 100.5,
        memory_bytes: 1 << 40,
        memory_limit_bytes: u64::MAX >> 1,
        pids: 3,
        network_bytes: (1, 2),
        block_bytes: (3, 4),
    };
    let (one, other) = (ContainerId::from("c1"), ContainerId::from("c2"));
    store.save_stats(&[(one.clone(), point(300, 1.5)), (one.clone(), point(600, 2.0)), (other.clone(), point(300, 9.0))]).await.unwrap();
    store.save_stats(&[(one.clone(), point(600, 3.0))]).await.unwrap();
    assert_eq!(store.list_stats(&one, at(0)).await.unwrap(), [point(300, 1.5), point(600, 3.0)]);
    assert_eq!(store.list_stats(&one, at(600)).await.unwrap(), [point(600, 3.0)], "what ends after it");
    store.forget_stats(at(600)).await.unwrap();
    assert_eq!((store.list_stats(&one, at(0)).await.unwrap().len(), store.list_stats(&other, at(0)).await.unwrap().len()), (1, 0));
    store.forget_stats_of(&one).await.unwrap();
    assert_eq!(store.list_stats(&one, at(0)).await.unwrap(), []);

    commands(&store).await;

    let data = serde_json::json!({"tabs": [1, 2]});
    assert_eq!(store.save_layout("olga", "last", &data, Some(0)).await.unwrap().version, 1);
    assert_eq!(store.save_layout("olga", "last", &data, Some(0)).await.unwrap_err().code, Code::Stale);
    assert_eq!(store.save_layout("olga", "last", &data, Some(1)).await.unwrap().version, 2);
    assert_eq!(store.save_layout("olga", "last", &data, Some(1)).await.unwrap_err().code, Code::Stale);
    assert_eq!(store.save_layout("olga", "last", &data, None).await.unwrap().version, 3);
    assert_eq!(store.find_layout("olga", "last").await.unwrap().data, data);
    assert_eq!(store.find_layout("vic", "last").await.unwrap_err().code, Code::NotFound);
    assert_eq!(store.remove_layout("vic", "last", None).await.unwrap_err().code, Code::NotFound, "nobody removes another's");
    let stale = store.remove_layout("olga", "last", Some(1)).await.unwrap_err();
    assert_eq!((stale.code, stale.revision.as_deref()), (Code::Stale, Some("3")));
    store.remove_layout("olga", "last", Some(3)).await.unwrap();
    assert_eq!(store.find_layout("olga", "last").await.unwrap_err().code, Code::NotFound);

    let (first, second) = (AuditId::fresh(), AuditId::fresh());
    store.append_audit(note(&first, "web", Outcome::Intent)).await.unwrap();
    store.append_audit(note(&second, "db", Outcome::Intent)).await.unwrap();
    store.append_audit(note(&first, "web", Outcome::Succeeded)).await.unwrap();
    let listed = store.list_audit(None, true, None, 10).await.unwrap();
    assert_eq!(listed.iter().map(|event| (event.target.as_str(), event.outcome)).collect::<Vec<_>>(), [("db", Outcome::Intent), ("web", Outcome::Succeeded)]);
    assert_eq!(store.list_audit(Some(second.as_str()), true, None, 10).await.unwrap().len(), 1);
    assert_eq!(store.list_audit(None, true, Some("WE"), 10).await.unwrap().len(), 1);
    assert_eq!(store.sweep_audit(Timestamp::now()).await.unwrap(), 1);
    assert_eq!(store.list_audit(None, true, None, 1).await.unwrap()[0].outcome, Outcome::Unknown);
    assert_eq!(store.verify_audit().await.unwrap(), 4);
    // Another server on the same database appends to the same chain.
    let other = Store::open(place).await.unwrap();
    assert_eq!((store.id(), store.id().len()), (other.id(), 32), "each has an id of its own, for ever");
    let appends = (0..10).map(|number| {
        let store = if number % 2 == 0 { store.clone() } else { other.clone() };
        tokio::spawn(async move { store.append_audit(note(&AuditId::fresh(), "many", Outcome::Refused)).await })
    });
    for append in appends.collect::<Vec<_>>() {
        append.await.unwrap().unwrap();
    }
    assert_eq!(store.verify_audit().await.unwrap(), 14);

    assert_eq!(store.forget_audit(Timestamp::UNIX_EPOCH).await.unwrap(), 0);
    let middle = now();
    store.append_audit(note(&AuditId::fresh(), "late", Outcome::Refused)).await.unwrap();
    assert_eq!(store.forget_audit(middle).await.unwrap(), 14);
    assert_eq!(store.verify_audit().await.unwrap(), 15, "the rest still hangs together");

    let id = SessionId::fresh();
    let held = Held { user: Some("olga".to_owned()), boot: Some(u64::MAX) };
    store.save_session(&session(&id, SessionState::Live), Some(&held), Some(b"\x1bcscreen\0")).await.unwrap();
    assert_eq!(store.list_session_rows().await.unwrap()[0].held, Some(held));
    store.save_session(&session(&id, SessionState::Ended), None, None).await.unwrap();
    let rows = store.list_session_rows().await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].session.state, rows[0].snapshot.as_deref(), &rows[0].held), (SessionState::Ended, Some(&b"\x1bcscreen\0"[..]), &None));
    store.remove_session(&id).await.unwrap();
    assert_eq!(store.list_session_rows().await.unwrap(), []);

    assert_eq!(store.claim_key("olga", "k", "h1").await.unwrap(), Claim::Ours);
    assert_eq!(store.claim_key("vic", "k", "h1").await.unwrap(), Claim::Ours);
    assert_eq!(store.claim_key("olga", "k", "h2").await.unwrap(), Claim::Taken { request_hash: "h1".to_owned(), answer: None });
    store.answer_key("olga", "k", "op_1").await.unwrap();
    store.release_key("olga", "k").await.unwrap();
    assert_eq!(store.claim_key("olga", "k", "h1").await.unwrap(), Claim::Taken { request_hash: "h1".to_owned(), answer: Some("op_1".to_owned()) });
    store.release_key("vic", "k").await.unwrap();
    assert_eq!(store.claim_key("vic", "k", "h1").await.unwrap(), Claim::Ours);

    assert!(store.remove_user("olga", None).await.unwrap());
    assert!(!store.remove_user("olga", None).await.unwrap());
    assert_eq!(store.token_by_hash(&new.hash).await.unwrap(), None);
    // Opening again finds everything in place.
    store.close().await;
    other.close().await;
    assert_eq!(Store::open(place).await.unwrap().verify_audit().await.unwrap(), 15);
}

#[tokio::test]
async fn the_story_holds_on_sqlite() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a b?.db");
    story(path.to_str().unwrap()).await;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "only its owner may read it");
}

#[tokio::test]
async fn the_story_holds_on_postgresql() {
    if let Ok(url) = std::env::var("CTO_TEST_POSTGRES") {
        story(&url).await;
    } else if let Some(cluster) = Cluster::start() {
        story(&cluster.url()).await;
    } else {
        eprintln!("skipped: no PostgreSQL here; install it, or set CTO_TEST_POSTGRES to the URL of an empty database");
    }
}

#[tokio::test]
async fn a_row_that_was_changed_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("cto.db");
    let store = Store::open(path.to_str().unwrap()).await.unwrap();
    for _ in 0..3 {
        store.append_audit(note(&AuditId::fresh(), "web", Outcome::Succeeded)).await.unwrap();
    }
    store.verify_audit().await.unwrap();
    let pool = sqlx::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(&path)).await.unwrap();
    sqlx::query("UPDATE audit SET target = 'nothing' WHERE seq = 2").execute(&pool).await.unwrap();
    assert!(store.verify_audit().await.unwrap_err().message.contains("row 2"));
}

#[tokio::test]
async fn a_place_that_is_no_database_is_said_to_be_none() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("none/cto.db");
    let error = Store::open(missing.to_str().unwrap()).await.unwrap_err();
    assert_eq!(error.code, Code::StoreFailed);
    assert!(error.message.contains("none/cto.db"), "{error}");
    let text = dir.path().join("text.db");
    std::fs::write(&text, "this is no database, but a text that is longer than a header of one").unwrap();
    assert_eq!(Store::open(text.to_str().unwrap()).await.unwrap_err().code, Code::StoreFailed);
    assert_eq!(Store::open("mysql://here/cto").await.unwrap_err().code, Code::InvalidValue);
    let refused = Store::open("postgres://me:secret@127.0.0.1:1/cto").await.unwrap_err();
    assert!(refused.message.contains("postgres://me@127.0.0.1:1/cto") && !refused.message.contains("secret"), "{refused}");
}

/// A file system of 2 MB, where mounting is allowed.
struct Small(tempfile::TempDir);

impl Small {
    fn mounted() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "cto-spec"]).arg(dir.path()).stderr(std::process::Stdio::null()).status();
        mount.is_ok_and(|status| status.success()).then(|| Self(dir))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_changes_by_name_and_reading_goes_on() {
    let Some(small) = Small::mounted() else {
        eprintln!("skipped: a small file system can't be mounted here");
        return;
    };
    let path = small.0.path().join("cto.db");
    let store = Store::open(path.to_str().unwrap()).await.unwrap();
    let data = serde_json::json!("x".repeat(1000));
    store.save_layout("olga", "last", &data, None).await.unwrap();
    let filler = small.0.path().join("filler");
    // Writing until nothing fits, in ever smaller pieces.
    let mut file = std::fs::File::create(&filler).unwrap();
    for size in [64 * 1024, 4096, 1] {
        while std::io::Write::write_all(&mut file, &vec![0; size]).is_ok() {}
    }
    let mut refused = None;
    for number in 0..100 {
        if let Err(error) = store.save_layout("olga", &format!("layout {number}"), &data, None).await {
            refused = Some(error);
            break;
        }
    }
    let refused = refused.expect("the disk is full");
    assert_eq!(refused.code, Code::DiskFull, "{refused}");
    assert!(refused.message.contains("cto.db"), "{refused}");
    assert_eq!(store.append_audit(note(&AuditId::fresh(), "web", Outcome::Intent)).await.unwrap_err().code, Code::DiskFull);
    assert_eq!(store.find_layout("olga", "last").await.unwrap().data, data);
    store.ping().await.unwrap();
    // With room again, all goes on.
    drop(file);
    std::fs::remove_file(&filler).unwrap();
    store.save_layout("olga", "after", &data, None).await.unwrap();
    store.append_audit(note(&AuditId::fresh(), "web", Outcome::Intent)).await.unwrap();
    store.verify_audit().await.unwrap();
}
