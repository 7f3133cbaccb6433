//! Files come in pieces (tus 1.0): cut off and gone on with, over a restart of the server, within limits, until they are in their container.
use super::support::http::Door;
use super::support::http::http;
use super::support::plane::Plane;
use super::support::plane::admin;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cto::config::Config;
use cto::engine::Engine;
use cto::model::*;
use serde_json::Value;
use serde_json::json;
use sha2::Digest as _;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;

const UPLOADS: &str = "/api/v1/uploads";

/// Bytes that are alike nowhere.
fn content(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

struct Sender {
    token: String,
    address: String,
}

impl Sender {
    async fn new(door: &Door, role: Role) -> Self {
        Self { token: door.token(role).await, address: door.url("") }
    }

    fn request(&self, method: reqwest::Method, place: &str) -> reqwest::RequestBuilder {
        http().request(method, format!("{}{place}", self.address)).bearer_auth(&self.token).header("tus-resumable", "1.0.0")
    }

    async fn begin(&self, container: &str, path: &str, length: impl ToString) -> reqwest::Response {
        let metadata = format!("container {},path {},mode {}", STANDARD.encode(container), STANDARD.encode(path), STANDARD.encode("640"));
        let request = self.request(reqwest::Method::POST, UPLOADS).header("upload-length", length.to_string()).header("upload-metadata", metadata);
        request.send().await.unwrap()
    }

    /// Begins an upload, and says where it is.
    async fn made(&self, container: &str, path: &str, length: usize) -> String {
        let response = self.begin(container, path, length).await;
        let place = response.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
        place.unwrap_or_else(|| panic!("{response:?}"))
    }

    async fn piece(&self, place: &str, offset: usize, bytes: &[u8], checksum: Option<&str>) -> reqwest::Response {
        let mut request = self.request(reqwest::Method::PATCH, place).header("upload-offset", offset).header("content-type", PIECE_MEDIA);
        if let Some(checksum) = checksum {
            request = request.header("upload-checksum", checksum);
        }
        request.body(bytes.to_vec()).send().await.unwrap()
    }

    async fn offset(&self, place: &str) -> usize {
        let response = self.request(reqwest::Method::HEAD, place).send().await.unwrap();
        assert_eq!((response.status().as_u16(), text(&response, "cache-control")), (204, "no-store"));
        text(&response, "upload-offset").parse().unwrap()
    }

    /// Sends the head of a request and half of its body, and goes away.
    async fn cut(&self, place: &str, offset: usize, whole: &[u8], sent: usize) {
        let host = self.address.trim_start_matches("http://");
        let mut stream = tokio::net::TcpStream::connect(host).await.unwrap();
        let head = format!(
            "PATCH {place} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: {offset}\r\nContent-Type: {PIECE_MEDIA}\r\nContent-Length: {}\r\n\r\n",
            self.token,
            whole.len() - offset
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&whole[offset..offset + sent]).await.unwrap();
        stream.flush().await.unwrap();
        stream.shutdown().await.unwrap();
        let _ = stream.read(&mut [0; 1]).await;
    }

    async fn until(&self, place: &str, offset: usize) {
        let reached = async {
            while self.offset(place).await != offset {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), reached).await.expect("what came is kept");
    }

    async fn json(&self, path: &str) -> (u16, Value) {
        super::support::http::read(self.request(reqwest::Method::GET, path).send().await.unwrap()).await
    }

    /// The operation that the last piece has begun, when it has ended.
    async fn ended(&self, last: &reqwest::Response) -> Value {
        let place = text(last, "location").to_owned();
        let ended = async {
            loop {
                let (_, operation) = self.json(&place).await;
                if operation["state"] != "running" {
                    return operation;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), ended).await.expect("it is put into the container")
    }
}

fn text<'a>(response: &'a reqwest::Response, name: &str) -> &'a str {
    response.headers().get(name).unwrap_or_else(|| panic!("no {name}: {response:?}")).to_str().unwrap()
}

async fn problem(response: reqwest::Response) -> (u16, String, String) {
    assert_eq!(text(&response, "tus-resumable"), "1.0.0");
    let (status, problem) = super::support::http::read(response).await;
    (status, problem["code"].as_str().unwrap_or_default().to_owned(), problem.to_string())
}

fn sha256(bytes: &[u8]) -> String {
    format!("sha256 {}", STANDARD.encode(sha2::Sha256::digest(bytes)))
}

