//! One mail, handed to a mail server by SMTP.
use super::post::WHOLE;
use super::post::readable;
use super::reach::Way;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tokio::io::AsyncRead;
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWrite;
use tokio::io::AsyncWriteExt as _;

/// Bytes of one of the server's answers.
const ANSWER: usize = 8 << 10;
/// The port on which TLS comes at once.
const SMTPS: u16 = 465;

/// A mail, and who takes it.
#[derive(Clone, Debug)]
pub(super) struct Mail<'a> {
    pub server: &'a str,
    pub from: &'a str,
    pub to: &'a [String],
    /// Name and password.
    pub login: Option<(String, String)>,
    pub subject: String,
    pub text: String,
    /// Unique; the same when it is sent again.
    pub message: &'a str,
    pub at: Timestamp,
}

/// Hands a mail to its server; what that said last.
///
/// # Errors
/// Why it was not taken, for people.
pub(super) async fn send(way: Way<'_>, mail: &Mail<'_>) -> Result<String, String> {
    let work = async {
        let (host, port) = mail.server.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?))).ok_or("it has no port")?;
        let stream = way.connect(host, port).await?;
        if port == SMTPS {
            return Dialog::new(way.secure(host, stream).await?).greeted().await?.hand_over(mail).await;
        }
        let mut plain = Dialog::new(stream).greeted().await?;
        if plain.hello(mail).await?.lines().any(|line| line.get(4..).is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"))) {
            plain.ask("STARTTLS", 220).await?;
            // What came before the encryption may be anybody's.
            if !plain.rest.is_empty() {
                return Err("the mail server said something before the encryption began".to_owned());
            }
            return Dialog::new(way.secure(host, plain.stream).await?).hand_over(mail).await;
        }
        if mail.login.is_some() || !way.private {
            return Err(format!("'{host}' offers no encryption (STARTTLS), and nothing is sent without"));
        }
        plain.hand_over(mail).await
    };
    tokio::time::timeout(WHOLE, work).await.unwrap_or_else(|_| Err(format!("the mail was not taken within {} s", WHOLE.as_secs())))
}

/// A conversation with a mail server.
struct Dialog<T> {
    stream: T,
    rest: Vec<u8>,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Dialog<T> {
    fn new(stream: T) -> Self {
        Self { stream, rest: Vec::new() }
    }

    async fn greeted(mut self) -> Result<Self, String> {
        self.answer(220).await?;
        Ok(self)
    }

    async fn hello(&mut self, mail: &Mail<'_>) -> Result<String, String> {
        let own = mail.from.rsplit_once('@').map_or("localhost", |(_, host)| host);
        self.ask(&format!("EHLO {own}"), 250).await
    }

    async fn hand_over(mut self, mail: &Mail<'_>) -> Result<String, String> {
        self.hello(mail).await?;
        if let Some((user, password)) = &mail.login {
            let login = STANDARD.encode(format!("\0{user}\0{password}"));
            self.ask(&format!("AUTH PLAIN {login}"), 235).await?;
        }
        self.ask(&format!("MAIL FROM:<{}>", mail.from), 250).await?;
        for one in mail.to {
            self.ask(&format!("RCPT TO:<{one}>"), 250).await?;
        }
        self.ask("DATA", 354).await?;
        let taken = self.ask(&format!("{}\r\n.", text_of(mail)), 250).await?;
        // It has it; how it says good-bye does not matter.
        let _ = self.stream.write_all(b"QUIT\r\n").await;
        Ok(readable(taken.as_bytes()))
    }

    async fn ask(&mut self, line: &str, wanted: u16) -> Result<String, String> {
        let broken = |error: std::io::Error| format!("the mail server hung up: {error}");
        self.stream.write_all(line.as_bytes()).await.map_err(broken)?;
        self.stream.write_all(b"\r\n").await.map_err(broken)?;
        self.stream.flush().await.map_err(broken)?;
        self.answer(wanted).await
    }

    /// One answer of one or several lines.
    async fn answer(&mut self, wanted: u16) -> Result<String, String> {
        let mut text = String::new();
        let mut piece = [0; 1024];
        loop {
            while let Some(end) = memchr::memchr(b'\n', &self.rest) {
                let line: Vec<u8> = self.rest.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line).trim_end().to_owned();
                let last = line.as_bytes().get(3) != Some(&b'-');
                text.push_str(&line);
                text.push('\n');
                if last {
                    return match line.get(..3).and_then(|code| code.parse::<u16>().ok()) {
                        Some(code) if code == wanted => Ok(text),
                        _ => Err(format!("the mail server said '{}'", readable(line.as_bytes()))),
                    };
                }
            }
            if text.len() + self.rest.len() > ANSWER {
                return Err("the mail server's answer has no end".to_owned());
            }
            match self.stream.read(&mut piece).await {
                Ok(0) => return Err("the mail server hung up".to_owned()),
                Ok(count) => self.rest.extend_from_slice(&piece[..count]),
                Err(error) => return Err(format!("the mail server hung up: {error}")),
            }
        }
    }
}

/// The mail as it travels. The text is in base64, so that no line of it is a command.
fn text_of(mail: &Mail<'_>) -> String {
    let date = jiff::fmt::rfc2822::to_string(&mail.at.to_zoned(TimeZone::UTC)).unwrap_or_default();
    let host = mail.from.rsplit_once('@').map_or("localhost", |(_, host)| host);
    let subject = STANDARD.encode(&mail.subject[..mail.subject.floor_char_boundary(42)]);
    let encoded = STANDARD.encode(&mail.text);
    let lines: Vec<&str> = encoded.as_bytes().chunks(76).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!(
        "From: cto <{}>\r\nTo: {}\r\nSubject: =?utf-8?B?{subject}?=\r\nDate: {date}\r\nMessage-ID: <{}@{host}>\r\nAuto-Submitted: auto-generated\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        mail.from,
        mail.to.join(",\r\n "),
        mail.message,
        lines.join("\r\n"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_of_a_mail_is_anything_else() {
        let to = vec!["b@x.example".to_owned(), "c@x.example".to_owned()];
        let text = "a\r\n.\r\nMAIL FROM:<x>\r\nü".repeat(20);
        let at = Timestamp::from_second(0).unwrap();
        let mail = Mail { server: "", from: "a@x.example", to: &to, login: None, subject: "x\r\nBcc: y".to_owned(), text, message: "msg_1", at };
        let sent = text_of(&mail);
        let (head, body) = sent.split_once("\r\n\r\n").unwrap();
        assert!(head.contains("To: b@x.example,\r\n c@x.example\r\n") && !head.contains("Bcc") && head.contains("Date: Thu, 1 Jan 1970 00:00:00"), "{head}");
        assert!(body.lines().all(|line| line.len() <= 76 && !line.starts_with('.')));
        assert_eq!(STANDARD.decode(body.replace("\r\n", "")).unwrap(), mail.text.as_bytes());
    }
}
