//! Pins that are kept from run to run, and keys that are required.

use serde_json::{Value, json};

use crate::common::{has, tack_ok};
use crate::server::Server;
use crate::site::Site;
use crate::{DAY, Said, check, check_server, from_now};

/// A pin as check says it: whose, since when, until when, in minutes after the first run, and whether it is active.
fn pins(said: &Said) -> &[Value] {
    said.host(0)["pins"].as_array().unwrap()
}

fn fingerprint(site: &Site, key: &str) -> String {
    let view = tack_ok(["view".into(), "--json".into(), site.file(key)]);
    let view: Value = serde_json::from_slice(&view.stdout).unwrap();
    view.to_string().split("fingerprint\":\"").nth(1).unwrap()[..29].to_owned()
}

#[test]
fn pins_are_kept_over_runs() {
    if !has("pins_are_kept_over_runs", &["openssl"]) {
        return;
    }
    let site = Site::with_tacks();
    let store = site.file("PINS.db").display().to_string();
    let at = |server: &Server, days: i64, arguments: &[&str]| {
        let now = from_now(days * DAY);
        check_server(server, &site, &[&["--now", &now, "--pins", &store], arguments].concat())
    };
    let key = fingerprint(&site, "K1.pem");
    {
        let server = Server::s_server(site.path());
        // Looking on makes no pin, and needs a store; nor does a client who ends the connection for the chain.
        assert_eq!(at(&server, 0, &["--read-only"]).outcome(), (3, vec!["store"]));
        let said = check(["--pins", &store, &format!("localhost:{}", server.port)]);
        assert_eq!((said.codes(0), pins(&said).len()), (vec!["chain"], 0));

        let said = at(&server, 0, &["--no-activate"]);
        assert_eq!((said.outcome(), pins(&said).len()), ((0, vec![]), 0));
        let said = at(&server, 0, &[]);
        assert_eq!((said.outcome(), &said.host(0)["status"]), ((0, vec![]), &json!("unpinned")));
        let initial = pins(&said)[0]["initial"].as_u64().unwrap();
        let first = json!({
            "key_fingerprint": key, "min_generation": 0, "initial": initial, "end": 0, "active": false
        });
        assert_eq!(pins(&said), [first]);

        let said = at(&server, 2, &[]);
        assert_eq!(said.host(0)["status"], json!("unpinned"));
        let end = pins(&said)[0]["end"].as_u64().unwrap();
        let days = |minutes: u64| minutes / (24 * 60);
        // Within a minute of twice two days: the runs take their time.
        assert!(end - initial >= 4 * 24 * 60 && days(end - initial - 4 * 24 * 60) == 0, "{initial} {end}");

        let said = at(&server, 3, &["--read-only"]);
        assert_eq!((&said.host(0)["status"], pins(&said)[0]["end"].as_u64()), (&json!("confirmed"), Some(end)));
        let said = at(&server, 3, &[]);
        assert!(pins(&said)[0]["end"].as_u64().unwrap() > end, "{}", said.host(0));
        // The pin is the name's, not the address's.
        let address = check(["--insecure", "--pins", &store, &format!("127.0.0.1:{}", server.port)]);
        assert_eq!(address.host(0)["pins"], json!([]));
    }
    // The other key contradicts it, until the pin ends.
    site.pack(&["T2.pem"], 1, "serverinfo", "serverinfo.pem");
    let server = Server::s_server(site.path());
    let said = at(&server, 4, &[]);
    assert_eq!((said.outcome(), &said.host(0)["status"]), ((2, vec!["contradicted"]), &json!("contradicted")));
    assert_eq!(said.host(0)["problems"][0]["alert"], json!("access_denied"));
    let said = at(&server, 20, &[]);
    assert_eq!((said.outcome(), &said.host(0)["status"]), ((0, vec![]), &json!("unpinned")));
    assert_eq!(pins(&said)[0]["key_fingerprint"], json!(fingerprint(&site, "K2.pem")));
}

/// A connection that a client ends for its name makes no pin; without a look at the name it does.
#[test]
fn no_pin_comes_of_a_connection_that_is_ended() {
    if !has("no_pin_comes_of_a_connection_that_is_ended", &["openssl"]) {
        return;
    }
    let site = Site::with_tacks();
    let server = Server::s_server(site.path());
    let store = site.file("PINS.db").display().to_string();
    let root = site.file("root.pem").display().to_string();
    let connect = format!("127.0.0.1:{}", server.port);
    let arguments = ["--pins", &store, "--connect", &connect, "other.example"];
    let said = check(["--ca-file", &root].iter().copied().chain(arguments));
    assert_eq!((said.codes(0), said.host(0)["pins"].clone()), (vec!["name"], json!([])));
    let said = check(arguments);
    assert_eq!((said.codes(0), said.host(0)["pins"].clone()), (vec!["chain", "name"], json!([])));
    let said = check(["--insecure"].iter().copied().chain(arguments));
    assert_eq!((said.outcome(), pins(&said).len()), ((0, vec![]), 1));
}

#[test]
fn required_keys() {
    if !has("required_keys", &["openssl"]) {
        return;
    }
    let site = Site::with_tacks();
    let server = Server::s_server(site.path());
    let (served, other) = (fingerprint(&site, "K1.pem"), fingerprint(&site, "K2.pem"));
    assert_eq!(check_server(&server, &site, &["--require", &served]).outcome(), (0, vec![]));
    assert_eq!(check_server(&server, &site, &["--require", &other, "--require", &served]).outcome(), (0, vec![]));
    let said = check_server(&server, &site, &["--require", &other]);
    assert_eq!(said.outcome(), (2, vec!["key_required"]));
    assert_eq!(said.host(0)["problems"][0]["alert"], json!("access_denied"));
}
