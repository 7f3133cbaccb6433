//! Names and addresses: asked of the machine's name servers, and answered for the neighbour.
//!
//! A static program has no resolver of its own that could be used everywhere, and needs little: the IPv4 addresses of a name. What name servers
//! and the neighbour send is not trusted to be what it should.
use std::hash::BuildHasher;
use std::hash::Hasher;
use std::io;
use std::io::Read;
use std::io::Write;
use std::net::Ipv4Addr;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::net::UdpSocket;
use std::time::Duration;
use std::time::Instant;

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// How often each name server is asked.
const ROUNDS: usize = 2;
/// Name servers that are asked, as in any resolver.
const SERVERS: usize = 3;
/// Addresses of a host that are tried.
const ADDRESSES: usize = 8;
/// Most bytes of a file that says where hosts or name servers are, and of an answer.
const MOST: usize = 64 * 1024;
/// Where a question begins.
const HEADER: usize = 12;
/// The answer does not fit.
const CUT: u8 = 0b10;
/// Seconds for which an answer holds.
const HOLDS: u32 = 60;

/// The IPv4 addresses of a host: from `/etc/hosts`, else from the name servers.
pub fn addresses(name: &str) -> io::Result<Vec<Ipv4Addr>> {
    let known = in_hosts(&file("/etc/hosts"), name);
    if !known.is_empty() {
        return Ok(known);
    }
    ask(&name_servers(&file("/etc/resolv.conf")), name)
}

fn file(path: &str) -> String {
    let mut text = Vec::new();
    // One that can't be read says nothing.
    let _ = std::fs::File::open(path).and_then(|file| file.take(MOST as u64).read_to_end(&mut text));
    String::from_utf8_lossy(&text).into_owned()
}

fn in_hosts(text: &str, name: &str) -> Vec<Ipv4Addr> {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().split_whitespace());
    let found = lines.filter_map(|mut words| {
        let address = words.next()?.parse().ok()?;
        words.any(|word| word.eq_ignore_ascii_case(name)).then_some(address)
    });
    found.take(ADDRESSES).collect()
}

fn name_servers(text: &str) -> Vec<SocketAddr> {
    let words = text.lines().map(str::split_whitespace).filter_map(|mut words| (words.next()? == "nameserver").then(|| words.next())?);
    words.filter_map(|word| word.parse().ok()).map(|address| SocketAddr::new(address, 53)).take(SERVERS).collect()
}

/// Asks one server after the other, until one knows.
fn ask(servers: &[SocketAddr], name: &str) -> io::Result<Vec<Ipv4Addr>> {
    let mut last = io::Error::other("no name server is known");
    for server in servers.iter().cycle().take(servers.len() * ROUNDS) {
        match ask_one(*server, name) {
            Ok(found) => return Ok(found),
            // This one is sure of it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn ask_one(server: SocketAddr, name: &str) -> io::Result<Vec<Ipv4Addr>> {
    // Together with the port, which the system chooses, what a stranger would have to guess.
    let id = std::collections::hash_map::RandomState::new().build_hasher().finish() as u16;
    let query = question(id, name).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "it can't be a name"))?;
    let any: SocketAddr = if server.is_ipv4() { (Ipv4Addr::UNSPECIFIED, 0).into() } else { (std::net::Ipv6Addr::UNSPECIFIED, 0).into() };
    let socket = UdpSocket::bind(any)?;
    socket.connect(server)?;
    socket.send(&query)?;
    let until = Instant::now() + PATIENCE;
    let mut answer = [0; 4096];
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        socket.set_read_timeout(Some(left))?;
        let count = socket.recv(&mut answer)?;
        let answer = &answer[..count];
        // What answers another question is not for us.
        if answers(answer, &query) {
            return if answer[2] & CUT == 0 { read(answer, query.len()) } else { ask_whole(server, &query) };
        }
    }
}

