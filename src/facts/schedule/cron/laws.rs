//! `next_after` against a slow and obvious search, minute by minute in UTC.
//!
//! The search reads no text: expressions are made as values, written out for the parser, and judged here by what AWS's page
//! says of each wildcard, with a calendar and the zone's UTC-to-local direction only. Nothing is shared with the code under test.

use chrono::{Days, NaiveDateTime, TimeDelta};
use proptest::prelude::*;

use super::*;

const DAY_S: i64 = 86_400;

/// One part of a field.
#[derive(Clone, Debug)]
enum Part {
    One(i64),
    Range(i64, i64),
    From(i64, i64),
    RangeEvery(i64, i64, i64),
    Every(i64),
    LastDay,
    LastWorkday,
    NearestWorkday(i64),
    LastOf(i64),
    NthOf(i64, i64),
}

/// A field: everything, or a list of parts.
#[derive(Clone, Debug)]
enum Values {
    All,
    Parts(Vec<Part>),
}

/// The day fields: exactly one of the two counts, the other is `?`.
#[derive(Clone, Debug)]
enum DayFields {
    OfMonth(Values),
    OfWeek(Values),
}

#[derive(Clone, Debug)]
struct Expression {
    minutes: Values,
    hours: Values,
    days: DayFields,
    months: Values,
    years: Values,
    names: bool,
}