/// What a file in a container has in it, by the tar that one gets of it: its mode and its bytes.
async fn in_container(door: &Door, container: &Container, path: &str) -> (u32, Vec<u8>) {
    use futures_util::TryStreamExt as _;
    let stream = door.plane.control.download_files(&admin(), container.name.as_str(), PathQuery::new(path.as_bytes())).await.unwrap();
    let bytes = stream.try_fold(Vec::new(), async |mut all, piece| {
        all.extend_from_slice(&piece);
        Ok(all)
    });
    let bytes = bytes.await.unwrap();
    let mut archive = tar::Archive::new(&bytes[..]);
    let mut entry = archive.entries().unwrap().next().unwrap().unwrap();
    let mut found = Vec::new();
    std::io::Read::read_to_end(&mut entry, &mut found).unwrap();
    (entry.header().mode().unwrap() & 0o7777, found)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_is_cut_off_goes_on_after_a_restart_of_the_server_and_ends_in_its_container() {
    let mut door = Door::open().await;
    let sender = Sender::new(&door, Role::Admin).await;
    let container = door.plane.container(&admin(), "takes", json!({"command": ["sleep", "1d"]})).await;
    let whole = content(3_000_001);
    // A name that is too long for the old form of archives is no hindrance.
    let path = format!("/srv/{}.bin", "long-name-".repeat(14));
    let place = sender.made(&container.name, &path, whole.len()).await;
    sender.cut(&place, 0, &whole, 1_000_000).await;
    sender.until(&place, 1_000_000).await;

    door.close().await;
    let mut plane = door.plane;
    plane.restart().await;
    let mut door = Door::over(plane).await;
    let sender = Sender { address: door.url(""), ..sender };
    assert_eq!(sender.offset(&place).await, 1_000_000);
    let (status, told) = sender.json(&place).await;
    assert_eq!(
        (status, &told["container_name"], &told["size_bytes"], &told["mode"]),
        (200, &json!(container.name), &json!(whole.len()), &json!(0o640)),
        "{told}"
    );

    // A piece with a checksum counts whole, or not at all.
    let second = &whole[1_000_000..1_500_000];
    let (status, code, _) = problem(sender.piece(&place, 1_000_000, second, Some(&sha256(b"another"))).await).await;
    assert_eq!((status, code.as_str(), sender.offset(&place).await), (460, "bad_request", 1_000_000));
    let taken = sender.piece(&place, 1_000_000, second, Some(&sha256(second))).await;
    assert_eq!((taken.status().as_u16(), text(&taken, "upload-offset")), (204, "1500000"));
    // One that does not begin where the last one ended is refused, and says where that is.
    let (status, code, told) = problem(sender.piece(&place, 7, second, None).await).await;
    assert!(status == 409 && code == "wrong_state" && told.contains("1500000 bytes"), "{told}");
    let (status, code, _) = problem(sender.piece(&place, 1_500_000, &whole, None).await).await;
    assert_eq!((status, code.as_str()), (413, "too_large"));
    let offset = sender.offset(&place).await;
    assert_eq!(offset, 1_500_000, "nothing is kept of a piece that is longer than what is left");

    let last = sender.piece(&place, offset, &whole[offset..], None).await;
    assert_eq!((last.status().as_u16(), text(&last, "upload-offset")), (204, whole.len().to_string().as_str()));
    let operation = sender.ended(&last).await;
    assert_eq!(operation["state"], "succeeded", "{operation}");
    assert!(in_container(&door, &container, &path).await == (0o640, whole), "it is there, byte for byte");
    assert_eq!(sender.json(&place).await.0, 404);
    assert_eq!(std::fs::read_dir(door.plane.home.path().join("state/uploads")).map_or(0, Iterator::count), 0, "nothing is left of it");
    let audit = door.plane.audit().await;
    assert!(audit.iter().filter(|line| line.contains("write:files")).count() >= 2, "{audit:?}");
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_whole_when_the_server_ends_is_put_into_its_container_by_the_next_one() {
    let mut door = Door::open().await;
    let sender = Sender::new(&door, Role::Admin).await;
    let container = door.plane.container(&admin(), "later", json!({"command": ["sleep", "1d"]})).await;
    let place = sender.made(&container.name, "/srv/small", 5).await;
    assert_eq!(sender.piece(&place, 0, b"hel", None).await.status().as_u16(), 204);
    door.close().await;
    let mut plane = door.plane;
    plane.stop().await;
    // The last bytes were written, and then the machine lost its power.
    let id = place.rsplit('/').next().unwrap();
    let file = find(plane.home.path(), &format!("{id}.part"));
    std::fs::write(file, b"hello").unwrap();
    plane.restart().await;
    let mut door = Door::over(plane).await;
    let sender = Sender { address: door.url(""), ..sender };
    let done = async {
        while sender.json(&place).await.0 != 404 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), done).await.expect("the next server sees to it");
    assert_eq!(in_container(&door, &container, "/srv/small").await, (0o640, b"hello".to_vec()));
    door.close().await;
}

/// A file below a directory, by its name.
fn find(directory: &std::path::Path, name: &str) -> std::path::PathBuf {
    let mut waiting = vec![directory.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(directory).unwrap().map(Result::unwrap) {
            if entry.file_name() == name {
                return entry.path();
            }
            if entry.file_type().unwrap().is_dir() {
                waiting.push(entry.path());
            }
        }
    }
    panic!("there is no {name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_fit_is_refused_with_the_limit_and_uploads_are_their_owners_own() {
    let mut config = Config::default();
    config.uploads = cto::config::UploadsConfig { max_mb: 1, per_user: 2, user_mb: 1, hours: 1 };
    let mut door = Door::over(Plane::configured(Engine::connect(None), config).await).await;
    let (ada, olga, vic) = (Sender::new(&door, Role::Admin).await, Sender::new(&door, Role::Operator).await, Sender::new(&door, Role::Viewer).await);
    let container = door.plane.container(&admin(), "full", json!({"command": ["sleep", "1d"]})).await;
    let own = door.plane.container(&cto::access::Actor::new("user-operator", Role::Operator), "own", json!({"command": ["sleep", "1d"]})).await;

    let options = ada.request(reqwest::Method::OPTIONS, UPLOADS).send().await.unwrap();
    assert_eq!((text(&options, "tus-version"), text(&options, "tus-max-size")), ("1.0.0", "1000000"));
    assert_eq!(text(&options, "tus-extension"), "creation,expiration,termination,checksum");

    let (status, code, told) = problem(ada.begin(&container.name, "/srv/a", 1_000_001).await).await;
    assert!(status == 413 && code == "too_large" && told.contains("1 MB"), "{told}");
    let first = ada.made(&container.name, "/srv/a", 600_000).await;
    let (status, _, told) = problem(ada.begin(&container.name, "/srv/b", 600_000).await).await;
    assert!(status == 413 && told.contains("uploads.user_mb"), "{told}");
    let second = ada.made(&container.name, "/srv/b", 3).await;
    let (status, code, told) = problem(ada.begin(&container.name, "/srv/c", 3).await).await;
    assert!(status == 429 && code == "too_many" && told.contains("uploads.per_user"), "{told}");

    // Others have limits of their own, and see nothing of it.
    let third = olga.made(&own.name, "/srv/o", 3).await;
    for method in [reqwest::Method::GET, reqwest::Method::HEAD, reqwest::Method::DELETE] {
        assert_eq!(olga.request(method, &first).send().await.unwrap().status().as_u16(), 404);
    }
    assert_eq!(olga.piece(&first, 0, b"x", None).await.status().as_u16(), 404);
    assert_eq!(olga.begin(&container.name, "/srv/o", 3).await.status().as_u16(), 403, "it is another's container");
    assert_eq!(vic.begin(&own.name, "/srv/o", 3).await.status().as_u16(), 403);
    let names = |list: (u16, Value)| list.1["items"].as_array().unwrap().iter().map(|item| item["path"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    assert_eq!(names(olga.json(&format!("{UPLOADS}?fields=path")).await), ["/srv/o"]);
    assert_eq!(names(ada.json(&format!("{UPLOADS}?sort=-path")).await), ["/srv/o", "/srv/b", "/srv/a"]);

    // What is taken back is gone.
    for place in [&first, &second] {
        assert_eq!(ada.request(reqwest::Method::DELETE, place).send().await.unwrap().status().as_u16(), 204);
        assert_eq!(ada.request(reqwest::Method::HEAD, place).send().await.unwrap().status().as_u16(), 404);
    }
    assert_eq!(names(ada.json(UPLOADS).await), ["/srv/o"]);
    assert_eq!(olga.request(reqwest::Method::DELETE, &third).send().await.unwrap().status().as_u16(), 204);

    // Nonsense is refused for what it is.
    for (case, request, status) in [
        ("another version", http().post(door.url(UPLOADS)).bearer_auth(&ada.token).header("tus-resumable", "0.2.2"), 412),
        ("no version", http().post(door.url(UPLOADS)).bearer_auth(&ada.token), 412),
        ("no length", ada.request(reqwest::Method::POST, UPLOADS), 400),
        ("no metadata", ada.request(reqwest::Method::POST, UPLOADS).header("upload-length", "3"), 400),
    ] {
        assert_eq!(problem(request.send().await.unwrap()).await.0, status, "{case}");
    }
    for (path, status) in [("srv/a", 422), ("/", 422), ("/srv/", 422), ("/srv/..", 422), ("/no-such-place/a", 404), ("/etc/passwd/a", 404)] {
        let (seen, _, told) = problem(ada.begin(&container.name, path, 3).await).await;
        assert!(seen == status || path.contains("passwd") && seen == 422, "{path}: {told}");
    }
    assert_eq!(ada.begin("no-such-container", "/srv/a", 3).await.status().as_u16(), 404);
    let place = ada.made(&container.name, "/srv/a", 3).await;
    let other = ada.request(reqwest::Method::PATCH, &place).header("upload-offset", "0").header("content-type", "text/plain").body("abc");
    assert_eq!(problem(other.send().await.unwrap()).await.0, 415);
    for offset in ["", "-1", "x"] {
        let wrong = ada.request(reqwest::Method::PATCH, &place).header("upload-offset", offset).header("content-type", PIECE_MEDIA).body("abc");
        assert_eq!(problem(wrong.send().await.unwrap()).await.0, 400, "{offset}");
    }
    for checksum in ["md5 AAAA", "sha1", "sha1 ?"] {
        assert_eq!(problem(ada.piece(&place, 0, b"abc", Some(checksum)).await).await.0, 400, "{checksum}");
    }
    assert_eq!(ada.offset(&place).await, 0);
    door.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_now_counts_a_failed_end_is_tried_again_and_what_nobody_goes_on_with_is_forgotten() {
    let mut config = Config::default();
    config.uploads.hours = 1;
    let mut door = Door::over(Plane::configured(Engine::connect(None), config).await).await;
    let sender = Sender::new(&door, Role::Admin).await;
    let container = door.plane.container(&admin(), "twice", json!({"command": ["sleep", "1d"]})).await;
    let whole = content(200_000);
    exec(&door, &container, &["mkdir", "/tmp/there"]).await;

    // A connection that hangs in the middle is no reason to wait.
    let place = sender.made(&container.name, "/tmp/there/file", whole.len()).await;
    let (address, token) = (sender.address.trim_start_matches("http://").to_owned(), sender.token.clone());
    let mut hanging = tokio::net::TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "PATCH {place} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: {PIECE_MEDIA}\r\nContent-Length: {}\r\n\r\n",
        whole.len()
    );
    hanging.write_all(head.as_bytes()).await.unwrap();
    hanging.write_all(&whole[..1_000]).await.unwrap();
    hanging.flush().await.unwrap();
    let began = std::time::Instant::now();
    // Where it is, is known once the other one has left off; until then a piece is refused for its offset, and left to the sender.
    let taken = loop {
        let offset = sender.offset(&place).await;
        let answer = sender.piece(&place, offset, &whole[offset..150_000], None).await;
        if answer.status().as_u16() == 204 {
            break answer;
        }
        assert_eq!(answer.status().as_u16(), 409);
    };
    assert_eq!(text(&taken, "upload-offset"), "150000");
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    drop(hanging);

    // What can't be put into its container stays, and goes there when somebody says so once more.
    exec(&door, &container, &["rmdir", "/tmp/there"]).await;
    let last = sender.piece(&place, 150_000, &whole[150_000..], None).await;
    let operation = sender.ended(&last).await;
    assert_eq!(operation["state"], "failed", "{operation}");
    assert_eq!(sender.offset(&place).await, whole.len());
    exec(&door, &container, &["mkdir", "/tmp/there"]).await;
    let again = sender.piece(&place, whole.len(), b"", None).await;
    assert_eq!(sender.ended(&again).await["state"], "succeeded");
    assert!(in_container(&door, &container, "/tmp/there/file").await == (0o640, whole));

    let left = sender.made(&container.name, "/tmp/left", 10).await;
    sender.piece(&left, 0, b"abc", None).await;
    let id = left.rsplit('/').next().unwrap();
    door.close().await;
    let mut plane = door.plane;
    plane.stop().await;
    let facts = find(plane.home.path(), &format!("{id}.json"));
    let mut known: Value = serde_json::from_slice(&std::fs::read(&facts).unwrap()).unwrap();
    known["expires_at"] = json!("2020-01-01T00:00:00Z");
    std::fs::write(&facts, known.to_string()).unwrap();
    plane.restart().await;
    let mut door = Door::over(plane).await;
    let sender = Sender { address: door.url(""), ..sender };
    let gone = async {
        while sender.json(&left).await.0 != 404 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.expect("it is forgotten");
    assert!(!facts.exists());
    door.close().await;
}

/// Runs a command in a container.
async fn exec(door: &Door, container: &Container, command: &[&str]) {
    let open = OpenSession { container: container.id.to_string(), command: command.iter().map(|&word| word.to_owned()).collect(), ..OpenSession::default() };
    let session = door.plane.control.create_session(&admin(), open, None).await.unwrap();
    let ended = async {
        while door.plane.control.get_session(&admin(), session.id.as_str()).await.unwrap().state == SessionState::Live {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), ended).await.unwrap();
}
