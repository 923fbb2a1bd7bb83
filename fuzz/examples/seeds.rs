//! Writes the seeds: the bodies of the test vectors for the targets that read bytes, the vectors of tacks as they are for `pem`,
//! and a few lines of text for `time` and `schedule`.

use std::fs;
use std::io;
use std::path::Path;

use tack_core::pem;

const BINARY: [&str; 6] = ["tack", "break_sig", "key_file", "extension", "serverinfo", "certificate"];
const TEXTS: [(&str, &[&str]); 2] = [
    (
        "time",
        &["1d12h5m", "0m", "2H", "2013Z", "2013-01-02Z", "2013-1-2t3:4z", "2026-11-20T17:31:15Z", "9999-12-31T23:59Z"],
    ),
    ("schedule", &["365@1d", "1000000@1m", "3@1d12h5m"]),
];

fn main() -> io::Result<()> {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(fuzz.join("../tests/vectors"))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(target) = BINARY.iter().find(|target| name.starts_with(&format!("{target}_"))) else { continue };
        let text = fs::read(&path)?;
        if let Some(Ok(body)) = pem::blocks(&text).next().and_then(Result::ok).map(|block| block.decode()) {
            write(fuzz, target, &name, &body)?;
        }
        if *target == "tack" {
            write(fuzz, "pem", &name, &text)?;
        }
    }
    for (target, texts) in TEXTS {
        for (index, text) in texts.iter().enumerate() {
            write(fuzz, target, &index.to_string(), text.as_bytes())?;
        }
    }
    Ok(())
}

fn write(fuzz: &Path, target: &str, name: &str, bytes: &[u8]) -> io::Result<()> {
    let directory = fuzz.join("seeds").join(target);
    fs::create_dir_all(&directory)?;
    fs::write(directory.join(name), bytes)
}
