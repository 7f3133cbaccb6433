//! The promises of the codec.
#![allow(clippy::unwrap_used, clippy::panic)]
use hold::Begin;
use hold::Ended;
use hold::ErrorCode;
use hold::Frame;
use hold::FrameError;
use hold::HEADER;
use hold::MAX_PAYLOAD;
use hold::OPTIONAL;
use hold::Opened;
use hold::Raw;
use hold::split;

fn opened() -> Opened<'static> {
    let writers = (0..64).map(|number| (u64::MAX - number, number as u32)).collect();
    let ended = Some(Ended::Signal(9));
    Opened { version: 1, boot: 7, pid: 42, oldest: 10, head: 1 << 40, from: 12, cols: 80, rows: 24, ended, writers, foreground: "vim" }
}

fn every_frame() -> Vec<Frame<'static>> {
    vec![
        Frame::Hello { min: 1, max: 3 },
        Frame::Open { flags: 1, from: Begin::Offset(u64::MAX), boot: 5, window: 128 * 1024, id: "ses_0197-a.b" },
        Frame::Open { flags: 0, from: Begin::Oldest, boot: 0, window: 0, id: "main" },
        Frame::Open { flags: 0, from: Begin::Head, boot: 0, window: 0, id: "main" },
        Frame::Start { flags: 0, window: 1, arguments: vec![b"--id", b"x", b"", b"--", b"\xff\0"] },
        Frame::Ack { offset: 3 },
        Frame::Input { writer: 1, seq: u32::MAX, bytes: b"ls\r" },
        Frame::Resize { cols: 300, rows: 100 },
        Frame::Signal { number: 2 },
        Frame::Look,
        Frame::Close,
        Frame::ExitAck,
        Frame::Detach,
        Frame::Ping { token: 9 },
        Frame::List,
        Frame::Welcome { version: 1, uid: 1000, holder: "0.1.0" },
        Frame::Opened(opened()),
        Frame::Opened(Opened { ended: None, writers: Vec::new(), foreground: "", ..opened() }),
        Frame::Data { offset: 1 << 33, bytes: &[0; 32 * 1024] },
        Frame::Gap { from: 1, to: 1 },
        Frame::InputAck { writer: 2, seq: 3 },
        Frame::Exit { ended: Ended::Code(255), offset: 77 },
        Frame::Detached,
        Frame::Pong { token: 10 },
        Frame::Sessions { more: true, ids: vec!["a", "main"] },
        Frame::Error { code: ErrorCode::TakenOver, text: "another server has the session now" },
        Frame::Error { code: ErrorCode::Other(999), text: "" },
        Frame::Skip { kind: 0x70 },
    ]
}

fn payload(kind: u8, payload: &[u8]) -> Result<Frame<'_>, FrameError> {
    Raw { kind, flags: 0, channel: 0, payload }.decode()
}

#[test]
fn every_frame_comes_back_as_it_was() {
    let mut wire = Vec::new();
    for (channel, frame) in every_frame().iter().enumerate() {
        frame.encode(channel as u16, &mut wire);
    }
    let mut rest = wire.as_slice();
    let mut copy = Vec::new();
    for (channel, frame) in every_frame().iter().enumerate() {
        let raw = split(rest).unwrap().unwrap();
        assert_eq!(usize::from(raw.channel), channel);
        assert_eq!(&raw.decode().unwrap(), frame);
        raw.encode(&mut copy);
        rest = &rest[raw.size()..];
    }
    assert!(rest.is_empty());
    assert_eq!(copy, wire, "passing a frame on changes nothing");
}

#[test]
fn a_frame_that_is_cut_short_is_waited_for_and_one_with_missing_fields_is_refused() {
    for frame in every_frame() {
        let mut wire = Vec::new();
        frame.encode(3, &mut wire);
        for cut in [0, 1, HEADER - 1, wire.len() - 1] {
            assert_eq!(split(&wire[..cut.min(wire.len() - 1)]).unwrap(), None);
        }
        let variable = matches!(frame, Frame::Data { .. } | Frame::Input { .. } | Frame::Skip { .. });
        for cut in (0..wire.len() - HEADER).take_while(|_| !variable) {
            assert_eq!(payload(frame.kind(), &wire[HEADER..HEADER + cut]), Err(FrameError::Malformed(frame.kind())), "{frame:?} at {cut}");
        }
    }
}