/// The same by TCP, where the answer is too long for UDP.
fn ask_whole(server: SocketAddr, query: &[u8]) -> io::Result<Vec<Ipv4Addr>> {
    let mut stream = TcpStream::connect_timeout(&server, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(&[&(query.len() as u16).to_be_bytes(), query].concat())?;
    let mut length = [0; 2];
    stream.read_exact(&mut length)?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer)?;
    if answers(&answer, query) { read(&answer, query.len()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// The question for the IPv4 addresses of a name; none where no name is like that.
fn question(id: u16, name: &str) -> Option<Vec<u8>> {
    let mut bytes = [id.to_be_bytes(), [1, 0], [0, 1], [0, 0], [0, 0], [0, 0]].concat();
    for label in name.split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..64).contains(length))?;
        bytes.push(length);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.extend_from_slice(&[0, 0, 1, 0, 1]);
    (bytes.len() <= HEADER + 255 + 4).then_some(bytes)
}

/// Whether this answers that question.
fn answers(answer: &[u8], query: &[u8]) -> bool {
    answer.len() >= query.len() && answer[..2] == query[..2] && answer[2] & 0x80 != 0 && answer[4..6] == [0, 1] && {
        answer[HEADER..query.len()].eq_ignore_ascii_case(&query[HEADER..])
    }
}

/// The addresses in an answer whose question ends at `at`.
fn read(answer: &[u8], at: usize) -> io::Result<Vec<Ipv4Addr>> {
    match answer[3] & 0xf {
        0 => {}
        3 => return Err(io::Error::new(io::ErrorKind::NotFound, "there is no such name")),
        code => return Err(io::Error::other(format!("the name server says {code}"))),
    }
    let count = u16::from_be_bytes([answer[6], answer[7]]);
    let mut found = Vec::new();
    let mut rest = &answer[at..];
    for _ in 0..count {
        // One that is cut is as good as not there.
        let Some((address, after)) = record(rest) else { break };
        found.extend(address);
        rest = after;
        if found.len() == ADDRESSES {
            break;
        }
    }
    if found.is_empty() { Err(io::Error::new(io::ErrorKind::NotFound, "it has no IPv4 address")) } else { Ok(found) }
}

/// One record: its address, if that is what it is, and what follows.
fn record(bytes: &[u8]) -> Option<(Option<Ipv4Addr>, &[u8])> {
    let rest = past_name(bytes)?;
    let (head, rest) = rest.split_at_checked(10)?;
    let (data, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes([head[8], head[9]])))?;
    let address = match data {
        [a, b, c, d] if head[..4] == [0, 1, 0, 1] => Some(Ipv4Addr::new(*a, *b, *c, *d)),
        _ => None,
    };
    Some((address, rest))
}

/// What follows a name; one that goes on elsewhere ends here.
fn past_name(mut bytes: &[u8]) -> Option<&[u8]> {
    loop {
        match bytes {
            [0, rest @ ..] => return Some(rest),
            [length, _, rest @ ..] if *length >= 0xc0 => return Some(rest),
            [length, rest @ ..] if *length < 64 => bytes = rest.get(usize::from(*length)..)?,
            _ => return None,
        }
    }
}