const MONTHS: &[&str] = &["", "JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEK: &[&str] = &["", "SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Part {
    fn text(&self, names: &[&str]) -> String {
        let name = |n: &i64| usize::try_from(*n).ok().and_then(|n| names.get(n)).map_or_else(|| n.to_string(), ToString::to_string);
        match self {
            Self::One(n) => name(n),
            Self::Range(a, b) => format!("{}-{}", name(a), name(b)),
            Self::From(a, every) => format!("{}/{every}", name(a)),
            Self::RangeEvery(a, b, every) => format!("{}-{}/{every}", name(a), name(b)),
            Self::Every(every) => format!("*/{every}"),
            Self::LastDay => "L".to_owned(),
            Self::LastWorkday => "LW".to_owned(),
            Self::NearestWorkday(day) => format!("{day}W"),
            Self::LastOf(day) => format!("{}L", name(day)),
            Self::NthOf(day, nth) => format!("{}#{nth}", name(day)),
        }
    }

    /// Whether a number of a field with these bounds is meant, for the parts that do not look at the calendar.
    fn means(&self, value: i64, smallest: i64, largest: i64) -> bool {
        let size = largest - smallest + 1;
        let within = |a: i64, b: i64| if a <= b { (a..=b).contains(&value) } else { value >= a || value <= b };
        match *self {
            Self::One(n) => value == n,
            Self::Range(a, b) => within(a, b),
            Self::From(a, every) => value >= a && (value - a) % every == 0,
            Self::RangeEvery(a, b, every) => within(a, b) && (value - a).rem_euclid(size) % every == 0,
            Self::Every(every) => (value - smallest) % every == 0,
            _ => false,
        }
    }

    fn means_day_of_month(&self, date: NaiveDate) -> bool {
        let month: Vec<NaiveDate> = (1..=31).filter_map(|day| date.with_day(day)).collect();
        let workdays = || month.iter().copied().filter(|day| day.weekday().number_from_monday() <= 5);
        match *self {
            Self::LastDay => month.last() == Some(&date),
            Self::LastWorkday => workdays().next_back() == Some(date),
            Self::NearestWorkday(wanted) => {
                let target = u32::try_from(wanted).ok().and_then(|wanted| date.with_day(wanted));
                target.is_some_and(|target| workdays().min_by_key(|day| (*day - target).num_days().abs()) == Some(date))
            }
            _ => self.means(i64::from(date.day()), 1, 31),
        }
    }

    fn means_day_of_week(&self, date: NaiveDate) -> bool {
        let sunday_is_one = i64::from(date.weekday().number_from_sunday());
        match *self {
            Self::LastDay => sunday_is_one == 7,
            Self::LastOf(day) => sunday_is_one == day && (date + Days::new(7)).month() != date.month(),
            Self::NthOf(day, nth) => {
                let same = (1..=date.day()).filter(|d| date.with_day(*d).unwrap().weekday() == date.weekday()).count();
                sunday_is_one == day && i64::try_from(same).unwrap() == nth
            }
            _ => self.means(sunday_is_one, 1, 7),
        }
    }
}

impl Values {
    fn text(&self, names: &[&str]) -> String {
        match self {
            Self::All => "*".to_owned(),
            Self::Parts(parts) => parts.iter().map(|part| part.text(names)).collect::<Vec<_>>().join(","),
        }
    }

    fn any(&self, meant: impl Fn(&Part) -> bool) -> bool {
        match self {
            Self::All => true,
            Self::Parts(parts) => parts.iter().any(meant),
        }
    }
}

impl Expression {
    fn text(&self) -> String {
        let (months, week) = if self.names { (MONTHS, WEEK) } else { (&[][..], &[][..]) };
        let (day_of_month, day_of_week) = match &self.days {
            DayFields::OfMonth(values) => (values.text(&[]), "?".to_owned()),
            DayFields::OfWeek(values) => ("?".to_owned(), values.text(week)),
        };
        let [minutes, hours, years] = [&self.minutes, &self.hours, &self.years].map(|values| values.text(&[]));
        format!("cron({minutes} {hours} {day_of_month} {} {day_of_week} {years})", self.months.text(months))
    }

    /// Whether the local clock and calendar are as the expression says.
    fn holds_at(&self, local: NaiveDateTime) -> bool {
        let date = local.date();
        self.minutes.any(|part| part.means(local.minute().into(), 0, 59))
            && self.hours.any(|part| part.means(local.hour().into(), 0, 23))
            && self.months.any(|part| part.means(date.month().into(), 1, 12))
            && self.years.any(|part| part.means(date.year().into(), 1970, 2199))
            && match &self.days {
                DayFields::OfMonth(values) => values.any(|part| part.means_day_of_month(date)),
                DayFields::OfWeek(values) => values.any(|part| part.means_day_of_week(date)),
            }
    }
}

fn local_at(zone: Tz, t_s: i64) -> NaiveDateTime {
    DateTime::from_timestamp(t_s, 0).unwrap().with_timezone(&zone).naive_local()
}

/// The first minute after `t_s` and before `until_s` at which the expression holds and the clock shows this for the first time.
fn slow_next_after(expression: &Expression, zone: Tz, t_s: i64, until_s: i64) -> Option<i64> {
    let first_minute_s = (t_s.div_euclid(60) + 1) * 60;
    (first_minute_s..until_s).step_by(60).find(|&minute_s| {
        let local = local_at(zone, minute_s);
        // Clocks were set back by at most three hours in the years tried.
        expression.holds_at(local) && (1..=180).all(|back| local_at(zone, minute_s - back * 60) != local)
    })
}

fn part(smallest: i64, largest: i64) -> impl Strategy<Value = Part> {
    let value = smallest..=largest;
    prop_oneof![
        4 => value.clone().prop_map(Part::One),
        2 => (value.clone(), value.clone()).prop_map(|(a, b)| Part::Range(a, b)),
        2 => (value.clone(), 1..=largest + 3).prop_map(|(a, every)| Part::From(a, every)),
        1 => (value.clone(), value, 1i64..9).prop_map(|(a, b, every)| Part::RangeEvery(a, b, every)),
        1 => (1i64..20).prop_map(Part::Every),
    ]
}

fn values(all: u32, part: impl Strategy<Value = Part>) -> impl Strategy<Value = Values> {
    prop_oneof![all => Just(Values::All), 3 => proptest::collection::vec(part, 1..4).prop_map(Values::Parts)]
}

fn one_last_day(values: &Values) -> bool {
    let Values::Parts(parts) = values else { return true };
    !(parts.iter().any(|part| matches!(part, Part::LastDay)) && parts.iter().any(|part| matches!(part, Part::LastWorkday)))
}

fn days() -> impl Strategy<Value = DayFields> {
    let of_month = prop_oneof![
        4 => part(1, 31),
        1 => prop_oneof![Just(Part::LastDay), Just(Part::LastWorkday)],
        2 => (1i64..=31).prop_map(Part::NearestWorkday),
    ];
    let of_week = prop_oneof![
        3 => (1i64..=7).prop_map(Part::One),
        2 => (1i64..=7, 1i64..=7).prop_map(|(a, b)| Part::Range(a, b)),
        1 => Just(Part::LastDay),
        3 => (1i64..=7).prop_map(Part::LastOf),
    ];
    prop_oneof![
        4 => values(3, of_month).prop_filter("`L` and `LW` exclude each other", one_last_day).prop_map(DayFields::OfMonth),
        4 => values(1, of_week).prop_map(DayFields::OfWeek),
        2 => (1i64..=7, 1i64..=5).prop_map(|(day, nth)| DayFields::OfWeek(Values::Parts(vec![Part::NthOf(day, nth)]))),
    ]
}

fn expression() -> impl Strategy<Value = Expression> {
    // Most expressions have runs in all months and years, so that the search ends; years do not wrap.
    let years = prop_oneof![
        6 => Just(Values::All),
        1 => (1970i64..=2199, 0i64..60).prop_map(|(a, more)| Values::Parts(vec![Part::Range(a, (a + more).min(2199))])),
        1 => (1970i64..2010, 1i64..4).prop_map(|(a, every)| Values::Parts(vec![Part::From(a, every)])),
    ];
    (values(1, part(0, 59)), values(2, part(0, 23)), days(), values(6, part(1, 12)), years, any::<bool>())
        .prop_map(|(minutes, hours, days, months, years, names)| Expression { minutes, hours, days, months, years, names })
}

/// Zones with whole and broken hours, changes of 30 minutes, one and two hours, at midnight, over the date line, and none.
fn zone() -> impl Strategy<Value = Tz> {
    proptest::sample::select(vec![
        Tz::UTC,
        Tz::Europe__Berlin,
        Tz::America__New_York,
        Tz::Australia__Lord_Howe,
        Tz::Asia__Kathmandu,
        Tz::America__Sao_Paulo,
        Tz::America__Havana,
        Tz::America__Asuncion,
        Tz::Africa__Casablanca,
        Tz::Antarctica__Troll,
        Tz::Antarctica__Casey,
        Tz::Pacific__Apia,
        Tz::Pacific__Chatham,
        Tz::Asia__Tehran,
    ])
}

/// A moment from 1990 to 2055, and in half of the cases one within two days of the zone's next clock change.
fn moment(zone: Tz) -> impl Strategy<Value = i64> {
    (631_152_000i64..2_700_000_000, any::<bool>(), -2 * DAY_S..DAY_S)
        .prop_map(move |(t_s, near, by_s)| if near { day_before_change_s(zone, t_s) + by_s } else { t_s })
}

/// The last of the days counted from `t_s` before the zone's clock changes; `t_s` itself if it does not within 400 days.
fn day_before_change_s(zone: Tz, t_s: i64) -> i64 {
    let offset = |t_s: i64| local_at(zone, t_s) - DateTime::from_timestamp(t_s, 0).unwrap().naive_utc();
    (0..400).map(|day| t_s + day * DAY_S).find(|&day_s| offset(day_s) != offset(day_s + DAY_S)).unwrap_or(t_s)
}

fn case() -> impl Strategy<Value = (Expression, Tz, i64)> {
    (expression(), zone()).prop_flat_map(|(expression, zone)| (Just(expression), Just(zone), moment(zone)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn next_run_agrees_with_a_minute_by_minute_search((expression, zone, t_s) in case()) {
        let schedule = Schedule::parse(&expression.text(), Some(zone.name())).unwrap();
        let horizon_s = t_s + 12 * DAY_S;
        let found_s = schedule.next_after(t_s).filter(|&run_s| run_s < horizon_s);
        prop_assert_eq!(found_s, slow_next_after(&expression, zone, t_s, horizon_s), "{}", expression.text());
    }

    /// The same for days alone, over three years: the calendar wildcards are rarer than the search above reaches.
    #[test]
    fn days_agree_with_a_day_by_day_search(days in days(), names in any::<bool>(), year in 1970i32..2190) {
        let noon = || Values::Parts(vec![Part::One(12)]);
        let expression = Expression { minutes: Values::Parts(vec![Part::One(0)]), hours: noon(), days, months: Values::All, years: Values::All, names };
        let begin = NaiveDate::from_ymd_opt(year, 1, 1).unwrap().and_hms_opt(12, 0, 0).unwrap();
        let noons = (0..3 * 366).map(|day| begin + TimeDelta::days(day));
        let expected: Vec<i64> = noons.filter(|&noon| expression.holds_at(noon)).map(|noon| noon.and_utc().timestamp()).collect();
        let begin_s = begin.and_utc().timestamp();
        let schedule = Schedule::parse(&expression.text(), None).unwrap();
        prop_assert_eq!(schedule.runs(begin_s, begin_s + 3 * 366 * DAY_S).collect::<Vec<_>>(), expected, "{}", expression.text());
    }

    #[test]
    fn runs_ascend_and_are_what_next_after_finds_one_by_one((expression, zone, t_s) in case()) {
        let schedule = Schedule::parse(&expression.text(), Some(zone.name())).unwrap();
        let mut at_s = t_s;
        for run_s in schedule.runs(t_s + 1, t_s + 60 * DAY_S).take(300) {
            prop_assert!(run_s > at_s);
            prop_assert_eq!(schedule.next_after(at_s), Some(run_s));
            at_s = run_s;
        }
    }

    #[test]
    fn a_later_moment_never_has_an_earlier_next_run((expression, zone, t_s) in case(), later_s in 0i64..3 * DAY_S) {
        let schedule = Schedule::parse(&expression.text(), Some(zone.name())).unwrap();
        if let Some(next_s) = schedule.next_after(t_s + later_s) {
            prop_assert!(schedule.next_after(t_s).is_some_and(|earlier_s| earlier_s <= next_s && earlier_s > t_s));
        }
    }

    /// Whatever the text, the answer is a schedule or a reason.
    #[test]
    fn no_text_panics(text in "(cron|rate)\\([0-9A-Z*?/#,LW +@-]{0,24}\\)", t_s in any::<i64>()) {
        if let Ok(schedule) = Schedule::parse(&text, None) {
            prop_assert!(schedule.next_after(t_s).is_none_or(|next_s| next_s > t_s));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The first law for each run of the day and a half around a clock change.
    #[test]
    fn runs_around_clock_changes_agree_with_a_minute_by_minute_search(
        (minutes, hours) in (values(1, part(0, 59)), values(1, part(0, 5))),
        (zone, t_s) in zone().prop_flat_map(|zone| (Just(zone), 631_152_000i64..2_700_000_000)),
    ) {
        let expression =
            Expression { minutes, hours, days: DayFields::OfMonth(Values::All), months: Values::All, years: Values::All, names: false };
        let begin_s = day_before_change_s(zone, t_s);
        let end_s = begin_s + DAY_S * 3 / 2;
        let mut expected = Vec::new();
        while let Some(run_s) = slow_next_after(&expression, zone, *expected.last().unwrap_or(&begin_s), end_s) {
            expected.push(run_s);
        }
        let schedule = Schedule::parse(&expression.text(), Some(zone.name())).unwrap();
        prop_assert_eq!(schedule.runs(begin_s + 1, end_s).collect::<Vec<_>>(), expected, "{} {}", expression.text(), zone);
    }
}
