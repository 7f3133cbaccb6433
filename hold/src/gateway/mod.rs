//! `hold gateway`: the only way out of a container that may reach named hosts and nothing else.
//!
//! It runs in a container of its own, beside the other one, whose network has nothing but a few sockets (`ends`), which are served here. It answers for
//! the names of the allowed hosts, takes connections at their ports, and takes each on to one of them; where nothing says to which, it closes it. Whatever the
//! other container sends, no other host is ever reached. One thread a connection: each holds up nobody else.
mod choose;
mod dns;
mod ends;
mod relay;

use crate::fault::Fault;
use ends::Ends;
use hold::ErrorCode;
use rustix::event::PollFd;
use rustix::event::PollFlags;
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io;
use std::io::Write;
use std::net::Ipv4Addr;
use std::net::TcpStream;
use std::net::UdpSocket;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::time::Duration;
use std::time::Instant;

/// Connections at once; further ones are closed.
const CONNECTIONS: usize = 256;
/// Allowed hosts and ports.
const MOST: usize = 128;
/// How long all addresses of a host together may take to answer.
const CONNECTING: Duration = Duration::from_secs(15);
/// How long one of them may take.
const ONE_ADDRESS: Duration = Duration::from_secs(5);
/// A stack is used to a few kilobytes.
const STACK: usize = 128 * 1024;
/// Between two lines of the log: who fills it says nothing new.
const QUIET: Duration = Duration::from_secs(1);
/// Between two looks whether the sockets are there.
const AGAIN: Duration = Duration::from_millis(100);

/// Where a cloud tells its machines what is theirs, apart from 169.254.0.0/16: at Azure, at Alibaba and at Oracle.
const CLOUDS: [Ipv4Addr; 3] = [Ipv4Addr::new(168, 63, 129, 16), Ipv4Addr::new(100, 100, 100, 200), Ipv4Addr::new(192, 0, 0, 192)];
/// What is no address of the internet: networks of houses and of providers, what is kept for protocols, and what is kept for tests of networks.
const PRIVATE: [(Ipv4Addr, u32); 6] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
];

/// A host that may be reached, at one port.
#[derive(Debug, PartialEq, Eq)]
struct Allowed {
    /// What the container calls it, in lower case.
    name: String,
    place: Place,
    port: u16,
}

/// Where a host is.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// Where name servers say, if that is in the internet.
    Public,
    /// Where name servers say, also in a private network.
    Anywhere,
    /// There.
    At(Ipv4Addr),
}

struct Gateway {
    /// Where its sockets are to be had.
    door: PathBuf,
    /// Its address on the container's network.
    inside: Ipv4Addr,
    allowed: Vec<Allowed>,
    open: AtomicUsize,
    /// What is logged. While one line waits, further ones are dropped: nobody waits for the log.
    log: mpsc::SyncSender<String>,
}

/// Runs until it is killed; gives an exit status where it can't begin.
pub fn run(arguments: impl Iterator<Item = OsString>) -> i32 {
    let failed = |fault: Fault| {
        println!("{}", fault.json());
        1
    };
    let words: Vec<String> = arguments.map(|word| word.to_string_lossy().into_owned()).collect();
    let (log, lines) = mpsc::sync_channel(1);
    let gateway = match read(&words, log) {
        Some(gateway) => Arc::new(gateway),
        None => return failed(Fault::new(ErrorCode::Usage, "hold gateway DOOR ADDRESS NAME[=ADDRESS|=private]:PORT…")),
    };
    match gateway.serve(lines) {
        Ok(()) => 0,
        Err(error) => failed(Fault::system("to be the gateway", error)),
    }
}

/// Makes the sockets of a gateway with the same words. Runs until it is killed; gives an exit status where it can't begin.
pub fn make_ends(arguments: impl Iterator<Item = OsString>) -> i32 {
    let failed = |fault: Fault| {
        println!("{}", fault.json());
        1
    };
    let words: Vec<String> = arguments.map(|word| word.to_string_lossy().into_owned()).collect();
    let Some(gateway) = read(&words, mpsc::sync_channel(1).0) else {
        return failed(Fault::new(ErrorCode::Usage, "hold gateway-ends DOOR ADDRESS NAME[=ADDRESS|=private]:PORT…"));
    };
    let ports: BTreeSet<u16> = gateway.allowed.iter().map(|allowed| allowed.port).collect();
    match ends::make(&gateway.door, gateway.inside, &ports) {
        Ok(()) => 0,
        Err(error) => failed(Fault::system("to make the sockets of a gateway", error)),
    }
}

