//! The command for plans: simulate.

use std::path::PathBuf;

use clap::Args;

use super::Common;
use super::parse::whole;

/// Try a rollout before it happens: show what clients of every habit would see of it
///
/// PLAN says, in TOML, from which day on the servers of a name send which tacks. Clients that come daily, weekly, monthly
/// (every 30 days), quarterly (every 91 days) and once are judged as the draft says, with real keys and signatures, and keep
/// their pins. The first who is refused is told, with the step of the plan that is the cause.
///
/// There is a client for every day on which it may come first. It comes in the first minute of a day and in the last by
/// turns, and to each server three times in a row before it comes to the next. It is refused where its pins contradict, and whatever its pins where the server's tacks
/// are not valid: expired, revoked, or for another certificate.
///
/// The timeline has a row for each habit. "." no client is protected by a pin, "-" some are, "=" all that have come since the
/// plan began; "!" a client is contradicted, "x" refused for another reason. A column of several days shows the worst.
///
/// PLAN holds 200 steps, 8 servers and 2000 days at most.
#[derive(Debug, Args)]
#[command(after_long_help = "\
PLAN:
  A plan is TOML. Keys and certificates are names: equal names are equal keys.

    start = 2027-01-01    # day 0; without it the days have no dates
    days = 400            # without it 200 more than the last change
    servers = 2           # behind a balancer; without it there is one

    [[step]]
    day = 0               # or a date, if there is a start
    name = \"both servers have the tack\"
    certificate = \"a\"     # the TLS key
    tacks = [{ key = \"old\", generation = 0, min_generation = 0 }]

    [[step]]
    day = 60
    server = 2            # or a list; without it all servers change
    tacks = [{ key = \"old\", active = false }, { key = \"new\", expires = 90 }]

    [[step]]
    day = 2027-04-01
    tacks = [{ key = \"new\", certificate = \"a\", lifetime = \"30d\" }]
    break = [\"old\"]

  What a step does not name stays. Before the first step the servers send nothing, as
  with \"tacks = []\". tacks and break, the keys of break signatures, are one extension: a
  step with one of them replaces both. Of a tack only the key must be given. It is active,
  of generation 0 or min_generation, for the certificate that the server has from this
  step on, and always fresh, as where deploy runs. expires is the day, or date, at whose
  beginning it is not valid any more; lifetime is a span from the day of the step.

JSON:
  --json prints one document:

    {\"good\", \"start\", \"days\", \"servers\",
      \"steps\": [{\"step\", \"day\", \"date\", \"name\", \"servers\", \"certificate\",
        \"tacks\": [{\"key\", \"generation\", \"min_generation\", \"active\",
          \"certificate\", \"expires\"}], \"break\"}],
      \"habits\": [{\"habit\", \"interval_days\", \"protected\", \"confirmed\",
        \"days\": [{\"first\", \"last\", \"status\", \"code\"}]}],
      \"pins\": [{\"key\", \"from\", \"until\"}],
      \"first_refusal\": {\"habit\", \"since\", \"day\", \"time\", \"server\", \"code\",
        \"alert\", \"message\", \"key\", \"pinned_since\", \"pinned_until\",
        \"served_by\", \"cause\"}}

  Every key is there, and null what is not given. first_refusal is null if good is true.
  status: unpinned, partly, confirmed, contradicted or refused.
  code: why a client is refused: contradicted, expired, revoked or target_hash.
  protected: the first and the last day of the longest time in which all that have come
  since the plan began are confirmed. confirmed: those between which any client is.
  from, until, pinned_since, pinned_until, time, expires: minutes since day 0 began.
  served_by: the step that brought what the server sends. cause: the step to be mended.

EXAMPLES:
  Whether a rollover to a new TACK key goes well:

    tack simulate PLAN.toml

  The same for two years, for a program:

    tack simulate --days 730 --json PLAN.toml

  The plans of tack-deployment(7), and the mistakes that break them, are in examples/plans.

EXIT STATUS:
  0  No client is refused.
  1  A client is refused, or PLAN cannot be read; the message says which step is wrong.
  2  The command line is wrong.

ENVIRONMENT:
  NO_COLOR  If not empty, the timeline has no colour on a terminal.")]
pub struct Simulate {
    /// Go on for so many days, whatever PLAN says
    #[arg(long, value_name = "NUM", value_parser = whole(1_u32, 2_000))]
    pub days: Option<u32>,

    /// Print one JSON document
    #[arg(long)]
    pub json: bool,

    /// The file of the plan
    #[arg(value_name = "PLAN")]
    pub plan: PathBuf,

    #[command(flatten)]
    pub common: Common,
}
