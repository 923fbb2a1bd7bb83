//! Clients, and when they come.

use std::collections::{HashSet, VecDeque};
use std::fmt;

use tack_core::HostName;

use crate::judgement::Judgement;
use crate::pin::Pin;
use crate::simulate::servers::{Moment, Today};

/// How often in a row a client meets a server before it meets the next: with fewer visits, a pin that another server's
/// nothing removes would never become active, and a server that was left out would go unnoticed.
const VISITS_IN_A_ROW: u8 = 3;

/// How often a client comes.
///
/// ```
/// use tack_pin::simulate::Habit;
///
/// assert_eq!(Habit::ALL.map(Habit::interval), [Some(1), Some(7), Some(30), Some(91), None]);
/// assert_eq!(Habit::Quarterly.to_string(), "quarterly");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Habit {
    /// Every day.
    Daily,
    /// Every 7 days.
    Weekly,
    /// Every 30 days.
    Monthly,
    /// Every 91 days.
    Quarterly,
    /// A single time.
    Once,
}

impl Habit {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Daily, Self::Weekly, Self::Monthly, Self::Quarterly, Self::Once];

    /// The days from one visit to the next, if there is one.
    #[must_use]
    pub fn interval(self) -> Option<u32> {
        match self {
            Self::Daily => Some(1),
            Self::Weekly => Some(7),
            Self::Monthly => Some(30),
            Self::Quarterly => Some(91),
            Self::Once => None,
        }
    }

    /// A word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::Once => "once",
        }
    }
}

impl fmt::Display for Habit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// All clients of a habit.
pub(crate) struct Clients {
    habit: Habit,
    /// Those who come on the same days, by the day of their next visit: today's are the first.
    days: VecDeque<Vec<Lane>>,
}

/// Clients that come at the same times, to the same servers.
struct Lane {
    /// The next server, from 0.
    server: usize,
    /// The visits to it so far.
    visits: u8,
    is_last_minute: bool,
    /// The one that came first is the first.
    clients: Vec<Client>,
}

/// One client, or several that go on as one.
struct Client {
    since: u32,
    pins: Vec<Pin>,
}

/// A visit of a client.
pub(crate) struct Visit<'a> {
    pub(crate) habit: Habit,
    /// The day of the first visit.
    pub(crate) since: u32,
    /// Whether the client has come since the plan began.
    pub(crate) is_regular: bool,
    /// From 0.
    pub(crate) server: usize,
    pub(crate) today: &'a Today,
    pub(crate) moment: &'a Moment,
    /// The pins that the client comes with.
    pub(crate) pins: &'a [Pin],
    pub(crate) judgement: &'a Judgement,
}

impl Clients {
    pub(crate) fn new(habit: Habit, servers: usize) -> Self {
        // With one server it makes no difference.
        let begun = if servers > 1 { VISITS_IN_A_ROW } else { 1 };
        let lane = |server, visits, is_last_minute| Lane { server, visits, is_last_minute, clients: Vec::new() };
        let lanes_of =
            |server| (0..begun).flat_map(move |visits| [false, true].map(|is_last| lane(server, visits, is_last)));
        let lanes = || (0..servers).flat_map(lanes_of).collect();
        Self { habit, days: (0..habit.interval().unwrap_or(1)).map(|_| lanes()).collect() }
    }

    /// Has those come whose day it is, and one more of each kind for the first time.
    pub(crate) fn come(&mut self, day: u32, servers: &[Today], name: &HostName, each: &mut impl FnMut(&Visit<'_>)) {
        let Some(mut lanes) = self.days.pop_front() else { return };
        for lane in &mut lanes {
            lane.clients.push(Client { since: day, pins: Vec::new() });
            lane.come(self.habit, servers, name, each);
            lane.go_on(servers.len());
            if self.habit.interval().is_none() {
                lane.clients.clear();
            }
        }
        self.days.push_back(lanes);
    }
}

impl Lane {
    fn come(&mut self, habit: Habit, servers: &[Today], name: &HostName, each: &mut impl FnMut(&Visit<'_>)) {
        let Some(today) = servers.get(self.server) else { return };
        let moment = today.at(self.is_last_minute);
        let mut known = HashSet::new();
        self.clients.retain_mut(|client| {
            let judgement = moment.judge(&client.pins, name);
            each(&Visit {
                habit,
                since: client.since,
                is_regular: habit.interval().is_some_and(|interval| client.since < interval),
                server: self.server,
                today,
                moment,
                pins: &client.pins,
                judgement: &judgement,
            });
            // Of those that cannot be told apart any more the one that came first goes on.
            client.pins = judgement.pins().to_vec();
            known.insert(client.pins.iter().map(|pin| pin.representative(moment.now)).collect::<Vec<_>>())
        });
    }

    /// The server and the time of the next visit.
    fn go_on(&mut self, servers: usize) {
        self.is_last_minute = !self.is_last_minute;
        self.visits += 1;
        if self.visits >= VISITS_IN_A_ROW {
            self.visits = 0;
            self.server = (self.server + 1) % servers.max(1);
        }
    }
}
