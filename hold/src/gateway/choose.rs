//! Which host a connection is meant for: what the first bytes of TLS or of HTTP say.
//!
//! The bytes are a stranger's. Nothing is taken from them but a name, and only one that is allowed counts.
use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::io::Errno;
use std::io;
use std::io::Read;
use std::net::TcpStream;
use std::time::Duration;
use std::time::Instant;

/// Most bytes that are read for it.
const MOST: usize = 16 * 1024;
/// How long they may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The longest name of a host.
const LONGEST: usize = 253;
/// What a connection with TLS begins with.
const TLS: u8 = 0x16;

/// What the bytes so far say.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    /// Not enough yet.
    More,
    /// The host that is wanted.
    Name(String),
    /// They will never say it.
    Nothing,
}

/// Whether a client begins with TLS, as soon as one of both sides says something; at the latest after so many seconds.
pub fn begins_with_tls(client: &TcpStream, server: &TcpStream, seconds: i64) -> io::Result<bool> {
    let mut fds = [PollFd::new(client, PollFlags::IN), PollFd::new(server, PollFlags::IN)];
    loop {
        match rustix::event::poll(&mut fds, Some(&Timespec { tv_sec: seconds, tv_nsec: 0 })) {
            Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
            Ok(_) => break,
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    // Where the server speaks first, it is no TLS.
    let mut first = [0];
    Ok(!fds[0].revents().is_empty() && client.peek(&mut first)? == 1 && first == [TLS])
}

/// The name of the host that a client wants, none where it names none, and the bytes that were read for it.
pub fn wanted(client: &mut TcpStream) -> Result<(Option<String>, Vec<u8>), String> {
    let until = Instant::now() + PATIENCE;
    let mut bytes = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err("a client did not say which host it wants".to_owned());
        }
        client.set_read_timeout(Some(left)).map_err(|error| error.to_string())?;
        let room = piece.len().min(MOST - bytes.len());
        match client.read(&mut piece[..room]) {
            Ok(0) => return Err("a client went before it said which host it wants".to_owned()),
            Ok(count) => bytes.extend_from_slice(&piece[..count]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(_) => return Err("a client did not say which host it wants".to_owned()),
        }
        match look(&bytes) {
            Look::Name(name) => return Ok((Some(name), bytes)),
            Look::Nothing => return Ok((None, bytes)),
            Look::More if bytes.len() < MOST => {}
            Look::More => return Err(format!("a client did not say within {MOST} bytes which host it wants")),
        }
    }
}

fn look(bytes: &[u8]) -> Look {
    match bytes.first() {
        None => Look::More,
        Some(&TLS) => hello(bytes),
        Some(_) => request(bytes),
    }
}

/// A name as hosts are compared: lower case, without a last dot. None where it can't be one.
pub fn plain(name: &str) -> Option<String> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!name.is_empty() && name.len() <= LONGEST && name.bytes().all(good)).then(|| name.to_ascii_lowercase())
}

/// The Host of an HTTP request.
fn request(bytes: &[u8]) -> Look {
    let mut lines = bytes.split_inclusive(|byte| *byte == b'\n');
    let Some(first) = lines.next() else { return Look::More };
    // A method comes first, whatever is asked.
    let method = first.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    if !(1..=16).contains(&method) || first.get(method).is_some_and(|byte| *byte != b' ') {
        return Look::Nothing;
    }
    for line in lines {
        let Some(line) = line.strip_suffix(b"\n") else { return Look::More };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return Look::Nothing;
        }
        let Some(at) = line.iter().position(|byte| *byte == b':') else { continue };
        if line[..at].eq_ignore_ascii_case(b"host") {
            return host(&line[at + 1..]).map_or(Look::Nothing, Look::Name);
        }
    }
    Look::More
}

/// The value of a Host, without its port.
fn host(value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?.trim();
    let name = match text.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => text,
    };
    plain(name)
}

/// The server's name in the ClientHello of TLS.
fn hello(bytes: &[u8]) -> Look {
    // A message may come in several records.
    let mut message = Vec::new();
    let mut rest = bytes;
    while let [kind, major, _, high, low, after @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if *kind != TLS || *major != 3 || length == 0 || length > MOST {
            return Look::Nothing;
        }
        let there = length.min(after.len());
        message.extend_from_slice(&after[..there]);
        rest = &after[there..];
    }
    let [kind, length @ .., _] = message.get(..5).unwrap_or_default() else { return Look::More };
    let length = length.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    if *kind != 1 || length > MOST {
        return Look::Nothing;
    }
    match message.get(4..4 + length) {
        None => Look::More,
        Some(message) => server_name(message).and_then(|name| plain(std::str::from_utf8(name).ok()?)).map_or(Look::Nothing, Look::Name),
    }
}

