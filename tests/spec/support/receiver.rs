//! A small HTTP server that answers as a test wants it to, also wrongly.
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

/// How a request is answered.
#[derive(Clone, Debug)]
pub enum Reply {
    /// This status and body.
    Status(u16, &'static str),
    /// This status, with a header.
    With(u16, &'static str),
    /// Never.
    Silence,
    /// Bytes that are no HTTP.
    Garbage,
    /// A body without end.
    Endless,
    /// A head without end.
    EndlessHead,
    /// 200, and then a body that does not come.
    Stuck,
}

/// A request that came.
#[derive(Clone, Debug, Default)]
pub struct Got {
    pub path: String,
    pub head: Vec<(String, String)>,
    pub body: String,
}

impl Got {
    pub fn header(&self, name: &str) -> &str {
        self.head.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

struct Inner {
    replies: Mutex<VecDeque<Reply>>,
    otherwise: Mutex<Reply>,
    got: watch::Sender<Vec<Got>>,
}

/// A receiver of webhooks.
#[derive(Clone)]
pub struct Receiver {
    pub address: SocketAddr,
    inner: Arc<Inner>,
}

impl Receiver {
    /// One that answers everything in this way.
    pub async fn start(otherwise: Reply) -> Self {
        Self::begin(otherwise, None).await
    }

    /// The same, encrypted.
    pub async fn start_tls(otherwise: Reply, acceptor: TlsAcceptor) -> Self {
        Self::begin(otherwise, Some(acceptor)).await
    }

    async fn begin(otherwise: Reply, acceptor: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inner = Arc::new(Inner { replies: Mutex::default(), otherwise: Mutex::new(otherwise), got: watch::Sender::new(Vec::new()) });
        let (address, serving) = (listener.local_addr().unwrap(), inner.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (serving, acceptor) = (serving.clone(), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => serve(stream, serving).await,
                        Some(acceptor) => {
                            // One that is not trusted is hung up on.
                            if let Ok(stream) = acceptor.accept(stream).await {
                                serve(stream, serving).await;
                            }
                        }
                    }
                });
            }
        });
        Self { address, inner }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next requests are answered like this, one after the other.
    pub fn answer(&self, replies: impl IntoIterator<Item = Reply>) {
        self.inner.replies.lock().unwrap().extend(replies);
    }

    /// Everything that came so far.
    pub fn got(&self) -> Vec<Got> {
        self.inner.got.borrow().clone()
    }

    /// Waits until so many requests came.
    pub async fn wait(&self, count: usize) -> Vec<Got> {
        let mut got = self.inner.got.subscribe();
        let waiting = got.wait_for(|got| got.len() >= count);
        tokio::time::timeout(super::engine::LONG, waiting).await.expect("the requests come").unwrap().clone()
    }
}

async fn serve<T: AsyncRead + AsyncWrite + Unpin>(mut stream: T, inner: Arc<Inner>) {
    let Some(got) = read(&mut stream).await else { return };
    let reply = inner.replies.lock().unwrap().pop_front().unwrap_or_else(|| inner.otherwise.lock().unwrap().clone());
    inner.got.send_modify(|all| all.push(got));
    let answer = match reply {
        Reply::Status(status, body) => format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n\r\n{body}", body.len()),
        Reply::With(status, header) => format!("HTTP/1.1 {status} x\r\n{header}\r\ncontent-length: 0\r\n\r\n"),
        Reply::Garbage => "\x00\x1b[2J not HTTP at all\r\n\r\n".to_owned(),
        Reply::Stuck => "HTTP/1.1 200 x\r\ncontent-length: 100\r\n\r\nbegun".to_owned(),
        Reply::Silence => String::new(),
        Reply::Endless => "HTTP/1.1 200 x\r\n\r\n".to_owned(),
        Reply::EndlessHead => "HTTP/1.1 200 x\r\n".to_owned(),
    };
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.flush().await;
    match reply {
        // Until the other side hangs up.
        Reply::Silence | Reply::Stuck => drop(stream.read(&mut [0; 64]).await),
        Reply::Endless => while stream.write_all(&[b'x'; 4096]).await.is_ok() {},
        Reply::EndlessHead => while stream.write_all(b"a: b\r\n").await.is_ok() {},
        _ => {}
    }
}

async fn read<T: AsyncRead + Unpin>(stream: &mut T) -> Option<Got> {
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let path = head.split(' ').nth(1)?.to_owned();
            let head: Vec<(String, String)> =
                head.lines().skip(1).filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
            let length = head.iter().find(|(name, _)| name == "content-length").and_then(|(_, value)| value.parse().ok()).unwrap_or(0);
            if bytes.len() >= end + 4 + length {
                return Some(Got { path, head, body: String::from_utf8_lossy(&bytes[end + 4..]).into_owned() });
            }
        }
        match stream.read(&mut piece).await {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
        }
    }
}

