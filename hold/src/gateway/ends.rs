//! The ends of a gateway inside of its container: sockets that are made there, and served from elsewhere.
//!
//! A socket stays in the network that it was made in, whoever has it. So `hold gateway-ends`, on the network of the container, which has nothing but
//! itself, makes the sockets, and hands them to the gateway, which is on another network and only there connects. Between the two networks there is
//! no wire: nothing but these sockets leads from one into the other.
use rustix::net::RecvAncillaryBuffer;
use rustix::net::RecvAncillaryMessage;
use rustix::net::RecvFlags;
use rustix::net::SendAncillaryBuffer;
use rustix::net::SendAncillaryMessage;
use rustix::net::SendFlags;
use std::collections::BTreeSet;
use std::io;
use std::io::IoSlice;
use std::io::IoSliceMut;
use std::mem::MaybeUninit;
use std::net::Ipv4Addr;
use std::net::TcpListener;
use std::net::UdpSocket;
use std::os::fd::AsFd;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixListener;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// Sockets that are handed over at most: one for names, and one for each allowed port.
const MOST: usize = super::MOST + 1;

/// The sockets of a gateway.
pub struct Ends {
    /// Questions for names.
    pub names: UdpSocket,
    /// Connections, by port.
    pub listeners: Vec<(u16, TcpListener)>,
    /// Is closed when who made them is gone, and their network with it.
    pub maker: UnixStream,
}

/// Makes the sockets, and hands them to whoever comes to `door`. Ends only by an error.
pub fn make(door: &Path, address: Ipv4Addr, ports: &BTreeSet<u16>) -> io::Result<()> {
    let names = UdpSocket::bind((address, 53))?;
    let listeners: Vec<TcpListener> = ports.iter().map(|port| TcpListener::bind((address, *port))).collect::<io::Result<_>>()?;
    match std::fs::remove_file(door) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        // One that was killed has left it.
        _ => {}
    }
    let door = UnixListener::bind(door)?;
    let mut taker: Option<UnixStream> = None;
    loop {
        let (stream, _) = door.accept()?;
        // A gateway that goes meanwhile comes again.
        if hand_over(&stream, &names, &listeners).is_ok() {
            taker.replace(stream);
        }
    }
}

fn hand_over(stream: &UnixStream, names: &UdpSocket, listeners: &[TcpListener]) -> io::Result<()> {
    let sockets: Vec<_> = std::iter::once(names.as_fd()).chain(listeners.iter().map(AsFd::as_fd)).collect();
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !control.push(SendAncillaryMessage::ScmRights(&sockets)) {
        return Err(io::Error::other("more sockets than can be handed over"));
    }
    // What is handed over goes with a byte.
    rustix::net::sendmsg(stream, &[IoSlice::new(&[0])], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Asks at `door` for the sockets.
pub fn take(door: &Path) -> io::Result<Ends> {
    let maker = UnixStream::connect(door)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MOST))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    rustix::net::recvmsg(&maker, &mut [IoSliceMut::new(&mut [0])], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut sockets = control.drain().flat_map(|message| match message {
        RecvAncillaryMessage::ScmRights(sockets) => sockets.collect::<Vec<OwnedFd>>(),
        _ => Vec::new(),
    });
    let names = UdpSocket::from(sockets.next().ok_or_else(|| io::Error::other("no sockets were handed over"))?);
    let mut listeners = Vec::new();
    for listener in sockets.map(TcpListener::from) {
        listeners.push((listener.local_addr()?.port(), listener));
    }
    names.set_nonblocking(true)?;
    for (_, listener) in &listeners {
        listener.set_nonblocking(true)?;
    }
    maker.set_nonblocking(true)?;
    Ok(Ends { names, listeners, maker })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;
    use std::io::Write;
    use std::net::TcpStream;

    #[test]
    fn sockets_are_served_by_whoever_has_taken_them_and_by_the_next() {
        let dir = std::env::temp_dir().join(format!("hold-ends-{}", std::process::id()));
        std::fs::create_dir(&dir).expect("a directory");
        let door = dir.join("door");
        // One that was killed has left its own.
        drop(UnixListener::bind(&door).expect("a door"));
        let free = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let address = Ipv4Addr::new(127, 198, 18, 77);
        let made = door.clone();
        std::thread::spawn(move || make(&made, address, &BTreeSet::from([port])));
        for round in 0..3 {
            let ends = loop {
                match take(&door) {
                    Ok(ends) => break ends,
                    Err(_) => std::thread::sleep(std::time::Duration::from_millis(5)),
                }
            };
            let [(there, listener)] = ends.listeners.as_slice() else { panic!("{} listeners", ends.listeners.len()) };
            assert_eq!((*there, ends.names.local_addr().expect("an address").ip()), (port, address.into()), "{round}");
            // What came while nobody served waits.
            let mut client = TcpStream::connect((address, port)).expect("it is taken");
            client.write_all(b"hello").expect("it is sent");
            let mut server = loop {
                match listener.accept() {
                    Ok((server, _)) => break server,
                    Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
                }
            };
            server.set_nonblocking(false).expect("it may wait");
            let mut said = [0; 5];
            server.read_exact(&mut said).expect("all of it");
            assert_eq!(&said, b"hello");
        }
        std::fs::remove_dir_all(&dir).expect("it goes");
    }
}
