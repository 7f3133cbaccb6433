//! Bytes from one connection to another and back, until both sides have ended.
use rustix::event::PollFd;
use rustix::event::PollFlags;
use rustix::event::Timespec;
use rustix::io::Errno;
use std::io;
use std::io::Read;
use std::io::Write;
use std::net::Shutdown;
use std::net::TcpStream;

/// Bytes that may be under way in each direction; then the one that sends waits.
const ROOM: usize = 16 * 1024;
/// After so many seconds without a byte a connection is over.
pub const IDLE: i64 = 3600;

/// One direction.
struct Way {
    buffer: Vec<u8>,
    /// What of the buffer was sent.
    sent: usize,
    /// Nothing more comes.
    ended: bool,
    /// The other side knows that.
    told: bool,
}

impl Way {
    fn new(first: Vec<u8>) -> Self {
        Self { buffer: first, sent: 0, ended: false, told: false }
    }

    fn wants_more(&self) -> bool {
        !self.ended && self.buffer.is_empty()
    }

    /// Moves what can be moved now; whether anything was.
    fn advance(&mut self, mut from: &TcpStream, mut to: &TcpStream) -> io::Result<bool> {
        let mut moved = false;
        if self.wants_more() {
            self.buffer.resize(ROOM, 0);
            let read = from.read(&mut self.buffer);
            self.buffer.truncate(*read.as_ref().unwrap_or(&0));
            self.sent = 0;
            match read {
                Ok(count) => (self.ended, moved) = (count == 0, true),
                Err(error) if is_for_later(&error) => {}
                Err(error) => return Err(error),
            }
        }
        while self.sent < self.buffer.len() {
            match to.write(&self.buffer[self.sent..]) {
                Ok(count) => (self.sent, moved) = (self.sent + count, true),
                Err(error) if is_for_later(&error) => return Ok(moved),
                Err(error) => return Err(error),
            }
        }
        self.buffer.clear();
        if self.ended && !self.told {
            to.shutdown(Shutdown::Write)?;
            (self.told, moved) = (true, true);
        }
        Ok(moved)
    }
}

fn is_for_later(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// Passes bytes on, `first` before what `client` still sends.
pub fn relay(client: &TcpStream, server: &TcpStream, first: Vec<u8>) -> io::Result<()> {
    for side in [client, server] {
        side.set_nonblocking(true)?;
        side.set_nodelay(true)?;
        rustix::net::sockopt::set_socket_keepalive(side, true)?;
    }
    let (mut up, mut down) = (Way::new(first), Way::new(Vec::new()));
    loop {
        let moved = up.advance(client, server)? | down.advance(server, client)?;
        if up.told && down.told {
            return Ok(());
        }
        if moved {
            continue;
        }
        let events = |reads: &Way, writes: &Way| {
            let mut events = PollFlags::empty();
            events.set(PollFlags::IN, reads.wants_more());
            events.set(PollFlags::OUT, !writes.buffer.is_empty());
            events
        };
        // One that nothing is wanted of is left out: if it is gone altogether, the kernel says so again and again.
        let sides = [(client, events(&up, &down)), (server, events(&down, &up))];
        let mut fds: Vec<PollFd> = sides.iter().filter(|(_, events)| !events.is_empty()).map(|(side, events)| PollFd::new(*side, *events)).collect();
        match rustix::event::poll(&mut fds, Some(&Timespec { tv_sec: IDLE, tv_nsec: 0 })) {
            Ok(0) => return Ok(()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::relay;
    use std::io::Read;
    use std::io::Write;
    use std::net::Shutdown;
    use std::net::TcpListener;
    use std::net::TcpStream;

    fn pair() -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let one = TcpStream::connect(listener.local_addr().expect("an address")).expect("a connection");
        (one, listener.accept().expect("the other end").0)
    }

    #[test]
    fn every_byte_arrives_both_ways_and_an_end_is_passed_on_alone() {
        let ((mut client, inner), (outer, mut server)) = (pair(), pair());
        let passing = std::thread::spawn(move || relay(&inner, &outer, b"first ".to_vec()));
        let sent: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
        let (sending, expected) = (sent.clone(), [b"first ".as_slice(), &sent].concat());
        let mut writer = client.try_clone().expect("a copy");
        let writing = std::thread::spawn(move || {
            writer.write_all(&sending).expect("all is taken");
            writer.shutdown(Shutdown::Write).expect("still there");
        });
        let mut received = Vec::new();
        server.read_to_end(&mut received).expect("to the end");
        assert!(received == expected, "{} bytes", received.len());
        // The other direction is still open, and longer than all buffers.
        server.write_all(&sent).expect("all is taken");
        drop(server);
        let mut back = Vec::new();
        client.read_to_end(&mut back).expect("to the end");
        assert!(back == sent, "{} bytes", back.len());
        writing.join().expect("no panic");
        passing.join().expect("no panic").expect("no error");
    }

    #[test]
    fn a_side_that_is_gone_ends_the_other() {
        let ((client, inner), (outer, mut server)) = (pair(), pair());
        let passing = std::thread::spawn(move || relay(&inner, &outer, Vec::new()));
        drop(client);
        assert_eq!(server.read(&mut [0; 8]).expect("an end"), 0);
        drop(server);
        let _ = passing.join().expect("no panic");
    }
}
