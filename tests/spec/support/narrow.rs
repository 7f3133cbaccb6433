//! A way to a server that lets through only so much, and can be cut.
use std::io::Read as _;
use std::io::Write as _;
use std::net::Shutdown;
use std::net::TcpListener;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::Condvar;
use std::sync::Mutex;
use std::time::Duration;

/// The way. It lets through so many bytes, in both directions together, and then holds everything until it is widened.
pub struct Narrow {
    /// Its port, on every address of this machine.
    pub port: u16,
    gate: Arc<Gate>,
}

#[derive(Default)]
struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    left: usize,
    held: usize,
    /// Grows with each cut; connections of before are closed.
    cuts: usize,
}

impl Narrow {
    pub fn to(upstream: &str, bytes: usize) -> Self {
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let gate = Arc::new(Gate { state: Mutex::new(State { left: bytes, ..State::default() }), ..Gate::default() });
        let (upstream, shared) = (upstream.to_owned(), gate.clone());
        // It ends with the test's process: the last thread waits for a connection that does not come.
        std::thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                let Ok(server) = TcpStream::connect(&upstream) else { continue };
                let (back, forth) = (shared.clone(), shared.clone());
                let (from, to) = (server.try_clone().unwrap(), client.try_clone().unwrap());
                std::thread::spawn(move || back.pass(from, to));
                std::thread::spawn(move || forth.pass(client, server));
            }
        });
        Self { port, gate }
    }

    /// Lets through so many bytes from now on.
    pub fn let_through(&self, bytes: usize) {
        self.gate.state.lock().unwrap().left = bytes;
        self.gate.changed.notify_all();
    }

    /// Lets everything through.
    pub fn open(&self) {
        self.let_through(usize::MAX / 2);
    }

    /// Waits until something is held.
    pub fn until_held(&self) {
        let state = self.gate.state.lock().unwrap();
        let patience = Duration::from_secs(if std::env::var_os("CTO_PROVE").is_some() { 600 } else { 60 });
        let (state, waited) = self.gate.changed.wait_timeout_while(state, patience, |state| state.held == 0).unwrap();
        // Given back before a complaint, which would else come up again in every thread that asks for it.
        drop(state);
        assert!(!waited.timed_out(), "nothing came so far");
    }

    /// Closes the connections that are held.
    pub fn cut(&self) {
        self.gate.state.lock().unwrap().cuts += 1;
        self.gate.changed.notify_all();
    }
}

impl Drop for Narrow {
    fn drop(&mut self) {
        self.cut();
        self.open();
    }
}

impl Gate {
    fn pass(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = vec![0; 16 << 10];
        while let Ok(count) = from.read(&mut buffer) {
            if count == 0 {
                break;
            }
            if !self.may(count) {
                // Neither side gets another byte.
                let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
                return;
            }
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
        }
        let _ = (to.shutdown(Shutdown::Write), from.shutdown(Shutdown::Read));
    }

    /// Waits until so many bytes may pass; not when the connection is cut.
    fn may(&self, count: usize) -> bool {
        let mut state = self.state.lock().unwrap();
        let before = state.cuts;
        if state.left < count {
            state.held += 1;
            self.changed.notify_all();
            state = self.changed.wait_while(state, |state| state.left < count && state.cuts == before).unwrap();
            state.held -= 1;
        }
        if state.cuts != before {
            return false;
        }
        state.left -= count;
        true
    }
}
