# Everything that a developer or a packager does. "make" alone builds.
PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo
FUZZ_SECONDS ?= 20

# The system's OpenSSL where pkg-config finds it, 3.0 or later; else one is compiled along, which takes two minutes more.
OPENSSL ?= $(shell pkg-config --atleast-version=3.0 openssl 2>/dev/null && echo system || echo vendored)
FEATURES = $(if $(filter vendored,$(OPENSSL)),--features vendored-openssl)

RUST_VERSION = $(shell sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
OLDEST_RUST = $(shell rustup toolchain list 2>/dev/null | grep -o '^$(RUST_VERSION)[.-][^ ]*' | head -n 1)

BIN = target/release/tack
SOURCES = Cargo.toml Cargo.lock $(shell find src crates -name '*.rs' -o -name Cargo.toml)
BINDIR = $(DESTDIR)$(PREFIX)/bin
MANDIR = $(DESTDIR)$(PREFIX)/share/man
BASHDIR = $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSHDIR = $(DESTDIR)$(PREFIX)/share/zsh/site-functions
FISHDIR = $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d

.PHONY: build demo setup test features lint msrv fuzz bench man completions install uninstall clean

build:
	$(CARGO) build --release --locked $(FEATURES)

# Whoever installs as root may have no cargo, and needs none for what is current.
$(BIN): $(SOURCES)
	$(MAKE) build
	touch $@

# The quick start of the README, on a certificate that it makes.
demo: build
	PATH="$(CURDIR)/target/release:$$PATH" sh tests/demo.sh

# What the tests need: Debian's packages, as root, and the other implementations from PyPI, into target/peers.
setup:
	tests/setup.sh

test:
	$(CARGO) test --locked --workspace $(FEATURES)

# The libraries without their features, and with each feature alone.
features:
	tests/each-feature.sh clippy --locked --all-targets -- --deny warnings
	tests/each-feature.sh test --locked

lint:
	$(CARGO) fmt --all --check
	$(CARGO) fmt --all --check --manifest-path fuzz/Cargo.toml
	$(CARGO) clippy --locked --workspace --all-targets $(FEATURES) -- --deny warnings
	$(CARGO) clippy --locked --manifest-path fuzz/Cargo.toml --all-targets -- --deny warnings
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --locked --workspace --no-deps --lib --bins --examples $(FEATURES)

# Compiles with the oldest Rust that Cargo.toml allows, where rustup has it. Where it has not, two others still look:
# clippy at what we use of the standard library, and tests/workspace.rs at what our dependencies need.
msrv:
	@if [ -n "$(OLDEST_RUST)" ]; then \
	    CARGO_TARGET_DIR=target/msrv $(CARGO) +$(OLDEST_RUST) check --locked --workspace --all-targets $(FEATURES); \
	else \
	    echo "rustup has no Rust $(RUST_VERSION)"; \
	fi

# Every parser, for so many seconds each.
fuzz:
	FUZZ_SECONDS=$(FUZZ_SECONDS) fuzz/run.sh

# Figures beside those of tackpy and OpenSSL.
bench:
	$(CARGO) bench --locked $(FEATURES)

# Both are made of src/cli; a test proves them current.
man completions:
	TACK_REGENERATE=1 $(CARGO) test --locked $(FEATURES) --test generated

install: $(BIN)
	install -d $(BINDIR) $(MANDIR)/man1 $(MANDIR)/man7 $(BASHDIR) $(ZSHDIR) $(FISHDIR)
	install -m 755 $(BIN) $(BINDIR)/tack
	install -m 644 man/*.1 $(MANDIR)/man1
	install -m 644 man/*.7 $(MANDIR)/man7
	install -m 644 completions/tack.bash $(BASHDIR)/tack
	install -m 644 completions/_tack $(ZSHDIR)/_tack
	install -m 644 completions/tack.fish $(FISHDIR)/tack.fish

uninstall:
	rm -f $(BINDIR)/tack $(BASHDIR)/tack $(ZSHDIR)/_tack $(FISHDIR)/tack.fish
	rm -f $(patsubst man/%,$(MANDIR)/man1/%,$(wildcard man/*.1)) $(patsubst man/%,$(MANDIR)/man7/%,$(wildcard man/*.7))

clean:
	$(CARGO) clean
	rm -rf fuzz/target fuzz/corpus fuzz/artifacts