/// The name in a whole ClientHello.
fn server_name(message: &[u8]) -> Option<&[u8]> {
    let mut message = Bytes(message);
    // Version and random bytes; session, ciphers, compressions.
    message.take(2 + 32)?;
    message.counted(1)?;
    message.counted(2)?;
    message.counted(1)?;
    let mut extensions = Bytes(message.counted(2)?);
    loop {
        let kind = extensions.take(2)?;
        let mut extension = Bytes(extensions.counted(2)?);
        if kind == [0, 0] {
            let mut names = Bytes(extension.counted(2)?);
            return if names.take(1)? == [0] { names.counted(2) } else { None };
        }
    }
}

/// What is still to be read.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    /// So many bytes as a number of `width` bytes says.
    fn counted(&mut self, width: usize) -> Option<&'a [u8]> {
        let count = self.take(width)?.iter().fold(0_usize, |count, byte| count << 8 | usize::from(*byte));
        self.take(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> Look {
        Look::Name(text.to_owned())
    }

    /// A ClientHello for `host` in records of at most `piece` bytes.
    fn client_hello(host: &str, piece: usize) -> Vec<u8> {
        let counted = |width: usize, bytes: &[u8]| [&bytes.len().to_be_bytes()[8 - width..], bytes].concat();
        let names = counted(2, &[&[0], counted(2, host.as_bytes()).as_slice()].concat());
        let extensions = [&[0, 43], counted(2, &[2, 3, 4]).as_slice(), &[0, 0], &counted(2, &names)].concat();
        let body = [&[3, 3], [7; 32].as_slice(), &counted(1, &[9; 32]), &counted(2, &[0x13, 1]), &[1, 0], &counted(2, &extensions)].concat();
        let message = [&[1], counted(3, &body).as_slice()].concat();
        message.chunks(piece).flat_map(|piece| [&[0x16, 3, 1], counted(2, piece).as_slice()].concat()).collect()
    }

    #[test]
    fn tls_says_which_host_it_wants_however_it_is_cut() {
        for piece in [usize::MAX, 1, 5, 60] {
            let bytes = client_hello("Files.PythonHosted.org", piece.min(16_000));
            assert_eq!(look(&bytes), name("files.pythonhosted.org"), "{piece}");
            for cut in 0..bytes.len() {
                assert_eq!(look(&bytes[..cut]), Look::More, "{piece} {cut}");
            }
        }
        assert_eq!(look(&client_hello("", 16_000)), Look::Nothing);
        assert_eq!(look(&client_hello("a b", 16_000)), Look::Nothing);
        assert_eq!(look(&client_hello(&"a".repeat(300), 16_000)), Look::Nothing);
    }

    #[test]
    fn http_says_which_host_it_wants() {
        for (text, found) in [
            ("GET / HTTP/1.1\r\nHost: PyPI.org\r\n", name("pypi.org")),
            ("GET / HTTP/1.1\nx: y\nhOsT:pypi.org:8080\n", name("pypi.org")),
            ("POST /a HTTP/1.1\r\nUser-Agent: Host: evil\r\nHost: a.b.\r\nHost: evil\r\n\r\n", name("a.b")),
            ("GET / HTTP/1.1\r\nHost: a", Look::More),
            ("GET", Look::More),
            ("GET / HTTP/1.1\r\n\r\nHost: a\r\n", Look::Nothing),
            ("GET / HTTP/1.1\r\nHost: \r\n", Look::Nothing),
            ("GET / HTTP/1.1\r\nHost: a b\r\n", Look::Nothing),
            ("GET / HTTP/1.1\r\nHost: [::1]:80\r\n", Look::Nothing),
            ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Look::Nothing),
            ("SSH-2.0-OpenSSH\r\n", Look::Nothing),
            ("AAAAAAAAAAAAAAAAAAAAAAAA", Look::Nothing),
            ("get / HTTP/1.1\r\nHost: a\r\n", Look::Nothing),
            ("\0\0\0", Look::Nothing),
        ] {
            assert_eq!(look(text.as_bytes()), found, "{text:?}");
        }
    }

    #[test]
    fn nonsense_is_no_host() {
        let good = client_hello("pypi.org", 16_000);
        // Whatever single byte is changed, and to what: no panic, and nothing but a name or none.
        for at in 0..good.len() {
            for value in 0..=255 {
                let mut bytes = good.clone();
                bytes[at] = value;
                if let Look::Name(name) = look(&bytes) {
                    assert!(plain(&name).is_some());
                }
            }
        }
        let mut state = 1_u64;
        for length in 0..2000 {
            let mut noise = |_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                (state >> 56) as u8
            };
            let mut bytes: Vec<u8> = (0..length).map(&mut noise).collect();
            let _ = look(&bytes);
            bytes.splice(0..0, [0x16, 3, 1]);
            let _ = look(&bytes);
        }
        assert_eq!(look(&[0x16, 3, 1, 0, 0]), Look::Nothing);
        assert_eq!(look(&[0x16, 3, 1, 0xff, 0xff]), Look::Nothing);
        assert_eq!(look(&[0x16, 3, 1, 0, 5, 1, 0xff, 0xff, 0xff, 0]), Look::Nothing, "a message longer than is read");
    }
}
