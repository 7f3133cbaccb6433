//! Random bytes and sizes: ten minutes of them at full scale.
use crate::survive::scale;
use cto::model::Size;
use cto::term::Picture;
use cto::term::Screen;
use cto::term::ScreenEvent;
use rand::Rng as _;
use rand::SeedableRng as _;
use rand::rngs::StdRng;
use std::sync::mpsc;
use std::time::Duration;
use std::time::Instant;

/// No step may take longer: a terminal that hangs is found by this.
const STEP: Duration = Duration::from_secs(20);
/// Memory that may stay more than after the first tenth.
const GROWTH_KB: u64 = 64 * 1024;

/// Output of real programs, to be cut and mixed.
fn recorded() -> Vec<Vec<u8>> {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/term");
    let files = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
    let all: Vec<Vec<u8>> = files.filter(|path| path.extension().is_some_and(|ext| ext == "bin")).map(|path| std::fs::read(path).unwrap()).collect();
    assert!(all.len() > 5, "there are recordings");
    all
}

/// Bytes of one of four kinds: noise, sequences with any parameters, a piece of a real program, the same with bytes changed.
fn bytes(random: &mut StdRng, recorded: &[Vec<u8>]) -> Vec<u8> {
    let length = random.random_range(1..4000);
    match random.random_range(0..4) {
        0 => (0..length).map(|_| random.random()).collect(),
        1 => {
            let mut out = Vec::new();
            while out.len() < length {
                sequence(random, &mut out);
            }
            out
        }
        kind => {
            let all = &recorded[random.random_range(0..recorded.len())];
            let from = random.random_range(0..all.len());
            let mut piece = all[from..all.len().min(from + length)].to_vec();
            if kind == 3 {
                for _ in 0..random.random_range(1..20) {
                    let at = random.random_range(0..piece.len());
                    piece[at] = random.random();
                }
            }
            piece
        }
    }
}

/// One control sequence, right or not, and some text.
fn sequence(random: &mut StdRng, out: &mut Vec<u8>) {
    let number = |random: &mut StdRng| match random.random_range(0..8) {
        0 => String::new(),
        1 => u64::MAX.to_string(),
        2 => random.random_range(0..70_000).to_string(),
        _ => random.random_range(0..130).to_string(),
    };
    let numbers = (0..random.random_range(0..5)).map(|_| number(random)).collect::<Vec<_>>().join(if random.random_bool(0.2) { ":" } else { ";" });
    match random.random_range(0..6) {
        0 => out.extend_from_slice(format!("\x1b]{numbers};text{}\x07", number(random)).as_bytes()),
        1 => out.extend_from_slice(format!("\x1bP{numbers}q{numbers}\x1b\\").as_bytes()),
        2 => out.extend_from_slice(&[0x1b, random.random_range(0x20..0x7f)]),
        _ => {
            let private = ["", "", "?", ">", "<", "="][random.random_range(0..6)];
            let middle = ["", "", "", " ", "$", "!"][random.random_range(0..6)];
            out.extend_from_slice(format!("\x1b[{private}{numbers}{middle}").as_bytes());
            out.push(random.random_range(0x40..0x7f));
        }
    }
    let words = ["a", "\r\n", "\t", "\x08", "wide 漢字", "e\u{301}", "❤\u{fe0f}", "👩\u{200d}🚀", "\x0e", "\x0f", "line of text"];
    out.extend_from_slice(words[random.random_range(0..words.len())].as_bytes());
}

fn memory_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok()).unwrap()
}

/// One terminal's life.
fn life(seed: u64, recorded: &[Vec<u8>]) {
    let mut random = StdRng::seed_from_u64(seed);
    let size = |random: &mut StdRng| Size { cols: random.random_range(0..300), rows: random.random_range(0..100) };
    let first = size(&mut random).clamped();
    let mut screen = Screen::new(first, random.random_range(0..500));
    for _ in 0..random.random_range(1..20) {
        screen.feed(&bytes(&mut random, recorded));
        if random.random_bool(0.5) {
            screen.resize(size(&mut random));
        }
        let snapshot = screen.snapshot(random.random_range(0..200));
        let mut copy = Screen::new(screen.size(), 200);
        copy.feed(&snapshot);
        assert_eq!(copy.size(), screen.size());
        let tile = screen.tile(random.random_range(1..80), random.random_range(1..40));
        let drawn = Size { cols: tile.cols, rows: tile.rows };
        assert_eq!(Picture::from_ansi(&tile.ansi, drawn).size(), drawn.clamped());
        assert!(screen.take_replies().len() <= 1 << 20, "what it answers has a bound");
        let events = screen.take_events().into_iter().chain(copy.take_events());
        assert!(!events.into_iter().any(|event| event == ScreenEvent::Rebuilt), "the engine failed");
    }
}

#[test]
fn random_bytes_and_sizes_neither_fail_hang_nor_grow() {
    let time = Duration::from_secs(scale(2, 600) as u64);
    let first: u64 = rand::random::<u32>().into();
    let (tell, told) = mpsc::channel();
    let living = std::thread::spawn(move || {
        let recorded = recorded();
        let begun = Instant::now();
        let mut early = None;
        for seed in first.. {
            if tell.send(seed).is_err() || begun.elapsed() >= time {
                break;
            }
            life(seed, &recorded);
            if early.is_none() && begun.elapsed() >= time / 10 {
                early = Some(memory_kb());
            }
        }
        (early.unwrap_or_default(), memory_kb())
    });
    let mut last = first;
    loop {
        match told.recv_timeout(STEP) {
            Ok(seed) => last = seed,
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
            Err(mpsc::RecvTimeoutError::Timeout) => panic!("it hangs with seed {last}"),
        }
    }
    let (early, late) = living.join().unwrap_or_else(|_| panic!("it failed with seed {last}"));
    println!("{} terminals from seed {first}; {early} KiB after a tenth of the time, {late} KiB at the end", last - first);
    assert!(last > first);
    assert!(late <= early + GROWTH_KB, "it grew from {early} to {late} KiB");
}
