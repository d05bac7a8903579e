#include "schema/visit_keys.h"

#include "schema/quantity.h"

namespace telepost::schema {

namespace {

// Beside what other durations may be: nothing at all, which turns the log off.
Result<void> read_keep(const Keyed& from, Duration& into) {
  const std::string* const text = std::get_if<std::string>(&from.setting.value);
  const auto duration = text != nullptr ? duration_from(*text) : Result<Duration>(Errc::invalid, "");
  if (!duration.ok() || duration->count() != 0) return read(from, into);
  into = Duration(0);
  return {};
}

Result<void> read_events(const Keyed& from, VisitSettings& into) {
  std::vector<std::string> words;
  TELEPOST_TRY(read(from, words));
  VisitSettings read_so_far = into;
  read_so_far.refused = read_so_far.accepted = read_so_far.connections = false;
  for (const std::string& word : words) {
    if (word == "refused") read_so_far.refused = true;
    else if (word == "accepted") read_so_far.accepted = true;
    else if (word == "connections") read_so_far.connections = true;
    else return from.wants("refused, accepted and connections, or some of them");
  }
  into = read_so_far;
  return {};
}

}  // namespace

#define TAKE(Target, body) [](const Keyed& from, Target& into) -> Result<void> { return body; }

std::vector<Binding<Configuration>> visit_keys() {
  return {
      {{"visits.keep", "duration", "\"P30D\"",
        "How long the log of log-ins and connections tells of them; PT0S logs nothing. Nothing is written while the disk's reserve is reached."},
       TAKE(Configuration, read_keep(from, into.visits.keep))},
      {{"visits.events", "list of text", "[\"refused\", \"accepted\", \"connections\"]",
        "What it tells: log-ins that were refused, those that were accepted, and connections."},
       TAKE(Configuration, read_events(from, into.visits))}};
}

#undef TAKE

}  // namespace telepost::schema