#[test]
fn a_frame_may_grow_at_its_end() {
    for frame in every_frame() {
        if matches!(frame, Frame::Data { .. } | Frame::Input { .. } | Frame::Skip { .. }) {
            continue;
        }
        let mut wire = Vec::new();
        frame.encode(0, &mut wire);
        wire.extend_from_slice(b"later");
        assert_eq!(payload(frame.kind(), &wire[HEADER..]).unwrap(), frame);
    }
}

#[test]
fn lengths_are_refused_before_they_are_waited_for() {
    let mut wire = vec![0, 1, 0, 0, 0x83, 0, 0, 1];
    assert_eq!(split(&wire), Ok(None), "64 KiB are allowed");
    wire[3] = 1;
    assert_eq!(split(&wire), Err(FrameError::TooLong(MAX_PAYLOAD as u32 + 1)));
    assert_eq!(split(&[0xff; 8]), Err(FrameError::TooLong(u32::MAX)));
}

#[test]
fn a_type_that_is_not_known_is_skipped_only_where_it_may_be() {
    let unknown = Raw { kind: 0x33, flags: OPTIONAL, channel: 0, payload: b"x" };
    assert_eq!(unknown.decode(), Ok(Frame::Skip { kind: 0x33 }));
    let error = Raw { flags: 0, ..unknown }.decode().unwrap_err();
    assert_eq!(error.to_string(), "frames of type 0x33 are not known to protocol version 1");
}

#[test]
fn what_contradicts_itself_is_refused() {
    let refuse = |frame: Frame<'_>| {
        let mut wire = Vec::new();
        frame.encode(0, &mut wire);
        assert_eq!(payload(frame.kind(), &wire[HEADER..]), Err(FrameError::Malformed(frame.kind())), "{frame:?}");
    };
    for id in ["", ".hidden", "../up", "a b", "a/b", "ü", &"x".repeat(65)] {
        refuse(Frame::Open { flags: 0, from: Begin::Head, boot: 0, window: 0, id });
    }
    refuse(Frame::Data { offset: 0, bytes: &[0; 32 * 1024 + 1] });
    refuse(Frame::Input { writer: 0, seq: 0, bytes: &[0; 32 * 1024 + 1] });
    refuse(Frame::Gap { from: 2, to: 1 });
    refuse(Frame::Opened(Opened { oldest: 2, head: 1, ..opened() }));
    assert!(payload(0x01, b"HTTP\0\x01\0\x01").is_err(), "a stranger is no server");
    assert!(payload(0x89, &[0, 0xff, 0xff, 0]).is_err(), "a count that the payload can't hold");
    assert!(payload(0x03, &[0, 0, 0, 0, 0, 0xff, 0xff, 0]).is_err());
}

#[test]
fn random_bytes_are_decoded_or_refused_and_never_more() {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    let frames = every_frame();
    let mut decoded = 0;
    for round in 0..200_000 {
        let mut wire = Vec::new();
        if round % 2 == 0 {
            wire.extend((0..random() % 40).flat_map(|_| random().to_be_bytes()));
            if let [first, second, ..] = wire.as_mut_slice() {
                (*first, *second) = (0, 0);
            }
        } else {
            frames[random() as usize % frames.len()].encode(1, &mut wire);
            for _ in 0..=random() % 3 {
                let at = random() as usize % wire.len().min(64);
                wire[at] = random() as u8;
            }
        }
        if let Ok(Some(raw)) = split(&wire)
            && let Ok(frame) = raw.decode()
        {
            // What is accepted is also what would be sent: nothing is understood in two ways.
            let mut again = Vec::new();
            frame.encode(raw.channel, &mut again);
            assert_eq!(split(&again).unwrap().unwrap().decode().unwrap(), frame);
            decoded += 1;
        }
    }
    assert!(decoded > 10_000, "only {decoded} were decoded: the test tests nothing");
}

#[test]
fn codes_have_one_number_and_one_name() {
    for number in 0..100 {
        let code = ErrorCode::from_number(number);
        assert_eq!(code.number(), number);
        if !matches!(code, ErrorCode::Other(_)) {
            assert_eq!(ErrorCode::from_name(code.name()), Some(code));
        }
    }
    assert_eq!(ErrorCode::from_name("nonsense"), None);
}

#[test]
fn long_texts_are_cut_between_characters() {
    let long = "ü".repeat(2000);
    let mut wire = Vec::new();
    Frame::Error { code: ErrorCode::System, text: &long }.encode(0, &mut wire);
    let Frame::Error { text, .. } = split(&wire).unwrap().unwrap().decode().unwrap() else { panic!("another frame") };
    assert_eq!(text.len(), 1024);
}