/// The gateway that these words describe.
fn read(words: &[String], log: mpsc::SyncSender<String>) -> Option<Gateway> {
    let [door, inside, hosts @ ..] = words else { return None };
    let inside = inside.parse().ok()?;
    let allowed: Vec<Allowed> = hosts.iter().map(|host| allowed(host)).collect::<Option<_>>()?;
    let gateway = Gateway { door: door.into(), inside, allowed, open: AtomicUsize::new(0), log };
    (1..=MOST).contains(&gateway.allowed.len()).then_some(gateway)
}

fn allowed(text: &str) -> Option<Allowed> {
    let (name, port) = text.rsplit_once(':')?;
    let port = port.parse().ok().filter(|port| *port > 0)?;
    let (name, place) = match name.split_once('=') {
        Some((name, "private")) => (name, Place::Anywhere),
        Some((name, address)) => (name, Place::At(address.parse().ok()?)),
        None => (name, Place::Public),
    };
    Some(Allowed { name: choose::plain(name)?, place, port })
}

/// Whether an address is in a range, given by one of its addresses and its bits.
fn is_in(address: Ipv4Addr, (range, bits): (Ipv4Addr, u32)) -> bool {
    let mask = u32::MAX << (32 - bits);
    address.to_bits() & mask == range.to_bits() & mask
}

impl Gateway {
    fn serve(self: &Arc<Self>, lines: mpsc::Receiver<String>) -> io::Result<()> {
        std::thread::Builder::new().stack_size(STACK).spawn(move || {
            for line in lines {
                // A log that can't be written is not missed here.
                let _ = writeln!(io::stdout(), "{line}");
                std::thread::sleep(QUIET);
            }
        })?;
        loop {
            // They are made at the same time, and anew when their network is.
            match ends::take(&self.door) {
                Ok(ends) => self.serve_ends(&ends)?,
                Err(_) => std::thread::sleep(AGAIN),
            }
        }
    }

    /// Serves sockets until who made them is gone.
    fn serve_ends(self: &Arc<Self>, ends: &Ends) -> io::Result<()> {
        loop {
            let mut fds = vec![PollFd::new(&ends.maker, PollFlags::IN), PollFd::new(&ends.names, PollFlags::IN)];
            fds.extend(ends.listeners.iter().map(|(_, listener)| PollFd::new(listener, PollFlags::IN)));
            match rustix::event::poll(&mut fds, None) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            if !fds[0].revents().is_empty() {
                return Ok(());
            }
            self.answer_names(&ends.names);
            for (port, listener) in &ends.listeners {
                match listener.accept() {
                    Ok((client, _)) => self.take(client, *port),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    // It went before it was taken, or there is no room for it now.
                    Err(_) => std::thread::sleep(Duration::from_millis(5)),
                }
            }
        }
    }