/// The answer to a question: `address` for names that are `known`, that there is no such name for others. None to what is no question.
pub fn answer(query: &[u8], address: Ipv4Addr, known: impl Fn(&str) -> bool) -> Option<Vec<u8>> {
    let (header, question) = query.split_at_checked(HEADER)?;
    if header[2] & 0xf8 != 0 || header[4..6] != [0, 1] {
        return None;
    }
    let (mut name, mut rest) = (String::new(), question);
    while let [length @ 1..64, after @ ..] = rest {
        let (label, after) = after.split_at_checked(usize::from(*length))?;
        if !name.is_empty() {
            name.push('.');
        }
        name.push_str(&String::from_utf8_lossy(label).to_ascii_lowercase());
        rest = after;
    }
    let [0, kind @ .., _, _] = rest.get(..5)? else { return None };
    let asked = &question[..question.len() - rest.len() + 5];
    let (is_known, is_address) = (known(&name), kind == [0, 1]);
    let flags = [0x84 | header[2] & 1, if is_known { 0x80 } else { 0x83 }];
    let count = u8::from(is_known && is_address);
    let mut bytes = [&header[..2], &flags, &[0, 1, 0, count, 0, 0, 0, 0], asked].concat();
    if count == 1 {
        bytes.extend_from_slice(&[0xc0, HEADER as u8, 0, 1, 0, 1]);
        bytes.extend_from_slice(&HOLDS.to_be_bytes());
        bytes.extend_from_slice(&[0, 4]);
        bytes.extend_from_slice(&address.octets());
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 2);

    #[test]
    fn a_question_is_answered_for_known_names_alone() {
        let known = |name: &str| name == "pypi.org";
        let query = question(7, "PyPI.org").expect("a name");
        let answered = answer(&query, ADDRESS, known).expect("an answer");
        assert!(answers(&answered, &query));
        assert_eq!(read(&answered, query.len()).expect("an address"), [ADDRESS]);
        let other = question(7, "evil.example").expect("a name");
        let refused = answer(&other, ADDRESS, known).expect("an answer");
        assert_eq!(read(&refused, other.len()).expect_err("none").kind(), io::ErrorKind::NotFound);
        let mut of_another_kind = query.clone();
        of_another_kind[query.len() - 3] = 28;
        let empty = answer(&of_another_kind, ADDRESS, known).expect("an answer");
        assert_eq!((empty[3] & 0xf, empty[7]), (0, 0), "it is there, and has no IPv6");
        for cut in 0..query.len() {
            assert!(answer(&query[..cut], ADDRESS, known).is_none(), "{cut}");
        }
        assert!(answer(&answered, ADDRESS, known).is_none(), "an answer is no question");
    }

    #[test]
    fn what_a_name_server_sends_is_not_believed() {
        let query = question(7, "pypi.org").expect("a name");
        let good = answer(&query, ADDRESS, |_| true).expect("an answer");
        for cut in query.len()..good.len() {
            assert!(read(&good[..cut], query.len()).is_err(), "{cut}");
        }
        for at in 0..good.len() {
            for value in 0..=255 {
                let mut bytes = good.clone();
                bytes[at] = value;
                if answers(&bytes, &query) {
                    assert!(read(&bytes, query.len()).unwrap_or_default().len() <= ADDRESSES);
                }
                let _ = answer(&bytes, ADDRESS, |_| true);
            }
        }
        // A name that points at itself, and records without end.
        let mut endless = good.clone();
        endless[6..8].copy_from_slice(&[0xff, 0xff]);
        assert_eq!(read(&endless, query.len()).expect("what is there"), [ADDRESS]);
        for other in [question(8, "pypi.org"), question(7, "pypi.com")] {
            assert!(!answers(&good, &other.expect("a name")));
        }
        for bad in ["", "a..b", &"a".repeat(64), &"a.".repeat(200)] {
            assert!(question(1, bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_server_is_asked_and_a_cut_answer_asked_again_as_a_whole() {
        let socket = UdpSocket::bind(("127.0.0.1", 0)).expect("a port");
        let server = socket.local_addr().expect("an address");
        let listener = std::net::TcpListener::bind(server).expect("the same port");
        let serving = std::thread::spawn(move || {
            let mut query = [0; 512];
            let (count, from) = socket.recv_from(&mut query).expect("a question");
            let mut cut = answer(&query[..count], ADDRESS, |_| true).expect("an answer");
            socket.send_to(b"nonsense", from).expect("sent");
            cut[2] |= CUT;
            socket.send_to(&cut, from).expect("sent");
            let mut stream = listener.accept().expect("a connection").0;
            let mut again = vec![0; count + 2];
            stream.read_exact(&mut again).expect("the question");
            let whole = answer(&again[2..], ADDRESS, |_| true).expect("an answer");
            stream.write_all(&[&(whole.len() as u16).to_be_bytes(), whole.as_slice()].concat()).expect("sent");
        });
        assert_eq!(ask(&[server], "pypi.org").expect("an address"), [ADDRESS]);
        serving.join().expect("no panic");
    }

    #[test]
    fn hosts_and_name_servers_are_read_from_their_files() {
        assert_eq!(in_hosts("127.0.0.1 localhost\n::1 db\n10.0.0.5\tx DB # db2\n", "db"), [Ipv4Addr::new(10, 0, 0, 5)]);
        assert!(in_hosts("10.0.0.5 x # db\n", "db").is_empty());
        let servers = name_servers("# nameserver 1.1.1.1\nnameserver 127.0.0.11\noptions ndots:0\nnameserver fe80::1%eth0\nnameserver ::1\n");
        assert_eq!(servers, ["127.0.0.11:53".parse().expect("an address"), "[::1]:53".parse().expect("an address")]);
    }
}