/// How a mail server does it.
#[derive(Clone)]
pub enum Mail {
    /// Without encryption.
    Plain,
    /// Encryption once it is asked for; these bytes come right after the answer, before it.
    StartTls(TlsAcceptor, &'static [u8]),
    /// It offers encryption, and then has none.
    NoTls,
    /// Encryption from the first byte on.
    Tls(TlsAcceptor),
}

/// What a mail server was told, without encryption and with it.
#[derive(Debug, Default)]
pub struct Told {
    pub plain: String,
    pub secret: String,
}

/// A mail server without encryption that takes one mail; everything that it was told.
pub async fn mail_server() -> (SocketAddr, tokio::task::JoinHandle<String>) {
    let (address, told) = mail_server_at("127.0.0.1:0", Mail::Plain).await.unwrap();
    (address, tokio::spawn(async move { told.await.unwrap().plain }))
}

/// A mail server that takes one mail.
pub async fn mail_server_at(address: &str, mail: Mail) -> std::io::Result<(SocketAddr, tokio::task::JoinHandle<Told>)> {
    let listener = TcpListener::bind(address).await?;
    let address = listener.local_addr()?;
    let taking = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut told = Told::default();
        match mail {
            Mail::Plain => drop(take_mail(&mut stream, true, b"250 SIZE 1000000\r\n", b"", &mut told.plain).await),
            Mail::NoTls => drop(take_mail(&mut stream, true, b"250 STARTTLS\r\n", b"454 not today\r\n", &mut told.plain).await),
            Mail::Tls(acceptor) => {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    take_mail(&mut stream, true, b"250 AUTH PLAIN\r\n", b"", &mut told.secret).await;
                }
            }
            Mail::StartTls(acceptor, early) => {
                let answer = [b"220 go on\r\n", early].concat();
                if take_mail(&mut stream, true, b"250 STARTTLS\r\n", &answer, &mut told.plain).await
                    && let Ok(mut stream) = acceptor.accept(stream).await
                {
                    take_mail(&mut stream, false, b"250 AUTH PLAIN\r\n", b"", &mut told.secret).await;
                }
            }
        }
        told
    });
    Ok((address, taking))
}

/// Takes a mail; true when the other side wants encryption first, and was answered so.
async fn take_mail<T: AsyncRead + AsyncWrite + Unpin>(stream: &mut T, greet: bool, offers: &[u8], tls: &[u8], told: &mut String) -> bool {
    let (mut piece, mut data) = ([0; 4096], false);
    if greet {
        let _ = stream.write_all(b"220 mail.example ESMTP\r\n").await;
    }
    loop {
        let _ = stream.flush().await;
        let Ok(count @ 1..) = stream.read(&mut piece).await else { return false };
        told.push_str(&String::from_utf8_lossy(&piece[..count]));
        if !told.ends_with("\r\n") || data && !told.ends_with("\r\n.\r\n") {
            continue;
        }
        let last = told.trim_end().lines().last().unwrap_or_default().to_owned();
        let answer = match last.split(' ').next().unwrap_or_default() {
            "EHLO" => [b"250-mail.example\r\n", offers].concat(),
            "AUTH" => b"235 welcome\r\n".to_vec(),
            "DATA" => {
                data = true;
                b"354 go on\r\n".to_vec()
            }
            "." => {
                data = false;
                b"250 taken as 42\r\n".to_vec()
            }
            "STARTTLS" => {
                let _ = stream.write_all(tls).await;
                if tls.starts_with(b"220") {
                    return true;
                }
                continue;
            }
            "QUIT" => return false,
            _ => b"250 fine\r\n".to_vec(),
        };
        let _ = stream.write_all(&answer).await;
    }
}