    /// Gives a connection a thread of its own.
    fn take(self: &Arc<Self>, client: TcpStream, port: u16) {
        if self.open.fetch_add(1, Ordering::Relaxed) >= CONNECTIONS {
            self.open.fetch_sub(1, Ordering::Relaxed);
            return self.log("more connections at once than are taken");
        }
        let gateway = self.clone();
        let work = move || {
            if let Err(why) = gateway.take_on(client, port) {
                gateway.log(&why);
            }
            gateway.open.fetch_sub(1, Ordering::Relaxed);
        };
        if std::thread::Builder::new().stack_size(STACK).spawn(work).is_err() {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
    }

    /// From the first byte of a connection to its last.
    fn take_on(&self, mut client: TcpStream, port: u16) -> Result<(), String> {
        let hosts: Vec<&Allowed> = self.allowed.iter().filter(|allowed| allowed.port == port).collect();
        let refused = |name: &str| format!("'{name}' is not allowed at port {port}");
        let (host, server, first) = match hosts.as_slice() {
            [one] => {
                let server = self.connect(one)?;
                let failed = |error: io::Error| format!("{}:{port}: {error}", one.name);
                // It may speak what it likes. Only TLS says once and for all whom it means; a server may stand for many.
                let first = if choose::begins_with_tls(&client, &server, relay::IDLE).map_err(failed)? {
                    match choose::wanted(&mut client)? {
                        (Some(name), _) if name != one.name => return Err(refused(&name)),
                        (_, first) => first,
                    }
                } else {
                    Vec::new()
                };
                (*one, server, first)
            }
            several => {
                let (name, first) = choose::wanted(&mut client)?;
                let name = name.ok_or_else(|| format!("several hosts are allowed at port {port}, and neither TLS nor HTTP says which one is wanted"))?;
                let host = several.iter().find(|host| host.name == name).ok_or_else(|| refused(&name))?;
                (*host, self.connect(host)?, first)
            }
        };
        relay::relay(&client, &server, first).map_err(|error| format!("{}:{port}: {error}", host.name))
    }

    /// A connection to an allowed host.
    fn connect(&self, host: &Allowed) -> Result<TcpStream, String> {
        let until = Instant::now() + CONNECTING;
        let all = match host.place {
            Place::At(address) => vec![address],
            _ => dns::addresses(&host.name).map_err(|error| format!("'{}' has no address: {error}", host.name))?,
        };
        let mut why = String::new();
        for address in all {
            let left = until.saturating_duration_since(Instant::now()).min(ONE_ADDRESS);
            if left.is_zero() {
                break;
            }
            if let Err(error) = self.may_be_reached(address, &host.place) {
                why = error;
                continue;
            }
            match TcpStream::connect_timeout(&(address, host.port).into(), left) {
                Ok(server) => return Ok(server),
                Err(error) => why = error.to_string(),
            }
        }
        Err(format!("'{}' can't be reached at port {}: {why}", host.name, host.port))
    }

    /// Whether a host may be there, whatever name servers say. Never this container itself, or what a cloud tells its machines;
    /// in a private network only where the template says so.
    fn may_be_reached(&self, address: Ipv4Addr, place: &Place) -> Result<(), String> {
        let first = address.octets()[0];
        let reserved = first == 0 || first >= 224 || address.is_loopback() || address.is_link_local() || CLOUDS.contains(&address);
        if reserved {
            return Err(format!("no container reaches {address}"));
        }
        if *place == Place::Public && PRIVATE.iter().any(|range| is_in(address, *range)) {
            return Err(format!("{address} is in a private network; 'NAME=private:PORT' in the template's 'network' allows that"));
        }
        Ok(())
    }

    /// Answers for the allowed names with its own address, and for no other; one question at a time, so that connections have their turn.
    fn answer_names(&self, socket: &UdpSocket) {
        let mut query = [0; 512];
        // None is there, or it was lost.
        let Ok((count, from)) = socket.recv_from(&mut query) else { return };
        let known = |name: &str| self.allowed.iter().any(|allowed| allowed.name == name);
        if let Some(answer) = dns::answer(&query[..count], self.inside, known) {
            let _ = socket.send_to(&answer, from);
        }
    }

    fn log(&self, why: &str) {
        let _ = self.log.try_send(crate::fault::quoted(why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gateway(line: &str) -> Option<Gateway> {
        read(&line.split(' ').map(str::to_owned).collect::<Vec<_>>(), mpsc::sync_channel(1).0)
    }

    #[test]
    fn it_is_told_where_it_is_and_what_is_allowed() {
        let found = gateway("/door 127.0.0.2 PyPI.org:443 git.example=private:22 db=10.0.0.5:5432").expect("right").allowed;
        let host = |name: &str, place, port| Allowed { name: name.to_owned(), place, port };
        let db = host("db", Place::At(Ipv4Addr::new(10, 0, 0, 5)), 5432);
        assert_eq!(found, [host("pypi.org", Place::Public, 443), host("git.example", Place::Anywhere, 22), db]);
        for bad in [
            "",
            "/door 127.0.0.2",
            "/door a:1",
            "/door 127.0.0.2/8 a:1",
            "/door 127.0.0.2 a",
            "/door 127.0.0.2 a:0",
            "/door 127.0.0.2 a=b:1",
            "/door 127.0.0.2 :1",
        ] {
            assert!(gateway(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn no_name_leads_into_the_machine_or_to_what_a_cloud_tells_it() {
        let gateway = gateway("/door 127.0.0.2 a:1").expect("right");
        let may = |address: &str, place: &Place| gateway.may_be_reached(address.parse().expect("an address"), place).is_ok();
        for bad in ["127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "169.254.169.254", "224.0.0.1", "255.255.255.255", "240.0.0.1"] {
            assert!(!may(bad, &Place::Public) && !may(bad, &Place::Anywhere), "{bad}");
        }
        for bad in ["127.0.0.2", "168.63.129.16", "100.100.100.200", "192.0.0.192"] {
            assert!(!may(bad, &Place::Public) && !may(bad, &Place::Anywhere), "{bad}");
        }
        for private in ["10.0.0.5", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "198.18.0.9", "192.0.0.1"] {
            assert!(!may(private, &Place::Public) && may(private, &Place::Anywhere), "{private}");
            assert!(may(private, &Place::At(private.parse().expect("an address"))), "{private}");
        }
        for good in ["151.101.0.223", "172.32.0.1", "100.128.0.1", "11.0.0.1"] {
            assert!(may(good, &Place::Public), "{good}");
        }
    }
}
